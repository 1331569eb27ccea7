r"""A follower in coefficients: the form from which every reformulation is built.

.. math:: \min_y \; \sigma \, (\tfrac12 y^\top Q y + c(x)^\top y + c_0(x)), \qquad
          l_i \le \sum_j a_{ij}(x)\, y_j + a_{i0}(x) \le u_i, \qquad l_j \le y_j \le u_j

with :math:`\sigma = 1` for a minimising follower and -1 for a maximising one. Coefficients are numbers or Pyomo
expressions in the leader's variables. Built in time linear in the nonzeros with Pyomo's parameterised visitors.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
from pyomo.common.collections import ComponentMap, ComponentSet
from pyomo.common.numeric_types import native_numeric_types
from pyomo.core import minimize, value
from pyomo.core.base.constraint import ConstraintData
from pyomo.core.base.var import VarData
from pyomo.repn.parameterized import ParameterizedLinearRepnVisitor, ParameterizedQuadraticRepnVisitor
from pyomo.repn.util import OrderedVarRecorder
from scipy.sparse import coo_array

from ..connectivity import connected_components
from ..errors import NonconvexFollowerError
from ..linear_sums import sum_of
from .follower import Follower
from .integers import refuse_integers
from .names import names

Coefficient = Any  # a number, or an expression in the leader's variables


@dataclass(frozen=True, slots=True)
class Row:
    """``lower <= sum(coefficient * variable) + constant <= upper``; ``body`` is the same as one expression."""

    source: ConstraintData | VarData
    name: str
    terms: tuple[tuple[VarData, Coefficient], ...]
    constant: Coefficient
    lower: float | None
    upper: float | None

    @property
    def equality(self) -> bool:
        """Whether both sides are one number."""
        return self.lower is not None and self.lower == self.upper

    @property
    def is_bound(self) -> bool:
        """Whether this row is a bound of a follower's variable."""
        return not isinstance(self.source, ConstraintData)

    @property
    def body(self) -> Any:
        """The row's body: the user's own expression, or the variable itself for a bound."""
        return self.source if self.is_bound else self.source.body

    def sides(self) -> Iterator[tuple[str, float]]:
        """Yield ("lower", l) and ("upper", u) for the finite sides of an inequality."""
        if not self.equality:
            for side in ("lower", "upper"):
                limit = getattr(self, side)
                if limit is not None:
                    yield side, limit


@dataclass(frozen=True)
class FollowerForm:
    """The coefficients of one follower; ``gradient_terms[y]`` lists (variable, coefficient) of Q's row of y."""

    follower: Follower
    sign: int
    linear: ComponentMap
    quadratic: tuple[tuple[VarData, VarData, float], ...]
    constant: Coefficient
    rows: tuple[Row, ...]

    @property
    def gradient_terms(self) -> ComponentMap:
        """Map each variable y to the pairs (z, q) with d(quadratic part)/dy = sum q z (not multiplied by sign)."""
        gradient: ComponentMap = ComponentMap((y, []) for y in self.follower.variables)
        for first, second, coefficient in self.quadratic:
            if first is second:
                gradient[first].append((first, 2 * coefficient))
            else:
                gradient[first].append((second, coefficient))
                gradient[second].append((first, coefficient))
        return gradient


def is_number(coefficient: Coefficient) -> bool:
    """Whether a coefficient is a number and not an expression in the leader's variables."""
    return coefficient.__class__ in native_numeric_types


def follower_form(follower: Follower) -> FollowerForm:
    """Read one follower's coefficients.

    :raises NonconvexFollowerError: a row that is not linear in the follower's variables, an objective that is not
        a convex quadratic, or whose quadratic part depends on the leader.
    :raises IntegerFollowerError: an integer variable, so that optima are not those of the KKT conditions.
    """
    refuse_integers(follower)
    return coefficients(follower)


def coefficients(follower: Follower) -> FollowerForm:
    """Read one follower's coefficients, whatever the domains of its variables.

    :raises NonconvexFollowerError: see :func:`follower_form`.
    """
    given = ComponentSet(follower.given)
    variables: dict[int, VarData] = {id(v): v for v in follower.variables}
    sign = 1 if follower.objective.sense == minimize else -1
    linear, quadratic, constant = _objective(follower, given, variables, sign)
    visitor = ParameterizedLinearRepnVisitor(_NoCache(), wrt=given, var_recorder=VariableRecorder())
    named = zip(follower.constraints, names(follower.constraints), strict=True)
    rows = [_constraint_row(follower, c, name, visitor, variables) for c, name in named]
    bounded = [v for v in follower.variables if v.has_lb() or v.has_ub()]
    rows += map(_bound_row, bounded, names(bounded))
    return FollowerForm(follower, sign, linear, quadratic, constant, tuple(rows))


