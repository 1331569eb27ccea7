r"""Expressions of both levels as arrays, so that a decision of the leader is put in within microseconds.

With the decision :math:`x` fixed before the followers react and :math:`w` everything that adapts to it (the followers'
variables, then the leader's others), expressions of degree two without products inside :math:`w` are

.. math:: g_r(x, w) = g_{r0} + a_r^\top x + \sum_{ij} q_{rij} x_i x_j
          + \sum_k \Big( A_{rk} + \sum_j B_{rkj} x_j \Big) w_k

An objective may have a quadratic part in :math:`w` besides.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from pyomo.repn.quadratic import QuadraticRepnVisitor
from scipy.sparse import csr_array

from ...levels.follower_form import VariableRecorder
from ..encoding.limits import Array

Place = Mapping[int, tuple[str, int]]
"""id of a variable -> ("x" or "w", its index)."""


class NotCompiled(Exception):  # noqa: N818 - a reason, caught where the slow way is taken instead
    """Why an expression has no arrays; the evaluation goes through Pyomo then."""


@dataclass(frozen=True)
class Bilinear:
    """Expressions g_r(x, w); see the module. ``terms`` are the entries of B as (r, k, j, coefficient)."""

    constant: Array
    linear: csr_array
    squares: tuple[Array, Array, Array, Array]  # r, i, j, coefficient of x_i x_j
    matrix: csr_array
    terms: tuple[Array, Array, Array, Array]
    quadratic: tuple[Array, Array, Array]  # k, l, coefficient of w_k w_l, of a single expression

    @property
    def moving(self) -> bool:
        """Whether coefficients of w depend on x."""
        return bool(self.terms[0].size)

    def constants(self, decisions: Array) -> Array:
        """Return what is left of each expression at w = 0, for many decisions, one in a row."""
        i, j = self.squares[1:3]
        found = self._by_row(self.linear, decisions)
        if i.size:
            found += self._by_row(self._squared, decisions[:, i] * decisions[:, j])
        return found + self.constant

    def values(self, decisions: Array, adapted: Array) -> Array:
        """Return the expressions' values for many decisions, each with its own w."""
        m, n, q = self.quadratic
        found = self.constants(decisions) + self._by_row(self.matrix, adapted)
        if self.moving:
            products = self._by_row(self._moves, decisions) * adapted[:, self.places[1]]
            found += self._by_row(self._collected, products)
        if q.size:
            found += np.ascontiguousarray(q * adapted[:, m] * adapted[:, n]).sum(axis=1, keepdims=True)
        return found

    def entries(self, decisions: Array) -> Array:
        """Return the coefficients of w that depend on x, at ``places``, for many decisions."""
        return self._by_row(self._moves, decisions) + self._still_there

    def costs(self, decisions: Array) -> Array:
        """Return all coefficients of w in the first expression (an objective), for many decisions."""
        found = np.tile(self._still, (len(decisions), 1))
        found[:, self.places[1]] = self.entries(decisions)
        return found

    @cached_property
    def places(self) -> tuple[Array, Array]:
        """Rows and columns of the coefficients of w that depend on x."""
        return self._terms_at[0], self._terms_at[1]

    @staticmethod
    def _by_row(matrix: csr_array, vectors: Array) -> Array:
        """Return matrix times each row; scipy adds up entry by entry, so that none depends on how many there are."""
        return np.ascontiguousarray((matrix @ vectors.T).T)

    @cached_property
    def _still(self) -> Array:
        return np.asarray(self.matrix[[0]].toarray()[0], dtype=float)

    @cached_property
    def _still_there(self) -> Array:
        return np.array([self.matrix[i, j] for i, j in zip(*self.places, strict=True)], dtype=float)

    @cached_property
    def _terms_at(self) -> tuple[Array, Array, Array]:
        """Row and column of each place, and the place of each term."""
        r, k, _, _ = self.terms
        (rows, columns), which = np.unique(np.stack([r, k]), axis=1, return_inverse=True)
        return rows, columns, which.ravel()

    @cached_property
    def _moves(self) -> csr_array:
        """What each variable of x adds to the coefficient at each place."""
        _, _, j, b = self.terms
        return csr_array((b, (self._terms_at[2], j)), shape=(self.places[0].size, self.linear.shape[1]))

    @cached_property
    def _collected(self) -> csr_array:
        """The row of each place."""
        rows = self.places[0]
        return csr_array((np.ones(rows.size), (rows, np.arange(rows.size))), shape=(self.constant.size, rows.size))

    @cached_property
    def _squared(self) -> csr_array:
        r, _, _, q = self.squares
        return csr_array((q, (r, np.arange(r.size))), shape=(self.constant.size, r.size))


def read(expressions: Sequence[Any], place: Place, sizes: tuple[int, int], quadratic: bool = False) -> Bilinear:
    """Read expressions (for the user's own variables) into arrays.

    :param sizes: lengths of x and w.
    :param quadratic: whether products inside w are allowed (for one expression, an objective).
    :raises NotCompiled: a degree above two, or a product inside w that is not allowed.
    """
    visitor = QuadraticRepnVisitor({}, var_recorder=VariableRecorder())
    constant = np.zeros(len(expressions))
    linear: dict[str, list[tuple[int, int, float]]] = {"x": [], "w": []}
    squares: list[tuple[int, int, int, float]] = []
    terms: list[tuple[int, int, int, float]] = []
    inside: list[tuple[int, int, float]] = []
    for r, expression in enumerate(expressions):
        repn = visitor.walk_expression(expression)
        if repn.nonlinear is not None:
            raise NotCompiled(f"an expression of the model is not quadratic: {repn.nonlinear}")
        constant[r] = repn.constant
        for key, a in repn.linear.items():
            kind, index = place[key]
            linear[kind].append((r, index, a))
        for (first, second), q in (repn.quadratic or {}).items():
            (kind, i), (other, j) = sorted((place[first], place[second]))  # w before x
            if (kind, other) == ("x", "x"):
                squares.append((r, i, j, q))
            elif (kind, other) == ("w", "x"):
                terms.append((r, i, j, q))
            elif quadratic:
                inside.append((i, j, q))
            else:
                raise NotCompiled("a row multiplies variables that both adapt to the leader's decision")
    return Bilinear(
        constant,
        _sparse(linear["x"], (len(expressions), sizes[0])),
        _columns(squares, 4),
        _sparse(linear["w"], (len(expressions), sizes[1])),
        _columns(terms, 4),
        _columns(inside, 3),
    )


def _sparse(entries: list[tuple[int, int, float]], shape: tuple[int, int]) -> csr_array:
    r, k, a = _columns(entries, 3)
    return csr_array((a, (r, k)), shape=shape)


def _columns(entries: Sequence[tuple[Any, ...]], count: int) -> tuple[Any, ...]:
    """Return the columns of a table of indices, of which the last is a number."""
    table = np.array(entries, dtype=float).reshape(-1, count).T
    return (*(column.astype(np.int64) for column in table[:-1]), table[-1])
