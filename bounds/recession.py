r"""Which columns and rows of a linear program are unbounded, all at once, by its recession cone.

If the program is feasible, :math:`v_j` is unbounded above if and only if some direction d of the recession cone has
:math:`d_j > 0`. A sum of directions is one, so that where no column can be negative one program finds all:

.. math:: \max \sum_j t_j \quad \text{s.t.} \quad d \in \text{cone}, \; 0 \le t_j \le \min(1, d_j)

At its optimum each :math:`t_j` is 0 or 1. Columns of either sign are found with generic costs, a few programs until no
new one is found. What is said here proves nothing and need not: it only saves the search for bounds that are not there.
"""

import highspy
import numpy as np
from scipy.sparse import csr_array, eye_array, hstack

from .program import Array, Program, Work

ROUNDS = 10  # of generic costs
CLEARLY = 1e-6  # a direction's entry beyond it is not rounding


def unbounded(program: Program, columns: Array, rows: Array, work: Work) -> tuple[Array, Array, Array]:
    """Return masks of the columns that are unbounded above, and below, and of the rows.

    :param columns: mask of those that are asked for; the others are False.
    :param rows: the same, for rows with one finite side: whether their activity is unbounded on the other one.
    """
    has_lower, has_upper = np.isfinite(program.lower), np.isfinite(program.upper)
    row_lower, row_upper = np.isfinite(program.row_lower), np.isfinite(program.row_upper)
    up, down = np.zeros(len(columns), dtype=bool), np.zeros(len(columns), dtype=bool)
    rising = np.flatnonzero(columns & has_lower & ~has_upper)
    falling = np.flatnonzero(columns & has_upper & ~has_lower)
    free = columns & ~has_lower & ~has_upper
    slack = np.flatnonzero(rows & (row_lower != row_upper))
    activity = np.zeros(len(rows), dtype=bool)
    if not (len(rising) or len(falling) or free.any() or len(slack)):
        return up, down, activity
    parts = [program.matrix, program.matrix[:, rising], -program.matrix[:, falling]]
    parts.append(eye_array(len(rows), format="csc")[:, slack] * np.where(row_lower[slack], -1.0, 1.0))
    n, extra = len(columns), len(rising) + len(falling) + len(slack)
    cone = Program(
        csr_array(hstack(parts, format="csr")),
        np.where(row_lower, 0.0, -np.inf),
        np.where(row_upper, 0.0, np.inf),
        np.r_[np.where(has_lower, 0.0, -np.inf), np.zeros(extra)],
        np.r_[np.where(has_upper, 0.0, np.inf), np.ones(extra)],
    )
    if not work.load(cone):
        return up, down, activity
    lp = cone.loaded()
    found = _maximised(lp, cone, np.r_[np.zeros(n), np.ones(extra)], work)
    if found is None:
        return up, down, activity
    ones = np.split(found[n:] > 0.5, np.cumsum([len(rising), len(falling)]))
    up[rising], down[falling], activity[slack] = ones
    _free(lp, cone, n, free, up, down, found, work)
    return up, down, activity


def _free(
    lp: highspy.Highs, cone: Program, n: int, free: Array, up: Array, down: Array, found: Array, work: Work
) -> None:
    """Find the columns of either sign that are unbounded, and note them."""
    members = np.flatnonzero(free).astype(np.int32)
    if not len(members):
        return
    generic = np.random.default_rng(0).uniform(1.0, 2.0, n)
    up[members] |= found[members] > CLEARLY
    down[members] |= found[members] < -CLEARLY
    lp.changeColsBounds(len(members), members, np.full(len(members), -1.0), np.ones(len(members)))
    for _ in range(ROUNDS):
        known = up.sum() + down.sum()
        for sign, mask in ((1.0, up), (-1.0, down)):
            left = free & ~mask
            if not left.any():
                continue
            point = _maximised(lp, cone, np.r_[np.where(left, sign * generic, 0.0), np.zeros(len(found) - n)], work)
            if point is None:
                return
            up[members] |= point[members] > CLEARLY
            down[members] |= point[members] < -CLEARLY
        if up.sum() + down.sum() == known:
            return


def _maximised(lp: highspy.Highs, cone: Program, cost: Array, work: Work) -> Array | None:
    if work.left <= 0:
        return None
    lp.setOptionValue("simplex_iteration_limit", work.iterations_for(cone))
    lp.changeColsCost(len(cost), np.arange(len(cost), dtype=np.int32), cost)
    lp.run()
    work.spend(cone, max(0, lp.getInfo().simplex_iteration_count))
    if lp.getModelStatus() != highspy.HighsModelStatus.kOptimal:
        return None
    return np.array(lp.getSolution().col_value)
