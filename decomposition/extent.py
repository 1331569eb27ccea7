r"""Ranges of variables without bounds, from the rows by LPs: those that the columns and their big-Ms need.

A follower's variables are bounded by its own rows and what the leader's rows say of the leader's variables alone (the
leader's other rows bind no response); the leader's variables by all rows. Rows that are not linear are left out.
"""

import math
from typing import Any

from pyomo.common.collections import ComponentSet
from pyomo.core import Any as AnyIndex
from pyomo.core import ConcreteModel, Constraint, Objective, Var, maximize, minimize
from pyomo.core.base.var import VarData
from pyomo.core.expr.visitor import identify_variables

from ..bounds.ranges import Ranges
from ..errors import IntegerFollowerError
from ..levels.bilevel import Bilevel
from ..levels.rows import substitution
from ..solvers.session import Session
from ..solvers.status import Status
from .integer_follower import IntegerFollower

ROUNDING = 1e-6
"""What is added to a bound found in floating-point arithmetic, relative to 1 + |bound|."""


def extents(bilevel: Bilevel, followers: list[IntegerFollower], session: Session) -> Ranges:
    """Return ranges of the followers' variables and of what they see: their bounds, or those that rows imply.

    :raises IntegerFollowerError: an integer of a follower has no bounds, also none that its rows imply.
    """
    ranges = Ranges(())
    leaders = [row for row in bilevel.leader.constraints if _only(row, bilevel.leader.variables)]
    every = [*bilevel.leader.constraints, *(row for f in bilevel.followers for row in f.constraints)]
    for item in followers:
        _learn(item.linking, every, ranges, session)
    for item in followers:
        own = [*leaders, *item.follower.constraints]
        _learn(item.follower.variables, own, ranges, session)
        for variable in item.integers:
            if not all(map(math.isfinite, ranges.of_variable(variable))):
                raise IntegerFollowerError(
                    f"the integer variable {variable.name!r} of follower {item.name!r} is unbounded: neither its own "
                    "bounds nor the rows bound it. Give it bounds."
                )
    return ranges


def _only(row: Any, variables: tuple[VarData, ...]) -> bool:
    known = ComponentSet(variables)
    return all(v in known for v in identify_variables(row.body, include_fixed=False))


def _learn(variables: tuple[VarData, ...], rows: list[Any], ranges: Ranges, session: Session) -> None:
    """Note the ranges of those variables that have an infinite one."""
    endless = [v for v in variables if not all(map(math.isfinite, ranges.of_variable(v)))]
    if not endless:
        return
    problem, copy = _relaxation(rows, ranges)
    for variable in endless:
        if id(variable) not in copy:
            continue
        lower, upper = ranges.of_variable(variable)
        for sense in (minimize, maximize):
            problem.del_component("objective")
            problem.objective = Objective(expr=copy[id(variable)], sense=sense)
            result = session.solve(problem)
            if result.status is not Status.optimal or result.bound is None:
                continue
            if sense == minimize:
                lower = max(lower, result.bound - ROUNDING * (1 + abs(result.bound)))
            else:
                upper = min(upper, result.bound + ROUNDING * (1 + abs(result.bound)))
        if not variable.is_continuous():
            lower = math.ceil(lower) if math.isfinite(lower) else lower
            upper = math.floor(upper) if math.isfinite(upper) else upper
        ranges.note(variable, lower, upper)


def _relaxation(rows: list[Any], ranges: Ranges) -> tuple[Any, dict[int, Any]]:
    """Return the linear rows, on continuous copies of their variables."""
    problem = ConcreteModel(name="extent")
    problem.copy = Var(AnyIndex, dense=False)
    problem.rows = Constraint(AnyIndex)
    copy: dict[int, Any] = {}
    for row in rows:
        if row.body.polynomial_degree() != 1:
            continue
        for variable in identify_variables(row.body, include_fixed=False):
            if id(variable) not in copy:
                copy[id(variable)] = problem.copy[len(copy)]
                lower, upper = ranges.of_variable(variable)
                copy[id(variable)].setlb(lower if math.isfinite(lower) else None)
                copy[id(variable)].setub(upper if math.isfinite(upper) else None)
        lower, body, upper = row.to_bounded_expression(evaluate_bounds=True)
        problem.rows[len(problem.rows)] = (lower, substitution(copy)(body), upper)
    return problem, copy
