"""Gurobi, by its matrix interface."""

from contextlib import ExitStack
from functools import cache, partial
from time import perf_counter
from typing import Any, ClassVar

import numpy as np
from pyomo.common.dependencies import attempt_import
from pyomo.contrib.solver.common.results import TerminationCondition

from ..errors import SolverUnavailableError, UnsupportedBySolverError
from .base import INFINITE, Solver
from .cutting import Asking
from .features import Features, Needs
from .interrupt import stop_requested
from .licence import too_small
from .program import Array, Form, Program
from .records import Outcome, Settings
from .trace import Trace

gurobipy, _installed = attempt_import("gurobipy")

# The restricted licence that comes with gurobipy. Measured with Gurobi 13: linear and quadratic rows, SOS and
# indicator rows count together; a range row is two; one quadratic term, in a row or in the objective, lowers the
# limit on columns.
RESTRICTED_COLUMNS = 2000
RESTRICTED_ROWS = 2000
RESTRICTED_QUADRATIC_COLUMNS = 200

_TAKES = (
    f"restricted licence takes {RESTRICTED_COLUMNS} variables ({RESTRICTED_QUADRATIC_COLUMNS} in a quadratic model) "
    f"and {RESTRICTED_ROWS} rows and SOS"
)
_SHORT_NODES = 1000
_QUADRATIC = {"qp", "miqp", "quadratic_constraints", "nonconvex"}
_ERROR_LICENCE = (10009, 10010)  # GRB.Error.NO_LICENSE, GRB.Error.SIZE_LIMIT_EXCEEDED
_ERROR_PARAMETER = (10003, 10007, 10008)  # GRB.Error.INVALID_ARGUMENT, UNKNOWN_PARAMETER, VALUE_OUT_OF_RANGE
_WORDS = {
    "OPTIMAL": TerminationCondition.convergenceCriteriaSatisfied,
    "INFEASIBLE": TerminationCondition.provenInfeasible,
    "INF_OR_UNBD": TerminationCondition.infeasibleOrUnbounded,
    "UNBOUNDED": TerminationCondition.unbounded,
    "CUTOFF": TerminationCondition.objectiveLimit,
    "USER_OBJ_LIMIT": TerminationCondition.objectiveLimit,
    "ITERATION_LIMIT": TerminationCondition.iterationLimit,
    "NODE_LIMIT": TerminationCondition.iterationLimit,
    "SOLUTION_LIMIT": TerminationCondition.iterationLimit,
    "TIME_LIMIT": TerminationCondition.maxTimeLimit,
    "INTERRUPTED": TerminationCondition.interrupted,
}


class Gurobi(Solver):
    """Gurobi; one environment per solve, closed afterwards.

    Warm start: the values of all variables, discrete and continuous, are given as a MIP start (an SOS1 model
    has no discrete variables); Gurobi drops a start that is infeasible. A pure LP or QP takes none.
    Ctrl-C: Gurobi stops, and the best point so far is returned (`feasible`, message "interrupted").
    """

    name: ClassVar[str] = "gurobi"
    node_limit: ClassVar[str] = "NodeLimit"
    seed_option: ClassVar[str | None] = "Seed"
    separates: ClassVar[bool] = True
    features: ClassVar[Features] = Features(
        qp=True, miqp=True, quadratic_constraints=True, nonconvex=True, quadratic_ranges=True, sos1=True,
        indicator=True, duals=True,
    )  # fmt: skip

    def available(self) -> str | None:
        """None when gurobipy is installed and its licence is valid, be it the restricted one."""
        if not _installed:
            return "gurobipy is not installed (pip install gurobipy)"
        return _licence()[0]

    def version(self) -> str:
        """Version of gurobipy."""
        return ".".join(map(str, gurobipy.gurobi.version())) if _installed else ""

    def misfit(self, needs: Needs) -> str | None:
        """Why the model is too large for the licence; None when it fits or the licence is a full one."""
        if not is_restricted():
            return None
        size, quadratic = needs.size, bool(_QUADRATIC & set(needs.because))
        rows = size.linear_rows + size.range_rows + size.quadratic_rows + size.sos + size.indicators
        if rows > RESTRICTED_ROWS:
            return f"the restricted licence is too small: {rows} rows, indicator rows and SOS > {RESTRICTED_ROWS}"
        columns = size.variables
        limit = RESTRICTED_QUADRATIC_COLUMNS if quadratic else RESTRICTED_COLUMNS
        if columns > limit:
            return f"the restricted licence is too small: {columns} variables > {limit}" + quadratic * " (quadratic)"
        return None

    def _options(self, settings: Settings) -> dict[str, Any]:
        chosen: dict[str, Any] = {}
        if settings.exact_sos:
            # Gurobi's presolve makes SOS1 of indicator rows first, so that this keeps those free of big-Ms, too.
            chosen["PreSOS1BigM"] = 0
        if settings.duals:
            chosen["QCPDual"] = 1
        if settings.asking is not None:  # rows in the model's own columns, and no reduction that they may contradict
            chosen |= {"PreCrush": 1, "LazyConstraints": 1, "Symmetry": 0}
        if not settings.presolve:
            chosen["Presolve"] = 0
        if settings.short:
            chosen[self.node_limit] = _SHORT_NODES
        limits = {
            "Threads": settings.threads, "TimeLimit": settings.time_limit, "MIPGap": settings.rel_gap,
            "MIPGapAbs": settings.abs_gap, "FeasibilityTol": settings.feasibility_tol,
            "IntFeasTol": settings.integrality_tol,
        }  # fmt: skip
        chosen |= {name: number for name, number in limits.items() if number is not None}
        chosen |= settings.options or {}
        known = {name.lower() for name in dir(gurobipy.GRB.Param)}
        if unknown := [name for name in chosen if name.lower() not in known]:
            raise UnsupportedBySolverError(f"gurobi refuses the option {unknown[0]!r}: unknown.")
        return chosen

    def _native(self, program: Program, settings: Settings) -> Outcome:
        options = {"OutputFlag": int(settings.tee)} | self._options(settings)
        with ExitStack() as stack:
            try:
                env = stack.enter_context(gurobipy.Env(params={"OutputFlag": 0}))
                model = stack.enter_context(gurobipy.Model(env=env))
                for name, setting in options.items():
                    model.setParam(name, setting)
                _hand_over(model, program, settings)
                trace = Trace(settings.watch)
                model.optimize(partial(_look, trace, settings.asking))
                return _traced(_outcome(model, program, settings), model, trace)
            except (gurobipy.GurobiError, TypeError) as error:
                return _failure(error.with_traceback(None), program)  # its frames would keep the environment open


