r"""The followers' reaction to a decision of the leader, and the best point that the leader can make of it.

The *decision* is what followers see. Given it, each follower is solved; where a follower has several optima, or where
leader variables that no follower sees have to adapt to the reaction, the completion problem picks the best for the
leader (optimistic):

.. math:: \min F(x, y, \pi) \quad \text{leader's rows},\; y \in \arg\min f(x, \cdot),\;
          \pi \text{ a shadow price of } y
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from pyomo.common.collections import ComponentMap
from pyomo.core import Any as AnyIndex
from pyomo.core import ConcreteModel, Constraint, Objective

from ...errors import BilevoltError
from ...levels.bilevel import Bilevel
from ...levels.follower_problem import follower_at
from ...levels.rows import add_sos, substitution
from ...reformulations import user_cuts
from ...reformulations.optimal_face import add_active, add_optima, add_prices, add_row_at, least_multipliers
from ...reformulations.single_level import SingleLevel, map_of
from ...solvers.base import SolverResult
from ...solvers.status import Status

Solve = Callable[[Any], SolverResult]


@dataclass(frozen=True)
class Reaction:
    """A decision's evaluation: the leader's true objective and the point, or why there is none."""

    objective: float | None
    values: ComponentMap
    message: str

    @property
    def feasible(self) -> bool:
        """Whether the decision leads to a bilevel feasible point."""
        return self.objective is not None


def refuse_interaction(bilevel: Bilevel) -> None:
    """Refuse followers that see one another: their reaction is an equilibrium, not one optimum each."""
    for follower in bilevel.followers:
        for variable in follower.given:
            if variable in bilevel.owner:
                raise BilevoltError(
                    f"follower {follower.name!r} takes {variable.name!r} of follower {bilevel.owner[variable]!r} as "
                    "given; the heuristics do not cover followers that see one another. Use method='exact'."
                )


def react(single: Any, decision: dict[int, float], solve: Solve, tolerance: float = 1e-7) -> Reaction:
    """Evaluate a decision: the followers' optima, completed to the best bilevel feasible point for the leader.

    The followers' optima are known up to ``tolerance`` (relative to each one's optimal value) in the completion
    problem; where the optima that were found are as good for the leader within it, they are the answer, exactly, and
    else the best of the optima without a tolerance (of LP followers), see :mod:`...reformulations.optimal_face`.

    :param single: the model's MPCC (``reformulate(model, "kkt")``).
    :param decision: id -> number of the leader's variables that followers see.
    :param solve: a function model -> SolverResult.
    """
    single_map = map_of(single)
    optimum: dict[int, float] = {}
    for form in single_map.conditions.forms:
        result = solve(follower_at(form.follower, decision))
        if result.status is not Status.optimal or result.values is None:
            return Reaction(None, ComponentMap(), f"follower {form.follower.name!r} is {result.status}")
        optimum.update((id(y), result.values.get(y, y.value or 0.0)) for y in form.follower.variables)
    best = _best_for_leader(single, decision, optimum, solve, tolerance)
    if best.values is None or best.objective is None:
        why = f"the leader's rows do not admit the followers' reaction ({best.status})"
        return Reaction(None, ComponentMap(), why)
    values = ComponentMap(best.values.items())
    known = {**optimum, **decision}
    for variable in single_map.bilevel.variables:
        if variable not in values and id(variable) in known:
            values[variable] = known[id(variable)]
    return Reaction(best.objective, values, "")


def _best_for_leader(
    single: Any, decision: dict[int, float], optimum: dict[int, float], solve: Solve, tolerance: float
) -> SolverResult:
    """Return the leader's answer to the optima found, if none is better for the leader, else to the best of all.

    What is better only within the tolerance of the followers' optimality is not: the multipliers tell.
    """
    loose = solve(_completion(single, decision, optimum, tolerance))
    if loose.values is None or loose.objective is None:
        return loose
    found = solve(_completion(single, decision, optimum, tolerance, held=True))
    if found.objective is not None and abs(found.objective - loose.objective) <= _near(loose.objective, tolerance):
        return found
    multipliers = solve(least_multipliers(single, {**optimum, **decision})).values
    if multipliers is None:
        return loose
    exact = solve(_completion(single, decision, optimum, tolerance, multipliers=multipliers))
    return found if exact.values is None else exact


def _near(objective: float, tolerance: float) -> float:
    return 100 * tolerance * (1 + abs(objective))


def _completion(
    single: Any,
    decision: dict[int, float],
    optimum: dict[int, float],
    tolerance: float,
    *,
    held: bool = False,
    multipliers: ComponentMap | None = None,
) -> ConcreteModel:
    """Return the leader's problem over the followers' optima at a decision.

    :param held: over those found.
    :param multipliers: that belong to them; without any, what is as good within the tolerance is an optimum.
    """
    single_map = map_of(single)
    leader = single_map.bilevel.leader
    completion = ConcreteModel(name="completion")
    rows = completion.rows = Constraint(AnyIndex)
    at = {**decision, **optimum} if held else decision
    if not held:
        for form in single_map.conditions.forms:
            add_optima(rows, form, decision, optimum, tolerance)
    if multipliers is not None:
        add_active(rows, single, multipliers, decision)
    if leader.prices:
        add_prices(rows, single, {**decision, **optimum}, at)
    put = substitution(at)
    for name, row in single.leader.rows.items():
        add_row_at(rows, f"leader's {name}", row, put, 1e-6)
    add_sos(completion, leader.sos)
    objective = single.leader.objective
    completion.objective = Objective(expr=put(objective.expr), sense=objective.sense)
    return completion


def _products_at(single_map: SingleLevel, at: dict[int, float]) -> dict[int, Any]:
    """Map the variables that stand for products to what they are at these values: a number, or linear in a price."""
    known = at | {id(bit): bit.value for _, bits in single_map.expansions for _, bit in bits if bit.value is not None}
    return {
        id(product.variable): known.get(id(product.first), product.first)
        * known.get(id(product.second), product.second)
        for product in single_map.products
        if product.variable is not None and (id(product.first) in known or id(product.second) in known)
    }


def multipliers_at(single: Any, solve: Solve) -> bool:
    """Put the smallest multipliers that belong to the levels' values on the model on their variables.

    The variables of valid inequalities that are in the single-level model get values with them.
    Returns False if there are none within their bounds: the followers' values are not optimal, a bound is wrong, or
    a valid inequality is.
    """
    single_map = map_of(single)
    bilevel = single_map.bilevel
    at = {id(v): v.value for v in bilevel.variables}
    problem = least_multipliers(single, at)
    put = substitution(at | _products_at(single_map, at))
    for name, row in user_cuts.rows(single):
        add_row_at(problem.rows, name, row, put, 1e-6)
    values = solve(problem).values
    if values is None:
        return False
    for variable in user_cuts.variables(single_map):
        variable.set_value(values.get(variable, variable.lb or 0.0), skip_validation=True)
    for _, _, multipliers in single_map.conditions.multipliers():
        for multiplier in multipliers.values():
            multiplier.set_value(values.get(multiplier, 0.0), skip_validation=True)
    return True
