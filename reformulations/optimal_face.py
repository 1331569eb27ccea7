r"""The followers' optima at a decision, and the shadow prices that belong to them, as rows.

With an optimum :math:`\hat y` of a follower known, all its optima are the y that are feasible, have the same gradient
of the quadratic part, :math:`Q y = Q \hat y`, and are as good, :math:`c^\top y = c^\top \hat y`. All multipliers that
belong to one optimum belong to every other (complementarity holds between any primal and any dual optimum): they
satisfy stationarity, and are 0 where :math:`\hat y` leaves slack. Both sets are polyhedra, and every pair of a point of
the one and a point of the other is a solution of the follower's KKT conditions. "As good" needs a tolerance, within
which much may move where the follower is nearly indifferent; with multipliers known, the optima of an LP are, without
it, the feasible y that leave no slack where a multiplier is positive.

Source: O. L. Mangasarian, *A simple characterization of solution sets of convex programs*, Oper. Res. Letters 7, 1988.
"""

from collections.abc import Callable, Iterable
from typing import Any

from pyomo.common.collections import ComponentMap
from pyomo.core import Any as AnyIndex
from pyomo.core import ConcreteModel, Constraint, Objective, minimize, quicksum, value

from ..levels.follower_form import FollowerForm
from ..levels.optimality import Pair
from ..levels.rows import add_row, at_values, substitution
from .single_level import map_of

Substitution = Callable[[Any], Any]

ZERO = 1e-6  # a slack above it, relative to 1 + |limit|, is no rounding


def add_row_at(rows: Any, name: str, constraint: Any, at: Substitution, tolerance: float) -> None:
    """Add a constraint with some variables replaced by numbers."""
    lower, body, upper = constraint.to_bounded_expression(evaluate_bounds=True)
    add_row(rows, name, lower, at(body), upper, tolerance)


def add_optima(
    rows: Any,
    form: FollowerForm,
    decision: dict[int, Any],
    optimum: dict[int, float],
    tolerance: float,
    near: float = 0.0,
) -> None:
    """Constrain the follower's variables to its optima: feasible, as good as the optimum, same gradient (QP).

    :param decision: id -> number of what the follower takes as given.
    :param optimum: id -> number of the follower's variables, at any optimum.
    :param tolerance: of "as good" and "same", relative to 1 + the number.
    :param near: share of an LP's optimum by which its responses may be worse than it.
    """
    follower, at_decision = form.follower, substitution(decision)
    for constraint in follower.constraints:
        add_row_at(rows, constraint.name, constraint, at_decision, tolerance)
    for y, terms in form.gradient_terms.items():
        if terms:
            at = sum(q * optimum[id(z)] for z, q in terms)
            slack = tolerance * (1 + abs(at))
            rows[f"gradient of {y.name}"] = (at - slack, sum(q * z for z, q in terms), at + slack)
    linear = at_decision(quicksum(c * y for y, c in form.linear.items()))
    best = value(at_values(linear, optimum))
    slack = tolerance * (1 + abs(best))
    if near:
        slack += near * abs(value(at_values(at_decision(follower.objective.expr), optimum)))
    lower, upper = (None, best + slack) if follower.objective.sense == minimize else (best - slack, None)
    add_row(rows, f"optimality of {follower.name}", lower, linear, upper, tolerance)


def add_active(rows: Any, single: Any, multipliers: ComponentMap, decision: dict[int, float]) -> None:
    """Constrain LP followers to leave no slack where a multiplier is positive: exactly their optima, if feasible.

    :param multipliers: multiplier -> number, any that belong to an optimum (:func:`least_multipliers`).
    :param decision: id -> number of what the followers take as given.
    """
    single_map, put = map_of(single), substitution(decision)
    linear = [form.follower.name for form in single_map.conditions.forms if not form.quadratic]
    for pair in _pairs_of(single, linear):
        if multipliers.get(pair.multiplier, 0.0) > ZERO:
            limit = getattr(pair.row, pair.side)
            body = quicksum(put(a) * y for y, a in pair.row.terms) + put(pair.row.constant)
            add_row(rows, f"active {pair.name}", limit, body, limit, ZERO)


def add_prices(
    rows: Any, single: Any, known: dict[int, float], at: dict[int, float], forms: Iterable[FollowerForm] | None = None
) -> None:
    """Constrain the multipliers to those of the followers' optima: stationarity, and 0 where the slack is positive.

    :param known: id -> number of all variables that followers' rows contain, at any optimum.
    :param at: id -> number of the variables that the stationarity rows shall not contain.
    :param forms: the followers concerned; all by default.
    """
    single_map, put = map_of(single), substitution(at)
    names = [form.follower.name for form in (single_map.conditions.forms if forms is None else forms)]
    for name in names:
        for label, row in single.followers[name].stationarity.items():
            add_row_at(rows, f"stationarity of {label} ({name})", row, put, ZERO)
    put_known = substitution(known)
    for pair in _pairs_of(single, names):
        slack = _slack(pair, known, put_known)
        if slack > ZERO * (1 + abs(getattr(pair.row, pair.side))):
            rows[f"inactive {pair.name}"] = pair.multiplier == 0


def _pairs_of(single: Any, followers: Iterable[str]) -> list[Pair]:
    names = set(followers)
    return [pair for pair in map_of(single).conditions.pairs if pair.follower in names]


def _slack(pair: Pair, known: dict[int, float], put: Substitution) -> float:
    body = sum(value(put(a)) * known[id(y)] for y, a in pair.row.terms) + value(put(pair.row.constant))
    return body - pair.row.lower if pair.side == "lower" else pair.row.upper - body


def least_multipliers(
    single: Any, known: dict[int, float], forms: Iterable[FollowerForm] | None = None
) -> ConcreteModel:
    """Return the problem of the smallest multipliers (of inequalities, in sum) that belong to an optimum.

    :param known: id -> number of all variables that followers' rows contain, at any optimum.
    """
    forms = map_of(single).conditions.forms if forms is None else tuple(forms)
    problem = ConcreteModel(name="multipliers")
    problem.rows = Constraint(AnyIndex)
    add_prices(problem.rows, single, known, known, forms)
    pairs = _pairs_of(single, (form.follower.name for form in forms))
    problem.objective = Objective(expr=quicksum(pair.multiplier for pair in pairs))
    return problem
