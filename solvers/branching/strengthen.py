r"""Before the search: what each member of a pair can be at most, and the rows that follow.

A member matters only where its twin is zero, so that

.. math:: \bar a = \max \{ a : \text{the relaxation}, \; b = 0 \}

bounds it, although the relaxation without :math:`b = 0` may not; where that is empty, :math:`a = 0`. With both bounds,

.. math:: a / \bar a + b / \bar b \le 1

is what a big-M with proven Ms would say, without its binary. Where a point is known, "at least as good as that" is one
of the relaxation's rows for this purpose. All effort is counted in simplex steps.

Source: J. Hu, J. E. Mitchell, J.-S. Pang and B. Yu, *On linear programs with linear complementarity constraints*,
J. Glob. Optim. 53, 2012 (bound cuts); A. M. Gleixner et al., *Three enhancements for optimization-based bound
tightening*, J. Glob. Optim. 67, 2017.
"""

from collections.abc import Callable

import numpy as np
from scipy.sparse import csr_array

from ..program import Array
from .lp import Lp, State
from .problem import Problem
from .propagate import Propagator

ROUNDS = 3
STEPS = 200_000
"""Simplex steps of all bounds together, after which the rest is left as it is."""
MOST_PAIRS = 3000
"""Problems with more pairs than this are searched as they are."""
MARGIN = 1e-6
"""By how much (relative above 1) a bound is left wider than its linear program says."""
WORTHWHILE = 0.02
"""A round is followed by another if it closes this part of the gap, or of the bound's size."""


class Strengthener:
    """Bounds pairs' members, and adds the rows that follow, at the root."""

    def __init__(self, problem: Problem, lp: Lp, propagator: Propagator, over: Callable[[], bool]) -> None:
        """Prepare.

        :param over: whether to leave the bounds as they are by then.
        """
        self.problem, self.lp, self.propagator, self.over = problem, lp, propagator, over
        self.cutoff_row: int | None = None

    def run(self, lower: Array, upper: Array, best: float) -> list[tuple[int, int]] | None:
        """Narrow the root's bounds in place; return the sides (pair, member) that are proven empty.

        None where there is no point that is better than the best.
        """
        empty: list[tuple[int, int]] = []
        if len(self.problem.pairs) > MOST_PAIRS:
            return empty
        self._at_most(best)
        try:
            before = -np.inf
            most = self.lp.steps + STEPS
            for _ in range(ROUNDS):
                found = self._bound(lower, upper, most)
                empty += found
                if not self.propagator.tighten(lower, upper, rounds=20):
                    return None
                self._add_cuts(lower, upper)
                self.lp.load(lower, upper)
                answer = self.lp.solve()
                if answer.state is State.infeasible:
                    return None
                gain = answer.bound - before
                if not gain > WORTHWHILE * (best - before if np.isfinite(best) else abs(before)):
                    break
                before = answer.bound
        finally:
            self._at_most(np.inf)
        return empty

    def _bound(self, lower: Array, upper: Array, most: int) -> list[tuple[int, int]]:
        """Bound every member where its twin is zero; return the sides that are empty: those with the twin at zero."""
        empty = []
        for k, pair in enumerate(self.problem.pairs):
            for side in (0, 1):
                member, twin = int(pair[1 - side]), int(pair[side])
                if upper[member] <= 0 or upper[twin] <= 0 or self.lp.steps > most or self.over():
                    continue
                bound = self._largest(member, twin, lower, upper)
                if bound < upper[member]:
                    upper[member] = max(bound, 0.0)
                if bound == -np.inf:
                    empty.append((k, side))
        return empty

    def _largest(self, member: int, twin: int, lower: Array, upper: Array) -> float:
        low, high = lower.copy(), upper.copy()
        high[twin] = 0.0
        if low[twin] > 0 or not self.propagator.tighten(low, high, rounds=2):
            return -np.inf
        cost = np.zeros(self.problem.columns)
        cost[member] = -1.0
        self.lp.load(low, high)
        answer = self.lp.solve_for(cost)
        if answer.state is State.infeasible:
            return -np.inf
        if answer.state is not State.optimal:
            return np.inf
        bound = self.problem.program.offset - answer.bound
        return min(bound + MARGIN * max(1.0, abs(bound)), high[member] if high[member] > 0 else np.inf)

    def _add_cuts(self, lower: Array, upper: Array) -> None:
        pairs = self.problem.pairs
        ends = upper[pairs]
        useful = pairs[np.all(np.isfinite(ends) & (ends > 0) & (ends < 1e6), axis=1)]
        if not len(useful):
            return
        start = 2 * np.arange(len(useful) + 1)
        rows = csr_array(
            ((1.0 / upper[useful]).ravel(), useful.ravel(), start), shape=(len(useful), self.problem.columns)
        )
        size = abs(rows).max(axis=1).toarray().ravel()
        rows.data /= np.repeat(size, 2)
        self.lp.add_rows(rows, np.full(len(useful), -np.inf), 1.0 / size)

    def _at_most(self, value: float) -> None:
        """Demand (or, with infinity, no longer) that the objective be at most a value."""
        limit = value - self.problem.program.offset
        if self.cutoff_row is None:
            if np.isfinite(value):
                self.cutoff_row = self.lp.matrix.shape[0]
                row = csr_array(self.problem.cost[None, :])
                self.lp.add_rows(row, np.array([-np.inf]), np.array([limit]))
            return
        self.lp.row_upper[self.cutoff_row] = limit
        self.lp.highs.changeRowBounds(self.cutoff_row, -np.inf, limit)
