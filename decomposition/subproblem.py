r"""The followers at a decision: what each could reach, and the responses among its best that the leader likes best.

With what followers with integers see held at :math:`x^*`, each is solved as it was declared,
:math:`\varphi(x^*)`; then the leader's problem over both levels' rows, :math:`f(x^*, y, z) \le \varphi(x^*)`, and
the other followers' KKT conditions.
Its optimum is a bilevel feasible point, and the best one at :math:`x^*`.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from pyomo.common.collections import ComponentMap, ComponentSet
from pyomo.core.base.var import VarData

from ..levels.bilevel import Bilevel
from ..levels.follower_problem import follower_at
from ..levels.rows import at_values, has_variables
from ..solvers.records import SolverResult
from ..solvers.session import Session
from .draft import Draft
from .integer_follower import IntegerFollower

AS_GOOD = 1e-7
"""As good as the optimum, relative to 1 + |optimum|."""

EXACT = 1e-9
"""The relative gap of a follower's optimum: one that is missed lets the leader assume what no follower does."""


def seen(followers: list[IntegerFollower], values: ComponentMap) -> ComponentMap:
    """Return the decision: what followers with integers see, within its bounds, integers without tolerance."""
    found: ComponentMap = ComponentMap()
    for variable in ComponentSet(v for item in followers for v in item.linking):
        number = float(values.get(variable, variable.value or 0.0))
        lower, upper = variable.bounds
        number = max(number, -float("inf") if lower is None else lower)
        number = min(number, float("inf") if upper is None else upper)
        found[variable] = number if variable.is_continuous() else float(round(number))
    return found


def respond(item: IntegerFollower, decision: ComponentMap, session: Session) -> SolverResult:
    """Solve a follower at a decision.

    :param session: whose gap is :data:`EXACT`.
    """
    given = {id(v): decision[v] for v in item.linking}
    return session.solve(follower_at(item.follower, given))


def optimistic(
    bilevel: Bilevel, followers: list[IntegerFollower], decision: ComponentMap, optima: dict[int, float]
) -> Bilevel:
    """Return the problem of the best point at a decision; what followers with integers see is to be held there.

    :param optima: id(follower) -> its optimum.
    """
    draft = Draft(bilevel)
    given = {id(v): number for v, number in decision.items()}
    for item in followers:
        block = draft.block(item.name)
        best = optima[id(item)]
        excess = item.sign * (at_values(item.follower.objective.expr, given) - best)
        if has_variables(excess):
            draft.row(block, "optimal", excess <= AS_GOOD * (1 + abs(best)))
    return draft.bilevel([row for item in followers for row in item.follower.constraints])


@contextmanager
def held(decision: ComponentMap) -> Iterator[None]:
    """Fix variables of the user's for a while; their values, and that they are free, come back."""
    before: list[tuple[VarData, Any]] = [(variable, variable.value) for variable in decision]
    try:
        for variable, number in decision.items():
            variable.fix(number, skip_validation=True)
        yield
    finally:
        for variable, number in before:
            variable.unfix()
            variable.set_value(number, skip_validation=True)