def _hand_over(model: Any, program: Program, settings: Settings) -> None:
    """Fill Gurobi's model with the program's arrays."""
    kinds = np.where(program.integer, "I", "C")
    x = model.addMVar(program.columns, lb=_sides(program.lower), ub=_sides(program.upper), vtype=kinds)
    hessian = program.quadratic.hessian(program.columns) / 2 if program.quadratic else None
    model.setMObjective(hessian, program.cost, program.offset, sense=gurobipy.GRB.MINIMIZE)
    plain = np.ones(program.matrix.shape[0], dtype=bool)
    plain[[*program.row_forms, *program.switches]] = False
    for sense, mask, sides in _senses(program):
        chosen = np.flatnonzero(mask & plain)
        if chosen.size:
            model.addMConstr(program.matrix[chosen], x, sense, sides[chosen], name=f"{sense}")
        for k in np.flatnonzero(mask & ~plain):
            _add_special(model, x, program, int(k), sense, float(sides[k]))
    for sos in program.sos:
        model.addSOS(sos.level, [x[int(k)].item() for k in sos.columns], sos.weights.tolist())
    if settings.warm_start:
        x.Start = np.where(np.isfinite(program.start), program.start, gurobipy.GRB.UNDEFINED)


def _senses(program: Program) -> list[tuple[str, Array, Array]]:
    """Return (sense, rows that have it, their sides); a row with two sides has two senses."""
    low, high = np.isfinite(program.row_lower), np.isfinite(program.row_upper)
    equal = low & high & (program.row_lower == program.row_upper)
    return [
        ("=", equal, program.row_lower), (">", low & ~equal, program.row_lower), ("<", high & ~equal, program.row_upper)
    ]  # fmt: skip


def _add_special(model: Any, x: Any, program: Program, k: int, sense: str, side: float) -> None:
    """Add one side of a row that is quadratic, or that a binary switches."""
    row = program.matrix[[k]]
    linear = gurobipy.LinExpr(row.data.tolist(), [x[int(j)].item() for j in row.indices])
    if k in program.switches:
        column, value = program.switches[k]
        model.addGenConstrIndicator(x[column].item(), bool(value), linear, sense, side)
        return
    form: Form = program.row_forms[k]
    products = zip(form.value.tolist(), form.first.tolist(), form.second.tolist(), strict=True)
    quadratic = gurobipy.quicksum(q * x[i].item() * x[j].item() for q, i, j in products)
    model.addQConstr(linear + quadratic, sense, side)


def _sides(bounds: Array) -> Array:
    """Return bounds with Gurobi's infinity."""
    return np.clip(bounds, -INFINITE, INFINITE)


