"""Rows with their kind and right-hand side, for solvers that take no pairs of sides."""

from dataclasses import dataclass

import numpy as np

from .program import Array, Program


@dataclass(frozen=True)
class Rows:
    """Rows as solvers take them: which of the program's each is, its kind, right-hand side and range."""

    source: Array
    kind: list[str]
    right: Array
    span: Array


def rows_of(program: Program) -> Rows:
    """Return the rows by kind: E, L, G, or R (a range, ``right - span`` to ``right``).

    Quadratic and switched ones have one side each, those without a side are left out.
    """
    low, high = program.row_lower, program.row_upper
    below, above = np.isfinite(low), np.isfinite(high)
    equal, both = below & above & (low == high), below & above & (low != high)
    plain = np.ones(low.size, dtype=bool)
    plain[[*program.row_forms, *program.switches]] = False
    kinds = np.where(equal, "E", np.where(both, "R", np.where(below, "G", "L")))
    split = np.flatnonzero(both & ~plain)
    kinds[split] = "L"
    first = np.flatnonzero(below | above)
    source = np.r_[first, split]
    kind = [*kinds[first].tolist(), *("G" for _ in split)]
    right = np.r_[np.where(above, high, low)[first], low[split]]
    span = np.r_[np.where(both, np.subtract(high, low, where=both, out=np.zeros(low.size)), 0.0)[first], 0 * split]
    return Rows(source, kind, right, span)
