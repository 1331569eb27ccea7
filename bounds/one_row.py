r"""What each row alone says of its columns: interval arithmetic on all rows at once, for where LPs would be too many.

From :math:`\sum_j a_j v_j \le b` follows :math:`v_k \le (b - \min \sum_{j \ne k} a_j v_j) / a_k` for :math:`a_k > 0`;
the weight of the row is :math:`1 / a_k`, that of all others 0.
"""

import numpy as np

from .program import Array, Program

ROUNDING = 1e-12  # of a sum, relative to its terms


def bounds_by_one_row(program: Program, sign: float) -> tuple[Array, Array, Array]:
    """Return the smallest bound of ``sign * v`` of each column, with the row and its weight that prove it.

    The bound is infinite where there is none.
    """
    matrix = program.matrix.tocoo()
    row, column, a = matrix.row, matrix.col, matrix.data
    m, n = matrix.shape
    weight = sign / a
    side = np.where(weight > 0, program.row_upper[row], program.row_lower[row])
    value, size = weight * side, np.abs(weight * side)
    for upwards in (True, False):  # rows with a positive weight need their least activity, others their largest
        end = np.where((a > 0) == upwards, program.lower[column], program.upper[column])
        term = np.where(np.isfinite(end), a * np.where(np.isfinite(end), end, 0.0), 0.0)
        endless = ~np.isfinite(end)
        count = np.bincount(row, endless, m)[row] - endless
        rest = np.bincount(row, term, m)[row] - term
        absolute = np.bincount(row, np.abs(term), m)[row]
        mine = (weight > 0) == upwards
        value[mine] = np.where(count > 0, np.inf, value - weight * rest)[mine]
        size[mine] += (np.abs(weight) * absolute)[mine]
    value = np.where(np.isfinite(value), value + ROUNDING * size, np.inf)
    order = np.lexsort((value, column))
    first = order[np.unique(column[order], return_index=True)[1]]
    bound, best, weights = np.full(n, np.inf), np.zeros(n, dtype=np.int64), np.zeros(n)
    bound[column[first]], best[column[first]], weights[column[first]] = value[first], row[first], weight[first]
    return bound, best, weights
