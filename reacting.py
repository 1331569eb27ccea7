"""``react``: what the followers answer to the decision that is on the model."""

from dataclasses import dataclass, field
from typing import Any

from pyomo.common.collections import ComponentMap

from .errors import BilevoltError
from .levels.bilevel import Bilevel
from .levels.follower import Follower
from .levels.follower_problem import follower_at
from .levels.numbers_given import refuse_missing_numbers
from .levels.point import put
from .levels.reading import read_levels
from .quantities import plain
from .solvers.reading import read
from .solvers.session import Session
from .solvers.status import Status


@dataclass(frozen=True)
class Response:
    """One follower's optimum: ``values`` of its variables and ``prices`` of its rows (in its own sense) by name.

    ``prices`` is empty where the solver gives none. Without an optimum, ``status`` says why.
    """

    status: Status
    objective: float | None = None
    values: dict[str, float] = field(default_factory=dict)
    prices: dict[str, float] = field(default_factory=dict)

    def __str__(self) -> str:
        if self.objective is None:
            return str(self.status)
        return ", ".join([f"objective {plain(self.objective)}", *(f"{n} = {plain(x)}" for n, x in self.values.items())])


def react(model: Any, *, solver: str = "auto", time_limit: float | None = None) -> dict[str, Response]:
    """Solve each follower at the present values of the leader's variables; return the responses by follower.

    The optima (one of each follower's, where there are several) are written to the followers' variables, and their
    prices to ``dual_of`` variables; the leader's own are left as they are, and its rows are not looked at
    (:func:`bilevolt.verify` does). If a follower has no optimum, nothing is written.

    :param time_limit: seconds for all followers together.
    :raises BilevoltError: the model is no bilevel model, a variable that a follower takes as given has no value, or
        followers see one another: their answer is an equilibrium.
    """
    bilevel = read_levels(model)
    refuse_missing_numbers(bilevel)
    for follower in bilevel.followers:
        _refuse_what_is_not_given(follower, bilevel)
    session = Session(solver=solver, time_limit=time_limit)
    found: ComponentMap = ComponentMap()
    responses = {}
    for follower in bilevel.followers:
        responses[follower.name] = response = _respond(follower, session)
        found.update((y, response.values[y.name]) for y in follower.variables if y.name in response.values)
    if all(response.status is Status.optimal for response in responses.values()):
        put(found)
        prices = {name: price for response in responses.values() for name, price in response.prices.items()}
        for variable, source in bilevel.leader.prices.items():
            variable.set_value(prices.get(source.name), skip_validation=True)  # None: an old price would be a wrong one
    return responses


def _refuse_what_is_not_given(follower: Follower, bilevel: Bilevel) -> None:
    for variable in follower.given:
        if variable in bilevel.owner:
            raise BilevoltError(
                f"follower {follower.name!r} takes {variable.name!r} of follower {bilevel.owner[variable]!r} as given: "
                "their answer is an equilibrium, not one optimum each. Use bilevolt.solve."
            )
        if variable.value is None:
            raise BilevoltError(
                f"follower {follower.name!r} takes {variable.name!r} as given, which has no value. Give it one: "
                "model.component.set_value(number)."
            )


def _respond(follower: Follower, session: Session) -> Response:
    problem = follower_at(follower)
    reading = read(problem)
    result = session.solve(reading, duals=session.choose(reading)[0].features.duals)
    if result.status is not Status.optimal or result.values is None:
        return Response(result.status)
    values = {y.name: result.values.get(y, y.value or 0.0) for y in follower.variables}
    priced = {} if result.duals is None else {k: result.duals.get(row) for k, row in problem.rows.items()}
    prices = {name: price for name, price in priced.items() if price is not None}
    return Response(result.status, result.objective, values, prices)
