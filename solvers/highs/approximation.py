r"""The outer approximation of a convex MIQP in HiGHS: a linear program with integers, to which tangents are added.

.. math:: \min \; c^\top x + \sum_k c_k t_k \quad \text{rows of the model},\; z_k = v_k^\top x,\;
          t_k \ge 0,\; t_k \ge s_k (2 a z_k - a^2) \;\text{ for each tangent point } a

with :math:`c_k s_k = w_k` the weight of square k. The scale :math:`s_k = \max(1, w_k)` keeps HiGHS's row tolerance
small, both in the square's own unit and in the objective's. Everything is minimized (a maximized objective is negated).
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
from pyomo.contrib.solver.common.results import TerminationCondition

from ..program import Array, Form, Program
from . import native
from .qp import RAY_SLOPE, recession
from .squares import Square

Point = Array
SMALLEST_ERROR = 1e-12
"""A tangent is not added where the square exceeds those there are by less than this times 1 + z^2."""


class Approximation:
    """The approximation as it grows: one linear program, solved with and without its integers.

    Points are arrays over its columns: the model's variables, then z, then t.
    """

    def __init__(self, program: Program, squares: list[Square], options: Mapping[str, Any], tee: bool) -> None:
        self.squares, self.options, self.tee = squares, dict(options), tee
        self.program = replace(program, quadratic=Form())
        self.weights = np.array([square.weight for square in squares])
        self.scale = np.maximum(1.0, self.weights)
        self.tangents = [np.zeros(1) for _ in squares]  # the points; t >= 0 is the tangent at 0
        self.first_z = program.columns
        self.lp = native.new(self.options)
        native.hand_over(self.lp, native.lp_of(self.program))
        self._add_squares()
        self.integers = np.flatnonzero(program.integer).astype(np.int32)
        self.integer_bounds = program.lower[self.integers], program.upper[self.integers]

    # Building --------------------------------------------------------------------------------------------

    def _add_squares(self) -> None:
        """Add z_k with the rows that define them, and t_k with their costs."""
        inf, count = np.inf, len(self.squares)
        self.lp.addVars(count, np.full(count, -inf), np.full(count, inf))
        self.lp.addVars(count, np.zeros(count), np.full(count, inf))
        columns = np.arange(self.first_z + count, self.first_z + 2 * count, dtype=np.int32)
        self.lp.changeColsCost(count, columns, self.weights / self.scale)
        for k, square in enumerate(self.squares):
            self._add_row(0.0, 0.0, square.factor | {self.first_z + k: -1.0})

    def _add_row(self, lower: float, upper: float, row: Mapping[int, float]) -> None:
        index = np.array(list(row), dtype=np.int32)
        self.lp.addRow(lower, upper, len(index), index, np.array(list(row.values()), dtype=float))

    # Points ----------------------------------------------------------------------------------------------

    def factors(self, point: Point) -> np.ndarray:
        """Return z at the point, from the model's own variables."""
        return np.array([sum(v * point[i] for i, v in square.factor.items()) for square in self.squares])

    def objective(self, point: Point) -> float:
        """Return the true objective (minimized) at the point."""
        return self.program.value(point[: self.first_z]) + float(self.weights @ self.factors(point) ** 2)

    def errors(self, z: np.ndarray) -> np.ndarray:
        """Return, per square, by how much z^2 exceeds the highest of its tangents."""
        highest = np.array([np.max(2 * a * own - a * a) for own, a in zip(z, self.tangents, strict=True)])
        return z**2 - highest

    def error(self, point: Point) -> float:
        """Return by how much the objective exceeds its approximation at the point."""
        return float(self.weights @ self.errors(self.factors(point)))

    def add_tangents(self, z: np.ndarray) -> int:
        """Add the tangent of each square at z where that changes anything; return how many were added."""
        wrong = np.flatnonzero(self.errors(z) > SMALLEST_ERROR * (1 + z**2))
        for k in map(int, wrong):
            a, scale = float(z[k]), self.scale[k]
            row = {self.first_z + len(self.squares) + k: 1.0, self.first_z + k: -2 * a * scale}
            self._add_row(-a * a * scale, np.inf, row)
            self.tangents[k] = np.append(self.tangents[k], a)
        return len(wrong)

    def lifted(self, point: Point) -> Point:
        """Return the point with the z and t that belong to its x; not a number where x is not known."""
        x = point[: self.first_z]
        z = self.factors(x)
        return np.concatenate([x, z, self.scale * z**2])

    # Solving ---------------------------------------------------------------------------------------------

    def fix_integers(self, point: Point | None) -> None:
        """Fix the integers of the linear program at the point, rounded; None frees them."""
        low, high = self.integer_bounds
        if point is not None:
            low = high = np.clip(np.round(point[self.integers]), low, high)
        self.lp.changeColsBounds(len(self.integers), self.integers, low, high)

    def solve_lp(self, seconds: float) -> tuple[TerminationCondition, str, Point]:
        """Solve the linear program; return how it ended, in Pyomo's and HiGHS's words, and the point."""
        self.lp.setOptionValue("time_limit", self.lp.getRunTime() + seconds)  # HiGHS adds up the runs of a solver
        self.lp.run()
        return *native.condition_of(self.lp), np.array(self.lp.getSolution().col_value)

    def solve_milp(self, seconds: float, start: Point | None, options: Mapping[str, Any]) -> Any:
        """Solve the program with integers, from a start; return the solver."""
        milp = native.new(self.options | {"time_limit": seconds} | dict(options), self.tee)
        native.hand_over(milp, self.lp.getLp())
        integer = np.zeros(self.lp.getNumCol(), dtype=bool)
        integer[self.integers] = True
        native.pass_integers(milp, integer)
        if start is not None:
            native.offer(milp, start)
        native.run(milp)
        return milp

    def improving_ray(self) -> np.ndarray | None:
        """Return z of a direction without end along which the linear program improves; None if there is none.

        All zero: the direction has no curvature, and the MIQP's relaxation is unbounded too.
        """
        program = self.lp.getLp()
        program.col_lower_, program.col_upper_ = recession(program.col_lower_, program.col_upper_, 1.0)
        program.row_lower_, program.row_upper_ = recession(program.row_lower_, program.row_upper_, np.inf)
        program.offset_ = 0.0
        solver = native.new({})
        native.hand_over(solver, program)
        solver.run()
        if native.point_of(solver) is None:
            return None
        slope = solver.getInfo().objective_function_value
        if slope > -RAY_SLOPE:
            return None
        z = self.factors(np.array(solver.getSolution().col_value))
        curvature = float(self.weights @ z**2)
        return np.zeros_like(z) if curvature <= RAY_SLOPE**2 else z * -slope / curvature
