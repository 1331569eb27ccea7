"""``verify``: is a point a solution of the bilevel model? Checked without the single-level model that found it."""

import math
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Literal

from pyomo.common.gc_manager import PauseGC
from pyomo.core import minimize, value

from ..errors import BilevoltError, SolverUnavailableError, UnsupportedBySolverError
from ..levels.bilevel import Bilevel, Leader
from ..levels.decisions import decisions, told
from ..levels.follower import Follower
from ..levels.follower_form import FollowerForm, follower_form
from ..levels.integers import has_integers
from ..levels.names import names
from ..levels.reading import read_levels
from ..quantities import number
from ..solvers import SOLVERS
from ..solvers.reading import read_rows
from ..solvers.status import Status
from .certificate import Certificate
from .claims import claims, own_scale, price_residuals, put_missing_prices
from .degeneracy import degeneracy, one_response
from .pessimistic import CHEAP, PATIENT, SAME, Effort, worst_case
from .stance import Stance

# The order in which solvers are asked to solve a follower again, before the optional ones that are there; the one that
# found the point comes last.
_CHECKERS = ("highs", "gurobi", "scip")

SHARE = 0.1
"""What counts as nothing in a row of stationarity, in parts of the follower's largest: solvers' limits are absolute."""


def verify(
    model: Any, solution: Any = None, *, tolerance: float = 1e-5, pessimistic: bool | Literal["auto"] = "auto"
) -> Certificate:
    """Check a point: leader feasible, followers feasible and optimal (solved again by another solver), prices valid.

    :param model: the PAO model; without ``solution`` the values on its variables are checked.
    :param solution: a ``Solution``; its values are put on the model for the check, and the former ones restored.
    :param tolerance: relative to ``1 + |limit|`` of each row, and to each follower's own scale (the largest share of a
        variable in its objective), for its optimum and its prices.
    :param pessimistic: whether to compute what the leader's decision is worth if followers with several optimal
        responses take the worst for the leader, and how degenerate these are; "auto" does so where it costs little next
        to a solve.
    :raises BilevoltError: a variable has no value, or the tolerance is none.
    """
    tolerance = number("tolerance", tolerance, positive=True)
    bilevel = model if isinstance(model, Bilevel) else read_levels(model, integer_followers=True)
    with bilevel.kept_values():
        if solution is None:
            return _check(bilevel, None, None, tolerance, pessimistic, Stance())
        _put(bilevel, solution.values)
        stance = Stance(solution.stance, solution.follower_tolerance)
        certificate = _check(bilevel, solution.solver, solution.multipliers, tolerance, pessimistic, stance)
        _worst(claims(bilevel, solution, stance.worth(certificate)), tolerance, certificate.violations)
        certificate.bilevel_feasible = not certificate.violations
        return certificate


def _forms(bilevel: Bilevel) -> Sequence[FollowerForm]:
    """Return the coefficients of the followers that have prices, those without integers."""
    if any(map(has_integers, bilevel.followers)):
        return [follower_form(follower) for follower in bilevel.followers if not has_integers(follower)]
    return bilevel.forms


def _put(bilevel: Bilevel, values: dict[str, float]) -> None:
    variables = (*bilevel.variables, *bilevel.leader.prices)
    for variable, name in zip(variables, names(variables), strict=True):
        if name in values:
            variable.set_value(values[name], skip_validation=True)


def _check(
    bilevel: Bilevel,
    found_by: str | None,
    multipliers: dict[str, float] | None,
    tolerance: float,
    pessimistic: bool | Literal["auto"],
    stance: Stance,
) -> Certificate:
    for variable in bilevel.variables:
        if variable.value is None:
            raise BilevoltError(
                f"variable {variable.name!r} has no value, so that nothing can be checked. Solve the model first, "
                "or pass a solution."
            )
    violations: dict[str, float] = {}
    put_missing_prices(bilevel)
    leader = _worst(_leader_residuals(bilevel), tolerance, violations)
    certificate = Certificate(
        False,
        leader_violation=leader,
        violations=violations,
        tolerance=tolerance,
        decisions=told(decisions(bilevel)),
    )
    optimum: dict[int, float] = {}
    for follower in bilevel.followers:
        worst = _worst(_residuals(follower), tolerance, violations)
        worst = max(worst, _worst(_fractions(follower), tolerance, violations))
        certificate.follower_violation = max(certificate.follower_violation, worst)
        with PauseGC():  # collections would walk through the user's whole model, again and again
            optimum.update(_solve_again(follower, found_by, tolerance, certificate, stance.near))
    if multipliers:
        with PauseGC():
            for form in _forms(bilevel):
                _check_prices(form, multipliers, tolerance, certificate)
    if multipliers or not violations:  # a response that is no optimum has no prices to be near to
        _worst(price_residuals(bilevel, multipliers), tolerance, violations)
    certificate.bilevel_feasible = not violations
    if pessimistic or stance:
        effort = CHEAP if pessimistic == "auto" and not stance else PATIENT
        certificate.degeneracy = degeneracy(bilevel, optimum, effort)
        if not stance and certificate.bilevel_feasible and one_response(bilevel, certificate.degeneracy):
            certificate.pessimistic_objective = float(value(bilevel.leader.objective.expr))
            certificate.pessimistic_feasible = True
        else:
            _add_worst_case(bilevel, optimum, certificate, effort, stance.near)
        if stance:
            stance.judge(bilevel, optimum, certificate)
        _compare_with_here(bilevel, certificate)
    return certificate


