"""Rows and columns of both levels by powers of two, as :mod:`...solvers.scaling` does it for what solvers get.

The decision stays as it is. A coefficient that depends on it counts with its largest size over the decision's ranges.
"""

from dataclasses import replace

import numpy as np
from scipy.sparse import csr_array, diags_array, hstack, vstack

from ...heuristics.encoding.limits import Array, Limits
from ...heuristics.follower.bilinear import Bilinear
from ...solvers.program import Form, Program
from ...solvers.scaling import scaling_of
from .arrays import Arrays


def scaled(arrays: Arrays) -> Arrays:
    """Return the same in units in which entries are near 1: y and z times ``unit`` are those of the model."""
    count, own = arrays.row_limits.lower.size, len(arrays.own)
    several = arrays.price_start
    followers, leader = _sizes(arrays.rows, arrays, own), _sizes(arrays.leader, arrays, several)
    wide = csr_array(hstack([followers, csr_array((count, several - own))]))
    matrix = csr_array(vstack([wide, leader]))
    limits = [arrays.row_limits, arrays.leader_limits]
    factors = scaling_of(
        Program(
            np.zeros(several), 0.0, Form(), arrays.columns.lower, arrays.columns.upper, np.zeros(several, dtype=bool),
            matrix, np.concatenate([side.lower for side in limits]), np.concatenate([side.upper for side in limits]),
            np.full(several, np.nan),
        )
    )  # fmt: skip
    unit, row, leaders = factors.column, factors.row[:count], factors.row[count:]
    adapting = np.r_[unit, np.ones(arrays.prices[0].size)]
    return replace(
        arrays,
        rows=_rescaled(arrays.rows, row, unit[:own]),
        row_limits=_times(arrays.row_limits, row),
        bill=_rescaled(arrays.bill, np.ones(1), unit[:own]),
        columns=_times(arrays.columns, 1 / unit),
        objective=_rescaled(arrays.objective, np.ones(1), adapting),
        leader=_rescaled(arrays.leader, leaders, adapting),
        leader_limits=_times(arrays.leader_limits, leaders),
        unit=unit,
        price_unit=np.r_[row, 1 / unit[:own]],
        leader_unit=1 / leaders,
    )


def _sizes(rows: Bilinear, arrays: Arrays, columns: int) -> csr_array:
    """Return how large the coefficients of the first columns are, or can be."""
    r, k, j, b = rows.terms
    largest = np.maximum(*map(np.abs, arrays.domain)) if len(arrays.decision) else np.zeros(0)
    moving = csr_array((np.abs(b) * largest[j], (r, k)), shape=rows.matrix.shape)
    return csr_array((abs(rows.matrix) + moving)[:, :columns])


def _rescaled(rows: Bilinear, row: Array, column: Array) -> Bilinear:
    r, i, j, q = rows.squares
    s, k, m, b = rows.terms
    return replace(
        rows,
        constant=rows.constant * row,
        linear=csr_array(diags_array(row) @ rows.linear),
        squares=(r, i, j, q * row[r]),
        matrix=csr_array(diags_array(row) @ rows.matrix @ diags_array(column)),
        terms=(s, k, m, b * row[s] * column[k]),
    )


def _times(limits: Limits, factor: Array) -> Limits:
    return Limits(limits.lower * factor, limits.upper * factor)
