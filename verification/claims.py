"""What a solution says of itself, held against the point: objectives, bound, prices; and the scale to measure on."""

import math
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from pyomo.common.collections import ComponentMap
from pyomo.core import Any as AnyIndex
from pyomo.core import ConcreteModel, Constraint, Objective, Var, minimize, quicksum, value
from pyomo.repn import generate_standard_repn

from ..levels.bilevel import Bilevel
from ..levels.integers import has_integers
from ..levels.names import names
from ..reformulations import kkt
from ..reformulations.optimal_face import add_prices
from ..reformulations.single_level import map_of
from ..solvers.session import Session
from ..solvers.status import Status

Residual = tuple[str, float, float]
"""Name, distance, and what the tolerance is relative to."""


def claims(bilevel: Bilevel, solution: Any, here: float | None = None) -> Iterator[Residual]:
    """Yield how far the solution's objectives and bound are from what the values on the model say.

    A bound cannot be checked from a point; but it can contradict the objective, or the status.

    :param here: what the decision is worth, if that is not the leader's objective at the point.
    """
    here = float(value(bilevel.leader.objective.expr)) if here is None else here
    if solution.objective is not None:
        yield "objective", abs(solution.objective - here), 1 + abs(here)
    for follower in bilevel.followers:
        claimed = solution.lower_objectives.get(follower.name)
        if claimed is not None:
            found = float(value(follower.objective.expr))
            yield f"objective of follower {follower.name}", abs(claimed - found), 1 + abs(found)
    if solution.bound is not None:
        sense = 1 if bilevel.leader.objective.sense == minimize else -1
        yield "bound, which is worse than the objective", max(0.0, sense * (solution.bound - here)), 1 + abs(here)
        if solution.status is Status.optimal and solution.rel_gap is not None:
            allowed = solution.rel_gap * max(1.0, abs(here))
            yield "bound of what is called optimal", max(0.0, abs(here - solution.bound) - allowed), 1 + abs(here)


def own_scale(objective: Any, optimum: Mapping[int, float]) -> float:
    """Return the scale of a follower's objective: the largest share that a variable has in it, or could easily have.

    :param objective: of the follower alone, at numbers for what it takes as given.
    :param optimum: id -> number of its variables.
    """
    repn = generate_standard_repn(objective.expr, quadratic=True, compute_values=True)
    slope: ComponentMap = ComponentMap()
    for coefficient, variable in zip(repn.linear_coefs, repn.linear_vars, strict=True):
        slope[variable] = slope.get(variable, 0.0) + coefficient
    for coefficient, (first, second) in zip(repn.quadratic_coefs, repn.quadratic_vars, strict=True):
        for own, other in ((first, second), (second, first)):
            slope[own] = slope.get(own, 0.0) + coefficient * optimum.get(id(other), 0.0)
        slope[first] = max(abs(slope[first]), abs(coefficient))  # also where the gradient is 0, at the optimum
    shares = (abs(c) * _size(variable, optimum.get(id(variable), 0.0)) for variable, c in slope.items())
    return max(shares, default=0.0) or 1.0


def _size(variable: Any, number: float) -> float:
    """Return how large a variable is, or could easily be: 1 more, where its range allows it."""
    lower, upper = variable.bounds
    room = math.inf if lower is None or upper is None else upper - lower
    return abs(number) + min(1.0, room)


def price_residuals(bilevel: Bilevel, multipliers: Mapping[str, float] | None) -> Iterator[Residual]:
    """Yield how far each ``dual_of`` variable is from the multiplier that it stands for.

    Without multipliers, from the nearest ones that belong to the followers' values on the model.
    """
    if not bilevel.leader.prices:
        return
    nearest = multipliers or _nearest_prices(bilevel)
    sources = bilevel.leader.prices
    for price, name in zip(sources, names(sources.values()), strict=True):
        found = nearest.get(name, 0.0)
        yield f"dual_of({name})", abs(price.value - found), 1 + abs(found)


def put_missing_prices(bilevel: Bilevel) -> None:
    """Give ``dual_of`` variables without a value one that belongs to the followers' values on the model."""
    missing = [price for price in bilevel.leader.prices if price.value is None]
    if not missing:
        return
    found = _nearest_prices(bilevel)
    for price in missing:
        price.set_value(found[bilevel.leader.prices[price].name], skip_validation=True)


def _nearest_prices(bilevel: Bilevel) -> dict[str, float]:
    """Return the shadow prices of the followers' values that are nearest to the claimed ones, by row.

    Not a number where none belong to these values: they are not optimal then.
    """
    priced = tuple(follower for follower in bilevel.followers if not has_integers(follower))
    single = kkt.apply(replace(bilevel, followers=priced))
    single_map = map_of(single)
    at = {id(v): v.value for v in bilevel.variables}
    prices = kkt.price_expressions(bilevel.leader.prices, single_map)
    problem = ConcreteModel(name="prices")
    problem.rows, problem.distance = Constraint(AnyIndex), Var(AnyIndex, dense=False)
    add_prices(problem.rows, single, at, at)
    for price, source in bilevel.leader.prices.items():
        for sign in (1, -1) if price.value is not None else ():
            away = sign * (prices[id(price)] - price.value)
            problem.rows[f"{source.name} {sign}"] = problem.distance[source.name] >= away
    problem.objective = Objective(expr=quicksum(problem.distance.values()))
    values = Session().solve(problem).values
    if values is None:
        return {source.name: math.nan for source in bilevel.leader.prices.values()}
    return {source.name: price for source, price in single_map.prices(values).items()}
