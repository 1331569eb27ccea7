r"""Pattern: the choice of every complementarity pair made as at a point, which leaves an LP or QP.

.. math:: \lambda = 0 \;\text{where}\; a \lambda \le g(x, y) / a \;\text{at the point}, \qquad
          g(x, y) = 0 \;\text{elsewhere}

with a the largest coefficient of a follower's variable in the row: multiplied by 400, a row has 400 times the slack
and a 400th of the multiplier, and what is 0 is to remain.

What a solver's tolerance let leak (an M times the integrality tolerance; a product of :math:`10^{-6}` with both
factors at :math:`10^{-3}`) is gone from its solution. A restriction of the MPCC: its optimum is bilevel feasible, and
as good as the point if that was a solution.
"""

from collections.abc import Sequence
from typing import Any

from pyomo.core import Any as AnyIndex
from pyomo.core import Constraint, value

from ..levels.optimality import Pair
from .linearization import Linearization, add_nonnegative_slacks
from .single_level import Linearized, SingleLevel, map_of

LEAK = 1e-9
"""What both of a pair may be and still count as one of them 0."""


class Pattern(Linearization):
    """One of each pair is 0, as at a point. Not among those that a user can choose: it needs the point."""

    name = "pattern"
    about = "Of each pair, what is the smaller at a point is 0."

    def write(
        self, block: Any, level: SingleLevel, pairs: Sequence[Pair], point: Sequence[tuple[float, float]] = ()
    ) -> list[Linearized]:
        """Write which of each pair is 0.

        :param point: each pair's (multiplier, slack), in the order of the pairs.
        """
        off = {
            pair.name: multiplier * size <= slack / size
            for pair, (multiplier, slack) in zip(pairs, point, strict=True)
            for size in [_size(pair)]
        }
        block.settled = Constraint(AnyIndex)
        for pair in pairs:
            block.settled[pair.name] = (pair.multiplier if off[pair.name] else pair.slack) == 0
        add_nonnegative_slacks(block, [pair for pair in pairs if off[pair.name]])
        return [Linearized(pair, self.name, pair.slack, block.settled[pair.name]) for pair in pairs]


apply = Pattern().apply


def _size(pair: Pair) -> float:
    """Return the row's largest coefficient at the values on the model; 1 where there is none."""
    return max((abs(value(a, exception=False) or 0.0) for _, a in pair.row.terms), default=0.0) or 1.0


def leaks(single: Any) -> bool:
    """Whether multiplier and slack of some pair are both positive at the values on the model."""
    return any(min(multiplier, slack) > LEAK for multiplier, slack in point_of(single))


def point_of(single: Any) -> list[tuple[float, float]]:
    """Return each pair's (multiplier, slack) at the values on the model; a multiplier without a value counts as 0."""
    return [(pair.multiplier.value or 0.0, value(pair.slack)) for pair in map_of(single).conditions.pairs]
