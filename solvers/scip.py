"""SCIP, through Pyomo's direct interface."""

from dataclasses import replace
from functools import cache
from time import perf_counter
from typing import Any, ClassVar

from pyomo.common.dependencies import attempt_import
from pyomo.contrib.solver.common.results import TerminationCondition
from pyomo.contrib.solver.solvers.scip.scip_direct import ScipDirect
from pyomo.core.base.block import BlockData
from pyomo.core.base.constraint import ConstraintData
from pyomo.core.base.objective import ObjectiveData
from pyomo.core.base.var import VarData
from pyomo.repn.quadratic import QuadraticRepn

from ..errors import UnsupportedBySolverError
from .base import Solver
from .features import Features
from .indicators import Switch
from .quadratic import evaluate
from .reading import Reading, read
from .records import Outcome, Settings
from .scip_optimum import beyond, is_better, is_open_ended

pyscipopt, _installed = attempt_import("pyscipopt")

_NO_POINT = (TerminationCondition.provenInfeasible, TerminationCondition.infeasibleOrUnbounded)
"""How a solve without objective ends where there is no point: nothing can be unbounded then."""


class Scip(Solver):
    """SCIP: everything but duals.

    Warm start: the known values of all variables are given as a partial solution, which SCIP completes.
    Ctrl-C: SCIP stops, and the best point so far is returned (`feasible`, message "interrupted").
    Tolerances: SCIP has one for rows and integrality (`numerics/feastol`), so the tighter of the two given is
    used; it is relative for sides above 1, and products are checked no tighter than that. A nonconvex optimum
    deserves a second opinion: SCIP has been seen to call a point optimal that was not.
    Threads: SCIP's tree search is sequential; `threads` only reaches its LP solver, and SoPlex ignores it.
    """

    name: ClassVar[str] = "scip"
    features: ClassVar[Features] = Features(
        qp=True, miqp=True, quadratic_constraints=True, nonconvex=True, quadratic_ranges=True, sos1=True,
        indicator=True,
    )

    def available(self) -> str | None:
        """None when pyscipopt is installed."""
        return None if _installed else "pyscipopt is not installed (pip install pyscipopt)"

    def version(self) -> str:
        """Version of SCIP (not of PySCIPOpt)."""
        return _version() if _installed else ""

    def _backend(self, reading: Reading, settings: Settings) -> "_Backend":
        backend = _Backend(reading)
        backend.config.warmstart_discrete_vars = settings.warm_start
        return backend

    def _options(self, settings: Settings) -> dict[str, Any]:
        chosen: dict[str, Any] = {}
        if (tightest := settings.tightest_tolerance()) is not None:
            chosen["numerics/feastol"] = tightest
        # SCIP 10's cuts from SOS1 constraints (the implied bound cuts) were seen to cut an optimum off, for any seed:
        # 578.4 for a maximum of 620.0. Whoever makes SOS1 rows can write the cuts x/u + y/v <= 1 beside them.
        chosen["constraints/SOS1/sepafreq"] = -1
        # SCIP 10's heuristic mpec was seen to corrupt the process's memory, which then aborts (MIQP, 1100 binaries).
        chosen["heuristics/mpec/freq"] = -1
        chosen |= settings.options or {}
        _check_options(chosen)
        return chosen

    def _run(self, model: BlockData, reading: Reading, settings: Settings) -> Outcome:
        started = perf_counter()
        outcome = self._run_once(model, reading, settings)
        if outcome.condition is TerminationCondition.convergenceCriteriaSatisfied and is_open_ended(reading):
            left = None if settings.time_limit is None else settings.time_limit - (perf_counter() - started)
            self._look_again(model, reading, replace(settings, time_limit=left), outcome)
        return outcome

    def _run_once(self, model: BlockData, reading: Reading, settings: Settings) -> Outcome:
        try:
            return super()._run(model, reading, settings)
        except Exception as error:
            if type(error) is not Exception:  # PySCIPOpt raises the bare class for SCIP's own failures
                raise
            return Outcome(TerminationCondition.error, str(error))

    def _look_again(self, model: BlockData, reading: Reading, settings: Settings, outcome: Outcome) -> None:
        """Take `optimal` back where a second solve finds a better point, or cannot tell; see `scip_optimum`."""
        rows = beyond(model, reading, outcome)
        if rows is not None and (settings.time_limit is None or settings.time_limit > 0):
            second = self._run_once(rows, read(rows), settings)
            if second.condition in _NO_POINT:
                return
            if second.values is not None:
                better = evaluate(reading.polynomial, reading.variables, second.values)
                if not is_better(better, reading, outcome):
                    return
                outcome.values, outcome.objective = second.values, better
        outcome.condition, outcome.bound = TerminationCondition.unknown, None
        outcome.native = f"{outcome.native}, not confirmed by a second solve"

    def _native_status(self, backend: "_Backend") -> str:
        return backend.native.getStatus()

    def _nodes(self, backend: "_Backend") -> int | None:
        return int(backend.native.getNTotalNodes())


