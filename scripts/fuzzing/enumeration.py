"""The truth about a small problem, written from scratch on the plain data; nothing here knows the library.

For every value of the leader's integers the followers' Karush-Kuhn-Tucker conditions are linear but for their pairs
"multiplier = 0 or slack = 0". Every way to settle the pairs leaves an LP, and the best of these is the truth. Settling
goes pair by pair, and a set of pairs whose LP has no point, or none better than what is known, is left at once: what
it leaves out are only combinations that cannot matter.
"""

import itertools
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

import numpy as np
from scipy.optimize import linprog

from .problem import LEADER, PRICE, Problem, Term, Terms

EXACT = 1e-9  # both tolerances of the LPs, and what of a pair counts as zero
MOST_LPS = 3000
CHECK = 1e-6


class NotCoveredError(Exception):
    """The enumeration cannot tell: the message names why."""


@dataclass(frozen=True)
class Truth:
    """ "optimal" (value and point in the units of the well-scaled problem), "infeasible" or "unbounded"."""

    status: str
    value: float | None = None
    point: dict[str, float] = field(default_factory=dict)


@dataclass
class _System:
    """Equations over columns, row activities and multipliers; a pair is (multiplier, what it prices, its side)."""

    bounds: list[tuple[float | None, float | None]] = field(default_factory=list)
    index: dict[str, int] = field(default_factory=dict)
    equations: list[tuple[dict[int, float], float]] = field(default_factory=list)
    pairs: list[tuple[int, int, float]] = field(default_factory=list)
    prices: dict[str, dict[int, float]] = field(default_factory=dict)
    blur: float = 0.0
    widths: dict[int, float] = field(default_factory=dict)

    def add(self, name: str, lower: float | None, upper: float | None, power: int | None = None) -> int:
        """Add an unknown; return its index. With a power its sides hold up to the blur, in the units of the model."""
        width = 0.0 if power is None else self.blur * 10.0**-power
        at = self.index[name] = len(self.bounds)
        self.widths[at] = width
        self.bounds.append((None if lower is None else lower - width, None if upper is None else upper + width))
        return at


def enumerate_truth(problem: Problem, blur: float = 0.0) -> Truth:
    """Return the truth about a problem, as a problem without any powers of ten.

    :param blur: by how much rows, bounds and stationarity may be missed, in the units of the model: what an absolute
        tolerance makes of the problem. On a row of the size of 1e-6 that is a different one.
    :raises NotCoveredError: where a settled problem is no LP, a follower is not convex, or there are too many LPs.
    """
    known = {name: column.fixed for name, column in problem.columns.items() if column.fixed is not None}
    integers = [name for name, column in problem.columns.items() if column.integer and name not in known]
    _refuse_nonconvex(problem, known)
    ranges = [range(round(problem.columns[n].lower), round(problem.columns[n].upper) + 1) for n in integers]
    best, lps = Truth("infeasible"), [0]
    for values in itertools.product(*ranges):
        numbers = known | dict(zip(integers, map(float, values), strict=True))
        best = _better(_settle_all(problem, numbers, best, lps, blur), best, problem.levels[LEADER].sense)
        if best.status == "unbounded":
            return best
    if best.status == "optimal" and not blur:
        check_point(problem, best.point)
    return best


def _better(new: Truth, old: Truth, sense: int) -> Truth:
    if new.status == "infeasible" or old.status == "infeasible" or new.status == "unbounded":
        return old if new.status == "infeasible" else new
    return new if sense * new.value < sense * old.value else old


def _settle_all(problem: Problem, numbers: Mapping[str, float], incumbent: Truth, lps: list[int], blur: float) -> Truth:
    """Return the best over all ways to settle the pairs, where the leader's integers have these values."""
    system = _system(problem, numbers, blur)
    sense = problem.levels[LEADER].sense
    constant, cost = _affine(problem.levels[LEADER].terms, numbers, system)
    vector = np.zeros(len(system.bounds))
    for at, coefficient in cost.items():
        vector[at] = sense * coefficient
    best = np.inf if incumbent.value is None else sense * (incumbent.value - constant)
    found = Truth("infeasible")
    stack = [{}]
    while stack:
        settled = stack.pop()
        lps[0] += 1
        if lps[0] > MOST_LPS:
            raise NotCoveredError(f"more than {MOST_LPS} LPs")
        status, value, point = _solve(system, vector, settled)
        if status == "infeasible" or (status == "optimal" and value >= best - EXACT):
            continue
        left = [k for k in range(len(system.pairs)) if k not in settled]
        if not left:
            if status == "unbounded":
                return Truth("unbounded")
            best, found = value, _truth(system, numbers, constant + sense * value, point)
            continue
        # Where the LP's own point violates no pair, settling them as they are there is likely to lead to the optimum
        at, active = _next(system, left, point)
        stack += [settled | {at: not active}, settled | {at: active}]
    return found


def _next(system: _System, left: list[int], point: np.ndarray | None) -> tuple[int, bool]:
    """Return the pair that the point violates most, and whether its side is nearer to being active there."""
    if point is None:
        return left[0], True

    def violation(k: int) -> float:
        multiplier, what, side = system.pairs[k]
        return min(point[multiplier], abs(point[what] - side))

    worst = max(left, key=violation)
    multiplier, what, side = system.pairs[worst]
    return worst, bool(point[multiplier] >= abs(point[what] - side))


def _truth(system: _System, numbers: Mapping[str, float], value: float, point: np.ndarray) -> Truth:
    values = {name: float(point[at]) for name, at in system.index.items()} | dict(numbers)
    values |= {PRICE + n: float(sum(c * point[at] for at, c in price.items())) for n, price in system.prices.items()}
    return Truth("optimal", float(value), values)


