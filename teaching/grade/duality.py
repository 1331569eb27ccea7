r"""Strong duality in place of complementarity.

.. math:: \sum_i \lambda_i s_i(x, y) = f'(y)^\top y - b(x)^\top \lambda - \sum_j y_j \, \nabla_j L
          \;\equiv\; f'(y)^\top y - b(x)^\top \lambda

where stationarity :math:`\nabla_j L = 0` holds: a row that says that the right side is 0 (or at most 0) says that
all products are 0, as none is negative. Whether a row says so is decided by an LP: it must be a sum of the products
with factors :math:`\ge 0`, and of stationarity rows and equalities with factors of any sign.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from enum import Enum

import numpy as np
from scipy.optimize import linprog

from ..polynomials import Monomial, Polynomial
from ..statements import Statement
from .systems import Couple, Reference, System, multiplier_name, stationarity_name


class RowKind(Enum):
    """What a student's row with multipliers looks like."""

    stationarity = 1
    duality = 2
    other = 3


class RowKinds:
    """Says which of our rows with multipliers a student's row is most like; a multiplier may be eliminated from it."""

    def __init__(self, reference: Reference, primal: set[str]) -> None:
        """Take the names ``primal`` for no multipliers of the student."""
        self._primal = primal
        ours = set(reference.multipliers)
        self._shapes: dict[tuple[frozenset[Monomial], int], RowKind] = {}
        for kind, polynomial in _rows_with_multipliers(reference):
            self._shapes.setdefault(_shape(polynomial, ours), kind)

    def of(self, row: Statement) -> RowKind:
        """Return the kind of one row."""
        plain, several = _shape(row.polynomial, row.names - self._primal)
        best, found = float("inf"), RowKind.other
        for (monomials, count), kind in self._shapes.items():
            lost = (0, 1) if kind is RowKind.stationarity else (0,)
            distance = len(plain ^ monomials) + min(abs(several + eliminated - count) for eliminated in lost)
            if distance < best:
                best, found = distance, kind
        return found


def dual_rows(reference: Reference) -> dict[str, Polynomial]:
    """Return, by follower, the polynomial that strong duality says is 0, without products of y and multipliers."""
    found = {}
    for follower, rows in reference.gradients.items():
        stationarity = {s.name: s.polynomial for s in reference.statements if s.name in rows}
        names = set().union(*(p.names for p in stationarity.values())) & reference.multipliers.keys()
        total = Polynomial({})
        for couple in reference.couples:
            if couple.first.names <= names:
                total = total + couple.first * couple.second
        for name in reference.follower_variables:
            row = stationarity.get(stationarity_name(name))
            total = total if row is None else total + Polynomial.variable(name) * row
        for product in _equality_products(reference):
            if product.names & names:
                total = min((total + product, total - product), key=lambda p: len(p.terms))
        found[follower] = total
    return found


def pairs_for_duality(theirs: System, ours: Reference) -> System:
    """Return a system (in our multipliers) with the pairs that its rows of strong duality stand for, without these."""
    kept: list[Statement] = []
    couples: list[Couple] = []
    for row in theirs.statements:
        found = _implied(row, ours) if row.names & ours.multipliers.keys() else []
        if found:
            couples += found
        else:
            kept.append(row)
    return replace(theirs, statements=tuple(kept), couples=(*theirs.couples, *couples))


def _implied(row: Statement, ours: Reference) -> list[Couple]:
    """Return the pairs that a row implies together with stationarity, equalities and signs."""
    if any(row.polynomial.ratio(s.polynomial) is not None for s in ours.statements):
        return []
    products = [c.first * c.second for c in ours.couples]
    free = list(_free_parts(ours))
    for sign in (-1.0, 1.0) if row.equality else (-1.0,):
        factors = _factors(row.polynomial.scaled(sign), products, free)
        if factors is not None:
            return [Couple(row.name, c.first, c.second) for c, k in zip(ours.couples, factors, strict=True) if k > 1e-7]
    return []


def _factors(target: Polynomial, products: Sequence[Polynomial], free: Sequence[Polynomial]) -> np.ndarray | None:
    """Return factors >= 0 of the products, as many as possible not 0, with which they and free parts add up."""
    target = target.scaled(1.0 / target.size)
    parts = [*products, *free]
    monomials = sorted(set(target.terms).union(*(p.terms for p in parts)))
    if not products or not set(target.terms) <= set().union(*(p.terms for p in parts)):
        return None
    number = {m: k for k, m in enumerate(monomials)}
    n, m = len(products), len(parts)
    matrix = np.zeros((len(monomials), m + n))
    for j, part in enumerate(parts):
        for monomial, a in part.terms.items():
            matrix[number[monomial], j] = a
    right = np.array([target.terms.get(monomial, 0.0) for monomial in monomials])
    # z_i <= factor_i, z_i <= 1, sum of z to be large: no product is left out that need not be
    below = np.zeros((n, m + n))
    below[:, :n], below[:, m:] = -np.eye(n), np.eye(n)
    cost = np.concatenate([np.zeros(m), -np.ones(n)])
    bounds = [(0, None)] * n + [(None, None)] * len(free) + [(0, 1)] * n
    found = linprog(cost, A_ub=below, b_ub=np.zeros(n), A_eq=matrix, b_eq=right, bounds=bounds, method="highs")
    if found.status != 0 or np.abs(matrix @ found.x - right).max() > 1e-6:
        return None
    factors: np.ndarray = found.x[:n]
    return factors if factors.max() > 1e-7 else None


def _free_parts(ours: Reference) -> Iterator[Polynomial]:
    """Yield what is 0 anyway: stationarity rows, alone and times their variable, and equalities times multipliers."""
    by_name = {s.name: s.polynomial for s in ours.statements if s.role == "stationarity"}
    for name in sorted(ours.follower_variables):
        row = by_name.get(stationarity_name(name))
        if row is not None:
            yield row
            yield Polynomial.variable(name) * row
    yield from _equality_products(ours)


def _equality_products(ours: Reference) -> Iterator[Polynomial]:
    for s in ours.statements:
        if s.equality and multiplier_name(s.name) in ours.multipliers:
            yield Polynomial.variable(multiplier_name(s.name)) * s.polynomial


def _rows_with_multipliers(reference: Reference) -> Iterator[tuple[RowKind, Polynomial]]:
    for s in reference.statements:
        if s.role == "leader's row" and s.names & reference.multipliers.keys():
            yield RowKind.other, s.polynomial
    for s in reference.statements:
        if s.role == "stationarity":
            yield RowKind.stationarity, s.polynomial
    for polynomial in dual_rows(reference).values():
        yield RowKind.duality, polynomial


def _shape(polynomial: Polynomial, multipliers: set[str]) -> tuple[frozenset[Monomial], int]:
    """Return the monomials without multipliers, and how many have one."""
    plain = frozenset(m for m in polynomial.terms if multipliers.isdisjoint(m))
    return plain, len(polynomial.terms) - len(plain)
