"""The truth about a small problem, written from scratch on the plain data; nothing here knows the library.

For every value of the leader's integers the followers' Karush-Kuhn-Tucker conditions are linear but for their pairs
"multiplier = 0 or slack = 0". Every way to fix the pairs leaves an LP, and the best of these is the truth. Fixing
goes pair by pair, and a set of pairs whose LP has no point, or none better than what is known, is left at once: what
it leaves out are only combinations that cannot matter.
"""

import itertools
from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from scipy.optimize import linprog

from .conditions import NotCoveredError, System, affine, conditions, derivative, evaluate, refuse_nonconvex
from .problem import LEADER, PRICE, Problem

EXACT = 1e-9  # both tolerances of the LPs, and what of a pair counts as zero
MOST_LPS = 3000
CHECK = 1e-6


@dataclass(frozen=True)
class Truth:
    """The status "optimal" (value and point in the units of the well-scaled problem), "infeasible", "unbounded"."""

    status: str
    value: float | None = None
    point: dict[str, float] = field(default_factory=dict)


def enumerate_truth(problem: Problem, blur: float = 0.0) -> Truth:
    """Return the truth about a problem, as a problem without any powers of ten.

    :param blur: by how much rows, bounds and stationarity may be missed, in the units of the model: what an absolute
        tolerance makes of the problem. On a row of the size of 1e-6 that is a different one.
    :raises NotCoveredError: where a problem with fixed pairs is no LP, a follower is not convex, or there are too many
        LPs.
    """
    known = {name: column.fixed for name, column in problem.columns.items() if column.fixed is not None}
    integers = [name for name, column in problem.columns.items() if column.integer and name not in known]
    refuse_nonconvex(problem)
    ranges = [range(round(problem.columns[n].lower), round(problem.columns[n].upper) + 1) for n in integers]
    best, lps = Truth("infeasible"), [0]
    for values in itertools.product(*ranges):
        numbers = known | dict(zip(integers, map(float, values), strict=True))
        best = _better(_best_complementarity(problem, numbers, best, lps, blur), best, problem.levels[LEADER].sense)
        if best.status == "unbounded":
            return best
    if best.status == "optimal" and not blur:
        check_point(problem, best.point)
    return best


def _better(new: Truth, old: Truth, sense: int) -> Truth:
    if new.status == "infeasible" or old.status == "infeasible" or new.status == "unbounded":
        return old if new.status == "infeasible" else new
    return new if sense * new.value < sense * old.value else old


def _best_complementarity(
    problem: Problem, numbers: Mapping[str, float], incumbent: Truth, lps: list[int], blur: float
) -> Truth:
    """Return the best over all ways to fix the pairs, where the leader's integers have these values."""
    system = conditions(problem, numbers, blur)
    sense = problem.levels[LEADER].sense
    constant, cost = affine(problem.levels[LEADER].terms, numbers, system)
    vector = np.zeros(len(system.bounds))
    for at, coefficient in cost.items():
        vector[at] = sense * coefficient
    best = np.inf if incumbent.value is None else sense * (incumbent.value - constant)
    found = Truth("infeasible")
    stack = [{}]
    while stack:
        fixed = stack.pop()
        lps[0] += 1
        if lps[0] > MOST_LPS:
            raise NotCoveredError(f"more than {MOST_LPS} LPs")
        status, value, point = _solve(system, vector, fixed)
        if status == "infeasible" or (status == "optimal" and value >= best - EXACT):
            continue
        left = [k for k in range(len(system.pairs)) if k not in fixed]
        if not left:
            if status == "unbounded":
                return Truth("unbounded")
            best, found = value, _truth(system, numbers, constant + sense * value, point)
            continue
        # Where the LP's own point violates no pair, fixing them as they are there is likely to lead to the optimum
        at, active = _next(system, left, point)
        stack += [fixed | {at: not active}, fixed | {at: active}]
    return found


def _next(system: System, left: list[int], point: np.ndarray | None) -> tuple[int, bool]:
    """Return the pair that the point violates most, and whether its side is nearer to being active there."""
    if point is None:
        return left[0], True

    def violation(k: int) -> float:
        multiplier, what, side = system.pairs[k]
        return min(point[multiplier], abs(point[what] - side))

    worst = max(left, key=violation)
    multiplier, what, side = system.pairs[worst]
    return worst, bool(point[multiplier] >= abs(point[what] - side))


def _truth(system: System, numbers: Mapping[str, float], value: float, point: np.ndarray) -> Truth:
    values = {name: float(point[at]) for name, at in system.index.items()} | dict(numbers)
    values |= {PRICE + n: float(sum(c * point[at] for at, c in price.items())) for n, price in system.prices.items()}
    return Truth("optimal", float(value), values)


