"""The Karush-Kuhn-Tucker conditions of all followers as equations over columns, row activities and multipliers.

Written from the plain data and from the textbook; what is not linear once the integers are numbers is refused.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

import numpy as np

from .problem import PRICE, Problem, Term, Terms

CONVEX = 1e-9  # how far below zero an eigenvalue of a convex follower may be


class NotCoveredError(Exception):
    """The enumeration cannot tell: the message names why."""


@dataclass
class System:
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


def affine(terms: Terms, numbers: Mapping[str, float], system: System) -> tuple[float, dict[int, float]]:
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


def conditions(problem: Problem, numbers: Mapping[str, float], blur: float) -> System:
    """Return the conditions of all levels, where the leader's integers are numbers."""
    system = System(blur=blur)
    for name, column in problem.columns.items():
        if name not in numbers:
            system.add(name, column.lower, column.upper, column.power)
    for name, row in problem.rows.items():
        system.add(name, row.lower, row.upper, row.power)
    for follower in problem.followers:
        _add_multipliers(problem, follower, system, numbers)
    for name, row in problem.rows.items():
        constant, linear = affine(row.terms, numbers, system)
        system.equations.append((linear | {system.index[name]: -1.0}, -constant))
    return system


def _add_multipliers(problem: Problem, follower: str, system: System, numbers: Mapping[str, float]) -> None:
    """Add a follower's multipliers, pairs, prices and stationarity, with the follower brought to min."""
    level, own = problem.levels[follower], problem.columns_of(follower)
    gradient = {name: affine(derivative(level.terms, name), numbers, system) for name in own}
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


def _slopes(terms: Terms, own: Iterable[str], numbers: Mapping[str, float], system: System) -> dict[str, float]:
    slopes = {}
    for name in own:
        slope, rest = affine(derivative(terms, name), numbers, system)
        if any(rest.values()):
            raise NotCoveredError(f"a follower's row with a product of continuous columns, one of them {name}")
        slopes[name] = slope
    return slopes


def refuse_nonconvex(problem: Problem) -> None:
    """Refuse followers whose conditions do not describe their optima."""
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
        if own and np.linalg.eigvalsh(hessian)[0] < -CONVEX:
            raise NotCoveredError(f"follower {follower} is not convex")


def evaluate(terms: Terms, point: Mapping[str, float]) -> float:
    """Return the value of terms at a point."""
    return float(sum(term.coefficient * np.prod([point[factor] for factor in term.factors]) for term in terms))
