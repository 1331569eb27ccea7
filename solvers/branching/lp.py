r"""One linear program, handed over once, whose bounds change from node to node.

What HiGHS says is not taken on trust. A bound is at most what its dual vector y proves by weak duality,

.. math:: \sum_i y_i r_i(y_i) + \sum_j d_j\, b_j(d_j), \qquad d = c - A^\top y,

each multiplier with the side that its sign asks for; a node is infeasible if a dual ray proves that (the same with
:math:`c = 0`, and a positive value), or if HiGHS says so again from scratch, with another method.

Source: A. Neumaier and O. Shcherbina, *Safe bounds in linear and mixed-integer linear programming*, Math. Program. 99,
2004.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Any

import numpy as np
from scipy.sparse import csr_array, vstack

from ..highs import native
from ..program import Array
from .problem import Problem

TOLERANCE = 1e-9
"""Feasibility tolerance of rows, columns and duals (scaled)."""
NOTHING = 1e-9
"""A reduced cost below it (relative), of a column without a bound on that side, is rounding."""
STEPS_EACH = 50
"""Simplex steps for each row and column, after which a program counts as failed."""

_ALWAYS = {
    "presolve": "off",
    "solver": "simplex",
    "primal_feasibility_tolerance": TOLERANCE,
    "dual_feasibility_tolerance": TOLERANCE,
}
_OTHERWISE = {"simplex_strategy": 4, "simplex_scale_strategy": 4}
_USUALLY = {"simplex_strategy": 1, "simplex_scale_strategy": 0}


class State(Enum):
    """How a linear program ended."""

    optimal = "optimal"
    infeasible = "infeasible"
    unbounded = "unbounded"
    limit = "limit"
    """Of simplex steps, where one was given: the bound is what is known."""
    failed = "failed"


@dataclass(frozen=True)
class Answer:
    """What is known after a run."""

    state: State
    bound: float = -np.inf
    x: Array | None = None
    reduced: Array | None = None
    """Reduced costs, consistent with the bound."""
    objective: float = -np.inf


class Lp:
    """The relaxation of a problem at changing bounds.

    :param options: of HiGHS, by its own names.
    """

    def __init__(self, problem: Problem, options: Mapping[str, Any]) -> None:
        self.problem = problem
        self.cost = problem.cost.copy()
        self.matrix = problem.matrix.copy()
        self.row_lower, self.row_upper = problem.row_lower.copy(), problem.row_upper.copy()
        self.lower, self.upper = problem.lower.copy(), problem.upper.copy()
        self.steps = self.runs = 0
        self.highs = native.new(dict(options) | _ALWAYS | _USUALLY)
        self._most = STEPS_EACH * (100 + sum(self.matrix.shape))
        self._pass()
        self.envelope_bounds = np.full((problem.envelopes.first.size, 4), np.nan)
        for k in range(problem.envelopes.first.size):
            self._write_envelope(k)

    # The node --------------------------------------------------------------------------------------------

    def load(self, lower: Array, upper: Array) -> None:
        """Make these the columns' bounds, and renew the rows of the products whose factors' bounds change."""
        changed = np.flatnonzero((lower != self.lower) | (upper != self.upper)).astype(np.int32)
        if not changed.size:
            return
        self.highs.changeColsBounds(changed.size, changed, lower[changed], upper[changed])
        self.lower[changed], self.upper[changed] = lower[changed], upper[changed]
        envelopes = self.problem.envelopes
        if envelopes:
            for k in envelopes.outdated(self.envelope_bounds, self.lower, self.upper):
                self._write_envelope(int(k))

    def basis(self) -> Any:
        """Return the present basis, to be given back to :meth:`restore`."""
        return self.highs.getBasis()

    def restore(self, basis: Any) -> None:
        """Start the next run from this basis."""
        if basis is not None and basis.valid:
            self.highs.setBasis(basis)

    def solve(self, steps: int | None = None) -> Answer:
        """Solve at the present bounds.

        :param steps: of the simplex method, after which the bound that is known by then will do.
        """
        if np.any(self.lower > self.upper):
            return Answer(State.infeasible, np.inf)
        self._limit(self._most if steps is None else steps)
        status = self._run()
        if status == native.highspy.HighsModelStatus.kOptimal:
            return self._optimal()
        if status == native.highspy.HighsModelStatus.kInfeasible:
            ray = self.highs.getDualRay()
            if ray[1] and self._proves_infeasible(np.asarray(ray[2], dtype=float)):
                return Answer(State.infeasible, np.inf)
        if status in (
            native.highspy.HighsModelStatus.kUnbounded,
            native.highspy.HighsModelStatus.kUnboundedOrInfeasible,
        ):
            return Answer(State.unbounded)
        if steps is not None:
            return self._so_far() if status == native.highspy.HighsModelStatus.kIterationLimit else Answer(State.failed)
        return self._again()

    def solve_for(self, cost: Array) -> Answer:
        """Solve with another objective, for this once; the bound is without the program's constant."""
        columns, own = np.arange(cost.size, dtype=np.int32), self.cost
        self.cost = cost
        self.highs.changeColsCost(columns.size, columns, cost)
        try:
            return self.solve()
        finally:
            self.cost = own
            self.highs.changeColsCost(columns.size, columns, own)

    def add_rows(self, matrix: csr_array, lower: Array, upper: Array) -> None:
        """Add rows that hold everywhere."""
        count = matrix.shape[0]
        self.highs.addRows(
            count, lower, upper, matrix.nnz, matrix.indptr[:-1].astype(np.int32), matrix.indices.astype(np.int32),
            matrix.data,
        )  # fmt: skip
        self.matrix = csr_array(vstack([self.matrix, matrix], format="csr"))
        self.row_lower, self.row_upper = np.r_[self.row_lower, lower], np.r_[self.row_upper, upper]

    # Proofs ----------------------------------------------------------------------------------------------

    def proven(self, y: Array, cost: Array) -> tuple[float, Array]:
        """Return the lower bound of cost @ x that row weights prove at the present bounds, and the reduced costs."""
        side = np.where(y > 0, self.row_lower, self.row_upper)
        y = np.where(np.isfinite(side), y, 0.0)
        reduced = cost - self.matrix.T @ y
        end = np.where(reduced > 0, self.lower, self.upper)
        open_ended = ~np.isfinite(end)
        scale = max(np.abs(cost).max(initial=0.0), np.abs(y).max(initial=0.0))
        if np.any(np.abs(reduced[open_ended]) > NOTHING * scale):
            return -np.inf, reduced
        return float(y @ np.where(y != 0, side, 0.0) + reduced @ np.where(open_ended, 0.0, end)), reduced

    def _proves_infeasible(self, ray: Array) -> bool:
        largest = np.abs(ray).max(initial=0.0)
        if not largest > 0:
            return False
        ray = ray / largest
        zero = np.zeros(self.problem.columns)
        return any(self.proven(sign * ray, zero)[0] > 10 * TOLERANCE for sign in (1.0, -1.0))

    def _optimal(self) -> Answer:
        solution = self.highs.getSolution()
        x = np.array(solution.col_value)
        value, reduced = self.proven(np.array(solution.row_dual), self.cost)
        value += self.problem.program.offset
        objective = self.problem.program.offset + float(self.cost @ x)
        return Answer(State.optimal, min(value, objective) if np.isfinite(value) else objective, x, reduced, objective)

    def _so_far(self) -> Answer:
        """Return the bound of a run that was cut short: what its dual vector proves."""
        value, reduced = self.proven(np.array(self.highs.getSolution().row_dual), self.cost)
        value += self.problem.program.offset
        return Answer(State.limit, value, None, reduced, value)

    # HiGHS -----------------------------------------------------------------------------------------------

    def _pass(self) -> None:
        lp = native.highspy.HighsLp()
        lp.num_row_, lp.num_col_ = self.matrix.shape
        lp.col_cost_, lp.col_lower_, lp.col_upper_ = self.cost, self.lower, self.upper
        lp.row_lower_, lp.row_upper_ = self.row_lower, self.row_upper
        lp.a_matrix_.format_ = native.highspy.MatrixFormat.kRowwise
        lp.a_matrix_.num_row_, lp.a_matrix_.num_col_ = self.matrix.shape
        lp.a_matrix_.start_, lp.a_matrix_.index_ = (
            self.matrix.indptr.astype(np.int32), self.matrix.indices.astype(np.int32),
        )  # fmt: skip
        lp.a_matrix_.value_ = self.matrix.data
        native.highspy.Highs.resetGlobalScheduler(True)
        self.highs.passModel(lp)

    def _run(self) -> Any:
        self.highs.run()
        self.runs += 1
        self.steps += max(0, self.highs.getInfo().simplex_iteration_count)
        return self.highs.getModelStatus()

    def _limit(self, steps: int) -> None:
        self.highs.setOptionValue("simplex_iteration_limit", steps)

    def _again(self) -> Answer:
        """Solve from scratch with another method, where the first gave no answer that can be relied on."""
        highs = self.highs
        highs.clearSolver()
        for name, setting in _OTHERWISE.items():
            highs.setOptionValue(name, setting)
        try:
            status = self._run()
            if status == native.highspy.HighsModelStatus.kOptimal:
                return self._optimal()
            if status == native.highspy.HighsModelStatus.kInfeasible:
                return Answer(State.infeasible, np.inf)
            return Answer(State.failed)
        finally:
            for name, setting in _USUALLY.items():
                highs.setOptionValue(name, setting)
            highs.clearSolver()

    def _write_envelope(self, k: int) -> None:
        envelopes, first = self.problem.envelopes, int(self.problem.envelopes.rows[k])
        i, j = int(envelopes.first[k]), int(envelopes.second[k])
        made = envelopes.rows_of(k, self.lower, self.upper)
        self.envelope_bounds[k] = self.lower[i], self.upper[i], self.lower[j], self.upper[j]
        for row, (a, b, low, high) in enumerate(made, start=first):
            begin = int(self.matrix.indptr[row])
            entries = [(i, a + b)] if i == j else [(i, a), (j, b)]
            for position, (column, coefficient) in enumerate(entries, start=begin + 1):
                if self.matrix.data[position] != coefficient:
                    self.matrix.data[position] = coefficient
                    self.highs.changeCoeff(row, column, coefficient)
            if self.row_lower[row] != low or self.row_upper[row] != high:
                self.row_lower[row], self.row_upper[row] = low, high
                self.highs.changeRowBounds(row, low, high)
