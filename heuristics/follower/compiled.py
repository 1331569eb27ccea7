r"""The reaction to a decision, compiled: two small LPs for what ``react`` does with Pyomo models.

The first LP is all followers at once (they share the decision only). Its optimal face is known from its duals: whatever
has a reduced cost or a multiplier stays at its bound. The second LP is the leader's over that face, so that ties are
broken in the leader's favour and the leader's other variables adapt:

.. math:: y^* \in \arg\min_y \sum_i \sigma_i f_i(x, y), \qquad
          \min_{y, z} F(x, y, z) \;\text{ s.t. leader's rows},\;
          y_j = y_j^* \text{ if } d_j \ne 0,\; (A y)_i = (A y^*)_i \text{ if } \pi_i \ne 0

Exact where all is linear once the decision is put in. Where F is quadratic in what adapts, the followers' optimum that
was found is kept: the value is that of a bilevel feasible point, and the best for the leader unless followers are tied.
"""

import math
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from ..encoding.limits import Array, Limits
from .bilinear import Bilinear
from .persistent_lp import LpAnswer, PersistentLp, extended

TIE = 1e-9  # a reduced cost or dual below this, relative to the largest cost, is zero


@dataclass(frozen=True)
class Score:
    """How good a decision is: ``violation`` first (0: bilevel feasible), then ``objective``, to be minimised."""

    violation: float
    objective: float


NO_REACTION = Score(math.inf, math.inf)


@dataclass(frozen=True)
class CompiledReaction:
    """Scores decisions; see the module. Plain data, so that it can be sent to another process.

    ``followers`` and ``leader`` are rows, ``bill`` the followers' objectives and ``objective`` the leader's, both to be
    minimised; ``columns`` are the bounds of the followers' variables, then of the leader's others.
    """

    followers: Bilinear
    follower_limits: Limits
    bill: Bilinear
    leader: Bilinear
    leader_limits: Limits
    objective: Bilinear
    columns: Limits
    inner: PersistentLp
    outer: PersistentLp

    def fresh(self) -> "CompiledReaction":
        """Return the same without solvers loaded, for another thread."""
        return replace(self, inner=self.inner.fresh(), outer=self.outer.fresh())

    def start_at(self, x: Array) -> None:
        """Let every solve of the followers start from their optimal basis at this decision, if there is one."""
        answer = self._follow(x)
        if answer is not None:
            self.inner.start_from(answer)

    def score(self, x: Array) -> Score:
        """Return violation and objective of a decision."""
        answer = self._follow(x)
        if answer is None:
            return NO_REACTION
        fixed, held = self._face(x, answer)
        if self._curved:
            fixed[:] = True
        unique = bool(fixed.all()) or fixed.sum() + held.sum() >= fixed.size
        if unique and not self._others:
            return self._score_at(x, answer.columns)
        w = self._complete(x, answer, fixed, held)
        if w is None:
            return Score(1.0 + self._misfit(x, answer.columns), math.inf)
        return Score(0.0, float(self.objective.values(x, w)[0]))

    @property
    def _others(self) -> int:
        """How many variables of the leader adapt."""
        return self.columns.lower.size - self.inner.size[1]

    @property
    def _curved(self) -> bool:
        return self.objective.quadratic[0].size > 0

    def follow_on(self, x: Array) -> Array | None:
        """Return an optimum of the followers, found from the last solve's basis (:meth:`PersistentLp.again`)."""
        self._put(x)
        return self.inner.again()

    def _follow(self, x: Array) -> LpAnswer | None:
        """Solve all followers."""
        self._put(x)
        return self.inner.solve()

    def _put(self, x: Array) -> None:
        """Put a decision into the followers' LP."""
        self.inner.set_rows(*self.follower_limits.less(self.followers.constants(x)))
        if self.bill.moving:
            self.inner.set_cost(self.bill.costs(x)[: self.inner.size[1]])
        if self.followers.moving:
            self.inner.set_entries(*self.followers.entries(x))

    def _face(self, x: Array, answer: LpAnswer) -> tuple[Array, Array]:
        """Return which columns and which rows keep their values in every optimum of the followers."""
        zero = TIE * max(1.0, float(np.abs(self.bill.costs(x)).max(initial=0.0)))
        return np.abs(answer.reduced_costs) > zero, np.abs(answer.duals) > zero

    def _complete(self, x: Array, answer: LpAnswer, fixed: Array, held: Array) -> Array | None:
        """Solve the leader's problem over the followers' optimal face."""
        lower, upper = self.columns.lower.copy(), self.columns.upper.copy()
        own = np.flatnonzero(fixed)
        lower[own] = upper[own] = answer.columns[own]
        low, high = self.follower_limits.less(self.followers.constants(x))
        low[held] = high[held] = answer.rows[held]
        leader_low, leader_high = self.leader_limits.less(self.leader.constants(x))
        self.outer.set_columns(lower, upper)
        self.outer.set_rows(np.r_[low, leader_low], np.r_[high, leader_high])
        if self.objective.moving:
            self.outer.set_cost(self.objective.costs(x))
        if self.followers.moving:
            self.outer.set_entries(*self.followers.entries(x))
        if self.leader.moving:
            r, k, numbers = self.leader.entries(x)
            self.outer.set_entries(r + low.size, k, numbers)
        best = self.outer.solve(extended(answer.basis, lower[fixed.size :], upper[fixed.size :], leader_low.size))
        return None if best is None else best.columns

    def _score_at(self, x: Array, w: Array) -> Score:
        violation = float(self.leader_limits.excess(self.leader.values(x, w)).sum())
        return Score(violation, math.inf if violation else float(self.objective.values(x, w)[0]))

    def _misfit(self, x: Array, y: Array) -> float:
        """Return the violation, at the optimum found, of the leader's rows without any variable that adapts."""
        excess = self.leader_limits.excess(self.leader.values(x, np.r_[y, np.zeros(self._others)]))
        return float(excess[self._settled_rows].sum())

    @cached_property
    def _settled_rows(self) -> Array:
        own = self.inner.size[1]
        r, k, _, _ = self.leader.terms
        free = np.bincount(r[k >= own], minlength=self.leader.constant.size) > 0
        return ~(free | (np.diff(self.leader.matrix[:, own:].tocsr().indptr) > 0))
