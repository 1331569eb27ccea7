r"""The outer approximation of a convex MIQP in HiGHS: a linear program with integers, to which tangents are added.

.. math:: \min \; c^\top x + \sum_k c_k t_k \quad \text{rows of the model},\; z_k = v_k^\top x,\;
          t_k \ge 0,\; t_k \ge s_k (2 a z_k - a^2) \;\text{ for each tangent point } a

with :math:`c_k s_k = w_k` the weight of square k. The scale :math:`s_k = \max(1, w_k)` keeps HiGHS's row tolerance
small, both in the square's own unit and in the objective's. Everything is minimized (a maximized objective is negated).
"""

from collections.abc import Mapping
from typing import Any

import numpy as np
from pyomo.common.dependencies import attempt_import

from .highs_qp import RAY_SLOPE, recession
from .highs_squares import Square
from .reading import Reading

highspy, _ = attempt_import("highspy")

Point = np.ndarray
SMALLEST_ERROR = 1e-12
"""A tangent is not added where the square exceeds those there are by less than this times 1 + z^2."""


class Approximation:
    """The approximation as it grows: one linear program, solved with and without its integers.

    Points are arrays over its columns: the model's variables, then z, then t.
    """

    def __init__(self, reading: Reading, squares: list[Square], options: Mapping[str, Any], tee: bool) -> None:
        assert reading.polynomial is not None
        self.squares, self.options, self.tee = squares, dict(options), tee
        self.weights = np.array([square.weight for square in squares])
        self.scale = np.maximum(1.0, self.weights)
        self.tangents = [np.zeros(1) for _ in squares]  # the points; t >= 0 is the tangent at 0
        self.variables = list(reading.variables.values())
        self.columns = {i: k for k, i in enumerate(reading.variables)}
        self.first_z = len(self.variables)
        self.offset = reading.sense * float(reading.polynomial.constant)
        self.costs = np.zeros(len(self.variables))
        for i, c in reading.polynomial.linear.items():
            self.costs[self.columns[i]] = reading.sense * c
        self.lp = self._new(self.options | {"output_flag": False})
        self._add_columns()
        self._add_rows(reading)
        integers = [k for k, v in enumerate(self.variables) if not v.is_continuous()]
        self.integers = np.array(integers, dtype=np.int32)
        program = self.lp.getLp()
        self.integer_bounds = np.array(program.col_lower_)[integers], np.array(program.col_upper_)[integers]

    # Building --------------------------------------------------------------------------------------------

    @staticmethod
    def _new(options: Mapping[str, Any]) -> Any:
        solver = highspy.Highs()
        solver.setOptionValue("output_flag", False)
        for name, setting in options.items():
            solver.setOptionValue(name, setting)
        return solver

    def _add_columns(self) -> None:
        """Add the model's variables, then z_k and t_k."""
        inf, n, count = highspy.kHighsInf, len(self.variables), len(self.squares)
        lower = [-inf if v.lb is None else v.lb for v in self.variables]
        upper = [inf if v.ub is None else v.ub for v in self.variables]
        self.lp.addVars(n, np.array(lower, dtype=float), np.array(upper, dtype=float))
        self.lp.addVars(count, np.full(count, -inf), np.full(count, inf))
        self.lp.addVars(count, np.zeros(count), np.full(count, inf))
        costs = np.concatenate([self.costs, np.zeros(count), self.weights / self.scale])
        self.lp.changeColsCost(len(costs), np.arange(len(costs), dtype=np.int32), costs)
        self.lp.changeObjectiveOffset(self.offset)

    def _add_rows(self, reading: Reading) -> None:
        """Add the model's rows, then those that define z."""
        inf = highspy.kHighsInf
        for lower, body, upper in reading.rows.values():
            if body.linear:
                low = -inf if lower is None else lower - body.constant
                high = inf if upper is None else upper - body.constant
                self._add_row(low, high, {self.columns[i]: a for i, a in body.linear.items()})
        for k, square in enumerate(self.squares):
            factor = {self.columns[i]: v for i, v in square.factor.items()}
            self._add_row(0.0, 0.0, factor | {self.first_z + k: -1.0})

    def _add_row(self, lower: float, upper: float, row: Mapping[int, float]) -> None:
        index = np.array(list(row), dtype=np.int32)
        self.lp.addRow(lower, upper, len(index), index, np.array(list(row.values()), dtype=float))

    # Points ----------------------------------------------------------------------------------------------

    def factors(self, point: Point) -> np.ndarray:
        """Return z at the point, from the model's own variables."""
        return np.array([sum(v * point[self.columns[i]] for i, v in s.factor.items()) for s in self.squares])

    def objective(self, point: Point) -> float:
        """Return the true objective (minimized) at the point."""
        x = point[: len(self.variables)]
        return float(self.costs @ x + self.offset + self.weights @ self.factors(point) ** 2)

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
            self._add_row(-a * a * scale, highspy.kHighsInf, row)
            self.tangents[k] = np.append(self.tangents[k], a)
        return len(wrong)

    def lifted(self, point: Point) -> Point:
        """Return the point with the z and t that belong to its x; not a number where x is not known."""
        x = point[: len(self.variables)]
        z = self.factors(x)
        return np.concatenate([x, z, self.scale * z**2])

    # Solving ---------------------------------------------------------------------------------------------

    def fix_integers(self, point: Point | None) -> None:
        """Fix the integers of the linear program at the point, rounded; None frees them."""
        low, high = self.integer_bounds
        if point is not None:
            low = high = np.clip(np.round(point[self.integers]), low, high)
        self.lp.changeColsBounds(len(self.integers), self.integers, low, high)

    def solve_lp(self, seconds: float) -> tuple[Any, Point]:
        """Solve the linear program; return HiGHS's status and point."""
        self.lp.setOptionValue("time_limit", self.lp.getRunTime() + seconds)  # HiGHS adds up the runs of a solver
        self.lp.run()
        return self.lp.getModelStatus(), np.array(self.lp.getSolution().col_value)

    def solve_milp(self, seconds: float, start: Point | None, options: Mapping[str, Any]) -> Any:
        """Solve the program with integers, from a start; return the solver."""
        highspy.Highs.resetGlobalScheduler(True)
        milp = self._new(self.options | {"time_limit": seconds, "output_flag": self.tee} | dict(options))
        milp.passModel(self.lp.getLp())
        kinds = np.full(len(self.integers), highspy.HighsVarType.kInteger)
        milp.changeColsIntegrality(len(self.integers), self.integers, kinds)
        if start is not None:
            known = np.flatnonzero(np.isfinite(start)).astype(np.int32)
            milp.setSolution(len(known), known, start[known])
        milp.HandleKeyboardInterrupt = True
        milp.run()
        return milp

    def improving_ray(self) -> np.ndarray | None:
        """Return z of a direction without end along which the linear program improves; None if there is none.

        All zero: the direction has no curvature, and the MIQP's relaxation is unbounded too.
        """
        program = self.lp.getLp()
        program.col_lower_, program.col_upper_ = recession(program.col_lower_, program.col_upper_, 1.0)
        program.row_lower_, program.row_upper_ = recession(program.row_lower_, program.row_upper_, np.inf)
        program.offset_ = 0.0
        solver = self._new({})
        solver.passModel(program)
        solver.run()
        if solver.getModelStatus() != highspy.HighsModelStatus.kOptimal:
            return None
        slope = solver.getInfo().objective_function_value
        if slope > -RAY_SLOPE:
            return None
        z = self.factors(np.array(solver.getSolution().col_value))
        curvature = float(self.weights @ z**2)
        return np.zeros_like(z) if curvature <= RAY_SLOPE**2 else z * -slope / curvature
