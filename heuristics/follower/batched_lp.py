"""Many LPs of one pattern at once, by bases that are known; what these do not explain is left to the simplex method.

    min c'w   s.t.  row_lower <= A w <= row_upper,  col_lower <= w <= col_upper

Every number may differ from LP to LP. Rows with a single variable are bounds; what the other rows connect is a part of
its own (:mod:`.critical_region`), so that many followers have few bases each. Whether an LP is explained, and by which
numbers, does not depend on the others, to the last bit.
"""

from collections.abc import Sequence

import numpy as np
from scipy.sparse import csr_array
from scipy.sparse.csgraph import connected_components

from ..encoding.limits import Array, Limits
from .critical_region import WITHIN, Numbers, Part, rest_at, without

BASIC = 1  # HiGHS's status

Status = tuple[Sequence[int], Sequence[int]]
"""HiGHS's status of columns and of rows."""


class BatchedLp:
    """LPs whose constraint matrix is constant, but for ``places`` (row, column), at which each has its own entries."""

    def __init__(self, matrix: csr_array, places: tuple[Array, Array]) -> None:
        still = without(matrix, places)
        moving = np.bincount(places[0], minlength=matrix.shape[0])
        entries = np.diff(still.indptr)
        self._singles = np.flatnonzero((entries == 1) & (moving == 0))
        self._single_column = still.indices[still.indptr[self._singles]]
        self._factor = still.data[still.indptr[self._singles]]
        self._layers = _layers(self._single_column)
        real = np.setdiff1d(np.arange(matrix.shape[0]), self._singles)
        r, k = places
        pattern = csr_array(
            (np.ones(still.nnz + r.size), (np.r_[still.tocoo().row, r], np.r_[still.indices, k])), shape=matrix.shape
        )[real]
        self._parts = []
        inside = np.zeros(matrix.shape[1], dtype=bool)
        for rows, columns in _connected(pattern):
            rows = real[rows]
            there = np.flatnonzero(np.isin(r, rows))
            local = np.searchsorted(rows, r[there]), np.searchsorted(columns, k[there])
            part = Part(csr_array(still[rows][:, columns]), local)
            self._parts.append((part, rows, columns, there))
            inside[columns] = True
        self._alone = np.flatnonzero(~inside)

    def learn(self, statuses: Sequence[Status]) -> None:
        """Take the bases of optima that were found of LPs of this pattern."""
        for column_status, row_status in statuses:
            basic = np.array(column_status) == BASIC
            loose = np.array(row_status) == BASIC
            basic[self._single_column[~loose[self._singles]]] = False  # at a bound that a row gives
            for part, rows, columns, _ in self._parts:
                part.learn(np.flatnonzero(basic[columns]), np.flatnonzero(~loose[rows]))
        for part, *_ in self._parts:
            part.settle()

    def solve(self, numbers: Numbers, zero: Array, unique: bool) -> tuple[Array, Array]:
        """Return optima, one in a row, and which are known.

        :param zero: up to which size a reduced cost or multiplier is 0, of each LP.
        :param unique: whether only those are known that are the only optimum.
        """
        columns = self._bounds(numbers)
        gap = columns.lower - columns.upper
        known = np.asarray((gap <= WITHIN * (1 + np.abs(np.where(gap > 0, columns.lower, 0.0)))).all(axis=1))
        numbers = Numbers(numbers.costs, numbers.entries, numbers.rows, columns)
        values = np.zeros(numbers.costs.shape)
        if self._alone.size:
            own = numbers.part(self._alone, np.arange(0), np.arange(0))
            values[:, self._alone], good = rest_at(own.costs, own.columns, zero, unique)
            known &= good
        for part, rows, its, there in self._parts:
            values[:, its], good = part.solve(numbers.part(its, there, rows), zero, unique)
            known &= good
        return values, np.asarray(known)

    def _bounds(self, numbers: Numbers) -> Limits:
        """Return the columns' bounds, with those of rows that have one variable."""
        lower, upper = numbers.columns.lower.copy(), numbers.columns.upper.copy()
        for layer in self._layers:
            rows, columns, factor = self._singles[layer], self._single_column[layer], self._factor[layer]
            first, second = numbers.rows.lower[:, rows] / factor, numbers.rows.upper[:, rows] / factor
            up = factor > 0
            lower[:, columns] = np.maximum(lower[:, columns], np.where(up, first, second))
            upper[:, columns] = np.minimum(upper[:, columns], np.where(up, second, first))
        return Limits(lower, upper)


def _layers(columns: Array) -> list[Array]:
    """Return indices in groups, of which none has a column twice."""
    turn = np.zeros(columns.size, dtype=np.int64)
    seen: dict[int, int] = {}
    for k, column in enumerate(columns.tolist()):
        turn[k] = seen[column] = seen.get(column, -1) + 1
    return [np.flatnonzero(turn == layer) for layer in range(int(turn.max(initial=-1)) + 1)]


def _connected(pattern: csr_array) -> list[tuple[Array, Array]]:
    """Return rows and columns of each part; a row without columns is one, too."""
    rows, columns = pattern.shape
    entries = pattern.tocoo()
    graph = csr_array((np.ones(entries.nnz), (entries.row, rows + entries.col)), shape=(rows + columns, rows + columns))
    count, label = connected_components(graph, directed=False)
    of_row, of_column = label[:rows], label[rows:]
    found = [(np.flatnonzero(of_row == k), np.flatnonzero(of_column == k)) for k in range(count)]
    return [(mine, its) for mine, its in found if mine.size]
