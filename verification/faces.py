r"""A follower's optimal face at a decision, and the multipliers that belong to it, in arrays.

At an optimum :math:`\hat y` of a convex QP, let E be the equalities and I the sides without slack, each written as
:math:`v_i^\top y \ge b_i`. The multipliers of all optima are

.. math:: M = \{ \mu : \nabla f(\hat y) = \sum_{E \cup I} \mu_i v_i, \; \mu_I \ge 0 \},

and, with any one of them, the directions from :math:`\hat y` to other optima span the cone

.. math:: K = \{ z : Q z = 0, \; v_E^\top z = 0, \; v_i^\top z \ge 0 \; (i \in I), \; v_i^\top z = 0 \; (\mu_i > 0) \}.

As K is a cone, :math:`\max \sum t_i, \; 0 \le t_i \le 1, \; t_i \le v_i^\top z` over it ends with every
:math:`t_i` at 0 or 1, and the dimension of the face is n less the rank of Q, of the equalities, of the sides with
:math:`\mu_i > 0` and of those with :math:`t_i = 0`.

Sources: O. L. Mangasarian, *Uniqueness of solution in linear programming*, Linear Algebra Appl. 25, 1979; R. M. Freund,
R. Roundy, M. J. Todd, *Identifying the set of always-active constraints in a system of linear inequalities by a single
linear program*, MIT Sloan working paper 1674, 1985.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from pyomo.core import value
from scipy.sparse import csr_array, eye_array, hstack, vstack

from ..connectivity import connected_components
from ..levels.follower_form import FollowerForm, Row
from ..solvers.highs import native
from .responses import POSITIVE

Array = np.ndarray

DENSE = 1000
"""Columns of a matrix whose rank is computed, for each of its independent parts."""

TOLERANCES = ((1e-6,), (1e-6, 1e-5, 1e-4))
"""Of what has no slack, for LPs and QPs; of QPs also of the gradient. The first at which multipliers exist is taken."""

RANK = 1e-9  # a pivot below it, in rows of size 1, is rounding


OPTIMAL, UNBOUNDED = "optimal", "unbounded"


@dataclass
class Work:
    """Simplex iterations that are left."""

    left: int


@dataclass(frozen=True)
class Extreme:
    """The multipliers at an end; None where there is no end (``told``), or where it was not found."""

    multipliers: Array | None
    told: bool


class _Lp:
    """min cost'x over rows and bounds, with other costs again and again, each from the last basis."""

    def __init__(self, matrix: csr_array, bounds: tuple[Array, Array], rows: tuple[Array, Array], work: Work) -> None:
        self._without = bool(np.all(rows[0] <= 0) and np.all(rows[1] >= 0))  # whether 0 is feasible
        self._highs = native.new({"presolve": "off", "threads": 1, "solver": "simplex"})
        self._highs.passModel(native.lp_with(matrix, np.zeros(matrix.shape[1]), *bounds, *rows))
        self._work = work

    def minimum(self, cost: Array) -> tuple[str, Array]:
        """Return how it ended (OPTIMAL, UNBOUNDED, or anything else), and the point."""
        if not cost.size:
            return OPTIMAL if self._without else "infeasible", cost
        self._highs.setOptionValue("simplex_iteration_limit", self._work.left)
        self._highs.changeColsCost(cost.size, np.arange(cost.size, dtype=np.int32), cost)
        self._highs.run()
        self._work.left -= max(0, self._highs.getInfo().simplex_iteration_count)
        word = self._highs.modelStatusToString(self._highs.getModelStatus()).casefold()
        return word, np.array(self._highs.getSolution().col_value)


