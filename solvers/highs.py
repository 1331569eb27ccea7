"""HiGHS: LP and MILP through Pyomo's interface, convex QP with a proof afterwards, convex MIQP by tangents."""

from dataclasses import replace
from time import perf_counter
from typing import Any, ClassVar

import numpy as np
from pyomo.common.dependencies import attempt_import
from pyomo.contrib.solver.common.results import Results, TerminationCondition
from pyomo.contrib.solver.solvers.highs import Highs as PyomoHighs
from pyomo.core.base.block import BlockData

from ..errors import UnsupportedBySolverError
from . import highs_tangents
from .base import Solver
from .features import Features
from .highs_qp import prove
from .reading import Reading
from .records import Outcome, Settings

highspy, _installed = attempt_import("highspy")

_OPTIMAL = TerminationCondition.convergenceCriteriaSatisfied
_INFEASIBLE = TerminationCondition.provenInfeasible
SECOND_LOOK_NODES, SECOND_LOOK_SECONDS = 1000, 10.0
_DECIDED = (_OPTIMAL, _INFEASIBLE, TerminationCondition.unbounded)
FINEST_INTEGRALITY = 1e-7
"""HiGHS's own tolerance of an LP row, and the default here: with a finer one, and also with its own default of 1e-6,
HiGHS 1.15 was seen to prune the optimum of a MILP and to call a worse point optimal."""

QP_STEPS = 20
"""Steps of the QP method for each row and variable: HiGHS 1.15's was seen to go round in circles for ever."""


class Highs(Solver):
    """HiGHS: LP, MILP, convex QP and convex MIQP.

    Warm start: the known values of all variables are given with `setSolution`; for a MILP HiGHS fixes them
    and solves for the rest. An LP starts its simplex method from scratch.
    Ctrl-C: raises KeyboardInterrupt, and nothing is returned.
    Tolerances: a MILP has one for rows and integrality, so the tighter of the two given is used.
    QP: HiGHS adds 1e-7/2 |x|^2 to the objective, which may shift the optimum and turns an unbounded problem
    into one with a false optimum; see `highs_qp`. Where it fails without that too, `highs_tangents` solves the QP.
    MIQP: by outer approximation, see `highs_tangents`; the time limit is for all its MILPs, a node limit for each.
    """

    name: ClassVar[str] = "highs"
    features: ClassVar[Features] = Features(qp=True, miqp=True, duals=True)

    def available(self) -> str | None:
        """None when highspy is installed."""
        return None if _installed else "highspy is not installed (pip install highspy)"

    def version(self) -> str:
        """Version of HiGHS."""
        return highspy.Highs().version() if _installed else ""

    def _backend(self, reading: Reading, settings: Settings) -> "_Backend":
        backend = _Backend()
        backend.warm_start = settings.warm_start
        return backend

    def _options(self, settings: Settings) -> dict[str, Any]:
        chosen: dict[str, Any] = {}
        if settings.feasibility_tol is not None:
            chosen["primal_feasibility_tolerance"] = settings.feasibility_tol
            chosen["dual_feasibility_tolerance"] = settings.feasibility_tol
        tightest = settings.tightest_tolerance()
        chosen["mip_feasibility_tolerance"] = max(tightest or 0.0, FINEST_INTEGRALITY)
        chosen |= settings.options or {}
        _check_options(chosen)
        return chosen

    def _run(self, model: BlockData, reading: Reading, settings: Settings) -> Outcome:
        begin = perf_counter()
        outcome = self._once(model, reading, settings)
        if outcome.condition is _INFEASIBLE and "milp" in reading.needs.because:
            return self._without_presolve(model, reading, settings, outcome)
        if "qp" not in reading.needs.because or outcome.condition in _DECIDED:
            return outcome
        exact = dict(settings.options or {}) | {"qp_regularization_value": 0.0}
        again = self._once(model, reading, replace(settings, options=exact, time_limit=_left(settings, begin)))
        if again.condition not in _DECIDED and not settings.duals:
            rest = replace(settings, time_limit=_left(settings, begin))
            by_tangents = highs_tangents.solve(reading, rest, self._options(settings))
            if by_tangents.condition in _DECIDED:
                return by_tangents
        if again.condition in _DECIDED or outcome.objective is None:
            return again
        return outcome

    def _once(self, model: BlockData, reading: Reading, settings: Settings) -> Outcome:
        if "miqp" in reading.needs.because:
            return highs_tangents.solve(reading, settings, self._options(settings))
        if "qp" in reading.needs.because:
            limit = QP_STEPS * (10 + reading.needs.size.variables + reading.needs.size.linear_rows)
            settings = replace(settings, options={"qp_iteration_limit": limit} | dict(settings.options or {}))
        return super()._run(model, reading, settings)

    def _without_presolve(self, model: BlockData, reading: Reading, settings: Settings, outcome: Outcome) -> Outcome:
        """Ask again: HiGHS 1.15's presolve was seen to call a feasible MILP with near-equal bounds infeasible.

        Limited, because without presolve HiGHS may branch for ever on integers without bounds; where that decides
        nothing, the first answer stands.
        """
        options = dict(settings.options or {})
        if "presolve" in options:
            return outcome
        options |= {"presolve": "off", "mip_max_nodes": SECOND_LOOK_NODES}
        left = SECOND_LOOK_SECONDS if settings.time_limit is None else min(settings.time_limit, SECOND_LOOK_SECONDS)
        again = self._once(model, reading, replace(settings, options=options, time_limit=left))
        return again if again.values is not None or again.condition in _DECIDED else outcome

    def _outcome(self, backend: Any, results: Results, reading: Reading, settings: Settings) -> Outcome:
        outcome = super()._outcome(backend, results, reading, settings)
        if "qp" in reading.needs.because and outcome.condition is _OPTIMAL:
            prove(outcome, backend, reading, settings)
        return outcome

    def _native_status(self, backend: "_Backend") -> str:
        return backend.native.modelStatusToString(backend.native.getModelStatus())

    def _nodes(self, backend: "_Backend") -> int | None:
        count = backend.native.getInfo().mip_node_count
        return count if count >= 0 else None


class _Backend(PyomoHighs):
    """Pyomo's interface for one solve, with a start."""

    warm_start = False

    @property
    def native(self) -> Any:
        return self._solver_model

    @property
    def columns(self) -> dict[int, int]:
        """Id of variable -> column."""
        return self._pyomo_var_to_solver_var_map

    def _solve(self) -> Results:
        # HiGHS keeps one pool of threads per process, and fails when the number asked for has changed.
        highspy.Highs.resetGlobalScheduler(True)
        if self.warm_start:
            known = {self.columns[i]: entry[0].value for i, entry in self._vars.items()}
            known = {column: value for column, value in known.items() if value is not None}
            self.native.setSolution(
                len(known), np.array(list(known), dtype=np.int32), np.array(list(known.values()), dtype=float)
            )
        return super()._solve()


def _left(settings: Settings, begin: float) -> float | None:
    """Return what is left of the time limit."""
    return None if settings.time_limit is None else max(0.0, settings.time_limit - (perf_counter() - begin))


def _check_options(options: dict[str, Any]) -> None:
    """Pyomo drops what HiGHS refuses without a word."""
    probe = highspy.Highs()
    probe.setOptionValue("output_flag", False)
    for name, setting in options.items():
        if probe.setOptionValue(name, setting) != highspy.HighsStatus.kOk:
            raise UnsupportedBySolverError(
                f"highs refuses the option {name!r} = {setting!r}: unknown or out of range."
            )
