"""The rows of a relaxation as one linear program: products become columns within McCormick's envelopes."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.sparse import csr_array

from .mccormick import envelope_rows
from .program import Array, Program
from .rows import Rows


@dataclass(frozen=True, eq=False)
class Assembly:
    """A program, the column of each variable by its id, and the index of each row by its id."""

    program: Program
    columns: dict[int, int]
    row_of: dict[int, int]


def assembled(rows: Rows, parts: Sequence[str]) -> Assembly:
    """Put parts of the rows together; a row with a product of an unbounded factor is left out."""
    gathered = [rows.arrays(part) for part in parts]
    lower, upper = rows.ranges()
    first_row = np.cumsum([0, *(len(part.rows) for part in gathered)])
    linear = _together([part.linear for part in gathered], first_row)
    products = _together([part.products for part in gathered], first_row)
    bounded = np.isfinite(lower) & np.isfinite(upper)
    kept = np.ones(first_row[-1], dtype=bool)
    kept[products[0][~(bounded[products[1]] & bounded[products[2]])]] = False
    linear = [column[kept[linear[0]]] for column in linear]
    products = [column[kept[products[0]]] for column in products]

    n, m = len(lower), int(kept.sum())
    pair, product_of = np.unique(products[1] * n + products[2], return_inverse=True)
    first, second = np.divmod(pair, max(n, 1))
    used = np.zeros(n, dtype=bool)
    used[np.r_[linear[1], first, second]] = True
    column_at = np.where(used, np.cumsum(used) - 1, -1)
    w, u, v = int(used.sum()) + np.arange(len(pair)), column_at[first], column_at[second]
    index_of_row = np.cumsum(kept) - 1
    entries = [
        (index_of_row[linear[0]], column_at[linear[1]], linear[2]),
        (index_of_row[products[0]], w[product_of], products[3]),
    ]
    ranges = (lower[first], upper[first]), (lower[second], upper[second])
    limits: list[np.ndarray] = []
    for sign, a, b in envelope_rows(*ranges):
        index = m + len(pair) * len(limits) + np.arange(len(pair))
        entries += [(index, w, np.full(len(pair), sign)), (index, u, -sign * b), (index, v, -sign * a)]
        limits.append(-sign * a * b)
    row, column, data = (np.concatenate(part) for part in zip(*entries, strict=True))
    corners = [a * b for a in ranges[0] for b in ranges[1]]
    matrix = csr_array((data, (row, column)), shape=(m + 4 * len(pair), int(used.sum()) + len(pair)))
    matrix.eliminate_zeros()
    sides = [np.concatenate([getattr(part, side) for part in gathered])[kept] for side in ("lower", "upper")]
    program = Program(
        matrix,
        np.concatenate([sides[0], *limits]),
        np.r_[sides[1], np.full(4 * len(pair), np.inf)],
        np.r_[lower[used], np.minimum.reduce(corners)],
        np.r_[upper[used], np.maximum.reduce(corners)],
    )
    every = [row for part in gathered for row in part.rows]
    columns = {i: k for i, k in zip(rows.variables, column_at.tolist(), strict=False) if k >= 0}
    return Assembly(program, columns, {id(every[k]): i for i, k in enumerate(np.flatnonzero(kept).tolist())})


def _together(parts: Sequence[tuple[Array, ...]], first_row: Array) -> list[Array]:
    """Concatenate the terms of several parts, whose rows are counted on."""
    moved = [(row + start, *rest) for (row, *rest), start in zip(parts, first_row[:-1], strict=True)]
    return [np.concatenate(columns) for columns in zip(*moved, strict=True)]
