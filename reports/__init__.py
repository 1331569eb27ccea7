"""Side by side: every method, reformulation and solver on the same models, re-checked; tables and figures."""

from .compare import compare
from .comparison import Comparison
from .row import Row

__all__ = ["Comparison", "Row", "compare"]
