r"""Pattern: the choice of every complementarity pair made as at a point, which leaves an LP or QP.

.. math:: \lambda = 0 \;\text{where}\; \lambda \le g(x, y) \;\text{at the point}, \qquad g(x, y) = 0 \;\text{elsewhere}

What a solver's tolerance let leak (an M times the integrality tolerance; a product of :math:`10^{-6}` with both
factors at :math:`10^{-3}`) is gone from its solution. A restriction of the MPCC: its optimum is bilevel feasible, and
as good as the point if that was a solution.
"""

from collections.abc import Sequence
from typing import Any

from pyomo.core import Any as AnyIndex
from pyomo.core import Block, Constraint, value

from ..levels.optimality import Pair
from .mapping import Linearized, map_of

LEAK = 1e-9
"""What both of a pair may be and still count as one of them 0."""


def apply(
    single: Any, pairs: Sequence[Pair] | None = None, point: Sequence[tuple[float, float]] = ()
) -> list[Linearized]:
    """Settle the pending pairs (or those given) of an MPCC in place.

    :param point: each pair's (multiplier, slack), in the order of the pairs.
    """
    single_map = map_of(single)
    pairs = single_map.pending() if pairs is None else pairs
    block = single.pattern = Block()
    block.settled = Constraint(AnyIndex)
    block.slack_nonnegative = Constraint(AnyIndex)
    made = []
    for pair, (multiplier, slack) in zip(pairs, point, strict=True):
        if multiplier <= slack:
            block.settled[pair.name] = pair.multiplier == 0
            if not pair.row.is_bound:
                block.slack_nonnegative[pair.name] = pair.slack >= 0
        else:
            block.settled[pair.name] = pair.slack == 0
        pair.complementarity.deactivate()
        made.append(Linearized(pair, "pattern", pair.slack, block.settled[pair.name]))
    single_map.linearized += made
    single_map.steps.append("pattern")
    return made


def leaks(single: Any) -> bool:
    """Whether multiplier and slack of some pair are both positive at the values on the model."""
    return any(min(multiplier, slack) > LEAK for multiplier, slack in point_of(single))


def point_of(single: Any) -> list[tuple[float, float]]:
    """Return each pair's (multiplier, slack) at the values on the model; a multiplier without a value counts as 0."""
    return [(pair.multiplier.value or 0.0, value(pair.slack)) for pair in map_of(single).conditions.pairs]