class _Backend(ScipDirect):
    """Pyomo's interface for one solve: built from coefficients, a linear objective kept so, full starts."""

    def __init__(self, reading: Reading) -> None:
        super().__init__()
        self.reading = reading

    @property
    def native(self) -> Any:
        return self._solver_model

    def _create_solver_model(self, model: BlockData, config: Any) -> Any:
        native, *rest = super()._create_solver_model(model, config)
        if {"sos1", "milp"} <= self.reading.needs.because.keys() or self.reading.indicators:
            from .scip_branching import integers_first  # here, because it needs pyscipopt to be installed

            integers_first(native)
        return _Unlocked(native), *rest

    def _add_constraint(self, con: ConstraintData) -> None:
        lower, repn, upper = self.reading.rows[con]
        expression = self._expression(repn)
        low = None if lower is None else lower - repn.constant
        high = None if upper is None else upper - repn.constant
        if con in self.reading.indicators:
            self._add_indicator(self.reading.indicators[con], low, expression, high)
            return
        if expression is None or (lower is None and upper is None):
            return  # the reader has checked that a row without variables holds
        if low is None or high is None:
            row = expression <= high if low is None else expression >= low
        else:
            row = expression == low if low == high else low <= (expression <= high)
        self._pyomo_con_to_solver_con_map[con] = self.native.addCons(row)

    def _add_indicator(self, switch: Switch, low: float | None, expression: Any, high: float | None) -> None:
        """Let the row hold up to a slack that may be positive only while the switch is off: SOS1{slack, switch}.

        Not SCIP's own indicator constraint: with it, SCIP 10's presolve cut optima off (25 for a maximum of 47).
        """
        expression = pyscipopt.Expr() if expression is None else expression  # without variables: says what z must be
        native, binary = self.native, self._variable(switch.variable)
        if not switch.value:
            complement = native.addVar(vtype="B")
            native.addCons(binary + complement == 1)
            binary = complement
        for side, sign in ((high, 1), (low, -1)):
            if side is not None:
                slack = native.addVar(lb=0)
                native.addCons(sign * expression - slack <= sign * side)
                native.addConsSOS1([slack, binary], weights=[1, 2])

    def _set_objective(self, obj: ObjectiveData | None) -> None:
        # Pyomo optimizes z subject to z >= objective, and such a row holds only within the tolerance: here a
        # linear objective stays one, and only a quadratic one gets its z (SCIP's objective is linear).
        polynomial = self.reading.polynomial
        expression = None if obj is None else self._expression(polynomial)
        if obj is None or polynomial is None or expression is None:
            super()._set_objective(obj)
            return
        sense = "minimize" if obj.sense == 1 else "maximize"
        if polynomial.quadratic:
            z = self.native.addVar(lb=None, ub=None)
            self.native.addCons(z - expression >= 0 if sense == "minimize" else z - expression <= 0)
            expression = z
        self.native.setObjective(expression + polynomial.constant, sense=sense)
        self._objective = obj

    def _expression(self, repn: QuadraticRepn) -> Any:
        """The terms without the constant, None when there are none; in linear time, unlike Pyomo's."""
        column = self._column
        terms = [q * column(i) for i, q in repn.linear.items()]
        terms += [q * column(i) * column(j) for (i, j), q in (repn.quadratic or {}).items()]
        return pyscipopt.quicksum(terms) if terms else None

    def _column(self, i: int) -> Any:
        return self._variable(self.reading.variables[i])

    def _variable(self, variable: VarData) -> Any:
        known = self._pyomo_var_to_solver_var_map.get(variable)
        return self._add_var(variable) if known is None else known

    def _mipstart(self) -> None:
        start = self._solver_model.createPartialSol()
        for variable, column in self._pyomo_var_to_solver_var_map.items():
            if variable.value is not None:
                start[column] = variable.value
        self._solver_model.addSol(start)


class _Unlocked:
    """SCIP's model, solved without Python's lock.

    Pyomo reads SCIP's log from a pipe in a thread of its own: with the lock held, the first log that is
    longer than the pipe (64 kB) would stop SCIP for ever, past any time limit.
    """

    def __init__(self, native: Any) -> None:
        self._native = native

    def __getattr__(self, name: str) -> Any:
        return getattr(self._native, name)

    def optimize(self) -> None:
        """Solve."""
        self._native.optimizeNogil()


@cache
def _version() -> str:
    return str(pyscipopt.Model().version())


def _check_options(options: dict[str, Any]) -> None:
    if not options:
        return
    probe = pyscipopt.Model()
    for name, setting in options.items():
        try:
            probe.setParam(name, setting)
        except (KeyError, ValueError, LookupError, TypeError) as error:
            raise UnsupportedBySolverError(
                f"scip refuses the option {name!r} = {setting!r}: {error}"
            ) from error
