"""From floating-point duals to weights that prove something in exact arithmetic.

The duals are rounded to small denominators, then to larger ones; what does not prove enough then is computed anew as
the exact solution of the basis system: one equation for each basic column, one unknown for each row at a side.
"""

import math
from collections import Counter
from fractions import Fraction
from functools import partial
from typing import Any

import highspy

from ..replay import Box, Poly, RejectedError, extent, proven
from .problem import exact, written
from .rational import Equations, solve
from .relaxation import CORNERS, Relaxation

LARGEST_SHORT = 40
"""Weights of more rows than this are first rounded to a power of two: sums of many fractions become long numbers."""
NOTHING = 1e-14  # duals below are rounding
LARGEST_BASIS = 5000
NEAR_ZERO = Fraction(1, 10**5)  # residuals below this are taken for rounding

Weights = tuple[dict[int, Any], int]
"""Of each LP row a Fraction or an integer, and what all of them are divided by."""


def _binary(duals: dict[int, float], bits: int) -> Weights:
    """Return weights over one power of two, the largest with about so many bits."""
    largest = max(map(abs, duals.values()), default=1.0)
    over = 2 ** max(0, bits - math.frexp(largest)[1])
    return {i: round(d * over) for i, d in duals.items()}, over


def _short(duals: dict[int, float], denominator: int) -> Weights:
    return {i: Fraction(d).limit_denominator(denominator) for i, d in duals.items()}, 1


_BINARY = (partial(_binary, bits=30), partial(_binary, bits=52))
_SHORT = tuple(partial(_short, denominator=d) for d in (10**4, 10**8, 10**13))


def certify(
    relaxation: Relaxation, box: Box, target: Poly, duals: list[float], least: Any, exactly: bool = True
) -> tuple[dict[str, Any], Fraction] | None:
    """Return weights that prove the target to be at least ``least`` over a box, and what they prove; None if not found.

    :param duals: of the LP's rows, about.
    :param least: a Fraction, or -inf for any bound at all.
    :param exactly: whether the basis system may be solved where rounding is not enough.
    """
    used = {i: d for i, d in enumerate(duals) if abs(d) > NOTHING}
    for rounding in (*_BINARY, *_SHORT) if len(used) > LARGEST_SHORT else _SHORT:
        rounded = rounding(used)
        if found := _checked(relaxation, box, target, rounded, least):
            return found
    repaired = _repaired(relaxation, box, target, rounded[0])
    if repaired is not None and (found := _checked(relaxation, box, target, (repaired, 1), least)):
        return found
    if exactly and target and (basis := _basis_weights(relaxation, box, target)):
        return _checked(relaxation, box, target, (basis, 1), least)
    return None


def refute(relaxation: Relaxation, box: Box, ray: list[float] | None, least: Any = 0) -> dict[str, Any] | None:
    """Return weights that prove a box empty; None if not found.

    :param least: the weights are to prove 0 >= this, a positive number; 0 if any will do.
    """
    if ray is None:
        return None
    largest = max(map(abs, ray), default=0.0)
    if not 0 < largest < math.inf:
        return None
    for sign in (1.0, -1.0):
        scaled = [sign * r / largest for r in ray]
        if (found := certify(relaxation, box, {}, scaled, Fraction(0), exactly=False)) and found[1] > 0:
            weights = found[0]
            over = Fraction(weights.get("over", 1))
            return weights if found[1] >= least else weights | {"over": exact(over * found[1] / least)}
    return None


def _repaired(
    relaxation: Relaxation, box: Box, target: Poly, weights: dict[int, Fraction]
) -> dict[int, Fraction] | None:
    """Return weights near the given ones with no residual on columns whose missing bound it would use.

    A few of the weights are solved for, the others stay as they are.
    """
    equations: dict[tuple[int, ...], dict[int, Fraction]] = {}
    rest = dict(target)
    for i, w in weights.items():
        for m, a in (relaxation.body(i, box) or {}).items():
            rest[m] = rest.get(m, Fraction(0)) - w * a
            equations.setdefault(m, {})[i] = a
    wanted = []
    for m, r in rest.items():
        if r and abs(r) < NEAR_ZERO and m not in relaxation.system.zero and math.isinf(extent(box, m)[r < 0]):
            wanted.append((equations.get(m, {}), target.get(m, Fraction(0))))
    if not wanted:
        return None
    found = Equations(Counter(i for terms, _ in wanted for i in terms))
    try:
        for terms, number in sorted(wanted, key=lambda equation: len(equation[0])):
            found.add(terms, number)
        return found.solution(weights)
    except OverflowError:
        return None


def _checked(
    relaxation: Relaxation, box: Box, target: Poly, weights: Weights, least: Any
) -> tuple[dict[str, Any], Fraction] | None:
    found = stated(relaxation, box, *weights)
    try:
        value = proven(relaxation.system, box, target, found)
    except RejectedError:
        return None
    return (found, value) if value >= least else None


def stated(relaxation: Relaxation, box: Box, weights: dict[int, Any], over: int) -> dict[str, Any]:
    """Return weights of LP rows as a proof states them; one with a sign that its row does not allow is left out."""
    found: dict[str, Any] = {} if over == 1 else {"over": over}
    for row, weight in weights.items():
        if not weight:
            continue
        kind, *what = relaxation.rows[row]
        if kind == "rows":
            _, _, lower, upper = relaxation.system.rows[what[0]]
            if not math.isinf(lower if weight > 0 else upper):
                found.setdefault("rows", []).append([what[0], exact(weight)])
        elif kind == "multiples":
            found.setdefault("multiples", []).append([*what, exact(weight)])
        elif kind == "squares":
            if weight > 0:
                found.setdefault("squares", []).append([written(what[0]), exact(weight)])
        elif (tied := relaxation.tied(what[0], box)) is not None:
            if what[1] == 0:
                found.setdefault("ties", []).append([*tied, exact(weight)])
        elif weight > 0 and relaxation.has_corner(what[0], what[1], box):
            (i, j), (side, other) = what[0], CORNERS[what[1]]
            found.setdefault("corners", []).append([i, side, j, other, exact(weight)])
    return found


def _basis_weights(relaxation: Relaxation, box: Box, target: Poly) -> dict[int, Fraction] | None:
    basis = relaxation.basis()
    basic = highspy.HighsBasisStatus.kBasic
    active = [i for i, status in enumerate(basis.row_status) if status != basic]
    columns = {m for m, status in zip(relaxation.monomials, basis.col_status, strict=True) if status == basic}
    if not basis.valid or len(columns) > LARGEST_BASIS:
        return None
    equations: dict[tuple[int, ...], dict[int, Fraction]] = {m: {} for m in columns}
    for i in active:
        for m, a in (relaxation.body(i, box) or {}).items():
            if m in equations and a:
                equations[m][i] = a
    return solve((terms, target.get(m, Fraction(0))) for m, terms in equations.items())
