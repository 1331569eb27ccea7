r"""Leader's variables that an equality row of the leader defines from the response: totals, bills.

They are no decision that is made before the followers answer: each response has its own total. So they are written out,
:math:`T = (b - \text{rest}(x, y)) / s` for a row :math:`s\,T + \text{rest}(x, y) = b`, wherever another response than
the one in the model is meant. A variable that followers see, an integer one, or one in a special ordered set is decided
beforehand, and its rows must hold for every response.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from pyomo.common.collections import ComponentSet
from pyomo.core.base.constraint import ConstraintData
from pyomo.core.base.var import VarData
from pyomo.core.expr.visitor import identify_variables
from pyomo.repn import generate_standard_repn

from ..levels.bilevel import Bilevel
from ..levels.rows import at_values


@dataclass
class Defined:
    """``expressions`` maps the id of each such variable to what it is, in decisions and responses alone."""

    variables: list[VarData]
    rows: ComponentSet
    expressions: dict[int, Any]

    def written_out(self, expression: Any) -> Any:
        """Return an expression with these variables replaced by what they are."""
        return at_values(expression, self.expressions)


@dataclass(frozen=True)
class Side:
    """``sign * (limit - body) <= 0``: a side of a leader's row, or of a bound, that depends on the response."""

    name: str
    body: Any
    limit: float
    sign: int


def defined(bilevel: Bilevel) -> Defined:
    """Find the leader's variables that follow the response, one after the other."""
    found = Defined([], ComponentSet(), {})
    ordered = ComponentSet(v for sos in bilevel.leader.sos for v in sos.variables)
    candidates = ComponentSet(
        v for v in bilevel.leader.variables if v.is_continuous() and v not in bilevel.visible and v not in ordered
    )
    open_rows = [row for row in bilevel.leader.constraints if row.equality] if candidates else []
    count = -1
    while len(found.variables) > count:  # a row may define its variable once another row has defined one of its own
        count = len(found.variables)
        for row in open_rows:
            if row not in found.rows and (definition := _definition(row, bilevel, candidates, found)) is not None:
                variable, expression = definition
                found.expressions[id(variable)] = expression
                found.variables.append(variable)
                found.rows.add(row)
    return found


def _definition(
    row: ConstraintData, bilevel: Bilevel, candidates: ComponentSet, found: Defined
) -> tuple[VarData, Any] | None:
    """Return the one variable that a row defines, and its expression; None if it defines none."""
    body = found.written_out(row.body)
    variables = list(identify_variables(body, include_fixed=False))
    free = [v for v in variables if v in candidates and id(v) not in found.expressions]
    if len(free) != 1 or not any(v in bilevel.owner for v in variables):
        return None
    (variable,) = free
    repn = generate_standard_repn(body, quadratic=True)
    curved = [*repn.nonlinear_vars, *(v for pair in repn.quadratic_vars for v in pair)]
    slope = sum(c for c, v in zip(repn.linear_coefs, repn.linear_vars, strict=True) if v is variable)
    if slope == 0 or any(v is variable for v in curved):
        return None
    lower, _, _ = row.to_bounded_expression(evaluate_bounds=True)
    return variable, (lower - at_values(body, {id(variable): 0.0})) / slope


def sides(bilevel: Bilevel, follow: Defined) -> Iterator[Side]:
    """Yield what must hold for every response: sides of the leader's rows, and bounds of what follows the response."""
    for row in bilevel.leader.constraints:
        if row not in follow.rows:
            lower, body, upper = row.to_bounded_expression(evaluate_bounds=True)
            yield from _finite(row.name, lower, follow.written_out(body), upper, bilevel)
    for variable in follow.variables:
        yield from _finite(variable.name, variable.lb, follow.expressions[id(variable)], variable.ub, bilevel)


def _finite(name: str, lower: float | None, body: Any, upper: float | None, bilevel: Bilevel) -> Iterator[Side]:
    if any(v in bilevel.owner for v in identify_variables(body, include_fixed=False)):
        for limit, sign in ((lower, 1), (upper, -1)):
            if limit is not None:
                yield Side(name, body, limit, sign)
