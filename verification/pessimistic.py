r"""What a decision of the leader is worth at worst: the pessimistic value.

.. math:: \max_{(y, \pi) \in R(x)} F(x, y, \pi), \qquad
          R(x) = \{ y \in \arg\min f(x, \cdot),\; \pi \text{ a shadow price of } y \}

for a minimising leader (min for a maximising one). The leader's rows do not bind the followers: whether they hold for
*every* response is said apart. Where followers and prices enter F linearly, this is an LP (for convex QP followers
too); what is the same in all responses is put in as a number first. What remains nonconvex is left to a nonconvex
solver, and only a proven answer is given. Of a QP follower the optimum is known to its solver's tolerance, and the
value then to about 1e-4.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from math import inf, isfinite
from typing import Any

from pyomo.common.collections import ComponentMap, ComponentSet
from pyomo.core import maximize, minimize, value
from pyomo.core.base.var import VarData
from pyomo.repn import generate_standard_repn

from ..errors import NonconvexFollowerError, SolverUnavailableError, UnsupportedBySolverError
from ..levels.bilevel import Bilevel
from ..levels.integers import has_integers
from ..levels.rows import at_values, numbers
from ..quantities import plain
from ..reformulations import kkt
from ..solvers.base import SolverResult
from ..solvers.session import Session
from ..solvers.status import Status
from .responses import Responses, Solve

SAME = 1e-6  # a variable with a smaller range over all responses, relative, is the same in all of them


@dataclass(frozen=True)
class Effort:
    """What may be spent: ``size`` is of the followers' rows and variables, ``nodes`` are of each search.

    Of at most ``ranges`` variables in nonlinear terms the ranges are computed (two problems each); at most ``sides``
    of the leader's rows are checked for every response (a problem each), more than that at the worst response only.
    ``iterations`` are the simplex iterations of all LPs of the report on degeneracy together.
    """

    size: float
    nodes: int
    ranges: int
    sides: int
    iterations: int


CHEAP = Effort(size=3000, nodes=1_000, ranges=10, sides=10, iterations=20_000)
PATIENT = Effort(size=inf, nodes=50_000, ranges=50, sides=500, iterations=2_000_000)


@dataclass
class WorstCase:
    """The leader's objective at the worst response (None: ``note`` says why not), and the leader's rows then.

    ``feasible`` is True if the leader's rows hold for every response, False if one violates a row of
    ``violations`` (by so much at most), None if that is not known. ``values`` are those of the worst response.
    """

    objective: float | None = None
    feasible: bool | None = None
    violations: dict[str, float] = field(default_factory=dict)
    note: str = ""
    values: ComponentMap | None = None


@dataclass(frozen=True)
class _Side:
    """``sign * (limit - body) <= 0`` is a side of a leader's row, or bound, that depends on the response."""

    name: str
    body: Any
    limit: float
    sign: int


def worst_case(
    bilevel: Bilevel, optimum: dict[int, float], *, tolerance: float, effort: Effort, near: float = 0.0
) -> WorstCase:
    """Find the worst response to the leader's values on the model.

    :param optimum: id -> number of the followers' variables, at any optimum of theirs.
    :param tolerance: of the leader's rows, relative to 1 + |limit|.
    :param near: share of an LP follower's optimum by which its responses may be worse than it.
    """
    size = size_of(bilevel)
    if size > effort.size:
        return WorstCase(note=f"not computed: {size} rows and variables; verify(..., pessimistic=True) does it")
    if any(id(variable) not in optimum for variable in bilevel.follower_variables):
        return WorstCase(note="not computed: no optimum is known of some follower at this decision")
    for follower in bilevel.followers:
        if has_integers(follower):
            return WorstCase(note=f"not computed: follower {follower.name!r} owns integers")
        for variable in follower.given:
            if variable in bilevel.owner:
                seen = f"follower {follower.name!r} takes {variable.name!r} of {bilevel.owner[variable]!r} as given"
                return WorstCase(note=f"not computed: {seen}, so that the responses are equilibria")
    try:
        single = kkt.apply(bilevel)
    except NonconvexFollowerError as refusal:
        return WorstCase(note=f"not computed: {refusal}")

    def solve(problem: Any) -> SolverResult:
        return Session().solve(problem, nodes=effort.nodes)

    responses = Responses(single, numbers(bilevel.leader.variables), optimum, near)
    objective = responses.of(single.leader.objective.expr)
    sides = [side for side in _sides(single, responses) if responses.depends(side.body)]
    try:
        obstacle = responses.cover([objective, *(side.body for side in sides)], solve)
        if obstacle is not None:
            return WorstCase(note=f"not computed: {obstacle}")
        face = _OptimalFace(responses, solve, effort)
        worst, values = _worst_objective(face, objective, single.leader.objective.sense)
        worst.values = values
        _check_sides(face, sides, worst, values, tolerance)
    except (SolverUnavailableError, UnsupportedBySolverError) as refusal:
        return WorstCase(note=f"not computed: {refusal}")
    return worst


