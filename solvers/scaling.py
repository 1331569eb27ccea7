r"""Scaling: rows, columns and objective by powers of two, so that a solver's absolute tolerances mean what they say.

.. math:: x = C x', \quad A' = R A C, \quad c' = \omega C c, \quad l' = C^{-1} l, \; \underline r' = R \underline r

A tolerance of 1e-6 on a row whose entries are 1e5 asks for twelve digits, and on one whose entries are 1e-5 for one:
solvers were seen to call wrong points optimal, and feasible models infeasible, where columns or rows span powers of
ten. Powers of two make scaling and unscaling exact. Integer columns are left as they are.

The factors are those of geometric equilibration, a few passes, with a last pass that makes the largest entry of each
row about 1; columns are never scaled beyond their range. What is well scaled already is left alone.

Source: A. R. Curtis and J. K. Reid, *On the automatic scaling of matrices for Gaussian elimination*, J. Inst. Math.
Appl. 10, 1972; J. A. Tomlin, *On scaling linear programming problems*, Math. Program. Study 4, 1975.
"""

from dataclasses import dataclass, replace

import numpy as np
from scipy.sparse import csr_array, diags_array

from .program import Array, Form, Program

PASSES = 6
WELL_SCALED = 2.0**7
"""Entries between 1 / this and this times 1 are left alone."""
LARGEST = 2.0**30
"""No factor is larger, or smaller than its inverse."""
DUST = 1e-11
"""An entry that is less than this part of its row's largest says nothing of the row's scale."""
FELT = 1e-6
"""But it does where it times a bound of its column is more than this."""


@dataclass(frozen=True)
class Scaling:
    """Factors: ``x = column * x'``, row k times ``row[k]``, objective times ``objective``."""

    column: Array
    row: Array
    objective: float

    def apply(self, program: Program) -> Program:
        """Return the scaled program."""
        column, row = self.column, self.row
        return replace(
            program,
            cost=program.cost * column * self.objective,
            offset=program.offset * self.objective,
            quadratic=self._form(program.quadratic, self.objective),
            lower=program.lower / column,
            upper=program.upper / column,
            start=program.start / column,
            matrix=csr_array(diags_array(row) @ program.matrix @ diags_array(column)),
            row_lower=program.row_lower * row,
            row_upper=program.row_upper * row,
            row_forms={k: self._form(form, row[k]) for k, form in program.row_forms.items()},
            unit=column,
            gap=None if (gap := program.gap) is None
            else replace(gap, cost=gap.cost * column, form=self._form(gap.form, 1.0)),
        )  # fmt: skip

    def _form(self, form: Form, factor: float) -> Form:
        return replace(form, value=form.value * self.column[form.first] * self.column[form.second] * factor)

    def point(self, scaled: Array) -> Array:
        """Return a point of the program, given one of the scaled program."""
        return scaled * self.column

    def duals(self, scaled: Array) -> Array:
        """Return the rows' duals, given those of the scaled program."""
        return scaled * self.row / self.objective


def scaling_of(program: Program) -> Scaling:
    """Return the factors for a program; all 1 where its entries are near 1 already."""
    entries = _entries(program)
    row, column = np.ones(entries.shape[0]), np.ones(entries.shape[1])
    if not _near_one(entries.data):
        row, column = _equilibrate(entries, program)
    cost = np.abs(np.r_[program.cost * column, Scaling(column, row, 1.0)._form(program.quadratic, 1.0).value])
    largest = cost.max(initial=0.0)
    # Never scaled down: absolute gaps would come to mean more than they say.
    objective = float(_power(1.0 / largest)) if 0.0 < largest < 1.0 / WELL_SCALED else 1.0
    return Scaling(column, row, objective)


def _entries(program: Program) -> csr_array:
    """Return the absolute linear entries, without zeros, and without dust in columns that have more than that.

    What a row feels at a bound of the column is no dust: 1e-6 y beside 1e6 z, where y goes up to 1e6.
    """
    entries = csr_array(abs(program.matrix))
    rows = np.repeat(np.arange(entries.shape[0]), np.diff(entries.indptr))
    largest = np.zeros(entries.shape[0])
    np.maximum.at(largest, rows, entries.data)
    bounds = np.abs(np.where(np.isfinite([program.lower, program.upper]), [program.lower, program.upper], 0.0))
    felt = entries.data * bounds.max(axis=0, initial=0.0)[entries.indices] > FELT
    dust = (entries.data <= DUST * largest[rows]) & ~felt
    more = np.zeros(entries.shape[1], dtype=bool)
    more[entries.indices[~dust]] = True  # a column of dust alone has no other scale, and solvers drop what is tiny
    entries.data[dust & more[entries.indices]] = 0.0
    entries.eliminate_zeros()
    return entries


def _near_one(entries: Array) -> bool:
    return bool(np.all((entries <= WELL_SCALED) & (entries >= 1.0 / WELL_SCALED)))


def _equilibrate(entries: csr_array, program: Program) -> tuple[Array, Array]:
    """Return factors of rows and columns: the geometric mean of each one's extremes becomes about 1."""
    rows, columns = entries.shape
    where = np.repeat(np.arange(rows), np.diff(entries.indptr)), entries.indices
    logs = np.log2(entries.data)
    row, column = np.zeros(rows), np.zeros(columns)
    most = _log_range(program)
    free = ~program.integer
    for _ in range(PASSES):
        row = -_middle(logs + column[where[1]], where[0], rows)
        column = np.where(free, np.minimum(-_middle(logs + row[where[0]], where[1], columns), most), 0.0)
    row = -_extreme(np.maximum, logs + column[where[1]], where[0], rows)
    return _power(np.exp2(row)), _power(np.exp2(column))


def _log_range(program: Program) -> Array:
    """Return the binary logarithm of each column's largest absolute value, inf where there is none."""
    size = np.maximum(np.abs(program.lower), np.abs(program.upper))
    with np.errstate(divide="ignore"):
        return np.where(size > 0, np.maximum(np.log2(size), -np.log2(LARGEST)), 0.0)


def _middle(logs: Array, where: Array, count: int) -> Array:
    return (_extreme(np.maximum, logs, where, count) + _extreme(np.minimum, logs, where, count)) / 2


def _extreme(which: np.ufunc, logs: Array, where: Array, count: int) -> Array:
    """Return the largest or smallest of each group; 0 for a group without members."""
    outside = -np.inf if which is np.maximum else np.inf
    found = np.full(count, outside)
    which.at(found, where, logs)
    return np.where(np.isfinite(found), found, 0.0)


def _power(factor: Array | float) -> Array:
    """Return the nearest power of two."""
    return np.clip(np.exp2(np.round(np.log2(factor))), 1.0 / LARGEST, LARGEST)
