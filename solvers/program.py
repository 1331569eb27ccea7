r"""A single-level model in arrays: what a solver gets, whatever its name.

.. math:: \min \; c_0 + c^\top x + x^\top Q x \quad \text{s.t.} \quad
          \underline r \le A x + x^\top Q_k x \le \overline r, \; l \le x \le u, \; x_I \text{ integer, SOS, switches}

A maximised objective is negated here, and its values are negated back by whoever asked.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property

import numpy as np
from pyomo.common.gc_manager import PauseGC
from pyomo.core.base.sos import SOSConstraintData
from pyomo.repn.quadratic import QuadraticRepn
from scipy.sparse import csr_array, vstack

from .reading import Reading

Array = np.ndarray


@dataclass(frozen=True)
class Form:
    """A quadratic form ``sum value[k] * x[first[k]] * x[second[k]]``, each pair once."""

    first: Array = field(default_factory=lambda: np.zeros(0, dtype=np.int32))
    second: Array = field(default_factory=lambda: np.zeros(0, dtype=np.int32))
    value: Array = field(default_factory=lambda: np.zeros(0))

    def __bool__(self) -> bool:
        """Whether there is any term."""
        return bool(self.value.size)

    @property
    def terms(self) -> dict[tuple[int, int], float]:
        """Coefficients by the two columns."""
        pairs = zip(self.first.tolist(), self.second.tolist(), strict=True)
        return dict(zip(pairs, self.value.tolist(), strict=True))

    def at(self, x: Array) -> float:
        """Return the value at a point."""
        return float(self.value @ (x[self.first] * x[self.second]))

    def hessian(self, n: int) -> csr_array:
        """Return the symmetric n x n matrix of second derivatives."""
        both = np.r_[self.first, self.second], np.r_[self.second, self.first]
        return csr_array((np.r_[self.value, self.value], both), shape=(n, n))


@dataclass(frozen=True)
class Sos:
    """At most ``level`` neighbours among the columns, in the order of their weights, are nonzero."""

    level: int
    columns: Array
    weights: Array


@dataclass(frozen=True)
class Gap:
    """``offset + cost @ x + form``: zero only where pairs are complementary; linear once columns ``fixed`` are."""

    cost: Array
    offset: float
    form: Form
    fixed: Array

    def at(self, x: Array) -> float:
        """Return the value at a point."""
        return float(self.offset + self.cost @ x + self.form.at(x))


@dataclass(frozen=True)
class Program:
    """The arrays of a model. ``start`` has nan where no value is known."""

    cost: Array
    offset: float
    quadratic: Form
    lower: Array
    upper: Array
    integer: Array
    matrix: csr_array
    row_lower: Array
    row_upper: Array
    start: Array
    row_forms: Mapping[int, Form] = field(default_factory=dict)
    switches: Mapping[int, tuple[int, int]] = field(default_factory=dict)
    """Row -> (column, value): the row holds while that binary has that value."""
    sos: tuple[Sos, ...] = ()
    pairs: Array = field(default_factory=lambda: np.zeros((0, 2), dtype=np.int32))
    """Complementary columns, a pair in each row."""
    pair_names: tuple[str, ...] = ()
    names: tuple[str, ...] = ()
    """Of the columns; only where there are pairs, for who branches on them."""
    gap: Gap | None = None
    unit: Array | None = None
    """What 1 in each column is in the model, where columns are scaled."""

    @property
    def columns(self) -> int:
        """Number of variables."""
        return self.cost.size

    @cached_property
    def is_discrete(self) -> bool:
        """Whether there are integers, special ordered sets, switched rows or complementary pairs."""
        return bool(self.integer.any() or self.sos or self.switches or self.pair_names)

    @property
    def is_linear(self) -> bool:
        """Whether nothing is quadratic."""
        return not self.quadratic and not self.row_forms

    def value(self, x: Array) -> float:
        """Return the objective (minimised) at a point."""
        return float(self.offset + self.cost @ x + self.quadratic.at(x))

    def within_bounds(self, x: Array) -> Array:
        """Return a point without what it misses its bounds by."""
        return np.clip(x, self.lower, self.upper)

    def gradient(self, x: Array) -> Array:
        """Return the objective's gradient at a point."""
        return self.cost + self.quadratic.hessian(self.columns) @ x

    def without_objective(self) -> "Program":
        """Return the rows alone."""
        return replace(self, cost=np.zeros(self.columns), offset=0.0, quadratic=Form())

    def at_most(self, limit: float) -> "Program":
        """Return the rows with the demand that the objective be at most a limit, and no objective."""
        rows = vstack([self.matrix, csr_array(self.cost[None, :])], format="csr")
        forms = dict(self.row_forms) | ({rows.shape[0] - 1: self.quadratic} if self.quadratic else {})
        return replace(
            self.without_objective(), matrix=rows, row_forms=forms, row_lower=np.r_[self.row_lower, -np.inf],
            row_upper=np.r_[self.row_upper, limit - self.offset],
        )  # fmt: skip


