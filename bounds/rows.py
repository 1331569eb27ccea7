"""All rows that hold at a bilevel feasible point, in coefficients: linear terms, and products of two variables.

They are read from the followers' coefficients, as walking tens of thousands of Pyomo expressions takes seconds; only
the leader's rows, and coefficients in which the leader is, are walked. Rows and ranges are kept in arrays, as they are
asked for again and again.
"""

import math
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cached_property
from itertools import chain
from typing import Any

import numpy as np
from pyomo.core.base.var import VarData
from pyomo.repn.quadratic import QuadraticRepnVisitor

from ..levels.duality_gap import DualityGap, duality_gaps
from ..levels.follower_form import Row, VariableRecorder, is_number
from .program import Array
from .system import System

Key = tuple[int, int]


@dataclass(eq=False, slots=True)
class LinearRow:
    """``lower <= constant + linear + products <= upper``, by the ids of variables; ``beyond``: there is more."""

    lower: float
    upper: float
    constant: float = 0.0
    linear: dict[int, float] = field(default_factory=lambda: defaultdict(float))
    products: dict[Key, float] = field(default_factory=lambda: defaultdict(float))
    beyond: bool = False


@dataclass(frozen=True, eq=False)
class RowArrays:
    """Rows in arrays: the row, the variable(s) by position, and the coefficient of each term."""

    lower: Array
    upper: Array
    linear: tuple[Array, Array, Array]
    products: tuple[Array, Array, Array, Array]
    rows: list[LinearRow]


