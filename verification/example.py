"""One decision of the leader, and what the followers make of it: an example where there is no solution."""

from collections.abc import Iterator, Mapping
from typing import Any

from pyomo.core import value
from pyomo.core.base.var import VarData

from ..errors import BilevoltError
from ..levels.bilevel import Bilevel
from ..levels.follower_problem import follower_at
from ..levels.rows import at_values
from ..solvers.session import Session
from ..solvers.status import Status

FOLLOWERS = 20  # that are solved for an example
SHOWN = 5
TOLERANCE = 1e-5  # relative to 1 + |limit|


def example(bilevel: Bilevel, values: Mapping[VarData, float]) -> str | None:
    """Say what goes wrong at a decision: a follower without an optimum, or a leader's row that the reaction violates.

    :param values: of the leader's variables, as far as they are in a row.
    :returns: None where the example shows nothing (with several optima another one may be the wrong one).
    """
    if len(bilevel.followers) > FOLLOWERS or any(v in bilevel.owner for f in bilevel.followers for v in f.given):
        return None
    known = {id(v): _value(v, values) for v in bilevel.leader.variables}
    seen = [v for v in bilevel.leader.variables if v in bilevel.visible]
    where = "at " + ", ".join(f"{v.name} = {known[id(v)]:.6g}" for v in seen[:SHOWN]) + ", ..." * (len(seen) > SHOWN)
    where = where if seen else "whatever is decided"
    reaction: dict[int, float] = {}
    for follower in bilevel.followers:
        problem = follower_at(follower, {id(v): known[id(v)] for v in follower.given})
        try:
            result = Session().solve(problem)
        except BilevoltError:
            return None
        if result.status in (Status.infeasible, Status.unbounded, Status.infeasible_or_unbounded):
            return f"{where} follower {follower.name!r} is {str(result.status).replace('_', ' ')}"
        if result.status is not Status.optimal or result.values is None:
            return None
        reaction |= {id(v): _value(v, result.values) for v in follower.variables}
    own = list(bilevel.follower_variables)
    answer = ", ".join(f"{v.name} = {reaction[id(v)]:.6g}" for v in own[:SHOWN]) + ", ..." * (len(own) > SHOWN)
    for name, distance in _violated(bilevel, known | reaction):
        return f"{where} the reaction {answer} violates {name!r} by {distance:.6g}"
    return None


def _value(variable: VarData, values: Mapping[VarData, float]) -> float:
    """Return a variable's value; for one in no row, any within its bounds."""
    number = values[variable] if variable in values else max(variable.lb or 0.0, min(0.0, variable.ub or 0.0))
    return float(number) if variable.is_continuous() else float(round(number))


def _violated(bilevel: Bilevel, at: dict[int, float]) -> Iterator[tuple[str, float]]:
    """Yield the leader's rows that do not hold, and by how much; those with prices are left out."""
    for constraint in bilevel.leader.constraints:
        lower, body, upper = constraint.to_bounded_expression(evaluate_bounds=True)
        number: Any = value(at_values(body, at), exception=False)
        if number is None:
            continue
        for limit, sign in ((lower, 1), (upper, -1)):
            if limit is not None and sign * (limit - number) > TOLERANCE * (1 + abs(limit)):
                yield constraint.name, sign * (limit - number)
