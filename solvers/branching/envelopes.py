r"""The rows of products: McCormick's envelopes over a node's bounds, exact where a factor is fixed.

.. math:: w \ge l_j x_i + l_i x_j - l_i l_j, \quad w \ge u_j x_i + u_i x_j - u_i u_j, \quad
          w \le u_j x_i + l_i x_j - l_i u_j, \quad w \le l_j x_i + u_i x_j - u_i l_j

Each row needs two of the four bounds: what is not known leaves the row out. A fixed factor, :math:`x_i = k`, makes
:math:`w = k x_j` whatever is known of the other, so that a product of a binary with something unbounded is settled by
branching on the binary.

Source: G. P. McCormick, *Computability of global solutions to factorable nonconvex programs*, Math. Program. 10, 1976.
"""

import numpy as np
from scipy.sparse import csr_array

from ..program import Array

ROWS_EACH = 4
LARGE = 1e7
"""A bound beyond it is none: rows with such coefficients say nothing that a solver's tolerances would respect."""


class Envelopes:
    """The rows of all products: which columns they are about, and their coefficients at given bounds.

    :param products: a row (first factor, second factor, column of the product) for each.
    :param first_row: of the relaxation, that is about a product.
    """

    def __init__(self, products: Array, first_row: int, integer: Array) -> None:
        self.first, self.second, self.column = products[:, 0], products[:, 1], products[:, 2]
        self.first_row = first_row
        self.rows = first_row + ROWS_EACH * np.arange(len(products))
        self.square = self.first == self.second
        self.integer = integer

    def __bool__(self) -> bool:
        """Whether there is any product."""
        return bool(self.first.size)

    def pattern(self, columns: int) -> csr_array:
        """Return the rows with every entry that they may have, all zero but those of the products."""
        count = ROWS_EACH * self.first.size
        size = np.where(self.square, 2, 3)
        start = np.r_[0, np.cumsum(np.repeat(size, ROWS_EACH))].astype(np.int32)
        index = np.concatenate([
            np.tile([w, i] if i == j else [w, i, j], ROWS_EACH)
            for i, j, w in zip(self.first, self.second, self.column, strict=True)
        ])
        one = np.concatenate([np.tile([1.0, 0.0] if s else [1.0, 0.0, 0.0], ROWS_EACH) for s in self.square])
        return csr_array((one, index.astype(np.int32), start), shape=(count, columns))

    def error(self, x: Array) -> Array:
        """Return by how much each product differs from its column at a point."""
        return np.abs(x[self.column] - x[self.first] * x[self.second])

    def rows_of(self, k: int, lower: Array, upper: Array) -> list[tuple[float, float, float, float]]:
        """Return (coefficient of the first factor, of the second, lower side, upper side) of a product's four rows.

        A square's coefficient is the sum of both.
        """
        i, j = self.first[k], self.second[k]
        l1, u1, l2, u2 = float(lower[i]), float(upper[i]), float(lower[j]), float(upper[j])
        none = (0.0, 0.0, -np.inf, np.inf)
        if l1 == u1 and not self.square[k]:
            return [(0.0, -l1, 0.0, 0.0), none, none, none]
        if l2 == u2 and not self.square[k]:
            return [(-l2, 0.0, 0.0, 0.0), none, none, none]
        made = []
        for a, b, above in ((l1, l2, True), (u1, u2, True), (l1, u2, False), (u1, l2, False)):
            if max(abs(a), abs(b)) > LARGE:
                made.append(none)
            elif above:
                made.append((-b, -a, -a * b, np.inf))
            else:
                made.append((-b, -a, -np.inf, -a * b))
        return made

    def range_of(self, k: int, lower: Array, upper: Array) -> tuple[float, float]:
        """Return the interval of a product over a box."""
        i, j = self.first[k], self.second[k]
        ends = [_times(a, b) for a in (lower[i], upper[i]) for b in (lower[j], upper[j])]
        least = 0.0 if self.square[k] and lower[i] <= 0.0 <= upper[i] else min(ends)
        if self.square[k]:
            least = max(least, 0.0)
        return least, max(ends)


def _times(a: float, b: float) -> float:
    return 0.0 if a == 0.0 or b == 0.0 else float(a * b)
