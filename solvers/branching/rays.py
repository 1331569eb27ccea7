r"""Unbounded relaxations: the direction in which one improves without end, and what of the problem it breaks.

.. math:: \min c^\top d \quad \text{s.t.} \quad A d \in \mathrm{rec}[\underline r, \overline r],\;
          d \in \mathrm{rec}[l, u],\; |d| \le 1

Where the leader gains by a multiplier that nothing bounds, no relaxation has a finite bound; but a direction that makes
both members of a pair grow leaves the problem at once. Branching on such pairs ends, because there are finitely many.
"""

import numpy as np

from ..highs import native
from ..program import Array
from .lp import TOLERANCE, Lp, State

IMPROVING = 1e-8
"""A direction (with entries up to 1) that improves by less does not."""


def improving_ray(lp: Lp) -> Array | None:
    """Return an improving direction of the recession cone at the present bounds; None if there is none."""
    highs = native.new({"output_flag": False, "presolve": "off", "solver": "simplex", "threads": 1})
    ray = native.highspy.HighsLp()
    ray.num_row_, ray.num_col_ = lp.matrix.shape
    ray.col_cost_ = lp.cost
    ray.col_lower_, ray.col_upper_ = _recession(lp.lower, -1.0), _recession(lp.upper, 1.0)
    ray.row_lower_ = np.where(np.isfinite(lp.row_lower), 0.0, -np.inf)
    ray.row_upper_ = np.where(np.isfinite(lp.row_upper), 0.0, np.inf)
    ray.a_matrix_.format_ = native.highspy.MatrixFormat.kRowwise
    ray.a_matrix_.num_row_, ray.a_matrix_.num_col_ = lp.matrix.shape
    ray.a_matrix_.start_, ray.a_matrix_.index_ = lp.matrix.indptr.astype(np.int32), lp.matrix.indices.astype(np.int32)
    ray.a_matrix_.value_ = lp.matrix.data
    highs.passModel(ray)
    highs.run()
    if highs.getModelStatus() != native.highspy.HighsModelStatus.kOptimal:
        return None
    direction = np.array(highs.getSolution().col_value)
    if float(lp.cost @ direction) > -IMPROVING * max(1.0, float(np.abs(lp.cost).max(initial=0.0))):
        return None
    direction[np.abs(direction) <= TOLERANCE] = 0.0
    return direction


def any_point(lp: Lp) -> tuple[State, Array | None]:
    """Return some point at the present bounds, the objective left aside."""
    answer = lp.solve_for(np.zeros(lp.cost.size))
    return answer.state, answer.x


def _recession(bounds: Array, end: float) -> Array:
    return np.where(np.isfinite(bounds), 0.0, end)
