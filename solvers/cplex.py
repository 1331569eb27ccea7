"""IBM CPLEX, by its Python interface; an optional solver."""

import os
from functools import cache, reduce
from typing import Any, ClassVar

import numpy as np
from pyomo.common.dependencies import attempt_import
from pyomo.contrib.solver.common.results import TerminationCondition

from ..errors import SolverUnavailableError, UnsupportedBySolverError
from .base import INFINITE, Solver
from .features import Features, Needs
from .interrupt import listening
from .licence import too_small
from .program import Array, Program
from .records import Outcome, Settings
from .row_kinds import Rows, rows_of

cplex, _installed = attempt_import("cplex")

# The Community Edition that comes with the package takes so many columns, and so many rows (measured with CPLEX 22.2).
COMMUNITY_SIZE = 1000

_TAKES = f"Community Edition takes {COMMUNITY_SIZE} of each"

_SHORT_NODES = 1000
_ERROR_LICENCE = (1016, 32201, 32024)
_OPTIMAL = TerminationCondition.convergenceCriteriaSatisfied
_CONDITIONS = {
    "optimal": _OPTIMAL,
    "MIP_optimal": _OPTIMAL,
    "optimal_tolerance": _OPTIMAL,
    "infeasible": TerminationCondition.provenInfeasible,
    "MIP_infeasible": TerminationCondition.provenInfeasible,
    "unbounded": TerminationCondition.unbounded,
    "MIP_unbounded": TerminationCondition.unbounded,
    "infeasible_or_unbounded": TerminationCondition.infeasibleOrUnbounded,
    "MIP_infeasible_or_unbounded": TerminationCondition.infeasibleOrUnbounded,
    "abort_time_limit": TerminationCondition.maxTimeLimit,
    "MIP_time_limit_feasible": TerminationCondition.maxTimeLimit,
    "MIP_time_limit_infeasible": TerminationCondition.maxTimeLimit,
    "abort_iteration_limit": TerminationCondition.iterationLimit,
    "node_limit_feasible": TerminationCondition.iterationLimit,
    "node_limit_infeasible": TerminationCondition.iterationLimit,
    "abort_user": TerminationCondition.interrupted,
    "MIP_abort_feasible": TerminationCondition.interrupted,
    "MIP_abort_infeasible": TerminationCondition.interrupted,
}


class Cplex(Solver):
    """CPLEX; one problem per solve.

    Warm start: the known values are a MIP start, which CPLEX completes. An LP takes none.
    Ctrl-C: CPLEX stops, and the best point so far is returned (`feasible`, message "interrupted").
    Options: by the dotted names of CPLEX's Python interface, such as ``mip.limits.nodes``.
    """

    name: ClassVar[str] = "cplex"
    node_limit: ClassVar[str] = "mip.limits.nodes"
    features: ClassVar[Features] = Features(sos1=True, indicator=True)

    def available(self) -> str | None:
        """None when cplex is installed, be it the Community Edition."""
        return None if _is_installed() else "cplex is not installed (pip install cplex)"

    def version(self) -> str:
        """Version of CPLEX itself."""
        return str(cplex.__version__) if _is_installed() else ""

    def misfit(self, needs: Needs) -> str | None:
        """Why the model is too large for the Community Edition; None when it fits or the licence is a full one."""
        if not is_community():
            return None
        size = needs.size
        rows = size.linear_rows + size.indicators
        if max(size.variables, rows) <= COMMUNITY_SIZE:
            return None
        return f"the Community Edition is too small: {size.variables} variables, {rows} rows; it takes {COMMUNITY_SIZE}"

    def _options(self, settings: Settings) -> dict[str, Any]:
        chosen: dict[str, Any] = {
            "timelimit": settings.time_limit, "mip.tolerances.mipgap": settings.rel_gap,
            "mip.tolerances.absmipgap": settings.abs_gap, "threads": settings.threads,
            "simplex.tolerances.feasibility": settings.feasibility_tol,
            "mip.tolerances.integrality": settings.integrality_tol,
        }  # fmt: skip
        chosen = {name: number for name, number in chosen.items() if number is not None}
        if not settings.presolve:
            chosen["preprocessing.presolve"] = 0
        if settings.short:
            chosen[self.node_limit] = _SHORT_NODES
        return chosen | dict(settings.options or {})

    def _native(self, program: Program, settings: Settings) -> Outcome:
        problem = cplex.Cplex()
        try:
            if not settings.tee:
                for silence in (
                    problem.set_log_stream, problem.set_results_stream, problem.set_warning_stream,
                    problem.set_error_stream,
                ):  # fmt: skip
                    silence(None)
            for name, setting in self._options(settings).items():
                _set(problem, name, setting)
            rows = _hand_over(problem, program)
            if program.is_discrete and settings.warm_start:
                _offer(problem, program.start)
            return _run(problem, program, rows)
        except cplex.exceptions.CplexError as error:
            number = error.args[2] if len(error.args) > 2 else None
            if number in _ERROR_LICENCE:
                raise SolverUnavailableError(too_small("CPLEX", error.args[0], program, _TAKES)) from error
            return Outcome(TerminationCondition.error, f"CplexError: {error}")
        finally:
            problem.end()


