"""One LP, solved again and again by HiGHS with other numbers in the same pattern.

Every solve starts from the same basis, whatever was solved before: an answer depends on its numbers alone, so that
runs repeat bit for bit, in one process or in several.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import Any

import highspy
import numpy as np
from scipy.sparse import csr_array

from ...solvers.highs import native
from ..encoding.limits import Array


@dataclass(frozen=True)
class LpAnswer:
    """An optimum: columns, row activities, reduced costs, duals, and the basis that HiGHS ended with."""

    columns: Array
    rows: Array
    reduced_costs: Array
    duals: Array
    basis: Any

    @property
    def status(self) -> tuple[list[int], list[int]]:
        """The basis as plain numbers."""
        return [int(s) for s in self.basis.col_status], [int(s) for s in self.basis.row_status]


@dataclass
class PersistentLp:
    """min c'w s.t. row_lower <= A w <= row_upper, col_lower <= w <= col_upper; plain data, so that it can be sent.

    HiGHS is loaded at the first solve and stays in this process.
    """

    cost: Array
    matrix: csr_array
    col_lower: Array
    col_upper: Array
    row_lower: Array
    row_upper: Array
    start: tuple[list[int], list[int]] | None = None  # the basis: status of columns and rows
    _loaded: Any = field(default=None, repr=False)
    _first: Any = field(default=None, repr=False)

    def __getstate__(self) -> dict[str, Any]:
        return self.__dict__ | {"_loaded": None, "_first": None}

    @property
    def size(self) -> tuple[int, int]:
        """Number of rows and columns."""
        return self.matrix.shape

    def fresh(self) -> "PersistentLp":
        """Return the same LP without HiGHS in it, for another thread."""
        return replace(self, _loaded=None, _first=None)

    def start_from(self, answer: LpAnswer) -> None:
        """Let every solve without a basis of its own start from this one."""
        self.start, self._first = answer.status, None

    def set_cost(self, cost: Array) -> None:
        """Change the objective."""
        highs = self._highs()
        highs.changeColsCost(cost.size, np.arange(cost.size, dtype=np.int32), cost)

    def set_columns(self, lower: Array, upper: Array) -> None:
        """Change the columns' bounds."""
        self._highs().changeColsBounds(lower.size, np.arange(lower.size, dtype=np.int32), lower, upper)

    def set_rows(self, lower: Array, upper: Array) -> None:
        """Change the rows' limits."""
        self._highs().changeRowsBounds(lower.size, np.arange(lower.size, dtype=np.int32), lower, upper)

    def set_entries(self, rows: Array, columns: Array, numbers: Array) -> None:
        """Change the coefficients at these places."""
        highs = self._highs()
        for r, k, a in zip(rows.tolist(), columns.tolist(), numbers.tolist(), strict=True):
            highs.changeCoeff(r, k, a)

    def solve(self, basis: Any = None) -> LpAnswer | None:
        """Return an optimum, or None if there is none (infeasible or unbounded)."""
        highs = self._highs()
        highs.clearSolver()
        if basis is None and self.start is not None:
            self._first = basis = self._first or _basis(*(map(highspy.HighsBasisStatus, part) for part in self.start))
        if basis is not None:
            highs.setBasis(basis)
        highs.run()
        if highs.getModelStatus() != highspy.HighsModelStatus.kOptimal:
            return None
        found = highs.getSolution()
        columns, rows, reduced, duals = (
            np.array(a) for a in (found.col_value, found.row_value, found.col_dual, found.row_dual)
        )
        return LpAnswer(columns, rows, reduced, duals, highs.getBasis())

    def again(self) -> Array | None:
        """Return the columns of an optimum, found from the last solve's basis; which of several depends on that."""
        highs = self._highs()
        highs.run()
        if highs.getModelStatus() != highspy.HighsModelStatus.kOptimal:
            return None
        return np.array(highs.getSolution().col_value)

    def _highs(self) -> Any:
        if self._loaded is None:
            self._loaded = self._load()
        return self._loaded

    def _load(self) -> Any:
        highs = native.new({"presolve": "off", "threads": 1, "solver": "simplex"})
        bounds = self.col_lower, self.col_upper, self.row_lower, self.row_upper
        highs.passModel(native.lp_with(self.matrix, self.cost, *bounds))
        return highs


def extended(basis: Any, lower: Array, upper: Array, rows: int) -> Any:
    """Return a basis with more columns, at rest at a bound, and more rows, with basic slacks."""
    status = highspy.HighsBasisStatus
    resting = np.where(np.isfinite(lower), 0, np.where(np.isfinite(upper), 1, 2))
    choices = (status.kLower, status.kUpper, status.kZero)
    return _basis(
        [*basis.col_status, *(choices[i] for i in resting.tolist())], [*basis.row_status, *[status.kBasic] * rows]
    )


def _basis(columns: Iterable[Any], rows: Iterable[Any]) -> Any:
    basis = highspy.HighsBasis()
    basis.col_status, basis.row_status = list(columns), list(rows)
    return basis