def _look(trace: Trace, asking: Asking | None, model: Any, where: int) -> None:
    """Note where the search stands, add rows that a node's point violates, and end it when a stop is asked for."""
    told = gurobipy.GRB.Callback
    if where == told.MIP:
        trace.note(*(model.cbGet(what) for what in (told.MIP_NODCNT, told.MIP_OBJBST, told.MIP_OBJBND)))
    elif where == told.MIPNODE:
        trace.note(*(model.cbGet(what) for what in (told.MIPNODE_NODCNT, told.MIPNODE_OBJBST, told.MIPNODE_OBJBND)))
        if asking is not None and model.cbGet(told.MIPNODE_STATUS) == gurobipy.GRB.OPTIMAL:
            _cut(asking, model)
    if stop_requested() and model.IsMIP:  # an LP ends soon, and may be what makes a point of an interrupted search
        model.terminate()


def _cut(asking: Asking, model: Any) -> None:
    """Add the rows that the point of a node's relaxation violates."""
    x = model.getVars()
    for cut in asking.at(model.cbGetNodeRel(x)):
        body = gurobipy.LinExpr(cut.weights.tolist(), [x[k] for k in cut.columns.tolist()])
        if np.isfinite(cut.lower):
            model.cbCut(body, gurobipy.GRB.GREATER_EQUAL, cut.lower)
        if np.isfinite(cut.upper):
            model.cbCut(body, gurobipy.GRB.LESS_EQUAL, cut.upper)
    if asking.raised is not None:
        model.terminate()


def _traced(outcome: Outcome, model: Any, trace: Trace) -> Outcome:
    """Return the outcome with the time that Gurobi took, and, of a search, with how it went."""
    outcome.seconds = perf_counter() - trace.begin
    if model.IsMIP:
        trace.end(outcome.nodes, None if outcome.point is None else model.ObjVal, outcome.bound)
        outcome.trace, outcome.root_bound = trace.marks, trace.root_bound
    return outcome


def _outcome(model: Any, program: Program, settings: Settings) -> Outcome:
    word = _status_names()[model.Status]
    condition = _WORDS.get(word, TerminationCondition.unknown)
    outcome = Outcome(condition, word, nodes=int(model.NodeCount) if model.IsMIP else None)
    if condition in (TerminationCondition.infeasibleOrUnbounded, TerminationCondition.unbounded):
        return outcome
    if model.SolCount > 0:
        outcome.point = np.array(model.X)
    if program.is_linear and not model.IsMIP:
        if condition is TerminationCondition.convergenceCriteriaSatisfied:
            outcome.bound = model.ObjVal
    elif model.IsMIP or model.IsQP or model.IsQCP:
        outcome.bound = _attribute(model, "ObjBound")
    if settings.duals and not model.IsMIP and condition is TerminationCondition.convergenceCriteriaSatisfied:
        outcome.duals = _duals(model, program)
    return outcome


def _attribute(model: Any, name: str) -> float | None:
    try:
        return float(getattr(model, name))
    except (AttributeError, gurobipy.GurobiError):
        return None


def _duals(model: Any, program: Program) -> Array:
    """Return the rows' duals: those of its sides added up."""
    duals = np.zeros(program.matrix.shape[0])
    plain = np.ones(duals.size, dtype=bool)
    plain[[*program.row_forms]] = False
    linear, quadratic = np.array(model.Pi), [row.QCPi for row in model.getQConstrs()]
    for _, mask, _ in _senses(program):
        chosen = np.flatnonzero(mask & plain)
        duals[chosen] += linear[: chosen.size]
        linear = linear[chosen.size :]
        for k in np.flatnonzero(mask & ~plain):
            duals[k] += quadratic.pop(0)
    return duals


def _failure(error: Exception, program: Program) -> Outcome:
    number = getattr(error, "errno", None)
    if number in _ERROR_LICENCE:
        raise SolverUnavailableError(too_small("Gurobi", error, program, _TAKES)) from error
    if number in _ERROR_PARAMETER or isinstance(error, TypeError):
        raise UnsupportedBySolverError(f"gurobi refuses an option: {error}") from error
    return Outcome(TerminationCondition.error, f"GurobiError {number}: {error}")


@cache
def _status_names() -> dict[int, str]:
    return {getattr(gurobipy.GRB.Status, name): name for name in dir(gurobipy.GRB.Status) if name.isupper()}


def is_restricted() -> bool:
    """Whether the licence in use is the size-limited one that comes with gurobipy."""
    return _installed and _licence()[1]


@cache
def _licence() -> tuple[str | None, bool]:
    """(reason why there is no valid licence or None, whether it is size-limited); asked once per process."""
    try:
        with gurobipy.Env(params={"OutputFlag": 0}) as env, gurobipy.Model(env=env) as model:
            model.addVars(RESTRICTED_COLUMNS + 1)
            model.optimize()
    except gurobipy.GurobiError as error:
        if error.errno == gurobipy.GRB.Error.SIZE_LIMIT_EXCEEDED:
            return None, True
        return f"no valid licence: {error}", False
    return None, False
