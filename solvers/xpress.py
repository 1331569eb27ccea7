"""FICO Xpress, by its array interface; an optional solver."""

import re
import signal
import threading
import warnings
from functools import cache
from typing import Any, ClassVar

import numpy as np
from pyomo.common.dependencies import attempt_import
from pyomo.contrib.solver.common.results import TerminationCondition

from ..errors import SolverUnavailableError, UnsupportedBySolverError
from .base import INFINITE, Solver
from .features import Features, Needs
from .interrupt import stop_requested
from .licence import too_small
from .program import Array, Form, Program
from .records import Outcome, Settings
from .row_kinds import Rows, rows_of

xpress, _installed = attempt_import("xpress")

# The community licence that comes with the package. Measured with Xpress 9.9: rows and columns count together, SOS and
# range rows' second sides do not; one quadratic term, in a row or in the objective, lowers the limit.
COMMUNITY_SIZE = 5000
COMMUNITY_QUADRATIC_SIZE = 200

_TAKES = (
    f"community licence takes {COMMUNITY_SIZE} rows and variables together ({COMMUNITY_QUADRATIC_SIZE} in a quadratic "
    "model)"
)
_SHORT_NODES = 1000
_QUADRATIC = {"qp", "miqp", "quadratic_constraints", "nonconvex"}
_ERROR_LICENCE = re.compile(r"\?(120|4)\b|licen[cs]e", re.IGNORECASE)
_COMPLETED = {
    "OPTIMAL": TerminationCondition.convergenceCriteriaSatisfied,
    "INFEASIBLE": TerminationCondition.provenInfeasible,
    "UNBOUNDED": TerminationCondition.unbounded,
}
_STOPPED = {
    "MIPGAP": TerminationCondition.convergenceCriteriaSatisfied,
    "TIMELIMIT": TerminationCondition.maxTimeLimit,
    "WORKLIMIT": TerminationCondition.iterationLimit,
    "NODELIMIT": TerminationCondition.iterationLimit,
    "ITERLIMIT": TerminationCondition.iterationLimit,
    "SOLLIMIT": TerminationCondition.iterationLimit,
    "MIPSTAGE": TerminationCondition.iterationLimit,
    "USER": TerminationCondition.interrupted,
    "CTRLC": TerminationCondition.interrupted,
}