@dataclass(frozen=True)
class OptimalFace:
    """The face in arrays: a row of ``sides`` is v_i (of largest entry 1), with its row in the form and its sign there.

    ``unit`` is what a multiplier of 1 here is in the follower's own objective; ``positive`` tells which multipliers
    were positive in one solution.
    """

    sides: csr_array
    of_row: Array
    unit: Array
    equality: Array
    positive: Array
    hessian: csr_array
    multipliers: _Lp
    work: Work

    @classmethod
    def at(cls, form: FollowerForm, optimum: dict[int, float], work: Work) -> "OptimalFace | None":
        """Return the face at an optimum, with what the follower takes as given at its value on the model.

        None where no multipliers belong to the point, so that it is no optimum.
        """
        tried = (cls._at(form, optimum, work, tolerance) for tolerance in TOLERANCES[bool(form.quadratic)])
        return next((face for face in tried if face is not None), None)

    @classmethod
    def _at(cls, form: FollowerForm, optimum: dict[int, float], work: Work, tolerance: float) -> "OptimalFace | None":
        own = form.follower.variables
        column = {id(v): j for j, v in enumerate(own)}
        sides = [side for r, row in enumerate(form.rows) for side in _tight_sides(r, row, column, optimum, tolerance)]
        matrix, size = _to_size_1(_rows([side.entries for side in sides], len(own)))
        equality = np.array([side.equality for side in sides], dtype=bool)
        hessian = _hessian(form, column)
        curve = hessian @ np.array([optimum[id(v)] for v in own])
        gradient = np.array([float(value(form.linear[v])) for v in own]) + curve
        # Only upwards: small costs decide as much as large ones, but beside large ones they are no rounding.
        largest = float(np.abs(gradient).max(initial=0.0))
        scale = 1 / largest if 0 < largest < 1 else 1.0
        target, known_to = form.sign * scale * gradient, 1 + scale * float(np.abs(curve).max(initial=0.0))
        slack = tolerance * known_to if form.quadratic else 0.0
        bounds = np.where(equality, -np.inf, 0.0), np.full(len(sides), np.inf)
        lp = _Lp(csr_array(matrix.T), bounds, (target - slack, target + slack), work)
        status, least = lp.minimum(np.where(equality, 0.0, 1.0))
        if status != OPTIMAL:
            return None
        positive = ~equality & (least > POSITIVE[bool(form.quadratic)] * known_to)
        unit = form.sign * np.array([side.sign for side in sides]) / (size * scale)
        of_row = np.array([side.row for side in sides], dtype=int)
        return cls(matrix, of_row, unit, equality, positive, hessian, lp, work)

    def price(self, row: int) -> Array:
        """Return the weights of the multipliers that make the shadow price of a row, in the follower's own sense."""
        return np.where(self.of_row == row, self.unit, 0.0)

    def extreme(self, weights: Array) -> Extreme:
        """Minimise a weighted sum of the multipliers."""
        status, point = self.multipliers.minimum(weights)
        return Extreme(point if status == OPTIMAL else None, status in (OPTIMAL, UNBOUNDED))

    def dimension(self) -> int | None:
        """Return the dimension of the face, 0 where the response is unique; None where that takes too long."""
        fixed = self.equality | self.positive
        undecided = np.flatnonzero(~fixed)
        held = vstack([self.sides[np.flatnonzero(fixed)], self.hessian], format="csr")
        n, k = self.sides.shape[1], undecided.size
        if k:
            loose = hstack([self.sides[undecided], -eye_array(k)])
            matrix = csr_array(vstack([hstack([held, csr_array((held.shape[0], k))]), loose]))
            rows = np.zeros(matrix.shape[0]), np.r_[np.zeros(held.shape[0]), np.full(k, np.inf)]
            bounds = np.r_[np.full(n, -np.inf), np.zeros(k)], np.r_[np.full(n, np.inf), np.ones(k)]
            status, point = _Lp(matrix, bounds, rows, self.work).minimum(np.r_[np.zeros(n), -np.ones(k)])
            if status != OPTIMAL:
                return None
            held = vstack([held, self.sides[undecided[point[n:] < 0.5]]], format="csr")
        rank = _rank(held)
        return None if rank is None else n - rank


@dataclass(frozen=True)
class _Side:
    """A side of the form's row of that number, as ``entries @ y >= limit``: ``sign`` times the row."""

    row: int
    sign: float
    equality: bool
    entries: dict[int, float]


def _tight_sides(
    number: int, row: Row, column: dict[int, int], optimum: dict[int, float], tolerance: float
) -> list[_Side]:
    """Return the sides of a row that have no slack."""
    entries = {column[id(y)]: float(value(a)) for y, a in row.terms}
    reached = sum(float(value(a)) * optimum[id(y)] for y, a in row.terms) + float(value(row.constant))
    if row.equality:
        return [_Side(number, 1.0, True, entries)]
    return [
        _Side(number, sign, False, {j: sign * a for j, a in entries.items()})
        for side, limit in row.sides()
        if (sign := 1.0 if side == "lower" else -1.0) * (reached - limit) <= tolerance * (1 + abs(limit))
    ]


def _to_size_1(matrix: csr_array) -> tuple[csr_array, Array]:
    """Return the rows with a largest entry of 1, and what each was divided by; a row of zeros stays."""
    size = abs(matrix).max(axis=1).toarray().ravel() if matrix.nnz else np.zeros(matrix.shape[0])
    size = np.where(size > 0, size, 1.0)
    return csr_array(matrix.multiply(1 / size[:, None])), size


def _rows(entries: list[dict[int, float]], columns: int) -> csr_array:
    start = np.cumsum([0, *map(len, entries)])
    index = np.array([j for row in entries for j in row], dtype=np.int32)
    data = np.array([a for row in entries for a in row.values()], dtype=float)
    return csr_array((data, index, start), shape=(len(entries), columns))


def _hessian(form: FollowerForm, column: dict[int, int]) -> csr_array:
    gradient: Any = form.gradient_terms
    entries = [{column[id(z)]: 0.0 for z, _ in gradient[y]} for y in form.follower.variables]
    for row, y in zip(entries, form.follower.variables, strict=True):
        for z, q in gradient[y]:
            row[column[id(z)]] += q
    return _rows(entries, len(column))


def _rank(matrix: csr_array) -> int | None:
    """Return the rank, part by part; None where a part is too large."""
    matrix.eliminate_zeros()
    count = np.diff(matrix.indptr)
    bounds = np.unique(matrix.indices[np.repeat(count == 1, count)])  # a row of one column alone settles that column
    rest = matrix[:, np.setdiff1d(np.arange(matrix.shape[1]), bounds)]
    rank, (rows, columns) = bounds.size, rest.shape
    if not rest.nnz:
        return int(rank)
    from scipy.linalg import qr  # half as long to import as all the rest of SciPy that a solve needs

    of_row, of_column = rest.nonzero()
    parts, label = connected_components(rows + columns, of_row, rows + of_column)
    for part in range(parts):
        members = np.flatnonzero(label == part)
        own, free = members[members < rows], members[members >= rows] - rows
        if not own.size or not free.size:
            continue
        if min(own.size, free.size) > DENSE:
            return None
        dense = rest[own][:, free].toarray()
        dense /= np.abs(dense).max(axis=1, keepdims=True)
        diagonal = np.abs(np.diagonal(qr(dense, mode="r", pivoting=True)[0]))
        rank += int((diagonal > RANK * max(1.0, diagonal[0])).sum())
    return int(rank)
