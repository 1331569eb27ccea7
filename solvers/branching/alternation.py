r"""Points by penalty and alternation, where a program says what its complementarity gap is.

.. math:: \min F(z) + \rho\, g(z), \qquad g(z) = c_g^\top z + \sum_{ij} q_{ij} x_i \mu_j \ge 0

The gap is zero only where all pairs are complementary, linear once the decisions x are fixed, and linear once their
partners :math:`\mu` are. So x and :math:`\mu` are fixed in turns, a linear program each time, and :math:`\rho` grows
until the gap is gone. What is found is a candidate only: it is settled and solved again by whoever asked.

Source: G. Anandalingam and D. J. White, *A solution method for the linear static Stackelberg problem using penalty
functions*, IEEE Trans. Autom. Control 35, 1990.
"""

import numpy as np

from ..program import Array
from .lp import Lp, State
from .problem import Problem

PENALTIES = (1.0, 30.0, 1e3, 1e5)
"""Relative to the largest cost over the largest coefficient of the gap."""
TURNS = 4
"""Alternations for each penalty."""
GONE = 1e-7
"""A gap that counts as none (relative above 1)."""


class Alternation:
    """Looks for complementary points of a problem."""

    def __init__(self, problem: Problem, lp: Lp) -> None:
        self.problem, self.lp, self.gap = problem, lp, problem.program.gap
        if self.gap is None:
            return
        form = self.gap.form
        decided = np.zeros(problem.columns, dtype=bool)
        decided[self.gap.fixed] = True
        first, second = decided[form.first], decided[form.second]
        self.partners = np.unique(np.where(first, form.second, form.first)).astype(np.int32)
        if not np.all(first ^ second):
            self.gap = None  # curved, or bilinear in a way that fixing the decisions does not mend
            return
        largest = max(np.abs(self.gap.cost).max(initial=0.0), np.abs(form.value).max(initial=0.0), 1e-6)
        self.unit = max(np.abs(problem.cost).max(initial=0.0), 1.0) / largest

    def complementary(self, x: Array, lower: Array, upper: Array) -> Array | None:
        """Return a point whose gap is zero, from the decisions at a point of the relaxation; None if none is found."""
        if self.gap is None:
            return None
        z = x
        for penalty in PENALTIES:
            before = np.inf
            for turn in range(2 * TURNS):
                found = self._turn(z, penalty * self.unit, self.partners if turn % 2 else self.gap.fixed, lower, upper)
                if found is None:
                    break
                z = found
                gap = self.gap.at(z[: self.problem.program.columns])
                if gap <= GONE * (1.0 + abs(self.gap.offset)):
                    return z
                if turn % 2 and gap > 0.9 * before:
                    break
                before = min(before, gap)
        return None

    def _turn(self, z: Array, weight: float, fixed: Array, lower: Array, upper: Array) -> Array | None:
        assert self.gap is not None
        problem, form = self.problem, self.gap.form
        low, high = lower.copy(), upper.copy()
        at = z[fixed]
        whole = problem.program.integer[fixed]
        at = np.clip(np.where(whole, np.round(at), at), low[fixed], high[fixed])
        low[fixed] = high[fixed] = at
        cost = problem.cost.copy()
        n = problem.program.columns
        cost[:n] += weight * self.gap.cost
        value = np.zeros(problem.columns)
        value[fixed] = at
        held = np.zeros(problem.columns, dtype=bool)
        held[fixed] = True
        first = held[form.first]
        np.add.at(cost, form.second[first], weight * form.value[first] * value[form.first[first]])
        second = held[form.second] & ~first
        np.add.at(cost, form.first[second], weight * form.value[second] * value[form.second[second]])
        self.lp.load(low, high)
        answer = self.lp.solve_for(cost)
        return answer.x if answer.state is State.optimal else None
