"""Side by side: every method, reformulation and solver on the same models, re-checked; tables and figures."""

from .comparison import Comparison
from .grid import compare  # not named compare.py: the module would hide the function
from .row import Row

__all__ = ["Comparison", "Row", "compare"]