def _solve(
    system: _System, cost: np.ndarray, settled: Mapping[int, bool]
) -> tuple[str, float | None, np.ndarray | None]:
    bounds = list(system.bounds)
    for k, active in settled.items():
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


def _affine(terms: Terms, numbers: Mapping[str, float], system: _System) -> tuple[float, dict[int, float]]:
    """Return constant and coefficients of terms, with numbers put in."""
    constant, linear = 0.0, {}
    for term in terms:
        coefficient = term.coefficient * np.prod([numbers[f] for f in term.factors if f in numbers])
        unknown = [factor for factor in term.factors if factor not in numbers]
        if not unknown:
            constant += coefficient
        elif len(unknown) == 1:
            (name,) = unknown
            price = name.startswith(PRICE)
            parts = system.prices.get(name.removeprefix(PRICE), {}) if price else {system.index[name]: 1.0}
            for at, part in parts.items():
                linear[at] = linear.get(at, 0.0) + coefficient * part
        elif coefficient:
            raise NotCoveredError(f"product of continuous columns {' and '.join(unknown)}")
    return float(constant), linear


def derivative(terms: Terms, name: str) -> Terms:
    """Return the derivative of terms with respect to a column."""
    result = []
    for term in terms:
        times = term.factors.count(name)
        if times:
            rest = list(term.factors)
            rest.remove(name)
            result.append(Term(term.coefficient * times, tuple(rest)))
    return tuple(result)


def _system(problem: Problem, numbers: Mapping[str, float], blur: float) -> _System:
    """Return the conditions of all levels, where the leader's integers are numbers."""
    system = _System(blur=blur)
    for name, column in problem.columns.items():
        if name not in numbers:
            system.add(name, column.lower, column.upper, column.power)
    for name, row in problem.rows.items():
        system.add(name, row.lower, row.upper, row.power)
    for follower in problem.followers:
        _add_multipliers(problem, follower, system, numbers)
    for name, row in problem.rows.items():
        constant, linear = _affine(row.terms, numbers, system)
        system.equations.append((linear | {system.index[name]: -1.0}, -constant))
    return system


def _add_multipliers(problem: Problem, follower: str, system: _System, numbers: Mapping[str, float]) -> None:
    """Add a follower's multipliers, pairs, prices and stationarity, with the follower brought to min."""
    level, own = problem.levels[follower], problem.columns_of(follower)
    gradient = {name: _affine(derivative(level.terms, name), numbers, system) for name in own}
    stationarity = {name: {at: level.sense * c for at, c in gradient[name][1].items()} for name in own}
    for name in (*problem.rows_of(follower), *own):
        item = problem.rows[name] if name in problem.rows else problem.columns[name]
        slopes = {name: 1.0} if name in own else _slopes(item.terms, own, numbers, system)
        equality = item.lower is not None and item.lower == item.upper
        sides = [(0.0, item.lower)] if equality else [(1.0, item.lower), (-1.0, item.upper)]
        system.prices[name] = {}
        for sign, side in sides:
            if side is None:
                continue
            at = system.add(f"{name}/{sign:+.0f}", None if equality else 0.0, None)
            if not equality:
                system.pairs.append((at, system.index[name], float(side)))
            system.prices[name][at] = level.sense * (sign or 1.0)
            for column, slope in slopes.items():
                stationarity[column][at] = -(sign or 1.0) * slope
    for name in own:
        if system.blur:
            missed = system.add(f"{name}/missed", 0.0, 0.0, level.power - problem.columns[name].power)
            stationarity[name][missed] = 1.0
        system.equations.append((stationarity[name], -level.sense * gradient[name][0]))


def _slopes(terms: Terms, own: Iterable[str], numbers: Mapping[str, float], system: _System) -> dict[str, float]:
    slopes = {}
    for name in own:
        slope, rest = _affine(derivative(terms, name), numbers, system)
        if any(rest.values()):
            raise NotCoveredError(f"a follower's row with a product of continuous columns, one of them {name}")
        slopes[name] = slope
    return slopes


def _refuse_nonconvex(problem: Problem, known: Mapping[str, float]) -> None:
    for follower in problem.followers:
        own, level = problem.columns_of(follower), problem.levels[follower]
        hessian = np.zeros((len(own), len(own)))
        for term in level.terms:
            inner = [own.index(factor) for factor in term.factors if factor in own]
            if len(inner) > 1:
                if len(term.factors) > 2:
                    raise NotCoveredError(f"the quadratic part of {follower} depends on others")
                hessian[inner[0], inner[1]] += level.sense * term.coefficient
                hessian[inner[1], inner[0]] += level.sense * term.coefficient
        if own and np.linalg.eigvalsh(hessian)[0] < -EXACT:
            raise NotCoveredError(f"follower {follower} is not convex")


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
        system = _System()
        for name in own:
            system.add(name, problem.columns[name].lower, problem.columns[name].upper)
        parts = [_affine(problem.rows[name].terms, others, system) for name in rows]
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
        wide = [(l if l is None else l - EXACT, u if u is None else u + EXACT) for l, u in bounds]  # noqa: E741
        cost = np.concatenate([slope, np.zeros(len(rows))])
        status, value, _ = solve_lp(cost, matrix, np.array([-constant for constant, _ in parts]), wide)
        here = float(slope @ np.array([point[name] for name in own])) if own else 0.0
        assert status == "optimal" and value >= here - CHECK * (1 + abs(here)), (
            f"{follower} can do better than the enumeration says ({status}, {value} < {here}): {problem.to_json()}"
        )


def evaluate(terms: Terms, point: Mapping[str, float]) -> float:
    """Return the value of terms at a point."""
    return float(sum(term.coefficient * np.prod([point[factor] for factor in term.factors]) for term in terms))
