"""Two-sided limits of many numbers at once."""

from dataclasses import dataclass
from typing import Any

import numpy as np

Array = np.ndarray[Any, Any]
ROUND = 1e-6  # a bound this close to an integer is that integer
FEASIBLE = 1e-6  # by how much a leader's row may be violated, relative to 1 + |limit|


@dataclass(frozen=True)
class Limits:
    """lower <= g <= upper."""

    lower: Array
    upper: Array

    def less(self, constants: Array) -> tuple[Array, Array]:
        """Return the limits of g without its constants."""
        return self.lower - constants, self.upper - constants

    def excess(self, values: Array) -> Array:
        """Return by how much each value is outside, relative to 1 + |limit|; 0 within the tolerance."""
        below = (self.lower - values) / (1 + np.abs(np.where(np.isfinite(self.lower), self.lower, 0.0)))
        above = (values - self.upper) / (1 + np.abs(np.where(np.isfinite(self.upper), self.upper, 0.0)))
        worst = np.maximum(below, above)
        return np.where(worst > FEASIBLE, worst, 0.0)
