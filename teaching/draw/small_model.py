"""Models that can be drawn: one leader's variable, one follower with one or two; and the points worth marking."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from pyomo.core import Any as AnyIndex
from pyomo.core import ConcreteModel, Constraint, Objective, maximize

from ...errors import BilevoltError
from ...levels.bilevel import Bilevel
from ...levels.follower_form import follower_form
from ...solvers import Status
from ...solvers.session import Session
from ..polynomials import Polynomial, polynomial
from ..statements import Statement, bounds, sides
from .reaction_curve import LinearRow, SmallFollower, corners


@dataclass(frozen=True)
class SmallModel:
    """A bilevel model that fits on paper; ``objective`` is the leader's, both as declared."""

    name: str
    follower: SmallFollower
    objective: Polynomial
    follower_objective: Polynomial
    follower_minimises: bool
    minimises: bool
    integer: bool
    x_bounds: tuple[float | None, float | None]


def small_model(bilevel: Bilevel) -> SmallModel:
    """Read a model's numbers.

    :raises BilevoltError: it has other sizes, uses shadow prices, or has a row of the leader that is not linear in the
        follower's variables.
    """
    _refuse_sizes(bilevel)
    (x,), (follower,) = bilevel.leader.variables, bilevel.followers
    form = follower_form(follower)
    y = tuple(v.name for v in follower.variables)

    def read(expression: Any, where: str) -> Polynomial:
        return polynomial(expression, lambda v: v.name, where)

    rows = [s for c in follower.constraints for s in sides(c, c.name, read, "")]
    rows += [s for v in follower.variables for s in bounds(v, Polynomial.variable(v.name), v.name)]
    leader_rows = [s for c in bilevel.leader.constraints for s in sides(c, c.name, read, "")]
    leader_rows += bounds(x, Polynomial.variable(x.name), x.name)
    objective = read(follower.objective.expr, follower.objective.name)
    small = SmallFollower(
        x.name,
        y,
        _hessian(objective.scaled(form.sign), y),
        tuple(read(form.linear[v], follower.objective.name).scaled(form.sign) for v in follower.variables),
        tuple(row for s in rows for row in _linear(s, y)),
        tuple(row for s in leader_rows for row in _linear(s, y)),
    )
    leader = bilevel.leader.objective
    return SmallModel(
        bilevel.model.name, small, read(leader.expr, leader.name), objective, form.sign > 0, leader.sense != maximize,
        not x.is_continuous(), x.bounds,
    )  # fmt: skip


def _refuse_sizes(bilevel: Bilevel) -> None:
    leader, followers = bilevel.leader, bilevel.followers
    sizes = f"{len(leader.variables)} variables of the leader, {len(followers)} followers with " + " and ".join(
        str(len(f.variables)) for f in followers
    )
    if len(leader.variables) != 1 or len(followers) != 1 or len(followers[0].variables) not in (1, 2):
        raise BilevoltError(
            f"model {bilevel.model.name!r} has {sizes}; a picture needs one variable of the leader and one follower "
            "with one or two. Fix the other variables with fix(), or take another model (`bilevolt plot bard511`)."
        )
    if leader.prices:
        raise BilevoltError(
            f"model {bilevel.model.name!r} uses dual_of; a picture shows decisions, and no shadow prices. Leave the "
            "price out of the leader's rows and objective to draw it."
        )


def _linear(row: Statement, y: tuple[str, ...]) -> list[LinearRow]:
    """Return a statement as rows with coefficients in x; an equality as two."""
    if any(sum(name in y for name in monomial) > 1 for monomial in row.polynomial.terms):
        raise BilevoltError(
            f"row {row.name!r} is not linear in the follower's variables ({row}), so that the picture has no corners "
            "to draw. Linearise it, or leave it out."
        )
    terms = row.polynomial.terms
    parts = {name: Polynomial.of((_without(m, name), a) for m, a in terms.items() if name in m) for name in y}
    constant = Polynomial.of((m, a) for m, a in terms.items() if not set(m) & set(y))
    made = LinearRow(row.name, constant, tuple(parts[name] for name in y))
    if not row.equality:
        return [made]
    return [made, LinearRow(row.name, constant.scaled(-1.0), tuple(parts[name].scaled(-1.0) for name in y))]


def _without(monomial: tuple[str, ...], name: str) -> tuple[str, ...]:
    left = list(monomial)
    left.remove(name)
    return tuple(left)


def _hessian(objective: Polynomial, y: tuple[str, ...]) -> np.ndarray:
    hessian = np.zeros((len(y), len(y)))
    for i, j in ((i, j) for i in range(len(y)) for j in range(len(y))):
        coefficient = objective.terms.get(tuple(sorted((y[i], y[j]))), 0.0)
        hessian[i, j] = 2 * coefficient if i == j else coefficient
    return hessian


def high_point(bilevel: Bilevel) -> tuple[Status, dict[str, float]]:
    """Solve the high-point relaxation: all rows of both levels, the leader's objective, no follower's optimality."""
    problem = ConcreteModel(name="high-point relaxation")
    problem.rows = Constraint(AnyIndex)
    for constraint in (*bilevel.leader.constraints, *(c for f in bilevel.followers for c in f.constraints)):
        problem.rows[constraint.name] = constraint.expr
    objective = bilevel.leader.objective
    problem.objective = Objective(expr=objective.expr, sense=objective.sense)
    result = Session().solve(problem)
    values = result.values
    if values is None or result.status is not Status.optimal:
        return result.status, {}
    every = bilevel.variables
    return result.status, {v.name: values.get(v, v.lb or v.ub or 0.0) for v in every}


def crossings(follower: SmallFollower) -> np.ndarray:
    """Return the corners (x, y) of all rows of both levels, where rows are linear in x and y together."""
    rows = []
    for row in (*follower.rows, *follower.leader_rows):
        parts = (row.constant, *row.coefficients)
        if all(not p.names for p in parts[1:]) and all(len(m) < 2 for m in row.constant.terms):
            number = [row.constant.terms.get((), 0.0), row.constant.terms.get((follower.x,), 0.0)]
            rows.append([*number, *(p.at({}) for p in parts[1:])])
    return corners(np.array(rows).reshape(-1, len(follower.y) + 2))
