r"""Bounds that rows and pairs imply: interval arithmetic on each row, and "this is positive, so its twin is zero".

.. math:: a_j > 0: \quad x_j \le \frac{\overline r - \sum_{k \ne j} \min a_k x_k}{a_j}

Source: M. W. P. Savelsbergh, *Preprocessing and probing techniques for mixed integer programming problems*, ORSA J.
Comput. 6, 1994.
"""

import numpy as np

from ..program import Array
from .problem import Problem

MARGIN = 1e-7
"""By how much (relative above 1) an implied bound is left wider than it is."""
WORTHWHILE = 1e-3
"""A bound that shrinks a range by less than this part of it is left out, and so is one beyond ``LARGE``."""
LARGE = 1e8
POSITIVE = 1e-6
"""A lower bound above it makes a pair's other member zero."""


class Propagator:
    """Tightens bounds by a problem's rows."""

    def __init__(self, problem: Problem) -> None:
        self.problem = problem
        rows = problem.envelopes.first_row
        matrix = problem.matrix[:rows].tocsr()
        self.data, self.column = matrix.data, matrix.indices
        self.row = np.repeat(np.arange(rows), np.diff(matrix.indptr))
        self.count = rows
        self.positive = self.data > 0
        self.low, self.high = problem.row_lower[:rows], problem.row_upper[:rows]
        self.rows = self.column.size > 0

    def tighten(self, lower: Array, upper: Array, rounds: int) -> bool:
        """Tighten bounds in place; return False where they contradict each other."""
        problem = self.problem
        a, b = problem.pairs[:, 0], problem.pairs[:, 1]
        integers = problem.integers
        for _ in range(rounds):
            upper[b[lower[a] > POSITIVE]] = np.minimum(upper[b[lower[a] > POSITIVE]], 0.0)
            upper[a[lower[b] > POSITIVE]] = np.minimum(upper[a[lower[b] > POSITIVE]], 0.0)
            if problem.envelopes:
                problem.envelopes.tighten(lower, upper)
            changed = self.rows and self._by_rows(lower, upper)
            lower[integers] = np.ceil(lower[integers] - 1e-6)
            upper[integers] = np.floor(upper[integers] + 1e-6)
            if np.any(lower > upper + MARGIN * np.maximum(1.0, np.abs(upper))):
                return False
            crossed = lower > upper
            lower[crossed] = upper[crossed]
            if not changed:
                break
        return True

    def _by_rows(self, lower: Array, upper: Array) -> bool:
        data, column, row, positive = self.data, self.column, self.row, self.positive
        low, high = lower[column], upper[column]
        with np.errstate(invalid="ignore", over="ignore"):
            least = np.where(data == 0, 0.0, data * np.where(positive, low, high))
            most = np.where(data == 0, 0.0, data * np.where(positive, high, low))
        rest_least, rest_most = self._without(least, -np.inf), self._without(most, np.inf)
        with np.errstate(invalid="ignore", divide="ignore", over="ignore"):
            by_high = (self.high[row] - rest_least) / data  # a x <= high - rest
            by_low = (self.low[row] - rest_most) / data  # a x >= low - rest
        implied_upper = np.where(positive, by_high, by_low)
        implied_lower = np.where(positive, by_low, by_high)
        new_upper, new_lower = upper.copy(), lower.copy()
        fine = np.isfinite(implied_upper) & (np.abs(implied_upper) < LARGE) & (np.abs(data) > 1e-7)
        np.minimum.at(
            new_upper, column[fine], implied_upper[fine] + MARGIN * np.maximum(1, np.abs(implied_upper[fine]))
        )
        fine = np.isfinite(implied_lower) & (np.abs(implied_lower) < LARGE) & (np.abs(data) > 1e-7)
        np.maximum.at(
            new_lower, column[fine], implied_lower[fine] - MARGIN * np.maximum(1, np.abs(implied_lower[fine]))
        )
        with np.errstate(invalid="ignore"):
            width = upper - lower
            better_upper = (new_upper < upper) & (~np.isfinite(upper) | (upper - new_upper > WORTHWHILE * width))
            better_lower = (new_lower > lower) & (~np.isfinite(lower) | (new_lower - lower > WORTHWHILE * width))
        upper[better_upper], lower[better_lower] = new_upper[better_upper], new_lower[better_lower]
        return bool(better_upper.any() or better_lower.any())

    def _without(self, part: Array, infinity: float) -> Array:
        """Return, for each entry, the sum of its row's other entries; ``infinity`` where one of them is."""
        endless = ~np.isfinite(part)
        number = np.bincount(self.row, weights=endless, minlength=self.count)
        finite = np.where(endless, 0.0, part)
        total = np.bincount(self.row, weights=finite, minlength=self.count)
        others = number[self.row] - endless
        return np.where(others > 0, infinity, total[self.row] - finite)
