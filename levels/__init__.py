"""Reading two levels: who decides what, the followers' normal form, prices, and valid inequalities a model offers."""

from .. import lean_scipy