def _compare_with_here(bilevel: Bilevel, certificate: Certificate) -> None:
    """The worst response is no better than the one here, which is one of them; the rest of the objective is a tie's."""
    if certificate.pessimistic_objective is None or not certificate.bilevel_feasible:
        return
    worse = max if bilevel.leader.objective.sense == minimize else min
    here = float(value(bilevel.leader.objective.expr))
    certificate.pessimistic_objective = worst = worse(certificate.pessimistic_objective, here)
    if certificate.degeneracy is not None:
        lost = abs(worst - here)
        # What is unique has no ties, whatever a QP's solver rounded.
        rounding = certificate.degeneracy.is_unique or lost <= SAME * (1 + abs(here))
        certificate.degeneracy.rests_on_ties = 0.0 if rounding else lost


def _add_worst_case(
    bilevel: Bilevel, optimum: dict[int, float], certificate: Certificate, effort: Effort, near: float
) -> None:
    worst = worst_case(bilevel, optimum, tolerance=certificate.tolerance, effort=effort, near=near)
    certificate.pessimistic_objective, certificate.pessimistic_feasible = worst.objective, worst.feasible
    certificate.pessimistic_violations, certificate.pessimistic_note = worst.violations, worst.note


def _worst(residuals: Iterator[tuple[Any, float, float]], tolerance: float, violations: dict[str, float]) -> float:
    """Return the largest (name or component, distance, scale) distance; record those above tolerance * scale."""
    worst = 0.0
    for what, distance, scale in residuals:
        worst = max(worst, distance)
        if not distance <= tolerance * scale:  # also true of NaN
            name = what if isinstance(what, str) else what.name
            violations[name] = max(distance, violations.get(name, 0.0))
    return worst


def _excess(distance: float) -> float:
    return 0.0 if distance <= 0 else distance  # max would lose a NaN


def _residuals(level: Leader | Follower) -> Iterator[tuple[Any, float, float]]:
    rows = ((row, value(row.body, exception=False)) for row in level.constraints)
    for component, reached in (*rows, *((variable, variable.value) for variable in level.variables)):
        for limit, sense in ((component.lb, 1), (component.ub, -1)):
            if limit is not None:
                distance = math.nan if reached is None else _excess(sense * (limit - reached))
                yield component, distance, 1 + abs(limit)


def _fractions(level: Leader | Follower) -> Iterator[tuple[Any, float, float]]:
    for variable in level.variables:
        if not variable.is_continuous():
            number = variable.value
            yield variable, abs(number - round(number)) if math.isfinite(number) else math.nan, 1.0


def _leader_residuals(bilevel: Bilevel) -> Iterator[tuple[Any, float, float]]:
    yield from _residuals(bilevel.leader)
    yield from _fractions(bilevel.leader)
    for sos in bilevel.leader.sos:
        nonzero = [k for k, v in enumerate(sos.variables) if abs(v.value) > 1e-6]
        allowed = (
            nonzero[: sos.level] if sos.level == 1 or nonzero[-1:] == [k + 1 for k in nonzero[:1]] else nonzero[:1]
        )
        yield sos.name, sum(abs(sos.variables[k].value) for k in nonzero if k not in allowed), 1.0


