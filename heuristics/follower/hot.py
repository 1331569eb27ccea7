r"""Scores of decisions that differ little from one another: the followers' LP goes on from its last basis.

:class:`.compiled.CompiledReaction` starts every LP from one basis, so that parts of a population can be scored
anywhere. Along a walk the last basis is the better one, and the leader's other variables need no second LP where each
of the leader's rows has at most one of them: with :math:`(x, y)` known,

.. math:: \max_{r: a_r > 0} \frac{l_r - g_r(x, y)}{a_r} \le w_k \le \min_{r: a_r > 0} \frac{u_r - g_r(x, y)}{a_r}

(for :math:`a_r < 0` the ends change places), and :math:`w_k` goes to the end that costs less. The followers' optimum
that was found is kept, so that ties are not broken: the score is that of a bilevel feasible point, and no worse than
the true one unless followers are tied. Answers depend on the solves before; the same sequence repeats bit for bit.
"""

import math

import numpy as np

from ..encoding.limits import Array
from .compiled import NO_REACTION, CompiledReaction, Score


class HotScore:
    """Scores decisions along a walk; see the module."""

    def __init__(self, reaction: CompiledReaction) -> None:
        self._reaction = reaction
        own = reaction.inner.size[1]
        part = reaction.leader.matrix[:, own:].tocoo()
        moving = reaction.leader.terms[1]
        self._own, self._others = own, reaction.columns.lower.size - own
        self.closed = (
            reaction.objective.quadratic[0].size == 0
            and not (moving >= own).any()
            and (np.bincount(part.row, minlength=1) <= 1).all()
        )
        """Whether the leader's other variables follow by the formula; else every score is the reaction's own."""
        self._rows, self._columns, self._entries = part.row, part.col, part.data
        self._settled = np.ones(reaction.leader.constant.size, dtype=bool)
        self._settled[self._rows] = False

    def score(self, x: Array) -> Score:
        """Return violation and objective of a decision."""
        if not self.closed:
            return self._reaction.score(x)
        y = self._reaction.follow_on(x)
        return NO_REACTION if y is None else self._at(x, y)

    def _at(self, x: Array, y: Array) -> Score:
        reaction = self._reaction
        w = np.r_[y, np.zeros(self._others)]
        values = reaction.leader.values(x[None], w[None])[0]
        violation = float(reaction.leader_limits.excess(values)[self._settled].sum())
        low, high = reaction.columns.lower[self._own :].copy(), reaction.columns.upper[self._own :].copy()
        ends = (
            (reaction.leader_limits.lower - values)[self._rows] / self._entries,
            (reaction.leader_limits.upper - values)[self._rows] / self._entries,
        )
        np.maximum.at(low, self._columns, np.where(self._entries > 0, *ends))
        np.minimum.at(high, self._columns, np.where(self._entries > 0, *ends[::-1]))
        violation += float(np.maximum(low - high - 1e-9 * (1 + np.abs(low)), 0.0).sum())
        if violation > 0:
            return Score(violation, math.inf)
        cost = reaction.objective.costs(x[None])[0, self._own :]
        chosen = np.where(cost > 0, low, np.where(cost < 0, high, np.clip(0.0, low, np.maximum(low, high))))
        if not np.isfinite(chosen).all():
            return reaction.score(x)  # unbounded, or no matter where: the LP says
        w[self._own :] = chosen
        return Score(0.0, float(reaction.objective.values(x[None], w[None])[0, 0]))
