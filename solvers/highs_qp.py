"""Proof of a convex QP's optimum, because HiGHS solves a regularized problem instead of the one given.

With f convex and x* feasible, f(x) >= f(x*) + grad f(x*)'(x - x*) for all x, so that one LP over the same
rows bounds the optimum (the Frank-Wolfe gap):

    bound = f(x*) + min_x { grad f(x*)'(x - x*) : x feasible }.

The QP is unbounded if and only if (x* being feasible) its rows and bounds admit a direction d without end,
with Q d = 0 and c'd < 0 (minimizing): another LP, over the box -1 <= d <= 1.
"""

from typing import Any

import numpy as np
from pyomo.common.dependencies import attempt_import
from pyomo.contrib.solver.common.results import TerminationCondition
from scipy.sparse import coo_array

from .quadratic import gradient
from .reading import Reading
from .records import Outcome, Settings

highspy, _ = attempt_import("highspy")

ABSOLUTE_GAP = 1e-6
"""Gap below which a bound proves the optimum when no absolute gap is asked for."""
RAY_SLOPE = 1e-7
"""Improvement along a direction of length one (largest component) that counts as unbounded."""


def prove(outcome: Outcome, backend: Any, reading: Reading, settings: Settings) -> None:
    """Set the outcome's bound; take `optimal` back when it is not within the gaps, or the QP is unbounded."""
    outcome.bound = None
    bound = _bound(outcome, backend, reading)
    if bound is not None:
        outcome.bound = bound
        gap = abs(outcome.objective - bound)  # type: ignore[operator]
        allowed = max(settings.abs_gap or ABSOLUTE_GAP, (settings.rel_gap or 1e-6) * abs(bound))
        if gap <= allowed:
            return
        outcome.native = f"optimum of the regularized QP, {gap:.3g} from the proven bound"
    elif _has_improving_ray(backend, reading):
        outcome.condition, outcome.native = (
            TerminationCondition.unbounded,
            "improving ray with zero curvature",
        )
        outcome.values = outcome.objective = outcome.duals = None
        return
    else:
        outcome.native = "optimum of the regularized QP, without a proven bound"
    outcome.condition = TerminationCondition.unknown
    outcome.duals = None


def _bound(outcome: Outcome, backend: Any, reading: Reading) -> float | None:
    """The Frank-Wolfe bound at the outcome's point; None when its LP is unbounded or fails."""
    assert outcome.values is not None and outcome.objective is not None
    slope = gradient(reading.polynomial, reading.variables, outcome.values)
    lp = backend.native.getLp()
    cost = np.zeros(lp.num_col_)
    for i, g in slope.items():
        cost[backend.columns[i]] = g
    lp.col_cost_ = cost
    lp.offset_ = outcome.objective - sum(g * outcome.values[reading.variables[i]] for i, g in slope.items())
    return _solve_lp(lp)


def _has_improving_ray(backend: Any, reading: Reading) -> bool:
    lp = backend.native.getLp()
    lp.col_lower_, lp.col_upper_ = recession(lp.col_lower_, lp.col_upper_, 1.0)
    lp.row_lower_, lp.row_upper_ = recession(lp.row_lower_, lp.row_upper_, np.inf)
    lp.offset_ = 0.0
    cost = np.zeros(lp.num_col_)
    for i, c in reading.polynomial.linear.items():  # type: ignore[union-attr]
        cost[backend.columns[i]] = c
    lp.col_cost_ = cost
    best = _solve_lp(lp, flat=_curvature(backend, reading))
    return best is not None and best * reading.sense < -RAY_SLOPE


def recession(lower: Any, upper: Any, free: float) -> tuple[np.ndarray, np.ndarray]:
    """Return the sides of the cone of directions: 0 where the original side is finite, else -free and free."""
    return np.where(np.isfinite(lower), 0.0, -free), np.where(np.isfinite(upper), 0.0, free)


def _curvature(backend: Any, reading: Reading) -> Any:
    """The matrix 2Q of the objective, by columns of the solver's model."""
    rows, columns, entries = [], [], []
    for (i, j), q in reading.polynomial.quadratic.items():  # type: ignore[union-attr]
        rows += [backend.columns[i], backend.columns[j]]
        columns += [backend.columns[j], backend.columns[i]]
        entries += [q, q]
    n = backend.native.getNumCol()
    return coo_array((entries, (rows, columns)), shape=(n, n)).tocsr()


def _solve_lp(lp: Any, flat: Any = None) -> float | None:
    """Optimal value of an LP, with the rows `flat` d = 0 added; None when it has no optimum."""
    solver = highspy.Highs()
    solver.setOptionValue("output_flag", False)
    solver.passModel(lp)
    if flat is not None:
        used = flat[np.diff(flat.indptr) > 0, :]
        zeros = np.zeros(used.shape[0])
        solver.addRows(
            used.shape[0], zeros, zeros, used.nnz, used.indptr[:-1].astype(np.int32),
            used.indices.astype(np.int32), used.data,
        )  # fmt: skip
    solver.run()
    if solver.getModelStatus() != highspy.HighsModelStatus.kOptimal:
        return None
    return float(solver.getInfo().objective_function_value)
