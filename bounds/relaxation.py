r"""A linear relaxation of everything that holds at a bilevel feasible point, to bound expressions by LPs.

Rows: the leader's, the followers' feasibility, stationarity, and (where asked for) the primal-dual inequality of each
block; products are relaxed by McCormick's envelopes where their factors are bounded, else the row is left out. Integers
are relaxed. Any value that a bound cuts off is attained at no bilevel feasible point and with no multipliers, so that
these bounds are valid whatever the leader does with the multipliers.

Source: optimality-based bound tightening, e.g. A. M. Gleixner et al., *Three enhancements for optimization-based bound
tightening*, J. Glob. Optim. 67, 2017.
"""

import math
import time
from collections.abc import Iterator
from typing import Any

import highspy
import numpy as np
from pyomo.core import Block, ConcreteModel, Constraint
from pyomo.core.base.var import VarData
from pyomo.repn.linear import LinearRepnVisitor
from scipy.sparse import csr_array

from ..levels.duality_gap import duality_gaps
from ..levels.follower_form import VariableRecorder
from ..levels.rows import has_variables
from .mccormick import relax
from .system import System

DUAL, PRIMAL, JOINT = (
    "dual feasibility",
    "the high-point relaxation",
    "feasibility, dual feasibility and strong duality",
)

MARGIN = 1e-6  # above what HiGHS returns, for its own tolerances (1e-7)
NOTHING = 1e-9  # a reduced cost below it, of a column without a bound on that side, is rounding: the margin is for it


class Relaxation:
    """An LP that can be asked, many times, for the range of a linear expression.

    :param part: which rows: ``DUAL``, ``PRIMAL`` or ``JOINT``.
    :param seconds: what all LPs together may take; past that nothing more is bounded.
    """

    def __init__(self, system: System, part: str, seconds: float) -> None:
        self.deadline = time.monotonic() + seconds
        model = ConcreteModel()
        model.relaxation = Block()
        relax(model.relaxation, _rows(system, part), system.ranges)
        self._ranges = system.ranges
        self._last = math.nan  # what the last dual vector proves
        self._lp = self._build(model)

    def maximum(self, expression: Any) -> float:
        """Return an upper bound of a linear expression; infinite if there is none, or no time."""
        recorder = VariableRecorder()
        repn = LinearRepnVisitor({}, var_recorder=recorder).walk_expression(expression)
        if repn.nonlinear is not None or any(i not in self._columns for i in repn.linear):
            return math.inf
        if time.monotonic() > self.deadline:
            return math.inf
        cost = np.zeros(len(self._lower))
        for i, a in repn.linear.items():
            cost[self._columns[i]] = a
        maximum = self._maximise(cost)
        return repn.constant + maximum + MARGIN * (1 + abs(maximum))

    def range(self, variable: VarData) -> tuple[float, float]:
        """Return (lower, upper) of a variable; 0, without a margin, where a dual vector proves just that."""
        ends = []
        for sign in (-1.0, 1.0):
            bound = self.maximum(sign * variable)
            if 0.0 < bound <= MARGIN and self._last == 0.0:
                bound = 0.0  # else a big-M of 1e-6, which is within the tolerance of every solver
            ends.append(sign * bound)
        return ends[0], ends[1]

    def _maximise(self, cost: np.ndarray) -> float:
        """Return a bound: of HiGHS's maximum and what its dual vector proves by weak duality, the larger.

        HiGHS's word is right up to tolerances times ranges; what duals prove, whatever they are, up to rounding.
        """
        n = len(cost)
        self._lp.changeColsCost(n, np.arange(n, dtype=np.int32), cost)
        self._lp.run()
        if self._lp.getModelStatus() != highspy.HighsModelStatus.kOptimal:
            return math.inf  # unbounded, or an infeasible relaxation: nothing is claimed
        duals = np.array(self._lp.getSolution().row_dual)
        side = np.where(duals > 0, self._row_upper, self._row_lower)
        duals[~np.isfinite(side)] = 0.0
        reduced = cost - self._matrix.T @ duals
        end = np.where(reduced > 0, self._upper, self._lower)
        reduced[~np.isfinite(end) & (np.abs(reduced) <= NOTHING * np.abs(cost).max(initial=1.0))] = 0.0
        used = np.flatnonzero(reduced)
        self._last = float(np.where(duals != 0, duals * np.where(np.isfinite(side), side, 0.0), 0.0).sum())
        self._last += float((reduced[used] * end[used]).sum())
        return max(self._last, float(self._lp.getInfo().objective_function_value))

    def _build(self, model: Any) -> highspy.Highs:
        recorder = VariableRecorder()
        visitor = LinearRepnVisitor({}, var_recorder=recorder)
        lower, upper, entries = [], [], []
        for k, constraint in enumerate(model.component_data_objects(Constraint, active=True)):
            low, body, high = constraint.to_bounded_expression(evaluate_bounds=True)
            repn = visitor.walk_expression(body)
            lower.append(-math.inf if low is None else low - repn.constant)
            upper.append(math.inf if high is None else high - repn.constant)
            entries += [(k, i, a) for i, a in repn.linear.items()]
        self._columns = {i: k for k, i in enumerate(recorder.var_map)}
        bounds = np.array([self._ranges.of_variable(v) for v in recorder.var_map.values()], dtype=float).reshape(-1, 2)
        self._lower, self._upper = bounds[:, 0], bounds[:, 1]
        self._row_lower, self._row_upper = np.array(lower, dtype=float), np.array(upper, dtype=float)
        rows, columns, data = (list(part) for part in zip(*entries, strict=True)) if entries else ([], [], [])
        columns = [self._columns[i] for i in columns]
        self._matrix = csr_array((data, (rows, columns)), shape=(len(lower), len(bounds)))
        lp = highspy.Highs()
        lp.setOptionValue("output_flag", False)
        lp.setOptionValue("threads", 1)
        lp.addVars(len(bounds), self._lower, self._upper)
        start, index = self._matrix.indptr[:-1].astype(np.int32), self._matrix.indices.astype(np.int32)
        lp.addRows(len(lower), self._row_lower, self._row_upper, len(index), start, index, self._matrix.data)
        lp.changeObjectiveSense(highspy.ObjSense.kMaximize)
        return lp


def _rows(system: System, part: str) -> Iterator[tuple[str, Any]]:
    conditions = system.conditions
    if part in (PRIMAL, JOINT):
        yield from ((f"leader {name}", row.expr) for name, row in system.leader_rows.items())
        for form in conditions.forms:
            name = form.follower.name
            yield from ((f"{name} {row.name}", row.body == row.lower) for row in form.rows if row.equality)
        yield from ((pair.name, pair.slack >= 0) for pair in conditions.pairs if not pair.row.is_bound)
    if part in (DUAL, JOINT):
        for form, y, gradient in conditions.stationarity():
            yield f"stationarity {form.follower.name} {y.name}", gradient == 0
    if part == JOINT:
        gaps = (g for g in duality_gaps(conditions) if not g.quadratic and has_variables(g.expression))
        yield from ((f"duality {gap.name}", gap.expression <= 0) for gap in gaps)