class Rows:
    """The rows of a system, each part read when it is first asked for, and the ranges of the variables in them.

    While it is used, whoever proves a range says so by :meth:`learn`.
    """

    def __init__(self, system: System) -> None:
        self.system = system
        self._recorder = VariableRecorder()
        self._visitor = QuadraticRepnVisitor({}, var_recorder=self._recorder)
        self.variables: dict[int, VarData] = self._recorder.var_map
        self.position: dict[int, int] = self._recorder.var_order
        self.of_source: dict[int, LinearRow] = {}  # id(follower's row) -> its feasibility row
        self._arrays: dict[str, RowArrays] = {}
        self._lower, self._upper = np.zeros(0), np.zeros(0)

    @cached_property
    def gaps(self) -> list[DualityGap]:
        """The duality gap of each block."""
        return list(duality_gaps(self.system.conditions))

    def ranges(self) -> tuple[Array, Array]:
        """Return the ranges of all variables, by position; only what is new is read from the variables."""
        known = len(self._lower)
        if known < len(self.variables):
            new = [self.system.ranges.of_variable(v) for v in list(self.variables.values())[known:]]
            ends = np.array(new, dtype=float)
            self._lower, self._upper = np.r_[self._lower, ends[:, 0]], np.r_[self._upper, ends[:, 1]]
        return self._lower, self._upper

    def range(self, variable: VarData) -> tuple[float, float]:
        """Return the range of one variable."""
        at = self.position.get(id(variable), len(self._lower))
        if at < len(self._lower):
            return float(self._lower[at]), float(self._upper[at])
        return self.system.ranges.of_variable(variable)

    def learn(self, variable: VarData, lower: float, upper: float) -> bool:
        """Take note of a proven range; return whether an infinite side became finite."""
        at = self.position.get(id(variable), len(self._lower))
        if at >= len(self._lower):
            return self.system.ranges.learn(variable, lower, upper)
        low, high = float(self._lower[at]), float(self._upper[at])
        self._lower[at], self._upper[at] = max(low, lower), min(high, upper)
        self.system.ranges.note(variable, lower, upper)
        return (not math.isfinite(low) and math.isfinite(lower)) or (not math.isfinite(high) and math.isfinite(upper))

    def arrays(self, part: str) -> RowArrays:
        """Return the rows of ``feasibility``, ``stationarity`` or ``duality`` in arrays; not those ``beyond``."""
        if part not in self._arrays:
            self._arrays[part] = self._gathered([row for row in getattr(self, part) if not row.beyond])
        return self._arrays[part]

    def _gathered(self, rows: list[LinearRow]) -> RowArrays:
        ends = np.array([(row.lower - row.constant, row.upper - row.constant) for row in rows], dtype=float)
        ends = ends.reshape(-1, 2)
        of_linear = np.repeat(np.arange(len(rows)), [len(row.linear) for row in rows])
        of_products = np.repeat(np.arange(len(rows)), [len(row.products) for row in rows])
        pairs = list(chain.from_iterable(row.products for row in rows))
        return RowArrays(
            ends[:, 0],
            ends[:, 1],
            (
                of_linear,
                self._positions(chain.from_iterable(row.linear for row in rows)),
                np.fromiter(chain.from_iterable(row.linear.values() for row in rows), float),
            ),
            (
                of_products,
                self._positions(i for i, _ in pairs),
                self._positions(j for _, j in pairs),
                np.fromiter(chain.from_iterable(row.products.values() for row in rows), float),
            ),
            rows,
        )

    def _positions(self, ids: Iterable[int]) -> Array:
        return np.fromiter(map(self.position.__getitem__, ids), np.int64)

    @cached_property
    def feasibility(self) -> list[LinearRow]:
        """The rows of both levels; bounds of variables are ranges, and no rows."""
        rows = [self._walked(row) for row in self.system.leader_rows.values()]
        for form in self.system.conditions.forms:
            for row in form.rows:
                if not row.is_bound or row.equality:
                    self.of_source[id(row)] = self._feasible(row)
                    rows.append(self.of_source[id(row)])
        return rows

    @cached_property
    def stationarity(self) -> list[LinearRow]:
        """The gradient of each follower's Lagrangian is 0."""
        of: dict[int, LinearRow] = {}
        for form in self.system.conditions.forms:
            gradient = form.gradient_terms if form.quadratic else {}
            for y in form.follower.variables:
                row = of[id(y)] = LinearRow(0.0, 0.0)
                self._add(row, form.sign, form.linear[y])
                for z, q in gradient[y] if form.quadratic else ():
                    self._add(row, form.sign * q, 1, z)
        for _, source, multipliers in self.system.conditions.multipliers():
            for side, multiplier in multipliers.items():
                weight, key = 1 if side == "upper" else -1, self._known(multiplier)
                for y, a in source.terms:
                    if is_number(a):
                        of[id(y)].linear[key] += weight * a
                    else:
                        self._add(of[id(y)], weight, a, multiplier)
        return list(of.values())

    @cached_property
    def duality(self) -> list[LinearRow]:
        """The primal-dual inequality of each LP block."""
        rows = []
        for gap in self.gaps:
            if gap.quadratic:
                continue
            row = LinearRow(-math.inf, 0.0)
            for y in gap.variables:
                self._add(row, gap.form.sign, gap.form.linear[y], y)
            for source, multipliers in zip(gap.rows, gap.multipliers, strict=True):
                for side, multiplier in multipliers.items():
                    limit, weight = (source.upper, -1) if side == "upper" else (source.lower, 1)
                    self._add(row, -weight * float(limit or 0.0), 1, multiplier)
                    self._add(row, weight, source.constant, multiplier)
            if row.linear or row.products or row.beyond:
                rows.append(row)
        return rows

    def _walked(self, constraint: Any) -> LinearRow:
        low, body, high = constraint.to_bounded_expression(evaluate_bounds=True)
        row = LinearRow(-math.inf if low is None else low, math.inf if high is None else high)
        self._add(row, 1, body)
        return row

    def _feasible(self, source: Row) -> LinearRow:
        row = LinearRow(
            -math.inf if source.lower is None else source.lower,
            math.inf if source.upper is None else source.upper,
        )
        self._add(row, 1, source.constant)
        for y, a in source.terms:
            if is_number(a):
                row.linear[self._known(y)] += a
            else:
                self._add(row, 1, a, y)
        return row

    def _known(self, variable: VarData) -> int:
        """Return the id of a variable, which is recorded."""
        if id(variable) not in self.variables:
            self._recorder.add(variable)
        return id(variable)

    def _add(self, row: LinearRow, weight: float, coefficient: Any, variable: VarData | None = None) -> None:
        """Add weight * coefficient (* variable) to a row."""
        if variable is not None:
            self._known(variable)
        if is_number(coefficient):
            if variable is None:
                row.constant += weight * coefficient
            elif coefficient:
                row.linear[id(variable)] += weight * coefficient
            return
        repn = self._visitor.walk_expression(coefficient)
        if repn.nonlinear is not None or (repn.quadratic and variable is not None):
            row.beyond = True
            return
        if variable is None:
            row.constant += weight * repn.constant
            for i, a in repn.linear.items():
                row.linear[i] += weight * a
            for (i, j), a in (repn.quadratic or {}).items():
                row.products[self._key(i, j)] += weight * a
            return
        if repn.constant:
            row.linear[id(variable)] += weight * repn.constant
        for i, a in repn.linear.items():
            row.products[self._key(i, id(variable))] += weight * a

    def _key(self, i: int, j: int) -> Key:
        """Return both ids in the order of the variables: ids themselves differ from run to run, and roundings with."""
        return (i, j) if self.position[i] <= self.position[j] else (j, i)