def program_of(reading: Reading) -> Program:
    """Return the arrays of a model that was read."""
    with PauseGC():  # collections that walk through the model took as long as the rest
        return _program_of(reading)


def _program_of(reading: Reading) -> Program:
    variables = list(reading.variables.values())
    column = {i: k for k, i in enumerate(reading.variables)}
    polynomial, sense = reading.polynomial, float(reading.sense)
    cost = np.zeros(len(variables))
    for i, c in (polynomial.linear if polynomial is not None else {}).items():
        cost[column[i]] += sense * c
    rows = [
        sides if sides[1].linear or sides[1].quadratic or row in reading.indicators else (None, sides[1], None)
        for row, sides in reading.rows.items()  # the reader has checked that a row without variables holds
    ]
    bounds = [v.bounds if not v.fixed else (v.value, v.value) for v in variables]
    return Program(
        cost=cost,
        offset=0.0 if polynomial is None else sense * float(polynomial.constant),
        quadratic=Form() if polynomial is None else _form(polynomial, column, sense),
        lower=np.array([-np.inf if low is None else low for low, _ in bounds], dtype=float),
        upper=np.array([np.inf if high is None else high for _, high in bounds], dtype=float),
        integer=np.array([not v.is_continuous() for v in variables], dtype=bool),
        matrix=_matrix([repn for _, repn, _ in rows], column),
        row_lower=np.array([-np.inf if low is None else low - repn.constant for low, repn, _ in rows], dtype=float),
        row_upper=np.array([np.inf if high is None else high - repn.constant for _, repn, high in rows], dtype=float),
        start=np.array([np.nan if v.value is None else v.value for v in variables], dtype=float),
        row_forms={k: _form(repn, column) for k, (_, repn, _) in enumerate(rows) if repn.quadratic},
        switches={
            k: (column[id(s.variable)], s.value)
            for k, row in enumerate(reading.rows)
            if (s := reading.indicators.get(row)) is not None
        },
        sos=tuple(_sos(constraint, column) for constraint in reading.sos),
        pairs=np.array([(column[id(p.first)], column[id(p.second)]) for p in reading.pairs], dtype=np.int32).reshape(
            -1, 2
        ),
        pair_names=tuple(pair.name for pair in reading.pairs),
        names=tuple(v.name for v in variables) if reading.pairs else (),
        gap=_gap(reading, column),
    )


def _gap(reading: Reading, column: Mapping[int, int]) -> Gap | None:
    """Return the sum of all gaps."""
    if not reading.gaps:
        return None
    cost = np.zeros(len(column))
    for repn, _ in reading.gaps:
        for i, a in repn.linear.items():
            cost[column[i]] += a
    forms = [_form(repn, column) for repn, _ in reading.gaps]
    return Gap(
        cost, float(sum(repn.constant for repn, _ in reading.gaps)),
        Form(*(np.concatenate([getattr(form, name) for form in forms]) for name in ("first", "second", "value"))),
        np.unique([column[id(v)] for _, fixed in reading.gaps for v in fixed if id(v) in column]).astype(np.int32),
    )  # fmt: skip


def _form(repn: QuadraticRepn, column: Mapping[int, int], sense: float = 1.0) -> Form:
    terms = [(column[i], column[j], sense * q) for (i, j), q in (repn.quadratic or {}).items() if q]
    if not terms:
        return Form()
    first, second, value = zip(*terms, strict=True)
    return Form(np.array(first, dtype=np.int32), np.array(second, dtype=np.int32), np.array(value, dtype=float))


def _matrix(rows: list[QuadraticRepn], column: Mapping[int, int]) -> csr_array:
    start = np.zeros(len(rows) + 1, dtype=np.int32)
    np.cumsum([len(repn.linear) for repn in rows], out=start[1:])
    index = np.fromiter((column[i] for repn in rows for i in repn.linear), dtype=np.int32, count=start[-1])
    data = np.fromiter((a for repn in rows for a in repn.linear.values()), dtype=float, count=start[-1])
    return csr_array((data, index, start), shape=(len(rows), len(column)))


def _sos(constraint: SOSConstraintData, column: Mapping[int, int]) -> Sos:
    items = [(column[id(v)], w) for v, w in constraint.get_items()]
    columns, weights = zip(*items, strict=True) if items else ((), ())
    return Sos(constraint.level, np.array(columns, dtype=np.int32), np.array(weights, dtype=float))
