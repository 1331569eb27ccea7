"""SCIP's own objects: a model handed over, a stop when it is asked for, and how a run ended."""

from collections.abc import Iterable
from typing import Any

import numpy as np
import pyscipopt
from pyomo.contrib.solver.common.results import TerminationCondition
from pyscipopt import SCIP_EVENTTYPE, Eventhdlr

from ..interrupt import stop_requested
from ..program import Array, Form, Program
from ..trace import Trace
from .branching import integers_first

_WORDS = {
    "optimal": TerminationCondition.convergenceCriteriaSatisfied,
    "infeasible": TerminationCondition.provenInfeasible,
    "unbounded": TerminationCondition.unbounded,
    "inforunbd": TerminationCondition.infeasibleOrUnbounded,
    "gaplimit": TerminationCondition.convergenceCriteriaSatisfied,
    "timelimit": TerminationCondition.maxTimeLimit,
    "nodelimit": TerminationCondition.iterationLimit,
    "totalnodelimit": TerminationCondition.iterationLimit,
    "stallnodelimit": TerminationCondition.iterationLimit,
    "sollimit": TerminationCondition.iterationLimit,
    "bestsollimit": TerminationCondition.iterationLimit,
    "userinterrupt": TerminationCondition.interrupted,
}


class _Watcher(Eventhdlr):
    """Notes where the search stands, and interrupts SCIP when a stop is asked for."""

    events = (
        SCIP_EVENTTYPE.LPEVENT, SCIP_EVENTTYPE.NODEFOCUSED, SCIP_EVENTTYPE.PRESOLVEROUND,
        SCIP_EVENTTYPE.BESTSOLFOUND,
    )  # fmt: skip

    def __init__(self, trace: Trace) -> None:
        self.trace = trace

    def eventinit(self) -> None:
        for event in self.events:
            self.model.catchEvent(event, self)

    def eventexit(self) -> None:
        for event in self.events:
            self.model.dropEvent(event, self)

    def eventexec(self, event: Any) -> None:
        model = self.model
        self.trace.note(model.getNTotalNodes(), model.getPrimalbound(), model.getDualbound())
        if stop_requested():
            model.interruptSolve()


def build(program: Program, warm_start: bool, trace: Trace) -> tuple[Any, list[Any]]:
    """Return SCIP's model, whose search fills in the trace, and its variables in the order of the columns."""
    model = pyscipopt.Model()
    model.hideOutput()
    low = [None if not np.isfinite(b) else b for b in program.lower.tolist()]
    high = [None if not np.isfinite(b) else b for b in program.upper.tolist()]
    kinds = np.where(program.integer, "I", "C").tolist()
    x = [model.addVar(vtype=kind, lb=a, ub=b) for kind, a, b in zip(kinds, low, high, strict=True)]
    matrix = program.matrix
    for k in range(matrix.shape[0]):
        span = slice(matrix.indptr[k], matrix.indptr[k + 1])
        linear = _linear(x, matrix.indices[span].tolist(), matrix.data[span].tolist())
        _add_row(model, x, program, k, linear)
    for sos in program.sos:
        add = model.addConsSOS1 if sos.level == 1 else model.addConsSOS2
        add([x[k] for k in sos.columns.tolist()], weights=sos.weights.tolist())
    _add_objective(model, x, program)
    if (program.sos and program.integer.any()) or program.switches:
        integers_first(model)
    if program.is_discrete or not program.is_linear:  # an LP ends soon, and may make a point of an interrupted search
        model.includeEventhdlr(_Watcher(trace), "watcher", "notes where the search stands, and stops it when asked")
    if warm_start:
        start = model.createPartialSol()
        for column, number in zip(x, program.start.tolist(), strict=True):
            if np.isfinite(number):
                start[column] = number
        model.addSol(start)
    return model, x


def _linear(x: list[Any], columns: Iterable[int], entries: Iterable[float]) -> Any:
    return pyscipopt.quicksum(a * x[k] for k, a in zip(columns, entries, strict=True))


def _with_form(x: list[Any], linear: Any, form: Form) -> Any:
    terms = zip(form.value.tolist(), form.first.tolist(), form.second.tolist(), strict=True)
    return linear + pyscipopt.quicksum(q * x[i] * x[j] for q, i, j in terms)


def _add_objective(model: Any, x: list[Any], program: Program) -> None:
    """Set the objective; a quadratic one as z >= objective, because SCIP's is linear."""
    used = np.flatnonzero(program.cost).tolist()
    expression = _linear(x, used, program.cost[used].tolist())
    if program.quadratic:
        z = model.addVar(lb=None, ub=None)
        model.addCons(z - _with_form(x, expression, program.quadratic) >= 0)
        expression = z
    model.setObjective(expression + program.offset, sense="minimize")


def _add_row(model: Any, x: list[Any], program: Program, k: int, linear: Any) -> None:
    low, high = float(program.row_lower[k]), float(program.row_upper[k])
    if k in program.switches:
        _add_switched(model, x, program.switches[k], low, linear, high)
        return
    body = _with_form(x, linear, program.row_forms[k]) if k in program.row_forms else linear
    if low == high:
        model.addCons(body == low)
    elif np.isfinite(low) and np.isfinite(high):
        model.addCons(low <= (body <= high))
    elif np.isfinite(low):
        model.addCons(body >= low)
    elif np.isfinite(high):
        model.addCons(body <= high)


def _add_switched(model: Any, x: list[Any], switch: tuple[int, int], low: float, linear: Any, high: float) -> None:
    """Let the row hold up to a slack that may be positive only while the switch is off: SOS1{slack, switch}.

    Not SCIP's own indicator constraint: with it, SCIP 10's presolve cut optima off (25 for a maximum of 47).
    """
    column, value = switch
    binary = x[column]
    if not value:
        complement = model.addVar(vtype="B")
        model.addCons(binary + complement == 1)
        binary = complement
    for side, sign in ((high, 1), (low, -1)):
        if np.isfinite(side):
            slack = model.addVar(lb=0)
            model.addCons(sign * linear - slack <= sign * side)
            model.addConsSOS1([slack, binary], weights=[1, 2])


def condition_of(model: Any) -> tuple[TerminationCondition, str]:
    """Return how the run ended, in Pyomo's and in SCIP's words."""
    word = model.getStatus()
    return _WORDS.get(word, TerminationCondition.unknown), word


def point_of(model: Any, x: list[Any]) -> Array | None:
    """Return the best point, if any."""
    if model.getNSols() == 0:
        return None
    best = model.getBestSol()
    return np.array([model.getSolVal(best, column) for column in x])
