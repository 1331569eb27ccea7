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

from .duality_gap import duality_gaps
from .follower_form import VariableRecorder
from .mapping import map_of
from .products import relax
from .ranges import Ranges

DUAL, PRIMAL, JOINT = (
    "dual feasibility",
    "the high-point relaxation",
    "feasibility, dual feasibility and strong duality",
)

MARGIN = 1e-6  # above what HiGHS returns, for its own tolerances (1e-7)


class Relaxation:
    """An LP that can be asked, many times, for the range of a linear expression.

    :param single: an MPCC (result of the KKT step).
    :param part: which rows: ``DUAL``, ``PRIMAL`` or ``JOINT``.
    :param seconds: what all LPs together may take; past that nothing more is bounded.
    """

    def __init__(self, single: Any, part: str, ranges: Ranges, seconds: float) -> None:
        self.deadline = time.monotonic() + seconds
        model = ConcreteModel()
        model.relaxation = Block()
        relax(model.relaxation, _rows(single, part), ranges)
        self._columns: dict[int, int] = {}
        self._bounds: list[tuple[float, float]] = []
        self._ranges = ranges
        self._lp = self._build(model)

    def maximum(self, expression: Any) -> float:
        """Return an upper bound of a linear expression; infinite if there is none, or no time."""
        recorder = VariableRecorder()
        repn = LinearRepnVisitor({}, var_recorder=recorder).walk_expression(expression)
        if repn.nonlinear is not None or any(i not in self._columns for i in repn.linear):
            return math.inf
        if time.monotonic() > self.deadline:
            return math.inf
        cost = np.zeros(len(self._bounds))
        for i, a in repn.linear.items():
            cost[self._columns[i]] = a
        return repn.constant + self._maximise(cost)

    def range(self, variable: VarData) -> tuple[float, float]:
        """Return (lower, upper) of a variable."""
        return -self.maximum(-1.0 * variable), self.maximum(1.0 * variable)

    def _maximise(self, cost: np.ndarray) -> float:
        n = len(cost)
        self._lp.changeColsCost(n, np.arange(n, dtype=np.int32), cost)
        self._lp.run()
        if self._lp.getModelStatus() != highspy.HighsModelStatus.kOptimal:
            return math.inf  # unbounded, or an infeasible relaxation: nothing is claimed
        maximum = float(self._lp.getInfo().objective_function_value)
        return maximum + MARGIN * (1 + abs(maximum))

    def _build(self, model: Any) -> highspy.Highs:
        recorder = VariableRecorder()
        visitor = LinearRepnVisitor({}, var_recorder=recorder)
        rows = []
        for constraint in model.component_data_objects(Constraint, active=True):
            lower, body, upper = constraint.to_bounded_expression(evaluate_bounds=True)
            repn = visitor.walk_expression(body)
            low = -math.inf if lower is None else lower - repn.constant
            high = math.inf if upper is None else upper - repn.constant
            rows.append((low, high, repn.linear))
        for i, variable in recorder.var_map.items():
            self._columns[i] = len(self._bounds)
            self._bounds.append(self._ranges.of_variable(variable))
        lp = highspy.Highs()
        lp.setOptionValue("output_flag", False)
        lp.setOptionValue("threads", 1)
        bounds = np.array(self._bounds, dtype=float).reshape(-1, 2)
        lp.addVars(len(bounds), bounds[:, 0], bounds[:, 1])
        for low, high, linear in rows:
            index = np.array([self._columns[i] for i in linear], dtype=np.int32)
            lp.addRow(low, high, len(index), index, np.array(list(linear.values()), dtype=float))
        lp.changeObjectiveSense(highspy.ObjSense.kMaximize)
        return lp


def _rows(single: Any, part: str) -> Iterator[tuple[str, Any]]:
    single_map = map_of(single)
    if part in (PRIMAL, JOINT):
        yield from ((f"leader {name}", row.expr) for name, row in single.leader.rows.items())
        for name, block in single.followers.items():
            yield from ((f"{name} {label}", row.expr) for label, row in block.equality.items())
        yield from ((pair.name, pair.slack >= 0) for pair in single_map.pairs if not pair.row.is_bound)
    if part in (DUAL, JOINT):
        for name, block in single.followers.items():
            yield from ((f"stationarity {name} {label}", row.expr) for label, row in block.stationarity.items())
    if part == JOINT:
        yield from ((f"duality {g.name}", g.expression <= 0) for g in duality_gaps(single_map) if not g.quadratic)
