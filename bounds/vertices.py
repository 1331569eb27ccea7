r"""The vertex argument: some optimal multipliers are a vertex of the dual polyhedron, and those can be listed.

For an LP follower the optimal multipliers form a face of :math:`\{(\lambda, \nu) : A^\top \lambda + H^\top \nu = c,\;
\lambda \ge 0\}`, which contains a vertex if the polyhedron has one. Its vertices do not depend on the leader where
costs and coefficients do not. A leader that does not see the multipliers loses nothing if they are restricted to the
vertices. Only for blocks small enough to list all bases.
"""

import math
from collections.abc import Iterable
from itertools import combinations

import numpy as np
from pyomo.common.collections import ComponentMap, ComponentSet
from pyomo.core.base.var import VarData

from ..levels.duality_gap import DualityGap
from ..levels.follower_form import Row, is_number
from .ranges import Bound, Proof, Ranges

LARGEST_LIST = 20_000  # bases of all blocks together
LARGEST_MATRIX = 250_000  # entries of a block's matrix, which is dense

NEARLY, RELATIVE, ROUNDING = 1e-9, 1e-5, 1e-12
"""What counts as equal, relative to the largest and to the number; what as 0 beside a vertex's largest coordinate."""


def vertex_bounds(gaps: Iterable[DualityGap], ranges: Ranges, wanted: list[VarData]) -> ComponentMap:
    """Bound the wanted multipliers by the vertices of their block's dual polyhedron, where these can be listed.

    :param gaps: the blocks of all followers.
    """
    chosen = ComponentSet(wanted)
    bounds: ComponentMap = ComponentMap()
    left = LARGEST_LIST
    for gap in gaps:
        of_rows = zip(gap.rows, gap.multipliers, strict=True)
        columns = [(row, side, m) for row, own in of_rows for side, m in own.items() if row.terms]
        if left <= 0:
            break
        if gap.quadratic or not any(m in chosen for _, _, m in columns):
            continue
        if any(m in ranges.imposed for _, _, m in columns):
            continue  # the model restricts some multipliers of the block: the vertices may not be among those left
        largest, listed = _largest_at_vertices(gap, [(row, side) for row, side, _ in columns], left)
        left -= listed
        if largest is not None:
            for (_, _, multiplier), value in zip(columns, largest, strict=True):
                if multiplier in chosen:
                    reason = "vertices of the dual polyhedron, all listed"
                    bounds[multiplier] = Bound(float(value), Proof.proven, reason)
    return bounds


def _largest_at_vertices(gap: DualityGap, columns: list[tuple[Row, str]], left: int) -> tuple[np.ndarray | None, int]:
    """Return the largest absolute value of each multiplier over all vertices, and how many bases were listed.

    The first is None if they cannot be listed.
    """
    form = gap.form
    rows_of = {id(y): k for k, y in enumerate(ComponentSet(y for row in gap.rows for y, _ in row.terms))}
    if len(rows_of) * len(columns) > LARGEST_MATRIX:
        return None, 0
    cost = np.zeros(len(rows_of))
    for y in gap.variables:
        if id(y) in rows_of:
            if not is_number(form.linear[y]):
                return None, 0
            cost[rows_of[id(y)]] = form.sign * form.linear[y]
    matrix = np.zeros((len(rows_of), len(columns)))
    for k, (row, side) in enumerate(columns):
        for y, coefficient in row.terms:
            if not is_number(coefficient):
                return None, 0
            matrix[rows_of[id(y)], k] += -coefficient if side == "upper" else coefficient
    matrix, cost, unit = _equilibrated(matrix, cost)
    free = [k for k, (_, side) in enumerate(columns) if side == "equality"]
    signed = [k for k, (_, side) in enumerate(columns) if side != "equality"]
    size = np.linalg.matrix_rank(matrix) - len(free)
    if np.linalg.matrix_rank(matrix[:, free]) < len(free) or size < 0:
        return None, 0  # a line in the polyhedron: it has no vertex
    bases = math.comb(len(signed), size)
    if bases > left:
        return None, 0
    largest = np.zeros(len(columns))
    allowed = NEARLY * np.abs(cost).max(initial=0.0) + RELATIVE * np.abs(cost)
    for basis in combinations(signed, size):
        own = [*free, *basis]
        point, _, rank, _ = np.linalg.lstsq(matrix[:, own], cost, rcond=None)
        if rank < len(own) or (np.abs(matrix[:, own] @ point - cost) > allowed).any():
            continue
        size_of_point = np.abs(point).max(initial=0.0)
        if (point[len(free) :] >= -NEARLY * size_of_point).all():
            point[np.abs(point) <= ROUNDING * size_of_point] = 0.0  # an M of 1e-17 would upset any solver
            largest[own] = np.maximum(largest[own], np.abs(point))
    return largest * unit * (1 + NEARLY), bases


def _equilibrated(matrix: np.ndarray, cost: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return matrix and costs with largest entries near 1, and the unit of each column; ranks are wrong without."""
    row = np.abs(matrix).max(axis=1, initial=0.0)
    row = np.exp2(-np.round(np.log2(np.where(row > 0, row, 1.0))))
    matrix = matrix * row[:, None]
    column = np.abs(matrix).max(axis=0, initial=0.0)
    unit = np.exp2(-np.round(np.log2(np.where(column > 0, column, 1.0))))
    return matrix * unit, cost * row, unit
