r"""Rows that share variables, in many LPs at once, by bases that are known.

A basis is the set S of its basic variables and the set T of rows that are tight; with A, c and the limits b of an LP,

.. math:: y = A_{TS}^{-\top} c_S, \quad d = c - A_T^\top y, \quad
          w_j = w^-_j \text{ where } d_j > 0, \; w^+_j \text{ where } d_j < 0, \quad A_{TS} w_S = b_T - A_{TN} w_N

It is optimal where all rows and bounds hold (the basis's *critical region*), and the only optimum where nothing that
can move has a reduced cost or multiplier of 0.

Source: T. Gal and J. Nedoma, *Multiparametric linear programming*, Management Science 18, 1972.
"""

from dataclasses import dataclass

import numpy as np
from scipy.sparse import csr_array

from ..encoding.limits import Array, Limits

WITHIN = 1e-9  # by how much a limit may be violated, relative to 1 + |limit|
SMALLEST = 1e-7  # of a basis's pivot, and of the reciprocal of its matrix's condition
KNOWN = 16  # bases of a part that are tried


@dataclass(frozen=True)
class Numbers:
    """What LPs differ in, one in a row: costs, entries at the pattern's places, limits of rows and of columns."""

    costs: Array
    entries: Array
    rows: Limits
    columns: Limits

    def part(self, columns: Array, entries: Array, rows: Array) -> "Numbers":
        """Return what is about some columns, entries and rows."""
        return Numbers(
            _take(self.costs, columns), _take(self.entries, entries),
            Limits(_take(self.rows.lower, rows), _take(self.rows.upper, rows)),
            Limits(_take(self.columns.lower, columns), _take(self.columns.upper, columns)),
        )  # fmt: skip

    def some(self, chosen: Array) -> "Numbers":
        """Return some of the LPs."""
        return Numbers(
            self.costs[chosen], self.entries[chosen],
            Limits(self.rows.lower[chosen], self.rows.upper[chosen]),
            Limits(self.columns.lower[chosen], self.columns.upper[chosen]),
        )  # fmt: skip


class Part:
    """Rows over some columns, ``matrix``, but for ``places`` (row, column), where each LP has entries of its own.

    :ivar bases: those known, the most frequent first; none basic and none tight is always among them.
    """

    def __init__(self, matrix: csr_array, places: tuple[Array, Array]) -> None:
        self.matrix, self.places = without(matrix, places), places
        r = places[0]
        self._collected = csr_array((np.ones(r.size), (r, np.arange(r.size))), shape=(matrix.shape[0], r.size))
        self._seen: dict[tuple[tuple[int, ...], tuple[int, ...]], int] = {}
        self.bases = [Basis(self, np.arange(0), np.arange(0))]

    def learn(self, basic: Array, tight: Array) -> None:
        """Take note of a basis: which columns are basic, and which rows are tight."""
        key = tuple(basic.tolist()), tuple(tight.tolist())
        self._seen[key] = self._seen.get(key, 0) + 1

    def settle(self) -> None:
        """Keep the bases that were seen most often, of those that can be used; one seen once will hardly come again."""
        often = sorted(self._seen, key=lambda key: -self._seen[key])  # equal ones: the first seen
        for basic, tight in often:
            basis = Basis(self, np.array(basic, dtype=np.int64), np.array(tight, dtype=np.int64))
            if basic and basis.usable and self._seen[basic, tight] > 1 and len(self.bases) < KNOWN:
                self.bases.append(basis)

    def activities(self, w: Array, entries: Array) -> Array:
        """Return the rows' activities."""
        found = self.matrix @ w.T
        if entries.size:
            found = found + self._collected @ (entries * _take(w, self.places[1])).T
        return np.ascontiguousarray(found.T)

    def solve(self, numbers: Numbers, zero: Array, unique: bool) -> tuple[Array, Array]:
        """Return optima, and which are known.

        :param zero: up to which size a reduced cost or multiplier is 0, of each LP.
        :param unique: whether only those are known that are the only optimum.
        """
        values = np.zeros(numbers.costs.shape)
        rest = np.arange(len(values))
        for basis in self.bases:
            if not rest.size:
                break
            w, explained = basis.explain(numbers.some(rest), zero[rest], unique)
            values[rest[explained]] = w[explained]
            rest = rest[~explained]
        known = np.ones(len(values), dtype=bool)
        known[rest] = False
        return values, known


