"""An exact point near a floating-point one: pairs settled as there, integers fixed, the basis solved in fractions."""

import math
from collections import Counter
from fractions import Fraction
from typing import Any, NamedTuple

import highspy

from ..replay import Box, System, evaluate, violation
from .rational import Equation, Equations
from .relaxation import OPTIMAL, Relaxation

NEAR = 10**6  # denominators of what no row settles
GOOD = 1e-7  # relative to the objective hoped for: a point within it is looked for no further


class ExactPoint(NamedTuple):
    """Values of all columns, the largest violation of a condition, and the objective (to be minimised)."""

    values: list[Fraction]
    violation: Fraction
    objective: Fraction


def exact_point(relaxation: Relaxation, root: Box, near: list[float]) -> ExactPoint | None:
    """Return an exact point near the given values of the columns; the best of a few ways to settle the pairs.

    :param near: of every column; NaN where unknown (multipliers).
    """
    best: ExactPoint | None = None
    system = relaxation.system
    hoped = sum(float(a) * math.prod(near[j] for j in m) for m, a in system.objective.items())
    for products in (_in_rows(system), relaxation.essential):
        for slack_first in (False, True):
            found = _settled(relaxation, _pattern(system, root, near, slack_first, products))
            if found and (best is None or (found.violation, found.objective) < (best.violation, best.objective)):
                best = found
            if best is not None and best.violation == 0 and best.objective <= hoped + GOOD * (1 + abs(hoped)):
                return best
    return best


def _pattern(system: System, root: Box, near: list[float], slack_first: bool, products: list[tuple[int, ...]]) -> Box:
    """Return the box in which one of every pair is 0, every integer has its value, and these products are linear."""
    lower, upper = list(root[0]), list(root[1])
    for multiplier, slack in system.pairs.values():
        weight = near[multiplier]
        open_ = near[slack] > 1e-7 if slack_first or math.isnan(weight) else near[slack] >= weight
        upper[multiplier if open_ else slack] = Fraction(0)
    for j in system.integer:
        lower[j] = upper[j] = Fraction(round(near[j]))
    for product in products:
        if all(lower[k] != upper[k] for k in product):
            j = next((k for k in product if not math.isnan(near[k])), product[0])
            value = Fraction(0 if math.isnan(near[j]) else near[j]).limit_denominator(NEAR)
            lower[j] = upper[j] = min(max(value, lower[j]), upper[j])
    return lower, upper


def _in_rows(system: System) -> list[tuple[int, ...]]:
    """Return the products in rows that are not strong duality (which follows from the pairs)."""
    duality = {*system.duality, len(system.rows) - 1}
    return sorted({m for i, row in enumerate(system.rows) if i not in duality for m in row[1] if len(m) > 1})


def _settled(relaxation: Relaxation, box: Box) -> ExactPoint | None:
    if any(lower > upper for lower, upper in zip(*box, strict=True)):
        return None
    relaxation.load(box)
    if relaxation.solve() != OPTIMAL:
        return None
    floats = relaxation.point()
    equations = Equations(Counter(m for i in relaxation.base for m in relaxation.system.rows[i][1]))
    n = len(relaxation.system.names)
    try:
        for terms, number in _equations(relaxation, box):
            equations.add(terms, number)
        free = {(j,): Fraction(floats[j]).limit_denominator(NEAR) for j in range(n)}
        solution = equations.solution(free)
    except OverflowError:
        solution = {(j,): Fraction(floats[j]) for j in range(n)}
    values = [solution[j,] for j in range(n)]
    worst, _ = violation(relaxation.system, values)
    return ExactPoint(values, worst, evaluate(relaxation.system.objective, values))


def _equations(relaxation: Relaxation, box: Box) -> list[tuple[dict[Any, Fraction], Fraction]]:
    """Return what defines the LP's vertex: fixed columns, equality rows, rows and columns at a side."""
    basis, status = relaxation.basis(), highspy.HighsBasisStatus
    fixed: list[Equation] = []
    equal: list[Equation] = []
    at_side: list[Equation] = []
    at_bound: list[Equation] = []
    for j, (lower, upper) in enumerate(zip(*box, strict=True)):
        if lower == upper:
            fixed.append(({(j,): Fraction(1)}, lower))
        elif basis.col_status[j] != status.kBasic:
            bound = {status.kLower: lower, status.kUpper: upper}.get(basis.col_status[j], math.inf)
            if not math.isinf(bound):
                at_bound.append(({(j,): Fraction(1)}, bound))
    for row, (kind, *what) in enumerate(relaxation.rows):
        body = relaxation.body(row, box)
        if body is None:
            continue
        terms = {m: a for m, a in body.items() if m}
        constant = body.get((), Fraction(0))
        lower, upper = relaxation.system.rows[what[0]][2:] if kind == "rows" else (Fraction(0), math.inf)
        if kind == "multiples":
            upper = lower
        tied = kind == "product" and relaxation.tied(what[0], box) is not None
        if lower == upper or tied:
            equal.append((terms, lower - constant))
        elif basis.row_status[row] != status.kBasic:
            side: Any = upper if basis.row_status[row] == status.kUpper else lower
            if not math.isinf(side):
                at_side.append((terms, side - constant))
    return sorted(fixed + equal, key=lambda equation: len(equation[0])) + at_side + at_bound
