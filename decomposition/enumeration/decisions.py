r"""The joint values of the leader's integers that its own rows leave, in an order in which neighbours differ little.

One variable after the other, all partial decisions at once: those from which some row cannot be met any more, whatever
the others are, are dropped, :math:`\sum_{i \le j} a_{ri} x_i + \min \sum_{i > j} a_{ri} x_i > u_r`. Other variables in
a row leave it as much room as their ranges have. Values go up and down in turn (a reflected Gray code), so that LPs
that are solved one after the other are alike.

Source: D. E. Knuth, *The Art of Computer Programming* 4A, section 7.2.1.1 (the order).
"""

import numpy as np
from scipy.sparse import csr_array

from ...heuristics.encoding.limits import FEASIBLE, Array
from .arrays import Arrays

MOST = 4096
"""Decisions that are listed at most."""

WORK = 20_000_000
"""Numbers (partial decisions times rows) that are held at once at most, and 16 times ``MOST`` partial decisions."""


def decisions(arrays: Arrays, most: int = MOST) -> Array | None:
    """Return all decisions that the leader's rows may allow, one in each row; None where they are too many."""
    low, high = arrays.domain
    if np.any(low > high):
        return np.zeros((0, low.size))
    matrix, lower, upper = _rows(arrays)
    ends = np.stack([matrix * low, matrix * high])
    least = np.hstack([ends.min(axis=0)[:, ::-1].cumsum(axis=1)[:, ::-1], np.zeros((len(matrix), 1))])
    greatest = np.hstack([ends.max(axis=0)[:, ::-1].cumsum(axis=1)[:, ::-1], np.zeros((len(matrix), 1))])
    slack_low, slack_high = (FEASIBLE * (1 + np.abs(np.where(np.isfinite(side), side, 0.0))) for side in (lower, upper))
    found, reached = np.zeros((1, 0)), np.zeros((1, len(matrix)))
    for j in range(low.size):
        count = int(high[j] - low[j]) + 1
        if count * len(found) > min(16 * most, WORK / max(1, len(matrix), low.size)):
            return None
        values = low[j] + np.arange(count)
        turned = np.where((np.arange(len(found)) % 2)[:, None], values[::-1], values).ravel()
        found = np.hstack([np.repeat(found, count, axis=0), turned[:, None]])
        reached = np.repeat(reached, count, axis=0) + turned[:, None] * matrix[:, j]
        possible = reached + least[:, j + 1] <= upper + slack_high
        possible &= reached + greatest[:, j + 1] >= lower - slack_low
        kept = possible.all(axis=1)
        found, reached = found[kept], reached[kept]
    found = found[_allowed(arrays, found)]
    return found if len(found) <= most else None


def _rows(arrays: Arrays) -> tuple[Array, Array, Array]:
    """Return the leader's rows that are linear in the decision, with what the ranges of other variables leave them."""
    leader, limits = arrays.leader, arrays.leader_limits
    curved = np.zeros(limits.lower.size, dtype=bool)
    curved[leader.squares[0]] = curved[leader.terms[0]] = True
    usable = np.flatnonzero(~curved & (np.diff(leader.linear.indptr) > 0))
    least, greatest = activity(leader.matrix, *ranges(arrays))
    return (
        leader.linear[usable].toarray(),
        (limits.lower - leader.constant - greatest)[usable],
        (limits.upper - leader.constant - least)[usable],
    )


def ranges(arrays: Arrays) -> tuple[Array, Array]:
    """Return what is known of all that adapts: nothing of prices."""
    unknown = np.full(arrays.prices[0].size, np.inf)
    return np.r_[arrays.columns.lower, -unknown], np.r_[arrays.columns.upper, unknown]


def activity(matrix: csr_array, lower: Array, upper: Array) -> tuple[Array, Array]:
    """Return the least and the greatest value of each row over a box."""
    entries = matrix.tocoo()
    (r, k), a = entries.coords, entries.data
    r, k, a = r[a != 0], k[a != 0], a[a != 0]
    up = a > 0
    ends = (np.where(up, a * lower[k], a * upper[k]), np.where(up, a * upper[k], a * lower[k]))
    least, greatest = (np.bincount(r, end, minlength=matrix.shape[0]) for end in ends)
    return least, greatest


def _allowed(arrays: Arrays, found: Array) -> Array:
    """Return which decisions meet the rows in which nothing else is, products of the leader's variables included."""
    leader, limits = arrays.leader, arrays.leader_limits
    alone = np.diff(leader.matrix.indptr) == 0
    alone[leader.terms[0]] = False
    if not alone.any():
        return np.ones(len(found), dtype=bool)
    allowed: Array = np.asarray(~limits.excess(leader.constants(found))[:, alone].any(axis=1))
    return allowed
