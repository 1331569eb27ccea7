"""Proof of a convex QP's optimum, because HiGHS solves a regularized problem instead of the one given.

With f convex and x* feasible, f(x) >= f(x*) + grad f(x*)'(x - x*) for all x, so that one LP over the same
rows bounds the optimum (the Frank-Wolfe gap):

    bound = f(x*) + min_x { grad f(x*)'(x - x*) : x feasible }.

The QP is unbounded if and only if (x* being feasible) its rows and bounds admit a direction d without end,
with Q d = 0 and c'd < 0 (minimizing): another LP, over the box -1 <= d <= 1.
"""

from dataclasses import replace
from typing import Any

import numpy as np
from pyomo.contrib.solver.common.results import TerminationCondition

from ..program import Array, Form, Program
from ..records import Outcome, Settings
from . import native

ABSOLUTE_GAP = 1e-6
"""Gap below which a bound proves the optimum when no absolute gap is asked for."""
RAY_SLOPE = 1e-7
"""Improvement along a direction of length one (largest component) that counts as unbounded."""


def prove(program: Program, outcome: Outcome, settings: Settings) -> Outcome:
    """Return the outcome with its bound; take `optimal` back when that is not within the gaps, or the QP unbounded."""
    assert outcome.point is not None
    objective, slope = program.value(outcome.point), program.gradient(outcome.point)
    tangent = replace(program, cost=slope, offset=objective - float(slope @ outcome.point), quadratic=Form())
    bound = _solve_lp(native.lp_of(tangent))
    if bound is not None:
        gap = abs(objective - bound)
        if gap <= max(settings.abs_gap or ABSOLUTE_GAP, (settings.rel_gap or 1e-6) * abs(bound)):
            return replace(outcome, bound=bound)
        native_word = f"optimum of the regularized QP, {gap:.3g} from the proven bound"
    elif _has_improving_ray(program):
        return Outcome(TerminationCondition.unbounded, "improving ray with zero curvature", nodes=outcome.nodes)
    else:
        native_word = "optimum of the regularized QP, without a proven bound"
    unknown = TerminationCondition.unknown
    return replace(outcome, condition=unknown, native=native_word, bound=bound, duals=None)


def _has_improving_ray(program: Program) -> bool:
    lower, upper = recession(program.lower, program.upper, 1.0)
    row_lower, row_upper = recession(program.row_lower, program.row_upper, np.inf)
    cone = replace(program, lower=lower, upper=upper, row_lower=row_lower, row_upper=row_upper, offset=0.0)
    best = _solve_lp(native.lp_of(cone), flat=program.quadratic.hessian(program.columns))
    return best is not None and best < -RAY_SLOPE


def recession(lower: Any, upper: Any, free: float) -> tuple[Array, Array]:
    """Return the sides of the cone of directions: 0 where the original side is finite, else -free and free."""
    return np.where(np.isfinite(lower), 0.0, -free), np.where(np.isfinite(upper), 0.0, free)


def _solve_lp(lp: Any, flat: Any = None) -> float | None:
    """Optimal value of an LP, with the rows `flat` d = 0 added; None when it has no optimum."""
    solver = native.new({})
    native.hand_over(solver, lp)
    if flat is not None:
        used = flat[np.flatnonzero(np.diff(flat.indptr)), :]
        zeros = np.zeros(used.shape[0])
        solver.addRows(
            used.shape[0], zeros, zeros, used.nnz, used.indptr[:-1].astype(np.int32),
            used.indices.astype(np.int32), used.data,
        )  # fmt: skip
    solver.run()
    condition, _ = native.condition_of(solver)
    if condition is not TerminationCondition.convergenceCriteriaSatisfied:
        return None
    return float(solver.getInfo().objective_function_value)
