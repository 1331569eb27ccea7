"""SCIP, through Pyomo's direct interface."""

from typing import Any, ClassVar

from pyomo.common.dependencies import attempt_import
from pyomo.contrib.solver.common.results import TerminationCondition
from pyomo.contrib.solver.solvers.scip.scip_direct import ScipDirect
from pyomo.core.base.block import BlockData
from pyomo.core.base.constraint import ConstraintData
from pyomo.core.base.objective import ObjectiveData

from ..errors import UnsupportedBySolverError
from .base import Features, Outcome, Settings, Solver
from .reading import Reading

pyscipopt, _installed = attempt_import("pyscipopt")


class Scip(Solver):
    """SCIP: everything but duals.

    Warm start: the known values of all variables are given as a partial solution, which SCIP completes.
    Ctrl-C: SCIP stops, and the best point so far is returned (`feasible`, message "interrupted").
    Tolerances: SCIP has one for rows and integrality (`numerics/feastol`), so the tighter of the two given is used;
    it is relative for sides above 1, and products are checked no tighter than that.
    Threads: SCIP's tree search is sequential; `threads` only reaches its LP solver, and SoPlex ignores it.
    """

    name: ClassVar[str] = "scip"
    features: ClassVar[Features] = Features(
        qp=True, miqp=True, quadratic_constraints=True, nonconvex=True, quadratic_ranges=True, sos1=True
    )

    def available(self) -> str | None:
        """None when pyscipopt is installed."""
        return None if _installed else "pyscipopt is not installed (pip install pyscipopt)"

    def version(self) -> str:
        """Version of SCIP (not of PySCIPOpt)."""
        return f"{pyscipopt.Model().version()}" if _installed else ""

    def _backend(self, settings: Settings) -> "_Backend":
        backend = _Backend()
        backend.config.warmstart_discrete_vars = settings.warm_start
        return backend

    def _options(self, settings: Settings) -> dict[str, Any]:
        chosen: dict[str, Any] = {}
        if (tightest := settings.tightest_tolerance()) is not None:
            chosen["numerics/feastol"] = tightest
        chosen |= settings.options or {}
        _check_options(chosen)
        return chosen

    def _run(self, model: BlockData, reading: Reading, settings: Settings) -> Outcome:
        try:
            return super()._run(model, reading, settings)
        except Exception as error:
            if type(error) is not Exception:  # PySCIPOpt raises the bare class for SCIP's own failures
                raise
            return Outcome(TerminationCondition.error, str(error))

    def _native_status(self, backend: "_Backend") -> str:
        return backend.native.getStatus()

    def _nodes(self, backend: "_Backend") -> int | None:
        return int(backend.native.getNTotalNodes())


class _Backend(ScipDirect):
    """Pyomo's interface for one solve: rows without variables left out, a linear objective kept linear, full starts."""

    @property
    def native(self) -> Any:
        return self._solver_model

    def _add_constraint(self, con: ConstraintData) -> None:
        expression = self._expr_visitor.walk_expression(con.expr)
        # A row of parameters alone comes back as a bool; the reader has checked that it holds.
        if not isinstance(expression, bool) and (con.has_lb() or con.has_ub()):
            self._pyomo_con_to_solver_con_map[con] = self._solver_model.addCons(expression)

    def _set_objective(self, obj: ObjectiveData | None) -> None:
        # Pyomo minimizes z subject to z >= objective, and that row holds only within the tolerance.
        if obj is not None:
            expression = self._expr_visitor.walk_expression(obj.expr)
            if not isinstance(expression, float | int) and expression.degree() <= 1:
                sense = "minimize" if obj.sense == 1 else "maximize"
                self._solver_model.setObjective(expression, sense=sense)
                self._objective = obj
                return
        super()._set_objective(obj)

    def _mipstart(self) -> None:
        known = {c: v.value for v, c in self._pyomo_var_to_solver_var_map.items() if v.value is not None}
        start = self._solver_model.createPartialSol()
        for column, value in known.items():
            start[column] = value
        self._solver_model.addSol(start)


def _check_options(options: dict[str, Any]) -> None:
    probe = pyscipopt.Model()
    for name, setting in options.items():
        try:
            probe.setParam(name, setting)
        except (KeyError, ValueError, LookupError, TypeError) as error:
            raise UnsupportedBySolverError(f"scip refuses the option {name!r} = {setting!r}: {error}") from error