def _objective(
    follower: Follower, given: ComponentSet, variables: dict[int, VarData], sign: int
) -> tuple[ComponentMap, tuple[tuple[VarData, VarData, float], ...], Coefficient]:
    visitor = ParameterizedQuadraticRepnVisitor(_NoCache(), wrt=given, var_recorder=VariableRecorder())
    repn = visitor.walk_expression(follower.objective.expr)
    where = f"objective {follower.objective.name!r} of follower {follower.name!r}"
    if repn.nonlinear is not None:
        raise NonconvexFollowerError(
            f"{where} is not linear or quadratic in the follower's variables: {repn.nonlinear}. "
            "Only LP and convex QP followers have KKT conditions that describe their optima here; reformulate it."
        )
    linear = ComponentMap((v, repn.linear.get(i, 0)) for i, v in variables.items())
    quadratic: list[tuple[VarData, VarData, float]] = []
    for (i, j), coefficient in (repn.quadratic or {}).items():
        if not is_number(coefficient):
            raise NonconvexFollowerError(
                f"{where}: the coefficient of {variables[i].name}*{variables[j].name} depends on the leader "
                f"({coefficient}), so that convexity cannot be established. Make it a number."
            )
        quadratic.append((variables[i], variables[j], float(coefficient)))
    _require_convex(quadratic, sign, where)
    return linear, tuple(quadratic), repn.constant


def _require_convex(quadratic: list[tuple[VarData, VarData, float]], sign: int, where: str) -> None:
    """Check that sign * Q is positive semidefinite, one connected component of Q at a time."""
    if not quadratic:
        return
    order = {id(v): (k, v) for k, v in enumerate(ComponentSet(v for a, b, _ in quadratic for v in (a, b)))}
    first = np.array([order[id(a)][0] for a, _, _ in quadratic])
    second = np.array([order[id(b)][0] for _, b, _ in quadratic])
    half = np.array([sign * q for _, _, q in quadratic])
    n = len(order)
    hessian = coo_array((np.r_[half, half], (np.r_[first, second], np.r_[second, first])), shape=(n, n)).tocsr()
    count, label = connected_components(n, first, second)
    names = [v.name for _, v in order.values()]
    for k in range(count):
        members = np.flatnonzero(label == k)
        eigenvalues = np.linalg.eigvalsh(hessian[members][:, members].toarray())
        if eigenvalues[0] < -1e-9 * max(1.0, abs(eigenvalues[-1])):
            raise NonconvexFollowerError(
                f"{where} is {'nonconvex' if sign > 0 else 'nonconcave'} in "
                f"{', '.join(names[m] for m in members[:5])}: its Hessian has the eigenvalue "
                f"{sign * eigenvalues[0]:.6g}. KKT conditions would accept points that are not optimal; "
                "only LP and convex QP followers are covered."
            )


def _constraint_row(
    follower: Follower,
    constraint: ConstraintData,
    name: str,
    visitor: ParameterizedLinearRepnVisitor,
    variables: dict[int, VarData],
) -> Row:
    lower, body, upper = constraint.to_bounded_expression()
    found = sum_of(body, visitor.var_map, partial(_meet, visitor))
    if found is not None:
        terms = tuple((variables[i], a) for i, a in found[1].items())
        return Row(constraint, name, terms, found[0], _finite(lower), _finite(upper))
    repn = visitor.walk_expression(body)
    if repn.nonlinear is not None:
        raise NonconvexFollowerError(
            f"row {constraint.name!r} of follower {follower.name!r} is not linear in the follower's variables: "
            f"{repn.nonlinear}. Only linear rows are covered (conic and nonconvex followers are not); linearise it."
        )
    terms = tuple((variables[i], a) for i, a in repn.linear.items() if not (is_number(a) and a == 0))
    return Row(constraint, name, terms, repn.constant, _finite(lower), _finite(upper))


def _meet(visitor: ParameterizedLinearRepnVisitor, variable: VarData) -> bool | None:
    """Say what the visitor takes a variable for that it has not met, see :func:`.sum_of`."""
    if variable in visitor.wrt:
        return False
    if variable.fixed:
        return None
    visitor.var_recorder.add(variable)
    return True


def _bound_row(variable: VarData, name: str) -> Row:
    lower, upper = variable.bounds
    return Row(variable, name, ((variable, 1.0),), 0.0, lower, upper)


class VariableRecorder(OrderedVarRecorder):
    """Records one variable at a time, for Pyomo's representation visitors.

    Pyomo's own recorder adds a whole indexed variable at once; members that belong to the leader would then be
    taken for the follower's.
    """

    def __init__(self) -> None:
        super().__init__({}, {}, None)

    def add(self, variable: VarData) -> None:
        """Record a variable."""
        self.var_order[id(variable)] = len(self.var_order)
        self.var_map[id(variable)] = variable


class _NoCache(dict[int, Any]):
    """A cache of named expressions that keeps nothing.

    Pyomo's parameterised visitors fail on the second use of a named expression that contains only parameters
    (they ``duplicate`` what is a plain expression then; seen in 6.10.1).
    """

    def __setitem__(self, key: int, value: Any) -> None:
        """Keep nothing."""


def _finite(bound: Any) -> float | None:
    if bound is None:
        return None
    number = float(value(bound))
    return number if np.isfinite(number) else None