class Basis:
    """Basic columns of a part and its tight rows; see the module."""

    def __init__(self, part: Part, basic: Array, tight: Array) -> None:
        self._part, self._basic, self._tight = part, basic, tight
        self.usable = basic.size == tight.size
        at = np.flatnonzero(np.isin(part.places[0], tight))
        self._entries, self._columns = at, part.places[1][at]
        moving = bool(np.isin(self._columns, basic).any())
        self.usable &= basic.size <= 1 or not at.size  # several rows whose entries differ: each LP its own inverse
        self._rows = csr_array(part.matrix[tight])
        inside = self._rows[:, basic].toarray()
        if not basic.size or moving or not self.usable:
            self._inverse = np.eye(basic.size)
        elif np.linalg.cond(inside) < 1 / SMALLEST:
            self._inverse = np.linalg.inv(inside)
        else:
            self.usable = False

    def explain(self, numbers: Numbers, zero: Array, unique: bool) -> tuple[Array, Array]:
        """Return the basis's points, and where they are optima; see :meth:`Part.solve`."""
        columns, rows = numbers.columns, numbers.rows
        if not self._basic.size:
            w, good = rest_at(numbers.costs, columns, zero, unique)
            return w, good & hold(self._part.activities(w, numbers.entries), rows)
        inverse, good = self._inverses(numbers.entries)
        own = _take(numbers.costs, self._basic)
        duals = (own[:, :, None] * inverse).sum(axis=1)
        reduced = numbers.costs - self._transposed(duals, numbers.entries)
        reduced[:, self._basic] = 0.0
        w, resting = rest_at(reduced, columns, zero, unique, but=self._basic)
        tight = Limits(_take(rows.lower, self._tight), _take(rows.upper, self._tight))
        limits, held = rest_at(duals, tight, zero, unique)
        left = limits - _take(self._part.activities(w, numbers.entries), self._tight)
        w[:, self._basic] = (inverse * left[:, None, :]).sum(axis=2)
        fits = hold(_take(w, self._basic), Limits(_take(columns.lower, self._basic), _take(columns.upper, self._basic)))
        good &= resting & held & fits & hold(self._part.activities(w, numbers.entries), rows)
        return w, good

    def _inverses(self, entries: Array) -> tuple[Array, Array]:
        """Return the inverse of each LP's matrix of this basis, and where there is one."""
        count = len(entries)
        if not self._entries.size:
            return np.broadcast_to(self._inverse, (count, *self._inverse.shape)), np.ones(count, dtype=bool)
        pivot = self._rows[:, self._basic].toarray()[0, 0]
        mine = self._entries[self._columns == self._basic[0]]
        pivots = pivot + _take(entries, mine).sum(axis=1)
        good = np.abs(pivots) > SMALLEST
        return (1.0 / np.where(good, pivots, 1.0))[:, None, None], good

    def _transposed(self, duals: Array, entries: Array) -> Array:
        """Return the tight rows, weighted by their multipliers."""
        found = np.ascontiguousarray((self._rows.T @ duals.T).T)
        if self._entries.size:
            found[:, self._columns] += _take(entries, self._entries) * duals  # a single row
        return found


def rest_at(reduced: Array, limits: Limits, zero: Array, unique: bool, but: Array | None = None) -> tuple[Array, Array]:
    """Return the limits that reduced costs (or multipliers) choose, and where all chosen are finite.

    :param zero: see :meth:`Part.solve`; what is 0 is free to be at either finite limit, and the optimum not unique.
    :param but: columns that are chosen by something else, 0 here.
    """
    lower, upper = limits.lower, limits.upper
    none = np.abs(reduced) <= zero[:, None]
    w = np.where(reduced > 0, lower, upper)
    w = np.where(none & ~np.isfinite(w), np.where(reduced > 0, upper, lower), w)
    good = np.isfinite(w)
    if unique:
        good &= ~none | (lower >= upper)
    if but is not None:
        good[:, but], w[:, but] = True, 0.0
    return np.where(np.isfinite(w), w, 0.0), np.asarray(good.all(axis=1))


def hold(values: Array, limits: Limits) -> Array:
    """Return where all values are within their limits."""
    below = values < limits.lower - WITHIN * (1 + np.abs(limits.lower))
    above = values > limits.upper + WITHIN * (1 + np.abs(limits.upper))
    return np.asarray(~(below | above).any(axis=1))


def without(matrix: csr_array, places: tuple[Array, Array]) -> csr_array:
    """Return a matrix without the entries at some places."""
    entries = matrix.tocoo()
    width = max(1, matrix.shape[1])
    kept = ~np.isin(entries.row * width + entries.col, places[0] * width + places[1])
    return csr_array((entries.data[kept], (entries.row[kept], entries.col[kept])), shape=matrix.shape)


def _take(table: Array, columns: Array) -> Array:
    """Return columns of a table, contiguous along rows, so that sums do not depend on the number of rows."""
    return np.take(table, columns, axis=1)
