r"""What is searched: a program's linear relaxation, and all that the relaxation forgets.

.. math:: \min c^\top x + \sum_k \omega_k t_k \quad \text{s.t.} \quad A x \in [\underline r, \overline r],\;
          x_a x_b = 0,\; x_I \text{ integer},\; w_{ij} = x_i x_j,\; t_k \ge (v_k^\top x)^2

Every product gets a column w of its own, with the rows of :mod:`.envelopes`; the convex part of the objective a column
t for each of its squares, bounded by tangents.
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from scipy.sparse import csr_array, hstack, vstack

from ..highs.squares import sum_of_squares
from ..program import Array, Form, Program
from ..quadratic import blocks, is_positive_semidefinite
from .envelopes import ROWS_EACH, Envelopes


@dataclass(frozen=True)
class Square:
    """``weight`` * (coefficients @ x[columns])^2 of the objective, bounded from below by the column ``column``."""

    weight: float
    columns: Array
    coefficients: Array
    column: int

    def factor(self, x: Array) -> float:
        """Return what is squared, at a point."""
        return float(self.coefficients @ x[self.columns])


@dataclass(frozen=True)
class Problem:
    """The relaxation in arrays (columns: the program's, products, squares), and what it forgets."""

    program: Program
    cost: Array
    lower: Array
    upper: Array
    matrix: csr_array
    row_lower: Array
    row_upper: Array
    envelopes: Envelopes
    squares: tuple[Square, ...]

    @property
    def pairs(self) -> Array:
        """Complementary columns."""
        return self.program.pairs

    @cached_property
    def integers(self) -> Array:
        """Columns of the integers."""
        return np.flatnonzero(self.program.integer)

    @property
    def columns(self) -> int:
        """Number of columns, those of products and squares included."""
        return self.cost.size

    def value(self, x: Array) -> float:
        """Return the program's own objective at a point of the relaxation."""
        return self.program.value(x[: self.program.columns])


def problem_of(program: Program, *, with_gap: bool = False) -> Problem:
    """Return what is to be searched for a program.

    :param with_gap: add the row that the complementarity gap is at most zero, its products relaxed; it is redundant.
    """
    convex, rest = _split(program.quadratic)
    products = _Products(program.columns)
    cost = np.zeros(program.columns)
    extra_cost = [(products.column(i, j), q) for i, j, q in rest]
    entries = [
        (row, products.column(int(i), int(j)), float(q))
        for row, form in program.row_forms.items()
        for i, j, q in zip(form.first, form.second, form.value, strict=True)
        if q
    ]
    hard = len(products.of)
    gap = program.gap if with_gap else None
    gap_entries = {} if gap is None else {int(j): float(gap.cost[j]) for j in np.flatnonzero(gap.cost)}
    if gap is not None:
        for i, j, q in zip(gap.form.first, gap.form.second, gap.form.value, strict=True):
            column = products.column(int(i), int(j))
            gap_entries[column] = gap_entries.get(column, 0.0) + float(q)
    squares = _squares(convex, program.columns + len(products.of))
    total = program.columns + len(products.of) + len(squares)
    cost = np.r_[program.cost, np.zeros(total - program.columns)]
    for column, q in extra_cost:
        cost[column] += q
    for square in squares:
        cost[square.column] = square.weight
    rows = program.matrix.shape[0]
    matrix = hstack([program.matrix, csr_array((rows, total - program.columns))], format="csr")
    if entries:
        k, j, q = zip(*entries, strict=True)
        matrix = csr_array(matrix + csr_array((q, (k, j)), shape=matrix.shape))
    row_lower, row_upper = program.row_lower, program.row_upper
    if gap is not None and gap_entries:
        row = csr_array((list(gap_entries.values()), list(gap_entries), [0, len(gap_entries)]), shape=(1, total))
        scale = 1.0 / np.abs(row.data).max()
        matrix = vstack([matrix, row * scale], format="csr")
        row_lower, row_upper = np.r_[row_lower, -np.inf], np.r_[row_upper, -gap.offset * scale]
        rows += 1
    count = len(products.of) * ROWS_EACH
    envelopes = Envelopes(
        np.array([(i, j, c) for (i, j), c in products.of.items()], dtype=np.int32).reshape(-1, 3), rows,
        program.integer, hard,
    )  # fmt: skip
    matrix = csr_array(vstack([matrix, envelopes.pattern(total)], format="csr")) if count else csr_array(matrix)
    free = np.full(len(products.of), np.inf)
    return Problem(
        program, cost,
        lower=np.r_[program.lower, -free, np.zeros(len(squares))],
        upper=np.r_[program.upper, free, np.full(len(squares), np.inf)],
        matrix=matrix,
        row_lower=np.r_[row_lower, np.full(count, -np.inf)],
        row_upper=np.r_[row_upper, np.full(count, np.inf)],
        envelopes=envelopes, squares=squares,
    )  # fmt: skip


class _Products:
    """Gives each product one column."""

    def __init__(self, first_column: int) -> None:
        self.first_column = first_column
        self.of: dict[tuple[int, int], int] = {}

    def column(self, i: int, j: int) -> int:
        return self.of.setdefault((min(i, j), max(i, j)), self.first_column + len(self.of))


def _split(form: Form) -> tuple[dict[tuple[int, int], float], list[tuple[int, int, float]]]:
    """Split an objective's form into the blocks that are convex, and the terms of the others."""
    terms: dict[tuple[int, int], float] = {}
    for i, j, q in zip(form.first.tolist(), form.second.tolist(), form.value.tolist(), strict=True):
        terms[i, j] = terms.get((i, j), 0.0) + q
    block = {i: k for k, (ids, _) in enumerate(blocks(terms)) for i in ids} if terms else {}
    of_block: dict[int, dict[tuple[int, int], float]] = {}
    for (i, j), q in terms.items():
        of_block.setdefault(block[i], {})[i, j] = q
    convex: dict[tuple[int, int], float] = {}
    rest: list[tuple[int, int, float]] = []
    for members in of_block.values():
        if is_positive_semidefinite(members):
            convex |= members
            continue
        for (i, j), q in members.items():
            if i == j and q > 0:
                convex[i, j] = q
            else:
                rest.append((i, j, q))
    return convex, rest


def _squares(terms: dict[tuple[int, int], float], first_column: int) -> tuple[Square, ...]:
    return tuple(
        Square(s.weight, np.array(list(s.factor), dtype=np.int32), np.array(list(s.factor.values())), first_column + k)
        for k, s in enumerate(sum_of_squares(terms) if terms else [])
    )
