r"""Random bilevel LPs that have an optimum by construction, the same for the same arguments on every machine.

.. math::

    \min_{x \in X} \; c^\top x + d^\top y \quad \text{s.t.} \quad A x + B y \le b, \qquad
    y \in \arg\min_{0 \le y \le u} \{ f^\top y : C x + D y \ge e \}

All data are integer, the matrices sparse; either level may be written as a maximisation of the negative instead. A
point is drawn first: :math:`x^* \in X`, :math:`y^*` in its box and multipliers :math:`\lambda^* \ge 0` of the
follower's rows. Right-hand sides and costs are then made to fit:

* :math:`e = C x^* + D y^* - s`, with slack :math:`s \ge 0` and :math:`s_i = 0` where :math:`\lambda^*_i > 0`;
* :math:`f = D^\top \lambda^* + r`, with :math:`r_j \ge 0` where :math:`y^*_j = 0`, :math:`r_j \le 0` where
  :math:`y^*_j = u_j`, and 0 between: the KKT conditions of the follower hold, so that :math:`y^*` is its answer to x*;
* :math:`b \ge A x^* + B y^*`.

The point hence is bilevel feasible; it is left as the values of the variables. As x is bounded and the follower's
answers are, there is an optimum, in general another point. In an *elastic* instance (odd seed) the last of the
follower's variables are shortages, one for each row, free of upper bounds and dear: their costs bound the multipliers,
so that big-Ms can be proven. Without them the multipliers have no bound that is easy to find.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from pyomo.environ import Binary, ConcreteModel, Constraint, Integers, Objective, Reals, Var, maximize, minimize

from ..levels.pao_adapter import SubModel

CONTINUOUS_BOX, INTEGER_BOX = 10, 3
"""Largest value of a continuous leader's variable, and of every second one of an integer leader (the rest: binary)."""

ROWS_SHARE = 4  # n / ROWS_SHARE rows on either level
COEFFICIENTS = (-3, -2, -1, 1, 2, 3)
EXTRA = 2  # nonzeros of a row beyond those that put every variable in one row


@dataclass(frozen=True)
class _Point:
    """The point around which an instance is made, and the bounds it respects."""

    x: np.ndarray
    x_upper: np.ndarray
    y: np.ndarray
    y_upper: np.ndarray  # inf: no bound
    multipliers: np.ndarray


def build(seed: int, n: int, integer_leader: bool = False) -> ConcreteModel:
    """Build an instance with ``n`` variables on either level: ``x`` the leader's, ``L.y`` the follower's.

    :param seed: of the draw; an odd one makes an elastic instance.
    :param n: at least 4.
    :param integer_leader: binaries and integers up to ``INTEGER_BOX`` instead of continuous variables.
    :raises ValueError: ``n`` is too small, or ``seed`` negative.
    """
    if n < ROWS_SHARE:
        raise ValueError(f"n: {n} is less than {ROWS_SHARE}, so that there would be no row.")
    random = np.random.default_rng((seed, n, integer_leader))
    elastic = bool(seed % 2)
    m = n // ROWS_SHARE
    C, D = _sparse(random, m, n), _sparse(random, m, n)
    A, B = _sparse(random, m, n), _sparse(random, m, n)
    if elastic:
        D[:, n - m :] = np.eye(m, dtype=int)
    point = _draw_point(random, n, m, integer_leader, elastic)
    slack = np.where(point.multipliers > 0, 0, random.integers(0, 6, m))
    e = C @ point.x + D @ point.y - slack
    b = A @ point.x + B @ point.y + random.integers(0, 6, m)
    f = D.T @ point.multipliers + _reduced_costs(random, point)
    c, d = random.integers(-9, 10, n), random.integers(-9, 10, n)
    leader_sign, follower_sign = random.choice((1, -1), 2)

    model = ConcreteModel(name=f"random_n{n}_{'integer' if integer_leader else 'continuous'}_seed{seed}")
    domains = [(Binary if i % 2 else Integers) if integer_leader else Reals for i in range(n)]
    model.x = Var(range(n), domain=lambda _, i: domains[i], bounds=lambda _, i: (0, int(point.x_upper[i])))
    model.x.set_values(dict(enumerate(point.x.tolist())))
    model.L = SubModel(fixed=[model.x])
    y_upper = [int(u) if np.isfinite(u) else None for u in point.y_upper]
    model.L.y = Var(range(n), bounds=lambda _, j: (0, y_upper[j]))
    model.L.y.set_values(dict(enumerate(point.y.tolist())))
    x, y = list(model.x.values()), list(model.L.y.values())
    model.rows = Constraint(range(m), rule=lambda _, i: _dot(A[i], x) + _dot(B[i], y) <= int(b[i]))
    model.L.rows = Constraint(range(m), rule=lambda _, i: _dot(C[i], x) + _dot(D[i], y) >= int(e[i]))
    model.objective = _objective(leader_sign, _dot(leader_sign * c, x) + _dot(leader_sign * d, y))
    model.L.objective = _objective(follower_sign, _dot(follower_sign * f, y))
    return model


def _sparse(random: np.random.Generator, rows: int, columns: int) -> np.ndarray:
    """Draw a matrix in which every column has an entry, and every row a few."""
    matrix = np.zeros((rows, columns), dtype=int)
    for row, own in zip(matrix, np.array_split(random.permutation(columns), rows), strict=True):
        used = np.union1d(own, random.choice(columns, EXTRA, replace=False))
        row[used] = random.choice(COEFFICIENTS, len(used))
    return matrix


def _draw_point(random: np.random.Generator, n: int, m: int, integer_leader: bool, elastic: bool) -> _Point:
    """Draw x*, y* (a third at either bound, in the mean) and multipliers (half of them positive, in the mean)."""
    x_upper = np.full(n, INTEGER_BOX if integer_leader else CONTINUOUS_BOX)
    if integer_leader:
        x_upper[1::2] = 1
    y_upper = random.integers(4, 11, n).astype(float)
    where = random.choice(("lower", "inside", "upper"), n)
    y = np.select([where == "lower", where == "upper"], [0, y_upper], np.floor(y_upper / 2)).astype(int)
    if elastic:
        y[n - m :], y_upper[n - m :] = 0, np.inf
    multipliers = random.integers(1, 6, m) * random.integers(0, 2, m)
    return _Point(random.integers(0, x_upper + 1), x_upper, y, y_upper, multipliers)


def _reduced_costs(random: np.random.Generator, point: _Point) -> np.ndarray:
    """Draw reduced costs for which y* is optimal; those of variables without a bound (shortages) are large."""
    n = len(point.y)
    size = np.where(np.isfinite(point.y_upper), random.integers(0, 6, n), random.integers(5, 16, n))
    return np.select([point.y == 0, point.y == point.y_upper], [size, -size], 0)


def _dot(coefficients: np.ndarray, variables: list[Any]) -> Any:
    return sum(int(a) * v for a, v in zip(coefficients, variables, strict=True) if a)


def _objective(sign: int, expression: Any) -> Objective:
    return Objective(expr=expression, sense=minimize if sign > 0 else maximize)