def best_case(bilevel: Bilevel, optimum: dict[int, float], *, effort: Effort) -> float | None:
    """Return the leader's objective at the optimal response that is best for the leader; None if that is not found.

    :param optimum: id -> number of the followers' variables, at any optimum of theirs, of which :func:`worst_case`
        found the worst.
    """

    def solve(problem: Any) -> SolverResult:
        return Session().solve(problem, nodes=effort.nodes)

    single = kkt.apply(bilevel)
    responses = Responses(single, numbers(bilevel.leader.variables), optimum)
    objective = responses.of(single.leader.objective.expr)
    if not responses.depends(objective):
        return float(value(objective))
    if responses.cover([objective], solve) is not None:
        return None
    result = _OptimalFace(responses, solve, effort).extreme(objective, single.leader.objective.sense)
    return result.objective if result.status is Status.optimal else None


def size_of(bilevel: Bilevel) -> int:
    """Return how many rows and variables the followers have."""
    return sum(len(follower.constraints) + len(follower.variables) for follower in bilevel.followers)


def _sides(single: Any, responses: Responses) -> Iterator[_Side]:
    """Yield the sides of the leader's rows, and of the bounds of variables that follow the response."""
    for name, row in single.leader.rows.items():
        if name not in responses.defining:
            lower, body, upper = row.to_bounded_expression(evaluate_bounds=True)
            body = responses.of(body)
            yield from _finite_sides(name, lower, body, upper)
    for variable, place in responses.following.items():
        yield from _finite_sides(variable.name, variable.lb, place, variable.ub)


def _finite_sides(name: str, lower: float | None, body: Any, upper: float | None) -> Iterator[_Side]:
    for limit, sign in ((lower, 1), (upper, -1)):
        if limit is not None and isfinite(limit):
            yield _Side(name, body, limit, sign)


@dataclass(frozen=True)
class _OptimalFace:
    """Optimisation over the responses, within the effort."""

    responses: Responses
    solve: Solve
    effort: Effort

    def extreme(self, expression: Any, sense: int) -> SolverResult:
        """Optimise; what is in a nonlinear term but the same in all responses becomes a number first."""
        repn = generate_standard_repn(expression, quadratic=True)
        nonlinear = ComponentSet((*repn.nonlinear_vars, *(v for pair in repn.quadratic_vars for v in pair)))
        if 0 < len(nonlinear) <= self.effort.ranges:
            same = {id(v): number for v in nonlinear if (number := self._same(v)) is not None}
            expression = at_values(expression, same)
        return self.responses.extreme(expression, sense, self.solve)

    def _same(self, variable: VarData) -> float | None:
        """Return the value of a variable if it is the same in all responses."""
        low, high = (self.responses.extreme(variable, sense, self.solve) for sense in (minimize, maximize))
        if low.objective is None or high.objective is None:
            return None
        same = high.objective - low.objective <= SAME * (1 + abs(low.objective))
        return (low.objective + high.objective) / 2 if same else None


def _worst_objective(face: _OptimalFace, objective: Any, sense: int) -> tuple[WorstCase, ComponentMap | None]:
    """Return the leader's objective at the worst response, and that response's values (if there is one)."""
    if not face.responses.depends(objective):
        return WorstCase(float(value(objective))), None
    result = face.extreme(objective, maximize if sense == minimize else minimize)
    if result.status is Status.optimal:
        return WorstCase(result.objective), result.values
    if result.status is Status.unbounded:
        note = "the followers' optimal responses leave the leader's objective without a limit"
        return WorstCase(inf if sense == minimize else -inf, note=note), None
    found = (("worst found", result.objective), ("bound", result.bound))
    known = "".join(f"; {what} {plain(number, 10)}" for what, number in found if number is not None)
    return WorstCase(note=f"not established: {result.message}{known}"), None


def _check_sides(
    face: _OptimalFace, sides: list[_Side], worst: WorstCase, values: ComponentMap | None, tolerance: float
) -> None:
    """Find the largest violation of each side over all responses (if they are too many: at the worst response)."""
    each = len(sides) <= face.effort.sides
    unknown = not each
    for side in sides:
        excess = side.sign * (side.limit - side.body)
        distance = _largest(face, excess) if each else _at(excess, values)
        if distance is None:
            unknown = True
        elif distance > tolerance * (1 + abs(side.limit)):
            worst.violations[side.name] = max(distance, worst.violations.get(side.name, 0.0))
    worst.feasible = False if worst.violations else None if unknown else True


def _largest(face: _OptimalFace, excess: Any) -> float | None:
    result = face.extreme(excess, maximize)
    if result.status is Status.unbounded:
        return inf
    return result.objective if result.status is Status.optimal else None


def _at(expression: Any, values: ComponentMap | None) -> float | None:
    if values is None:
        return None
    return value(at_values(expression, {id(v): number for v, number in values.items()}), exception=False)