class Xpress(Solver):
    """Xpress; one problem per solve.

    Warm start: the known values of all variables are given with `addMipSol`; of a partial start Xpress takes the
    integers, and looks for the rest. An LP or a convex QP takes none.
    Ctrl-C: Xpress stops, and the best point so far is returned (`feasible`, message "interrupted").
    Options: Xpress refuses unknown names and values of another type, but takes numbers out of range without a word.
    """

    name: ClassVar[str] = "xpress"
    node_limit: ClassVar[str] = "maxnode"
    features: ClassVar[Features] = Features(
        qp=True, miqp=True, quadratic_constraints=True, nonconvex=True, quadratic_ranges=True, sos1=True,
        indicator=True, duals=True,
    )  # fmt: skip

    def available(self) -> str | None:
        """None when xpress is installed and its licence is valid, be it the community one."""
        if not _is_installed():
            return "xpress is not installed (pip install xpress)"
        return _licence()[0]

    def version(self) -> str:
        """Version of the Python package, which is that of the Xpress suite."""
        return str(xpress.__version__) if _is_installed() else ""

    def misfit(self, needs: Needs) -> str | None:
        """Why the model is too large for the licence; None when it fits or the licence is a full one."""
        if not is_community():
            return None
        size, quadratic = needs.size, bool(_QUADRATIC & set(needs.because))
        rows = size.linear_rows + size.quadratic_rows * (1 + ("quadratic_ranges" in needs.because)) + size.indicators
        columns, limit = size.variables, COMMUNITY_QUADRATIC_SIZE if quadratic else COMMUNITY_SIZE
        if rows + columns <= limit:
            return None
        return (
            f"the community licence is too small: {columns} variables and {rows} rows > {limit}"
            + quadratic * " (quadratic)"
        )

    def _options(self, settings: Settings) -> dict[str, Any]:
        # Xpress would look for a nonconvex optimum in a box of +-1e6 of its own making, and drop nodes that are better
        # by less than 1e-5, whatever gap is asked for. Its callback is called in the main thread, where Python handles
        # signals.
        chosen: dict[str, Any] = {
            "globalboundingbox": 0.0, "mipaddcutoff": 0.0, "miprelcutoff": 0.0, "callbackfrommainthread": 1,
        }  # fmt: skip
        if settings.exact_sos:
            chosen |= {"indprelinbigm": 0.0, "indlinbigm": 0.0}
        if not settings.presolve:
            chosen |= {"presolve": 0, "mippresolve": 0, "rootpresolve": 0}
        if settings.short:
            chosen[self.node_limit] = _SHORT_NODES
        limits = {
            "timelimit": settings.time_limit, "miprelstop": settings.rel_gap, "mipabsstop": settings.abs_gap,
            "feastol": settings.feasibility_tol, "miptol": settings.integrality_tol,
        }  # fmt: skip
        chosen |= {name: float(number) for name, number in limits.items() if number is not None}
        if settings.threads is not None:
            chosen["threads"] = int(settings.threads)
        return chosen | dict(settings.options or {})

    def _native(self, program: Program, settings: Settings) -> Outcome:
        try:
            problem = _new(settings.tee)
            for name, setting in self._options(settings).items():
                _set(problem, name, setting)
            rows = _hand_over(problem, program)
            searches = program.is_discrete or not program.is_linear
            if searches and settings.warm_start:
                _offer(problem, program.start)
            problem.addCheckTimeCallback(_StopWhenAsked(searches))
            problem.optimize("" if program.is_linear else "x")  # x: to global optimality
            return _outcome(problem, program, rows, settings)
        except (xpress.SolverError, xpress.ModelError, xpress.InterfaceError) as error:
            if _ERROR_LICENCE.search(str(error)):
                raise SolverUnavailableError(too_small("Xpress", error, program, _TAKES)) from error
            return Outcome(TerminationCondition.error, f"{type(error).__name__}: {error}")