def _solve_again(
    follower: Follower, found_by: str | None, tolerance: float, certificate: Certificate, near: float
) -> dict[int, float]:
    """Solve the follower at the leader's decision by another solver, and compare its objective.

    :param near: share of its optimum by which the response may be worse.
    Returns the optimum that was found (id -> number of its variables), empty if none was.
    """
    without = next((v for v in follower.given if not math.isfinite(v.value)), None)
    if without is not None:
        certificate.follower_gap[follower.name] = math.nan
        certificate.violations[f"follower {follower.name} was not solved again: {without.name} is no number"] = math.nan
        return {}
    reached = value(follower.objective.expr)
    with _held(follower.given):
        problem = read_rows(follower.constraints, follower.objective, tolerance)
    refusals = []
    optional = (name for name in SOLVERS if name not in _CHECKERS and SOLVERS[name].available() is None)
    for name in sorted((*_CHECKERS, *optional), key=lambda name: name in (found_by or "")):
        try:
            result = SOLVERS[name].solve(problem)
        except (SolverUnavailableError, UnsupportedBySolverError) as refusal:
            refusals.append(str(refusal))
            continue
        certificate.solvers[follower.name] = name
        if result.status is Status.optimal and result.objective is not None:
            worse = 1 if follower.objective.sense == minimize else -1
            gap = worse * (reached - result.objective)
            certificate.follower_gap[follower.name] = gap
            found = result.values or {}
            optimum = {id(y): found.get(y, y.value) for y in follower.variables}
            excess = gap - max(0.0, min(gap, near * abs(result.objective)))
            with _held(follower.given):
                scale = own_scale(follower.objective, optimum)
            if not abs(excess) <= tolerance * scale:  # also true of NaN
                certificate.violations[f"optimality of follower {follower.name}"] = gap
            return optimum
        if result.status in (Status.infeasible, Status.unbounded, Status.infeasible_or_unbounded):
            certificate.follower_gap[follower.name] = math.inf
            certificate.violations[f"follower {follower.name} is {result.status} at this decision"] = math.inf
            return {}
        refusals.append(f"{name}: {result.status} ({result.message})")
    certificate.follower_gap[follower.name] = math.nan
    certificate.violations[f"follower {follower.name} could not be solved again: {'; '.join(refusals)}"] = math.nan
    return {}


@contextmanager
def _held(variables: Iterable[Any]) -> Iterator[None]:
    """Let variables be numbers, those that they have."""
    free = [variable for variable in variables if not variable.fixed]
    try:
        for variable in free:
            variable.fixed = True
        yield
    finally:
        for variable in free:
            variable.fixed = False


def _check_prices(
    form: FollowerForm, multipliers: dict[str, float], tolerance: float, certificate: Certificate
) -> None:
    """Check stationarity, sign and complementarity of the shadow prices (in the follower's own sense).

    All on the follower's own scale: a price of 1e-6 is no rounding where costs are 1e-6.
    """
    violations: dict[str, float] = {}
    gradient = {id(y): value(c) for y, c in form.linear.items()}
    scale = {key: abs(cost) for key, cost in gradient.items()}
    for y, terms in form.gradient_terms.items():
        gradient[id(y)] += sum(q * z.value for z, q in terms)
        scale[id(y)] += sum(abs(q * z.value) for z, q in terms)
    whole = max(scale.values(), default=0.0)
    for row in form.rows:
        price = multipliers.get(row.name, 0.0)
        for y, coefficient in row.terms:
            gradient[id(y)] -= price * value(coefficient)
            scale[id(y)] = max(scale[id(y)], abs(price * value(coefficient)))
    whole = whole or max(scale.values(), default=0.0) or 1.0
    residuals = (
        (f"stationarity of {name}", abs(gradient[id(y)]), scale[id(y)] + SHARE * whole)
        for y, name in zip(form.follower.variables, names(form.follower.variables), strict=True)
    )
    stationarity = _worst(residuals, tolerance, violations)
    complementarity = _worst(_price_slack_products(form, multipliers, whole, tolerance), tolerance, violations)
    certificate.multiplier_violation = max(certificate.multiplier_violation or 0.0, stationarity)
    certificate.complementarity = max(certificate.complementarity or 0.0, complementarity)
    certificate.violations.update(violations)


def _price_slack_products(
    form: FollowerForm, multipliers: dict[str, float], whole: float, tolerance: float
) -> Iterator[tuple[str, float, float]]:
    """Yield, for each inequality, the smaller of its slack and of its price.

    What it is relative to takes the price in parts of the follower's largest cost.
    """
    for row in form.rows:
        if row.equality:
            continue
        price = multipliers.get(row.name, 0.0)
        weight = abs(price) * max((abs(value(a)) for _, a in row.terms), default=1.0) / whole
        active = row.lower if form.sign * price > 0 else row.upper
        if active is None:
            yield f"complementarity of {row.name}", math.inf if weight > tolerance else 0.0, 1.0
            continue
        slack = abs(value(row.body) - active)
        distance, in_parts = min(slack, abs(price)), min(slack, weight)
        scale = (1 + min(abs(active), weight)) * (distance / (in_parts or 1.0))
        yield f"complementarity of {row.name}", distance, scale
