r"""A point without what tolerances let leak: integers as they are, everything else solved again.

The problem of the best point at a decision allows :math:`f(x^*, y, z) \le \varphi(x^*) + \epsilon`, of which the leader
makes use. With :math:`x^*` and all integers fixed, the follower's continuous part is a follower of its own,

.. math:: y \in \arg\min_y \{ f(x^*, y, z^*) : g(x^*, y, z^*) \le 0 \},

whose KKT conditions know no :math:`\epsilon`; pairs that leak all the same are settled as they were found
(:mod:`..reformulations.pattern`).
"""

from collections.abc import Mapping
from typing import Any

from pyomo.common.collections import ComponentMap, ComponentSet
from pyomo.core import Any as AnyIndex
from pyomo.core import Block, Constraint

from ..levels.bilevel import Bilevel
from ..levels.point import Point, point_at
from ..levels.rows import at_values, has_variables
from ..reformulations import bigm, kkt, pattern
from ..reformulations.single_level import SingleLevel, map_of
from ..solvers.status import Status
from .draft import Draft
from .integer_follower import IntegerFollower
from .oracle import Oracle
from .subproblem import held


def polished(
    bilevel: Bilevel, followers: list[IntegerFollower], decision: ComponentMap, point: Point, oracle: Oracle
) -> Point:
    """Return the best point with the integers of this one; the point itself where there is none.

    :param decision: what followers with integers see, at which the point was found.
    """
    settled = ComponentMap((v, float(round(point.values[v]))) for v in bilevel.variables if not v.is_continuous())
    settled.update(decision)
    with bilevel.kept_values(), held(settled):
        problem = _problem(bilevel, followers, settled)
        single, reading = oracle.prepare(problem)
        result = oracle.session.solve(reading, integrality_tol=bigm.integrality(single))
        if result.values is None or result.status is not Status.optimal:
            return point
        values = result.values
        single.put(values)
        if pattern.leaks(single.model):
            single, values = _without_leaks(problem, single, values, oracle)
        return point_at(bilevel, values, _prices(bilevel, followers, single, values))


def _problem(bilevel: Bilevel, followers: list[IntegerFollower], settled: Mapping[Any, float]) -> Bilevel:
    """Return the model with followers that own no integers: their rows at the numbers that are settled."""
    draft = Draft(bilevel)
    given = {id(v): number for v, number in settled.items()}
    for item in followers:
        block = draft.block(item.name)
        block.answer = inner = Block()
        inner.rows = Constraint(AnyIndex)
        for row in item.follower.constraints:
            lower, body, upper = row.to_bounded_expression(evaluate_bounds=True)
            body = at_values(body, given)
            if has_variables(body):  # the rest is as good as it was: the check looks at it
                inner.rows[row.name] = (lower, body, upper)
        objective = item.follower.objective
        draft.follower(inner, item.continuous, at_values(objective.expr, given), objective.sense)
    return draft.bilevel(())


def _without_leaks(
    problem: Bilevel, single: SingleLevel, values: ComponentMap, oracle: Oracle
) -> tuple[SingleLevel, ComponentMap]:
    """Solve again with one of each pair 0; what was given where that has no point."""
    exact = kkt.apply(problem)
    pattern.apply(exact, point=pattern.point_of(single.model))
    again = oracle.session.solve(exact)
    if again.values is None or again.status is not Status.optimal:
        return single, values
    return map_of(exact), again.values


def _prices(
    bilevel: Bilevel, followers: list[IntegerFollower], single: SingleLevel, values: ComponentMap
) -> ComponentMap:
    """Return the prices of followers without integers."""
    whole = {item.name for item in followers}
    kept = [follower for follower in bilevel.followers if follower.name not in whole]
    sources = ComponentSet(source for follower in kept for source in (*follower.constraints, *follower.variables))
    return ComponentMap((source, price) for source, price in single.prices(values).items() if source in sources)
