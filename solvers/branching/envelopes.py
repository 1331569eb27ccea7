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
RENEW = 0.6
"""The rows of a product that need not hold are written anew when a factor's range shrinks below this part of it."""
LARGE = 1e7
"""A bound beyond it is none: rows with such coefficients say nothing that a solver's tolerances would respect."""


class Envelopes:
    """The rows of all products: which columns they are about, and their coefficients at given bounds.

    :param products: a row (first factor, second factor, column of the product) for each.
    :param first_row: of the relaxation, that is about a product.
    :param hard: how many of the products, the first ones, have to hold; the others are in redundant rows.
    """

    def __init__(self, products: Array, first_row: int, integer: Array, hard: int) -> None:
        self.hard = hard
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
        index = np.concatenate(
            [
                np.tile([w, i] if i == j else [w, i, j], ROWS_EACH)
                for i, j, w in zip(self.first, self.second, self.column, strict=True)
            ]
        )
        one = np.concatenate([np.tile([1.0, 0.0] if s else [1.0, 0.0, 0.0], ROWS_EACH) for s in self.square])
        return csr_array((one, index.astype(np.int32), start), shape=(count, columns))

    def error(self, x: Array) -> Array:
        """Return by how much each product that has to hold differs from its column at a point; 0 for the others."""
        error = np.abs(x[self.column] - x[self.first] * x[self.second])
        error[self.hard :] = 0.0
        return error

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

    def outdated(self, used: Array, lower: Array, upper: Array) -> Array:
        """Return the products whose rows are to be written anew at these bounds.

        Rows hold as long as the bounds that they were made of are no narrower than the present ones. They are renewed
        where that is not so, where a product has to hold, or where the range of a factor has shrunk much.

        :param used: the bounds (lower, upper of the first, of the second factor) that each product's rows were made of.
        """
        now = np.column_stack([lower[self.first], upper[self.first], lower[self.second], upper[self.second]])
        stale = np.any(now != used, axis=1)
        with np.errstate(invalid="ignore"):
            wide, narrow = used[:, 1::2] - used[:, ::2], now[:, 1::2] - now[:, ::2]
            shrunk = np.any((narrow < RENEW * wide) | np.isnan(wide), axis=1)
        holds = np.all((used[:, ::2] <= now[:, ::2]) & (used[:, 1::2] >= now[:, 1::2]), axis=1)
        soft = np.arange(self.first.size) >= self.hard
        return np.flatnonzero(stale & ~(soft & holds & ~shrunk))

    def tighten(self, lower: Array, upper: Array) -> None:
        """Narrow the bounds of the products' columns, in place, to the intervals of their factors' products."""
        i, j, w = self.first, self.second, self.column
        with np.errstate(invalid="ignore"):
            ends = np.nan_to_num(
                [a * b for a in (lower[i], upper[i]) for b in (lower[j], upper[j])],
                nan=0.0, posinf=np.inf, neginf=-np.inf,
            )  # fmt: skip
        least = np.where(self.square, 0.0, ends.min(axis=0))
        lower[w], upper[w] = np.maximum(lower[w], least), np.minimum(upper[w], ends.max(axis=0))
