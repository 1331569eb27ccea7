"""Points: a relaxation's point with everything settled as it nearly is, and diving to where that can be done.

A point counts only when the linear program was solved with every pair settled on a side, every integer fixed, and a
factor of every product fixed.
"""

from collections.abc import Callable

import numpy as np

from ..program import Array
from .lp import Answer, Lp, State
from .problem import Problem
from .select import INTEGER_TOLERANCE, PAIR_TOLERANCE, PRODUCT_TOLERANCE, open_pairs

DIVES = 60
"""Linear programs of one dive."""
SHARE = 0.15
"""Of the broken pairs, what a step of a dive settles."""

Refine = Callable[[Answer], Answer]
"""Adds tangents until the objective is right at the present bounds."""


class Incumbents:
    """Finds points, and keeps the best."""

    def __init__(self, problem: Problem, lp: Lp, refine: Refine) -> None:
        self.problem, self.lp, self.refine = problem, lp, refine
        self.best: Array | None = None
        self.value = np.inf

    def settle(self, x: Array, lower: Array, upper: Array) -> bool:
        """Settle everything as it nearly is at a point within these bounds; return whether that is a point."""
        low, high = self._settled(x, lower, upper)
        problem = self.problem
        if not problem.envelopes.hard:
            return self._solve(low, high)
        found = False
        for factors in self._covers(low, high):
            at = np.clip(x[factors], low[factors], high[factors])
            one, other = low.copy(), high.copy()
            one[factors] = other[factors] = at
            found |= self._solve(one, other)
        return found

    def offer(self, x: Array) -> bool:
        """Take a point for which everything is settled."""
        value = self.problem.value(x)
        if not value < self.value:
            return False
        self.best, self.value = x[: self.problem.program.columns].copy(), value
        return True

    def start(self, start: Array) -> bool:
        """Settle everything as it is at a start of which all is known but the columns of products and squares."""
        problem = self.problem
        if not np.isfinite(start).all():
            return False
        x = np.zeros(problem.columns)
        x[: start.size] = start
        envelopes = problem.envelopes
        x[envelopes.column] = x[envelopes.first] * x[envelopes.second]
        return self.settle(x, problem.lower, problem.upper)

    def dive(self, x: Array, lower: Array, upper: Array, cutoff: float) -> bool:
        """Settle the clearest of what is broken, solve, and so on; return whether a point was found."""
        problem, low, high = self.problem, lower.copy(), upper.copy()
        a, b = problem.pairs[:, 0], problem.pairs[:, 1]
        for _ in range(DIVES):
            pairs = open_pairs(problem, x, low, high, PAIR_TOLERANCE)
            integers = problem.integers[np.abs(x[problem.integers] - np.round(x[problem.integers])) > INTEGER_TOLERANCE]
            if not (pairs.size or integers.size):
                return self.settle(x, low, high)
            if integers.size:
                distance = np.abs(x[integers] - np.round(x[integers]))
                for j in integers[np.argsort(distance, kind="stable")][: 1 + int(SHARE * integers.size)]:
                    low[j] = high[j] = min(max(round(x[j]), low[j]), high[j])
            else:
                clear = np.minimum(x[a[pairs]], x[b[pairs]]) / np.maximum(x[a[pairs]], x[b[pairs]])
                for k in pairs[np.argsort(clear, kind="stable")][: 1 + int(SHARE * pairs.size)]:
                    high[a[k] if x[a[k]] <= x[b[k]] else b[k]] = 0.0
            self.lp.load(low, high)
            answer = self.lp.solve()
            if answer.state is not State.optimal or answer.bound >= cutoff:
                return False
            assert answer.x is not None
            x = answer.x
        return False

    # How -------------------------------------------------------------------------------------------------

    def _settled(self, x: Array, lower: Array, upper: Array) -> tuple[Array, Array]:
        problem, low, high = self.problem, lower.copy(), upper.copy()
        a, b = problem.pairs[:, 0], problem.pairs[:, 1]
        free = (high[a] > 0) & (high[b] > 0)
        first = free & ((x[a] <= x[b]) | (low[b] > 0)) & (low[a] <= 0)
        high[a[first]] = 0.0
        high[b[free & ~first]] = 0.0
        integers = problem.integers
        low[integers] = high[integers] = np.clip(np.round(x[integers]), low[integers], high[integers])
        return low, high

    def _covers(self, lower: Array, upper: Array) -> list[Array]:
        """Return sets of factors that, fixed, settle all products: the most frequent ones, and all their partners."""
        envelopes = self.problem.envelopes
        i, j = envelopes.first, envelopes.second
        left = np.flatnonzero((lower[i] < upper[i]) & (lower[j] < upper[j]))
        left = left[left < envelopes.hard]
        if not left.size:
            return [np.zeros(0, dtype=int)]
        count = np.bincount(np.r_[i[left], j[left]], minlength=self.problem.columns)
        first = np.where(count[i[left]] >= count[j[left]], i[left], j[left])
        second = np.where(count[i[left]] >= count[j[left]], j[left], i[left])
        return [np.unique(first), np.unique(second)]

    def _solve(self, lower: Array, upper: Array) -> bool:
        self.lp.load(lower, upper)
        answer = self.refine(self.lp.solve())
        if answer.state is not State.optimal:
            return False
        assert answer.x is not None
        x = np.clip(answer.x, lower, upper)
        envelopes = self.problem.envelopes
        error = envelopes.error(x)
        if np.any(error > PRODUCT_TOLERANCE * (1.0 + np.abs(x[envelopes.column]))):
            return False
        return self.offer(x)
