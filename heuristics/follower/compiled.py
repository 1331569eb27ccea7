r"""The reaction to a decision, compiled: two small LPs for what ``react`` does with Pyomo models.

The first LP is all followers at once (they share the decision only). Its optimal face is known from its duals: whatever
has a reduced cost or a multiplier stays at its bound. The second LP is the leader's over that face, so that ties are
broken in the leader's favour and the leader's other variables adapt:

.. math:: y^* \in \arg\min_y \sum_i \sigma_i f_i(x, y), \qquad
          \min_{y, z} F(x, y, z) \;\text{ s.t. leader's rows},\;
          y_j = y_j^* \text{ if } d_j \ne 0,\; (A y)_i = (A y^*)_i \text{ if } \pi_i \ne 0

Exact where all is linear once the decision is put in. Where F is quadratic in what adapts, the followers' optimum that
was found is kept: the value is that of a bilevel feasible point, and the best for the leader unless followers are tied.

Many decisions are scored at once where known bases explain both LPs, and followers have one optimum
(:mod:`.batched_lp`); the others go to the simplex method one by one.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import ClassVar

import numpy as np

from ..encoding.limits import Array, Limits
from .batched_lp import BatchedLp
from .bilinear import Bilinear
from .critical_region import Numbers
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

    at_once: ClassVar[int] = 64

    followers: Bilinear
    follower_limits: Limits
    bill: Bilinear
    leader: Bilinear
    leader_limits: Limits
    objective: Bilinear
    columns: Limits
    inner: PersistentLp
    outer: PersistentLp
    many_inner: BatchedLp
    many_outer: BatchedLp | None

    def fresh(self) -> "CompiledReaction":
        """Return the same without solvers loaded, for another thread."""
        return replace(self, inner=self.inner.fresh(), outer=self.outer.fresh())

    def start_at(self, decisions: Array) -> None:
        """Take bases from these decisions: of the first, that from which every solve of the followers starts."""
        answer = self._follow(decisions[0])
        if answer is not None:
            self.inner.start_from(answer)
        _, known = self.many_inner.solve(*self._followers(decisions), unique=True)
        answers = [self._follow(x) for x in decisions[~known]]
        self.many_inner.learn([answer.status for answer in answers if answer is not None])

    def score(self, x: Array) -> Score:
        """Return violation and objective of a decision."""
        return self.scores(x[None])[0]

    def scores(self, decisions: Array) -> Sequence[Score]:
        """Return violations and objectives of decisions, one in a row."""
        w, known = self.many_inner.solve(*self._followers(decisions), unique=True)
        if self.many_outer is None:
            violation = self.leader_limits.excess(self.leader.values(decisions, w)).sum(axis=1)
        else:
            others, solved = self.many_outer.solve(*self._adapting(self.many_outer, decisions, w), unique=False)
            w, known, violation = np.concatenate([w, others], axis=1), known & solved, np.zeros(len(w))
        objective = np.where(violation > 0, math.inf, self.objective.values(decisions, w)[:, 0])
        table = zip(decisions, known.tolist(), violation.tolist(), objective.tolist(), strict=True)
        return [Score(excess, number) if explained else self._by_simplex(x) for x, explained, excess, number in table]

    def _by_simplex(self, x: Array) -> Score:
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
        return Score(0.0, float(self.objective.values(x[None], w[None])[0, 0]))

    def _followers(self, decisions: Array) -> tuple[Numbers, Array]:
        """Return the followers' LPs, and what is zero in each."""
        costs = self.bill.costs(decisions)
        rows = Limits(*self.follower_limits.less(self.followers.constants(decisions)))
        own, count = self.inner.size[1], len(decisions)
        columns = Limits(*(np.tile(side[:own], (count, 1)) for side in (self.columns.lower, self.columns.upper)))
        numbers = Numbers(np.ascontiguousarray(costs[:, :own]), self.followers.entries(decisions), rows, columns)
        return numbers, self._zero(costs)

    def _adapting(self, lp: BatchedLp, decisions: Array, answers: Array) -> tuple[Numbers, Array]:
        """Return the LPs of the leader's variables that adapt to the followers' answers, and what is zero in each."""
        own, count = self.inner.size[1], len(decisions)
        alone = np.concatenate([answers, np.zeros((count, self._others))], axis=1)
        rows = Limits(*self.leader_limits.less(self.leader.values(decisions, alone)))
        columns = Limits(*(np.tile(side[own:], (count, 1)) for side in (self.columns.lower, self.columns.upper)))
        costs = np.ascontiguousarray(self.objective.costs(decisions)[:, own:])
        entries = np.take(self.leader.entries(decisions), self._adapting_places, axis=1)
        return Numbers(costs, entries, rows, columns), self._zero(costs)

    @property
    def _adapting_places(self) -> Array:
        """Which of the leader's coefficients that depend on the decision are of what adapts."""
        return np.flatnonzero(self.leader.places[1] >= self.inner.size[1])

    @staticmethod
    def _zero(costs: Array) -> Array:
        return TIE * np.maximum(1.0, np.abs(costs).max(axis=1, initial=0.0))

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
        self.inner.set_rows(*self.follower_limits.less(self.followers.constants(x[None])[0]))
        if self.bill.moving:
            self.inner.set_cost(self.bill.costs(x[None])[0, : self.inner.size[1]])
        if self.followers.moving:
            self.inner.set_entries(*self.followers.places, self.followers.entries(x[None])[0])

    def _face(self, x: Array, answer: LpAnswer) -> tuple[Array, Array]:
        """Return which columns and which rows keep their values in every optimum of the followers."""
        zero = self._zero(self.bill.costs(x[None]))[0]
        return np.abs(answer.reduced_costs) > zero, np.abs(answer.duals) > zero

    def _complete(self, x: Array, answer: LpAnswer, fixed: Array, held: Array) -> Array | None:
        """Solve the leader's problem over the followers' optimal face."""
        lower, upper = self.columns.lower.copy(), self.columns.upper.copy()
        own = np.flatnonzero(fixed)
        lower[own] = upper[own] = answer.columns[own]
        low, high = self.follower_limits.less(self.followers.constants(x[None])[0])
        low[held] = high[held] = answer.rows[held]
        leader_low, leader_high = self.leader_limits.less(self.leader.constants(x[None])[0])
        self.outer.set_columns(lower, upper)
        self.outer.set_rows(np.r_[low, leader_low], np.r_[high, leader_high])
        if self.objective.moving:
            self.outer.set_cost(self.objective.costs(x[None])[0])
        if self.followers.moving:
            self.outer.set_entries(*self.followers.places, self.followers.entries(x[None])[0])
        if self.leader.moving:
            r, k = self.leader.places
            self.outer.set_entries(r + low.size, k, self.leader.entries(x[None])[0])
        best = self.outer.solve(extended(answer.basis, lower[fixed.size :], upper[fixed.size :], leader_low.size))
        return None if best is None else best.columns

    def _score_at(self, x: Array, w: Array) -> Score:
        violation = float(self.leader_limits.excess(self.leader.values(x[None], w[None])).sum())
        return Score(violation, math.inf if violation else float(self.objective.values(x[None], w[None])[0, 0]))

    def _misfit(self, x: Array, y: Array) -> float:
        """Return the violation, at the optimum found, of the leader's rows without any variable that adapts."""
        alone = np.r_[y, np.zeros(self._others)][None]
        excess = self.leader_limits.excess(self.leader.values(x[None], alone))[0]
        return float(excess[self._settled_rows].sum())

    @cached_property
    def _settled_rows(self) -> Array:
        own = self.inner.size[1]
        r, k, _, _ = self.leader.terms
        free = np.bincount(r[k >= own], minlength=self.leader.constant.size) > 0
        return ~(free | (np.diff(self.leader.matrix[:, own:].tocsr().indptr) > 0))
