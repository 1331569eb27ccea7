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

    def constants(self, x: Array) -> Array:
        """Return what is left of each expression at w = 0."""
        r, i, j, q = self.squares
        return self.constant + self.linear @ x + np.bincount(r, q * x[i] * x[j], minlength=self.constant.size)

    def values(self, x: Array, w: Array) -> Array:
        """Return the expressions' values."""
        r, k, j, b = self.terms
        m, n, q = self.quadratic
        products = np.bincount(r, b * x[j] * w[k], minlength=self.constant.size)
        return self.constants(x) + self.matrix @ w + products + (q * w[m] * w[n]).sum()

    def entries(self, x: Array) -> tuple[Array, Array, Array]:
        """Return the coefficients of w that depend on x, as (row, column, number)."""
        r, k, still, which = self._places
        _, _, j, b = self.terms
        return r, k, still + np.bincount(which, b * x[j], minlength=still.size)

    def costs(self, x: Array) -> Array:
        """Return all coefficients of w in the first expression (an objective)."""
        _, k, j, b = self.terms
        return self._still + np.bincount(k, b * x[j], minlength=self._still.size)

    @cached_property
    def _still(self) -> Array:
        return np.asarray(self.matrix[[0]].toarray()[0], dtype=float)

    @cached_property
    def _places(self) -> tuple[Array, Array, Array, Array]:
        r, k, _, _ = self.terms
        places, which = np.unique(np.stack([r, k]), axis=1, return_inverse=True)
        rows, columns = places
        return rows, columns, np.array([self.matrix[i, j] for i, j in zip(rows, columns, strict=True)]), which.ravel()


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
