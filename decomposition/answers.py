"""What the followers do at a decision of the master problem: their optima, who would respond otherwise, the point."""

from dataclasses import dataclass, field

from pyomo.common.collections import ComponentMap
from pyomo.core import value

from ..levels.point import Point, point_at
from ..levels.rows import at_values
from ..solvers.status import Status
from .bounds import Bounds
from .column import Response
from .integer_follower import IntegerFollower
from .master import Decision, Master
from .oracle import Oracle
from .polish import polished
from .subproblem import held, optimistic, respond, seen

WORSE = 1e-7
"""By how much a follower's objective is no longer its optimum, relative to 1 + |optimum|."""


@dataclass(frozen=True, eq=False)
class Answers:
    """``wrong``: the responses of followers that would not do what the master problem says.

    ``why``: why the search has to end here, as a follower has no optimum; empty while it has not.
    """

    decision: ComponentMap
    optima: dict[int, float] = field(default_factory=dict)
    wrong: list[Response] = field(default_factory=list)
    why: str = ""

    def at(self, item: IntegerFollower) -> Decision:
        """Return what a follower does at this decision, for a cut."""
        return Decision(item, {id(v): self.decision[v] for v in item.linking}, self.optima[id(item)])


def answers(master: Master, values: ComponentMap, oracle: Oracle) -> Answers:
    """Let the followers answer.

    :param values: of the master problem.
    """
    decision = seen(master.followers, values)
    found = Answers(decision)
    at = {id(v): number for v, number in values.items()} | {id(v): n for v, n in decision.items()}
    for item in master.followers:
        result = respond(item, decision, oracle.exactly)
        if result.status is not Status.optimal or result.objective is None or result.values is None:
            why = oracle.session.why or (
                f"follower {item.name!r} is {result.status} at a decision of the master problem ({result.message})"
            )
            return Answers(decision, why=why)
        found.optima[id(item)] = result.objective
        missing = any(id(v) not in at for v in item.follower.variables)
        reached = None if missing else value(at_values(item.follower.objective.expr, at), exception=False)
        allowed = WORSE * (1 + abs(result.objective))
        if reached is None or item.sign * (reached - result.objective) > allowed:
            own = {id(v): result.values.get(v, at.get(id(v), v.lb or 0.0)) for v in item.integers}
            found.wrong.append(Response(item, {key: round(number) for key, number in own.items()}))
    return found


def take_point(master: Master, found: Answers, oracle: Oracle, bounds: Bounds) -> None:
    """Keep the best point at a decision, if it is better."""
    point = _best_at(master, found, oracle)
    if point is not None and bounds.better(point):
        point = polished(master.bilevel, master.followers, found.decision, point, oracle)
        if bounds.better(point):
            bounds.best = point


def _best_at(master: Master, found: Answers, oracle: Oracle) -> Point | None:
    bilevel = master.bilevel
    with bilevel.kept_values(), held(found.decision):
        single, result = oracle.solve(optimistic(bilevel, master.followers, found.decision, found.optima))
        if result.values is None or result.status not in (Status.optimal, Status.feasible):
            return None
        return point_at(bilevel, result.values, single.prices(result.values))
