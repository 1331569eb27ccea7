"""One follower alone, at numbers for everything that it takes as given.

Built from the user's own expressions (not from the coefficients that the KKT step reads), so that a check made with
it does not share that step's mistakes.
"""

from pyomo.core import Any as AnyIndex
from pyomo.core import ConcreteModel, Constraint, Objective

from .follower import Follower
from .names import names
from .rows import add_row, numbers, substitution


def follower_at(follower: Follower, given: dict[int, float] | None = None, tolerance: float = 1e-6) -> ConcreteModel:
    """Return the follower's problem at a decision of the leader, on the follower's own variables.

    :param given: id -> number of the variables that the follower takes as given; their current values by default.
    :param tolerance: how far a row in which no variable is left may be violated and still count as true.
    """
    given = numbers(follower.given) if given is None else given
    problem = ConcreteModel(name=f"{follower.name} at the leader's decision")
    problem.rows = Constraint(AnyIndex)
    put = substitution(given)
    for constraint, name in zip(follower.constraints, names(follower.constraints), strict=True):
        lower, body, upper = constraint.to_bounded_expression(evaluate_bounds=True)
        add_row(problem.rows, name, lower, put(body), upper, tolerance)
    problem.objective = Objective(expr=put(follower.objective.expr), sense=follower.objective.sense)
    return problem