@cache
def _is_installed() -> bool:
    """Whether the package is there; Pyomo looks at its version as soon as it is imported, by a deprecated name."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return bool(_installed)


def _new(tee: bool = False) -> Any:
    """Return an empty problem; Xpress warns of its community licence in every session."""
    with warnings.catch_warnings():
        if not tee:
            warnings.simplefilter("ignore", xpress.LicenseWarning)
        problem = xpress.problem()
    problem.setOutputEnabled(tee)
    return problem


def _set(problem: Any, name: str, setting: Any) -> None:
    try:
        problem.setControl(name, setting)
    except (xpress.InterfaceError, xpress.ModelError, xpress.SolverError, TypeError) as error:
        raise UnsupportedBySolverError(f"xpress refuses the option {name!r} = {setting!r}: {error}") from error


def _hand_over(problem: Any, program: Program) -> Rows:
    """Fill Xpress's problem with the program's arrays."""
    rows = rows_of(program)
    matrix = program.matrix[rows.source].tocsc()
    problem.loadLP(
        "", rows.kind, rows.right, rows.span, program.cost, matrix.indptr, None, matrix.indices, matrix.data,
        np.clip(program.lower, -INFINITE, INFINITE), np.clip(program.upper, -INFINITE, INFINITE),
    )  # fmt: skip
    problem.chgObj([-1], [-program.offset])  # the objective's right-hand side
    integer = np.flatnonzero(program.integer)
    binary = {column for column, _ in program.switches.values()}
    if integer.size:  # Xpress takes switches only if they are called binary; fixed ones keep their bounds
        problem.chgColType(integer, ["B" if k in binary else "I" for k in integer.tolist()])
        problem.chgBounds(
            np.r_[integer, integer], ["L"] * integer.size + ["U"] * integer.size,
            np.clip(np.r_[program.lower[integer], program.upper[integer]], -INFINITE, INFINITE),
        )  # fmt: skip
    if program.quadratic:
        form = program.quadratic
        problem.chgMQObj(form.first, form.second, np.where(form.first == form.second, 2.0, 1.0) * form.value)
    for k, source in enumerate(rows.source.tolist()):
        if source in program.row_forms:
            _add_form(problem, k, program.row_forms[source])
    switched = [(k, *program.switches[i]) for k, i in enumerate(rows.source.tolist()) if i in program.switches]
    if switched:
        index, columns, values = zip(*switched, strict=True)
        problem.setIndicators(index, columns, [1 if value else -1 for value in values])
    sets = [sos for sos in program.sos if sos.columns.size]
    if sets:
        start = np.cumsum([0, *(sos.columns.size for sos in sets)])[:-1]
        members, weights = np.concatenate([s.columns for s in sets]), np.concatenate([s.weights for s in sets])
        problem.addSets([str(sos.level) for sos in sets], start, members, weights)
    return rows


def _add_form(problem: Any, row: int, form: Form) -> None:
    """Give a row its quadratic form: half of each product, as Xpress mirrors the triangle."""
    half = np.where(form.first == form.second, 1.0, 0.5) * form.value
    problem.addQMatrix(row, np.minimum(form.first, form.second), np.maximum(form.first, form.second), half)


def _offer(problem: Any, start: Array) -> None:
    known = np.flatnonzero(np.isfinite(start))
    if known.size:
        problem.addMipSol(start[known], known)


class _StopWhenAsked:
    """Interrupts a search when a stop is asked for; LPs end, because they make the point of an interrupted search."""

    def __init__(self, searches: bool) -> None:
        self.searches = searches
        self.handler: Any = None
        if threading.current_thread() is threading.main_thread():
            self.handler = signal.getsignal(signal.SIGINT)

    def __call__(self, problem: Any, _data: Any = None) -> None:
        if self.handler is not None:  # Xpress gives Ctrl-C back to the system while it runs: the process would end
            signal.signal(signal.SIGINT, self.handler)
            self.handler = None
        if self.searches and stop_requested():
            problem.interrupt()


def _outcome(problem: Any, program: Program, rows: Rows, settings: Settings) -> Outcome:
    attributes = problem.attributes
    solve, found = xpress.SolveStatus(attributes.solvestatus).name, xpress.SolStatus(attributes.solstatus).name
    if solve == "COMPLETED":
        word, condition = found, _COMPLETED.get(found, TerminationCondition.unknown)
    elif solve == "STOPPED":
        word = xpress.StopType(attributes.stopstatus).name
        condition = _STOPPED.get(word, TerminationCondition.unknown)
    else:
        word, condition = solve, TerminationCondition.error
    searched = program.is_discrete or not program.is_linear
    outcome = Outcome(condition, word, nodes=int(attributes.nodes) if searched else None)
    if condition is TerminationCondition.unbounded:
        return outcome
    if found in ("OPTIMAL", "FEASIBLE"):
        outcome.point = np.array(problem.getSolution(), dtype=float)
    if searched:
        outcome.bound = float(attributes.bestbound)
    elif condition is TerminationCondition.convergenceCriteriaSatisfied:
        outcome.bound = float(attributes.objval)
    if settings.duals and not program.is_discrete and condition is TerminationCondition.convergenceCriteriaSatisfied:
        outcome.duals = np.zeros(program.matrix.shape[0])
        np.add.at(outcome.duals, rows.source, np.array(problem.getDuals(), dtype=float))
    return outcome


def is_community() -> bool:
    """Whether the licence in use is the size-limited one that comes with the package."""
    return _is_installed() and _licence()[1]


@cache
def _licence() -> tuple[str | None, bool]:
    """(reason why there is no valid licence or None, whether it is size-limited); asked once per process."""
    try:
        problem = _new()
        problem.addCols(np.zeros(COMMUNITY_SIZE + 1))
        problem.optimize()
    except (xpress.SolverError, xpress.ModelError, xpress.InterfaceError) as error:
        if "?120" in str(error):
            return None, True
        return f"no valid licence: {error}", False
    return None, False