@cache
def _is_installed() -> bool:
    """Whether the package is there; it is told to leave Ctrl-C alone, which it asks for when it is imported."""
    os.environ.setdefault("CPLEX_PY_DISABLE_SIGHANDLER", "1")
    return bool(_installed)


def _set(problem: Any, name: str, setting: Any) -> None:
    try:
        reduce(getattr, name.split("."), problem.parameters).set(setting)
    except (AttributeError, TypeError, ValueError, cplex.exceptions.CplexError) as error:
        raise UnsupportedBySolverError(f"cplex refuses the option {name!r} = {setting!r}: {error}") from error


def _hand_over(problem: Any, program: Program) -> Rows:
    """Fill CPLEX's problem with the program's arrays; return the rows that hold without a switch."""
    binary = {column for column, _ in program.switches.values()}
    kinds = "".join(
        "C" if not whole else "B" if k in binary else "I" for k, whole in enumerate(program.integer.tolist())
    )
    bounds = np.clip([program.lower, program.upper], -INFINITE, INFINITE).tolist()
    # Types, were they all continuous, would make the problem a MIP, which has no simplex status.
    types = {"types": kinds} if program.integer.any() else {}
    problem.variables.add(obj=program.cost.tolist(), lb=bounds[0], ub=bounds[1], **types)
    rows = rows_of(program)
    switched = np.array([k in program.switches for k in rows.source.tolist()], dtype=bool)
    kept = np.flatnonzero(~switched)
    kind = [rows.kind[k] for k in kept]
    span = rows.span[kept]
    right = rows.right[kept] - np.where(np.array(kind, dtype=object) == "R", span, 0.0)  # from there up
    problem.linear_constraints.add(senses="".join(kind), rhs=right.tolist(), range_values=span.tolist())
    matrix = program.matrix[rows.source[kept]].tocoo()
    if matrix.nnz:
        entries = zip(matrix.row.tolist(), matrix.col.tolist(), matrix.data.tolist(), strict=True)
        problem.linear_constraints.set_coefficients(list(entries))
    for k in np.flatnonzero(switched).tolist():
        source = int(rows.source[k])
        row = program.matrix[[source]]
        column, value = program.switches[source]
        problem.indicator_constraints.add(
            lin_expr=cplex.SparsePair(row.indices.tolist(), row.data.tolist()), sense=rows.kind[k],
            rhs=float(rows.right[k]), indvar=column, complemented=1 - value,
        )  # fmt: skip
    for sos in program.sos:
        if sos.columns.size:
            problem.SOS.add(type=str(sos.level), SOS=cplex.SparsePair(sos.columns.tolist(), sos.weights.tolist()))
    return rows


def _offer(problem: Any, start: Array) -> None:
    known = np.flatnonzero(np.isfinite(start))
    if known.size:
        pair = cplex.SparsePair(known.tolist(), start[known].tolist())
        problem.MIP_starts.add(pair, problem.MIP_starts.effort_level.auto)


def _run(problem: Any, program: Program, rows: Rows) -> Outcome:
    if program.is_discrete:  # an LP ends soon, and may be what makes a point of an interrupted search
        aborter = problem.use_aborter(cplex.Aborter())
        listening(problem.solve, aborter.abort)
    else:
        problem.solve()
    solution = problem.solution
    word = solution.status[solution.get_status()]
    condition = _CONDITIONS.get(word, TerminationCondition.unknown)
    outcome = Outcome(condition, word)
    if program.is_discrete:
        outcome.nodes = int(solution.progress.get_num_nodes_processed())
    if condition in (TerminationCondition.unbounded, TerminationCondition.infeasibleOrUnbounded):
        return outcome
    if solution.is_primal_feasible():
        outcome.point = np.array(solution.get_values(), dtype=float)
    if condition is TerminationCondition.provenInfeasible:
        return outcome
    if program.is_discrete:
        outcome.bound = float(solution.MIP.get_best_objective()) + program.offset
    elif condition is _OPTIMAL:
        outcome.bound = float(solution.get_objective_value()) + program.offset
    return outcome


@cache
def is_community() -> bool:
    """Whether CPLEX is the size-limited Community Edition; asked once per process."""
    if not _is_installed():
        return False
    problem = cplex.Cplex()
    for silence in (problem.set_log_stream, problem.set_results_stream, problem.set_error_stream):
        silence(None)
    try:
        problem.variables.add(obj=[0.0] * (COMMUNITY_SIZE + 1))
        problem.solve()
    except cplex.exceptions.CplexError as error:
        return _ERROR_LICENCE[0] in error.args
    finally:
        problem.end()
    return False
