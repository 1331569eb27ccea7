"""All rows that hold at a bilevel feasible point, in coefficients: linear terms, and products of two variables.

They are read from the followers' coefficients, as walking tens of thousands of Pyomo expressions takes seconds; only
the leader's rows, and coefficients in which the leader is, are walked.
"""

import math
from collections import defaultdict
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from pyomo.core.base.var import VarData
from pyomo.repn.quadratic import QuadraticRepnVisitor

from ..levels.duality_gap import duality_gaps
from ..levels.follower_form import Row, VariableRecorder, is_number
from .system import System

Key = tuple[int, int]


@dataclass(eq=False)
class LinearRow:
    """``lower <= constant + linear + products <= upper``, by the ids of variables; ``beyond``: there is more."""

    name: str
    lower: float
    upper: float
    constant: float = 0.0
    linear: dict[int, float] = field(default_factory=lambda: defaultdict(float))
    products: dict[Key, float] = field(default_factory=lambda: defaultdict(float))
    beyond: bool = False


class Rows:
    """The rows of a system, each part read when it is first asked for."""

    def __init__(self, system: System) -> None:
        self.system = system
        self.ranges = system.ranges
        self._recorder = VariableRecorder()
        self._visitor = QuadraticRepnVisitor({}, var_recorder=self._recorder)
        self.variables: dict[int, VarData] = self._recorder.var_map
        self.of_source: dict[int, LinearRow] = {}  # id(follower's row) -> its feasibility row

    @cached_property
    def feasibility(self) -> list[LinearRow]:
        """The rows of both levels; bounds of variables are ranges, and no rows."""
        rows = [self._walked(f"leader {name}", row) for name, row in self.system.leader_rows.items()]
        for form in self.system.conditions.forms:
            for row in form.rows:
                if not row.is_bound or row.equality:
                    self.of_source[id(row)] = self._feasible(f"{form.follower.name} {row.name}", row)
                    rows.append(self.of_source[id(row)])
        return rows

    @cached_property
    def stationarity(self) -> list[LinearRow]:
        """The gradient of each follower's Lagrangian is 0."""
        of: dict[int, LinearRow] = {}
        for form in self.system.conditions.forms:
            gradient = form.gradient_terms if form.quadratic else {}
            for y in form.follower.variables:
                row = of[id(y)] = LinearRow(f"stationarity {form.follower.name} {y.name}", 0.0, 0.0)
                self._add(row, form.sign, form.linear[y])
                for z, q in gradient[y] if form.quadratic else ():
                    self._add(row, form.sign * q, 1, z)
        for _, source, multipliers in self.system.conditions.multipliers():
            for side, multiplier in multipliers.items():
                for y, a in source.terms:
                    self._add(of[id(y)], 1 if side == "upper" else -1, a, multiplier)
        return list(of.values())

    @cached_property
    def duality(self) -> list[LinearRow]:
        """The primal-dual inequality of each LP block."""
        rows = []
        for gap in duality_gaps(self.system.conditions):
            if gap.quadratic:
                continue
            row = LinearRow(f"duality {gap.name}", -math.inf, 0.0)
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

    def _walked(self, name: str, constraint: Any) -> LinearRow:
        low, body, high = constraint.to_bounded_expression(evaluate_bounds=True)
        row = LinearRow(name, -math.inf if low is None else low, math.inf if high is None else high)
        self._add(row, 1, body)
        return row

    def _feasible(self, name: str, source: Row) -> LinearRow:
        row = LinearRow(
            name,
            -math.inf if source.lower is None else source.lower,
            math.inf if source.upper is None else source.upper,
        )
        self._add(row, 1, source.constant)
        for y, a in source.terms:
            self._add(row, 1, a, y)
        return row

    def _add(self, row: LinearRow, weight: float, coefficient: Any, variable: VarData | None = None) -> None:
        """Add weight * coefficient (* variable) to a row."""
        if variable is not None and id(variable) not in self.variables:
            self._recorder.add(variable)
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
                row.products[_key(i, j)] += weight * a
            return
        if repn.constant:
            row.linear[id(variable)] += weight * repn.constant
        for i, a in repn.linear.items():
            row.products[_key(i, id(variable))] += weight * a


def _key(i: int, j: int) -> Key:
    return (i, j) if i <= j else (j, i)
