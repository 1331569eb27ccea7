"""HiGHS: LP, MILP, convex QP with a proof afterwards, convex MIQP by tangents, complementarity by branching."""

from dataclasses import replace
from math import isfinite
from time import perf_counter
from typing import Any, ClassVar

import numpy as np
from pyomo.contrib.solver.common.results import TerminationCondition

from ..base import Solver
from ..features import Features
from ..program import Program
from ..records import Outcome, Settings
from . import native, tangents
from .qp import prove

_OPTIMAL = TerminationCondition.convergenceCriteriaSatisfied
_DECIDED = (_OPTIMAL, TerminationCondition.provenInfeasible, TerminationCondition.unbounded)
SHORT_NODES = 1000

FINEST_INTEGRALITY = 1e-7
"""HiGHS's own tolerance of an LP row, and the default here: with a finer one, and also with its own default of 1e-6,
HiGHS 1.15 was seen to prune the optimum of a MILP and to call a worse point optimal."""

QP_STEPS = 20
"""Steps of the QP method for each row and variable: HiGHS 1.15's was seen to go round in circles for ever."""


class Highs(Solver):
    """HiGHS: LP, MILP, convex QP and convex MIQP.

    Warm start: the known values of all variables are given with `setSolution`; for a MILP HiGHS fixes them
    and solves for the rest. An LP starts its simplex method from scratch.
    Ctrl-C: HiGHS stops, and the best point so far is returned (`feasible`, message "interrupted"), in a MILP; LPs end.
    Tolerances: a MILP has one for rows and integrality, so the tighter of the two given is used.
    QP: HiGHS adds 1e-7/2 |x|^2 to the objective, which may shift the optimum and turns an unbounded problem
    into one with a false optimum; see `qp`. Where it fails without that too, `tangents` solves the QP.
    MIQP: by outer approximation, see `tangents`; the time limit is for all its MILPs, a node limit for each.
    Complementary pairs, and products beside them: by a search of our own over HiGHS's LPs, see `solvers.branching`.
    """

    name: ClassVar[str] = "highs"
    node_limit: ClassVar[str] = "mip_max_nodes"
    seed_option: ClassVar[str | None] = "random_seed"
    features: ClassVar[Features] = Features(qp=True, miqp=True, duals=True, complementarity=True)

    def available(self) -> str | None:
        """None when highspy is installed."""
        return None if native.installed else "highspy is not installed (pip install highspy)"

    def version(self) -> str:
        """Version of HiGHS."""
        return native.highspy.Highs().version() if native.installed else ""

    def _options(self, settings: Settings) -> dict[str, Any]:
        chosen: dict[str, Any] = {}
        if settings.feasibility_tol is not None:
            chosen["primal_feasibility_tolerance"] = settings.feasibility_tol
            chosen["dual_feasibility_tolerance"] = settings.feasibility_tol
        tightest = settings.tightest_tolerance()
        chosen["mip_feasibility_tolerance"] = max(tightest or 0.0, FINEST_INTEGRALITY)
        if not settings.presolve:
            chosen["presolve"] = "off"
        if settings.short:
            chosen[self.node_limit] = SHORT_NODES
        if settings.threads is not None:
            chosen["threads"] = settings.threads
        return chosen | dict(settings.options or {})

    def _native(self, program: Program, settings: Settings) -> Outcome:
        if program.pair_names:
            return self._branch(program, settings)
        if not program.quadratic:
            return self._once(program, settings)
        if program.integer.any():
            return tangents.solve(program, settings, self._options(settings))
        return self._quadratic(program, settings)

    def _branch(self, program: Program, settings: Settings) -> Outcome:
        from .. import branching  # which itself needs this folder

        options = self._options(settings)
        nodes = options.pop(self.node_limit, None)
        gaps = {"rel_gap": options.pop("mip_rel_gap", settings.rel_gap)}
        gaps["abs_gap"] = options.pop("mip_abs_gap", settings.abs_gap)
        return branching.solve(program, replace(settings, **gaps), options, nodes=nodes)

    def _quadratic(self, program: Program, settings: Settings) -> Outcome:
        """Solve a convex QP: as it is; without HiGHS's regularisation; by tangents, which have no duals to give."""
        begin = perf_counter()
        limit = QP_STEPS * (10 + program.columns + program.matrix.shape[0])
        options = {"qp_iteration_limit": limit} | dict(settings.options or {})
        outcome = self._proven_qp(program, replace(settings, options=options))
        if outcome.condition in _DECIDED:
            return outcome
        exact = replace(settings, options=options | {"qp_regularization_value": 0.0}, time_limit=_left(settings, begin))
        again = self._proven_qp(program, exact)
        if again.condition not in _DECIDED and not settings.duals:
            rest = replace(settings, time_limit=_left(settings, begin))
            by_tangents = tangents.solve(program, rest, self._options(settings))
            if by_tangents.condition in _DECIDED:
                return by_tangents
        return again if again.condition in _DECIDED or outcome.point is None else outcome

    def _proven_qp(self, program: Program, settings: Settings) -> Outcome:
        outcome = self._once(program, settings)
        return prove(program, outcome, settings) if outcome.condition is _OPTIMAL else outcome

    def _once(self, program: Program, settings: Settings) -> Outcome:
        options = self._options(settings)
        if settings.time_limit is not None:
            options["time_limit"] = settings.time_limit
        if settings.rel_gap is not None:
            options.setdefault("mip_rel_gap", settings.rel_gap)
        if settings.abs_gap is not None:
            options.setdefault("mip_abs_gap", settings.abs_gap)
        solver = native.new(options, settings.tee)
        native.hand_over(solver, native.lp_of(program))
        if program.quadratic:
            native.pass_hessian(solver, program.quadratic, program.columns)
        if program.integer.any():
            native.pass_integers(solver, program.integer)
            if settings.warm_start:
                native.offer(solver, program.start)
        begin = perf_counter()
        trace = native.run(solver, settings.watch)
        searched = perf_counter() - begin
        condition, word = native.condition_of(solver)
        info = solver.getInfo()
        outcome = Outcome(condition, word, nodes=info.mip_node_count if info.mip_node_count >= 0 else None)
        outcome.seconds = searched
        if condition in (TerminationCondition.infeasibleOrUnbounded, TerminationCondition.unbounded):
            return outcome
        outcome.point = native.point_of(solver)
        if program.integer.any():
            outcome.bound = info.mip_dual_bound if isfinite(info.mip_dual_bound) else None
            trace.end(outcome.nodes, None if outcome.point is None else program.value(outcome.point), outcome.bound)
            outcome.trace, outcome.root_bound = trace.marks, trace.root_bound
        elif condition is _OPTIMAL:
            assert outcome.point is not None
            outcome.bound = program.value(outcome.point)
            if settings.duals:
                outcome.duals = np.array(solver.getSolution().row_dual)
        return outcome


def _left(settings: Settings, begin: float) -> float | None:
    """Return what is left of the time limit."""
    return None if settings.time_limit is None else max(0.0, settings.time_limit - (perf_counter() - begin))
