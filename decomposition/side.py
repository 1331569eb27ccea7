"""A side of a follower's row at an integer response: by how much it is violated, and what that can be."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from pyomo.common.numeric_types import native_numeric_types
from pyomo.core.base.var import VarData
from pyomo.repn import generate_standard_repn

from ..bounds.ranges import Ranges
from ..levels.follower_form import Row
from ..levels.rows import substitution
from .integer_follower import IntegerFollower
from .lattice import least_violation

ROUNDING = 1e-9
"""What interval arithmetic may be off by, relative to 1 + |limit|."""


@dataclass(frozen=True, eq=False)
class Side:
    """``violation > 0`` where violated; ``of_continuous``: some of the follower's continuous variables are in it."""

    name: str
    violation: Any
    limit: float
    of_continuous: bool
    least: float | None
    """The least positive violation, if there is one: all is integer, in integers."""

    @property
    def scale(self) -> float:
        """What a margin of the row is relative to."""
        return 1 + abs(self.limit)

    def most(self, ranges: Ranges) -> float:
        """Return the largest violation, infinite where nothing is known."""
        return interval(self.violation, ranges)[1]

    def holds(self, ranges: Ranges) -> bool:
        """Whether the side holds at every decision."""
        return self.most(ranges) <= ROUNDING * self.scale

    def threshold(self, margin: float) -> float:
        """Return the violation that counts as one."""
        return margin * self.scale if self.least is None else self.least


def sides_of(row: Row, item: IntegerFollower, at: dict[int, Any]) -> Iterator[Side]:
    """Yield the sides of a row.

    :param at: id of a follower's variable -> what stands in its place.
    """
    lower, body, upper = row.source.to_bounded_expression(evaluate_bounds=True)
    body = collected(substitution(at)(body))
    own = {id(v) for v in item.continuous}
    of_continuous = any(id(v) in own for v, _ in row.terms)
    for side, limit, sign in (("lower", lower, 1), ("upper", upper, -1)):
        if limit is not None:
            least = None if of_continuous else least_violation(body, limit)
            yield Side(f"{row.name}.{side}", sign * (limit - body), limit, of_continuous, least)


def copies(
    family: Any, item: IntegerFollower, response: dict[int, Any], ranges: Ranges, bounded: bool
) -> dict[int, Any]:
    """Return id of a follower's variable -> a copy of it, or what the response says.

    :param family: an indexed variable, for the copies.
    :param bounded: whether the copies have bounds: the variable's own, or those that rows imply.
    """
    at: dict[int, Any] = dict(response)
    for variable in item.continuous:
        copy: VarData = family[variable.name]
        if bounded:
            lower, upper = ranges.of_variable(variable)
            copy.setlb(lower if lower > -float("inf") else None)
            copy.setub(upper if upper < float("inf") else None)
        at[id(variable)] = copy
    return at


def collected(expression: Any) -> Any:
    """Return an expression with like terms collected: what cancels is not in its interval."""
    if expression.__class__ in native_numeric_types:
        return expression
    repn = generate_standard_repn(expression, quadratic=True, compute_values=True)
    return expression if repn.nonlinear_expr is not None else repn.to_expression()


def interval(expression: Any, ranges: Ranges) -> tuple[float, float]:
    """Return the interval of an expression, which may be a number."""
    if expression.__class__ in native_numeric_types:
        return float(expression), float(expression)
    return ranges.of_expression(expression)
