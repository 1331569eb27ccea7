"""Finite bounds of columns that have none, each with the weights that prove it, in the order in which they are used.

First from rows in which nothing else is unbounded, then by one LP each over the root's relaxation, with the leader's
objective at most the claim: a point that is no better cannot refute it.
"""

import math
from fractions import Fraction
from typing import Any

from ..replay import Box, Poly, RejectedError, System, extent, proven, twin_zero
from .problem import exact
from .relaxation import INFEASIBLE, OPTIMAL, Relaxation
from .weights import certify, refute

Derived = list[Any]  # [column, side, bound, weights]
STEP = Fraction(1, 2**10)
ENOUGH = 0.95  # a bound is tightened if it becomes smaller than this part of it
LARGEST = 10**9  # a bound beyond this helps nobody
ZERO = Fraction(0)
SIDES = ("lower", "upper")


def propagate(system: System, box: Box) -> list[Derived]:
    """Derive bounds from single rows, and tighten the box in place."""
    found: list[Derived] = []
    waiting = True
    while waiting:
        waiting = False
        for i, (_, body, lower, upper) in enumerate(system.rows):
            for weight, limit in ((1, lower), (-1, upper)):
                if math.isinf(limit):
                    continue
                for j, coefficient in _boundable(system, box, body, weight):
                    # In target - w * row, where the target is the column or its negative, the column cancels.
                    side = SIDES[weight * coefficient < 0]
                    w = Fraction(1 if side == "lower" else -1) / coefficient
                    if derived := settle(system, box, j, side, {"rows": [[i, exact(w)]]}):
                        found.append(derived)
                        waiting = True
    return found


def _boundable(system: System, box: Box, body: Poly, weight: int) -> list[tuple[int, Fraction]]:
    """Return the columns that weight * body >= a number bounds where they are unbounded, with their coefficients."""
    terms = [(m, a) for m, a in body.items() if m and a]
    open_ = [(m, a) for m, a in terms if math.isinf(extent(box, m)[weight * a > 0])]
    if len(open_) > 1:
        return []
    return [(m[0], a) for m, a in open_ or terms if len(m) == 1 and math.isinf(extent(box, m)[weight * a < 0])]


def settle(system: System, box: Box, j: int, side: str, weights: dict[str, Any]) -> Derived | None:
    """Tighten one bound by what weights prove, rounded outwards to a short number; None if it is no tighter."""
    sign = 1 if side == "lower" else -1
    paired = side == "upper" and j in system.twin
    try:
        value = proven(system, twin_zero(system, box, j, side, ZERO), {(j,): Fraction(sign)}, weights)
    except RejectedError:
        return None
    step = Fraction(1) if j in system.integer else STEP
    bound = sign * math.floor(value / step) * step
    if j in system.integer:
        bound = sign * Fraction(math.ceil(value))
    if paired:
        bound = max(bound, ZERO)  # only where its twin is 0 has it to be below
    which = side == "upper"
    if abs(bound) > LARGEST or not (bound < box[1][j] if which else bound > box[0][j]):
        return None
    box[which][j] = bound
    return [j, side, exact(bound), weights]


def tighten(relaxation: Relaxation, box: Box, steps: int) -> list[Derived]:
    """Derive smaller bounds of the members of all pairs by LPs, and tighten the box in place.

    A member matters only where its twin is 0, which makes these bounds small. The product of a pair's bound factors,
    ``(U - multiplier) (V - slack) >= 0``, cuts the deeper the smaller U and V.

    :param steps: of the simplex method, after which the rest is left as it is.
    """
    system, found = relaxation.system, []
    most = relaxation.iterations + steps
    for pair in system.pairs.values():
        for j in pair:
            if relaxation.iterations > most:
                break
            if box[1][j] > 0 and box[1][system.twin[j]] > 0:
                found += _largest(relaxation, box, j)
    relaxation.aim()
    return found


def _largest(relaxation: Relaxation, box: Box, j: int) -> list[Derived]:
    system = relaxation.system
    target: Poly = {(j,): Fraction(-1)}
    here = twin_zero(system, box, j, "upper", ZERO)
    relaxation.load(here)
    relaxation.aim(target)
    status = relaxation.solve()
    weights = None
    if status == OPTIMAL and -relaxation.value <= ENOUGH * float(box[1][j]):
        proof = certify(relaxation, here, target, relaxation.duals(), -math.inf)
        weights = proof and proof[0]
    elif status == INFEASIBLE and type(box[1][j]) is not float:
        weights = refute(relaxation, here, relaxation.ray(), box[1][j])
    derived = weights and settle(system, box, j, "upper", weights)
    return [derived] if derived else []


def by_lps(relaxation: Relaxation, box: Box, limit: int) -> list[Derived]:
    """Derive bounds of what is still unbounded by LPs, and tighten the box in place.

    :param limit: of LPs.
    """
    system = relaxation.system
    found: list[Derived] = []
    solved = 0
    for _ in range(2):  # what rounding could not save in the first round may be saved by the bounds it found
        wanted = [(j, side) for side in SIDES for j, b in enumerate(box[side == "upper"]) if math.isinf(b)]
        before = len(found)
        for j, side in wanted:
            if solved >= limit or not math.isinf(box[side == "upper"][j]):
                continue
            solved += 1
            target: Poly = {(j,): Fraction(1 if side == "lower" else -1)}
            relaxation.load(box)
            relaxation.aim(target)
            if relaxation.solve() != OPTIMAL:
                continue
            proof = certify(relaxation, box, target, relaxation.duals(), -math.inf)
            derived = proof and settle(system, box, j, side, proof[0])
            if derived:
                found.append(derived)
                found += propagate(system, box)
        if len(found) == before:
            break
    relaxation.aim()
    return found
