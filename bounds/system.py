"""What a proof of bounds may use: the rows of both levels, the followers' optimality conditions, the ranges known."""

from collections.abc import Mapping
from dataclasses import dataclass

from pyomo.core.base.constraint import ConstraintData

from ..levels.bilevel import Bilevel
from ..levels.optimality import OptimalityConditions
from .ranges import Ranges


@dataclass(frozen=True)
class System:
    """Everything that holds at a bilevel feasible point.

    :param leader_rows: the leader's rows by name, in multipliers where the user wrote ``dual_of``.
    :param ranges: what is known already; proofs add to it.
    """

    bilevel: Bilevel
    conditions: OptimalityConditions
    leader_rows: Mapping[str, ConstraintData]
    ranges: Ranges
