"""HiGHS's own objects: a model handed over in one call, and how a run ended."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from pyomo.common.dependencies import attempt_import
from pyomo.contrib.solver.common.results import TerminationCondition
from scipy.sparse import csr_array, tril

from ...errors import UnsupportedBySolverError
from ..interrupt import stop_requested
from ..program import Array, Form, Program
from ..trace import Trace, Watch

highspy, installed = attempt_import("highspy")

_WORDS = {
    "Optimal": TerminationCondition.convergenceCriteriaSatisfied,
    "Infeasible": TerminationCondition.provenInfeasible,
    "Unbounded": TerminationCondition.unbounded,
    "Primal infeasible or unbounded": TerminationCondition.infeasibleOrUnbounded,
    "Time limit reached": TerminationCondition.maxTimeLimit,
    "Iteration limit reached": TerminationCondition.iterationLimit,
    "Solution limit reached": TerminationCondition.iterationLimit,
    "Bound on objective reached": TerminationCondition.objectiveLimit,
    "Target for objective reached": TerminationCondition.objectiveLimit,
    "Interrupted by user": TerminationCondition.interrupted,
    "Empty": TerminationCondition.convergenceCriteriaSatisfied,
}


SMALLEST_ENTRY = 1e-12
"""HiGHS drops smaller entries without a word; its default of 1e-9 made y >= 1e5, as 1e-11 y >= 1e-6, infeasible."""

DUST = 1e-9
"""What HiGHS takes for zero by default, also in its presolve. With 1e-12 instead, the remains of cancelled entries were
taken for coefficients of a MILP with entries of 1 to 30, and 5 was called its minimum, which is -36.375."""


def new(options: Mapping[str, Any], tee: bool = False) -> Any:
    """Return a HiGHS object with these options, silent unless ``tee``.

    :raises UnsupportedBySolverError: HiGHS does not know an option, or not this value of it.
    """
    solver = highspy.Highs()
    solver.setOptionValue("output_flag", tee)
    solver.setOptionValue("small_matrix_value", SMALLEST_ENTRY)
    for name, setting in options.items():
        if solver.setOptionValue(name, setting) != highspy.HighsStatus.kOk:
            raise UnsupportedBySolverError(f"highs refuses the option {name!r} = {setting!r}: unknown or out of range.")
    return solver


def hand_over(solver: Any, lp: Any) -> None:
    """Pass a model to be solved with presolve: what is smaller than its own entries, and than ``DUST``, is zero there.

    A limit that the user has set stays.
    """
    if solver.getOptionValue("small_matrix_value")[1] == SMALLEST_ENTRY:
        entries = np.abs(np.asarray(lp.a_matrix_.value_, dtype=float))
        smallest = entries[entries > 0].min(initial=np.inf)
        solver.setOptionValue("small_matrix_value", float(np.clip(smallest / 2, SMALLEST_ENTRY, DUST)))
    solver.passModel(lp)


def lp_of(program: Program) -> Any:
    """Return the rows, bounds and linear costs of a program as a ``HighsLp``, all columns continuous."""
    lp = lp_with(program.matrix, program.cost, program.lower, program.upper, program.row_lower, program.row_upper)
    lp.offset_ = program.offset
    return lp


def lp_with(matrix: csr_array, cost: Array, lower: Array, upper: Array, row_lower: Array, row_upper: Array) -> Any:
    """Return min cost'x with these rows, and bounds of columns, as a ``HighsLp``."""
    lp = highspy.HighsLp()
    lp.num_row_, lp.num_col_ = lp.a_matrix_.num_row_, lp.a_matrix_.num_col_ = matrix.shape
    lp.col_cost_, lp.col_lower_, lp.col_upper_ = cost, lower, upper
    lp.row_lower_, lp.row_upper_ = row_lower, row_upper
    lp.a_matrix_.format_ = highspy.MatrixFormat.kRowwise
    lp.a_matrix_.start_, lp.a_matrix_.index_ = matrix.indptr.astype(np.int32), matrix.indices.astype(np.int32)
    lp.a_matrix_.value_ = matrix.data
    return lp


def pass_integers(solver: Any, integer: Array) -> None:
    """Make columns integer."""
    columns = np.flatnonzero(integer).astype(np.int32)
    solver.changeColsIntegrality(len(columns), columns, np.full(len(columns), highspy.HighsVarType.kInteger))


def pass_hessian(solver: Any, form: Form, columns: int) -> None:
    """Give the objective its quadratic form: the lower triangle of its second derivatives, column by column."""
    lower = tril(form.hessian(columns), format="csc")
    hessian = highspy.HighsHessian()
    hessian.dim_ = columns
    hessian.format_ = highspy.HessianFormat.kTriangular
    hessian.start_, hessian.index_ = lower.indptr.astype(np.int32), lower.indices.astype(np.int32)
    hessian.value_ = lower.data
    solver.passHessian(hessian)


def offer(solver: Any, start: Array) -> None:
    """Offer the known values (not nan) as a start."""
    known = np.flatnonzero(np.isfinite(start)).astype(np.int32)
    solver.setSolution(len(known), known, start[known])


def run(solver: Any, watch: Watch | None = None) -> Trace:
    """Run, until a stop is asked for; what HiGHS has found so far is kept. Return how the search went, if it is one."""
    # HiGHS keeps one pool of threads per process, and fails when the number asked for has changed.
    highspy.Highs.resetGlobalScheduler(True)

    trace = Trace(watch)

    def look(event: Any) -> None:
        """Note how far the search is, and end it where that is asked for."""
        told = event.data_out
        trace.note(told.mip_node_count, told.mip_primal_bound, told.mip_dual_bound)
        if stop_requested():
            event.interrupt()

    def improved(event: Any) -> None:
        """Note a new best point."""
        told = event.data_out
        trace.note(told.mip_node_count, told.objective_function_value, told.mip_dual_bound)

    solver.cbMipInterrupt.subscribe(look)
    solver.cbMipImprovingSolution.subscribe(improved)
    solver.run()
    return trace


def condition_of(solver: Any) -> tuple[TerminationCondition, str]:
    """Return how the run ended, in Pyomo's and in HiGHS's words."""
    word = solver.modelStatusToString(solver.getModelStatus())
    return _WORDS.get(word, TerminationCondition.unknown), word


def point_of(solver: Any) -> Array | None:
    """Return the feasible point that was found, if any."""
    if solver.getInfo().primal_solution_status != highspy.SolutionStatus.kSolutionStatusFeasible:
        return None
    return np.array(solver.getSolution().col_value)