def _solve(system: System, cost: np.ndarray, fixed: Mapping[int, bool]) -> tuple[str, float | None, np.ndarray | None]:
    bounds = list(system.bounds)
    for k, active in fixed.items():
        multiplier, what, side = system.pairs[k]
        if not active:
            bounds[multiplier] = (0.0, 0.0)
            continue
        lower, upper = bounds[what]
        lowest, highest = side - system.widths[what], side + system.widths[what]
        if (lower is not None and lower > highest) or (upper is not None and upper < lowest):
            return "infeasible", None, None  # both sides of a range at once
        bounds[what] = (lowest, highest)
    matrix = np.zeros((len(system.equations), len(bounds)))
    for i, (coefficients, _) in enumerate(system.equations):
        for at, coefficient in coefficients.items():
            matrix[i, at] = coefficient
    return solve_lp(cost, matrix, np.array([right for _, right in system.equations]), bounds)


def solve_lp(
    cost: np.ndarray, matrix: np.ndarray, right: np.ndarray, bounds: list[tuple[float | None, float | None]]
) -> tuple[str, float | None, np.ndarray | None]:
    """Minimise; return status, value, point. Without a finite optimum, whether there is a point decides the status."""
    if not bounds:  # nothing is left to decide
        return ("optimal", 0.0, np.zeros(0)) if np.all(np.abs(right) <= EXACT) else ("infeasible", None, None)
    equations = {"A_eq": matrix, "b_eq": right} if len(matrix) else {}
    options = {"primal_feasibility_tolerance": EXACT, "dual_feasibility_tolerance": EXACT}
    result = linprog(cost, **equations, bounds=bounds, method="highs", options=options)
    if result.status == 0:
        return "optimal", float(result.fun), result.x
    result = linprog(0 * cost, **equations, bounds=bounds, method="highs", options=options)
    if result.status == 2:
        return "infeasible", None, None
    if result.status == 0:
        without = linprog(cost, **equations, bounds=bounds, method="highs", options=options | {"presolve": False})
        if without.status == 0:
            return "optimal", float(without.fun), without.x
        if without.status == 3:
            return "unbounded", None, None
    raise NotCoveredError(f"an LP of the enumeration ended with {result.message!r}")


def check_point(problem: Problem, point: Mapping[str, float]) -> None:
    """Solve each follower again at a point: nothing in its rows may be better along its gradient there.

    For a convex follower this is being optimal, and it needs no multipliers.

    :raises AssertionError: the enumeration is wrong.
    """
    for follower in problem.followers:
        own, rows = problem.columns_of(follower), problem.rows_of(follower)
        others = {name: value for name, value in point.items() if name not in own}
        level = problem.levels[follower]
        slope = np.array([evaluate(derivative(level.terms, name), point) * level.sense for name in own])
        system = System()
        for name in own:
            system.add(name, problem.columns[name].lower, problem.columns[name].upper)
        parts = [affine(problem.rows[name].terms, others, system) for name in rows]
        matrix = np.zeros((len(rows), len(own) + len(rows)))
        for i, (_, linear) in enumerate(parts):
            for at, coefficient in linear.items():
                matrix[i, at] = coefficient
            matrix[i, len(own) + i] = -1.0
            activity, row = evaluate(problem.rows[rows[i]].terms, point), problem.rows[rows[i]]
            assert (row.lower is None or activity >= row.lower - CHECK) and (
                row.upper is None or activity <= row.upper + CHECK
            ), f"row {rows[i]} is violated: {problem.to_json()}"
        bounds = [*system.bounds, *((problem.rows[name].lower, problem.rows[name].upper) for name in rows)]
        # the point itself satisfies the rows only within a tolerance, so that they are widened by as much
        cost = np.concatenate([slope, np.zeros(len(rows))])
        for width in (EXACT, CHECK):  # where the point is the only one, rounding may leave none
            wide = [(l if l is None else l - width, u if u is None else u + width) for l, u in bounds]  # noqa: E741
            status, value, _ = solve_lp(cost, matrix, np.array([-constant for constant, _ in parts]), wide)
            if status != "infeasible":
                break
        here = float(slope @ np.array([point[name] for name in own])) if own else 0.0
        allowed = CHECK * (1 + abs(here)) if width == EXACT else 100 * CHECK * (1 + abs(here))
        assert status == "optimal" and value >= here - allowed, (
            f"{follower} can do better than the enumeration says ({status}, {value} < {here}): {problem.to_json()}"
        )
