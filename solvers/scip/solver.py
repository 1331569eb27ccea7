"""SCIP: everything but duals."""

from functools import cache
from time import perf_counter
from typing import Any, ClassVar

from pyomo.common.dependencies import attempt_import
from pyomo.contrib.solver.common.results import TerminationCondition

from ...errors import UnsupportedBySolverError
from ..base import Solver
from ..features import Features, Needs
from ..program import Program
from ..records import Outcome, Settings
from ..second_look import Run
from ..trace import Trace
from .optimum import confirmed, is_doubtful

pyscipopt, _installed = attempt_import("pyscipopt")

SHORT_NODES = 1000
FREE_OF_DUALITY = {
    "misc/allowweakdualreds": False, "misc/usesymmetry": 0, "constraints/components/maxprerounds": 0,
    "constraints/components/propfreq": -1,
}  # fmt: skip
"""Without what keeps another optimum of the model than rows to come may. Strong reductions are off anyway."""
FINEST_TOLERANCE = 1e-6
"""SCIP's own feasibility tolerance: with 1e-9, SCIP 10 was seen to call a wrong point optimal (106.57 for 34.94)."""


class Scip(Solver):
    """SCIP: everything but duals.

    Warm start: the known values of all variables are given as a partial solution, which SCIP completes.
    Ctrl-C: SCIP stops, and the best point so far is returned (`feasible`, message "interrupted").
    Tolerances: SCIP has one for rows and integrality (`numerics/feastol`), so the tighter of the two given is
    used, but none below its default; it is relative for sides above 1, and products are checked no tighter than that.
    A nonconvex optimum deserves a second opinion: SCIP has been seen to call a point optimal that was not.
    Threads: SCIP's tree search is sequential; `threads` only reaches its LP solver, and SoPlex ignores it.
    """

    name: ClassVar[str] = "scip"
    node_limit: ClassVar[str] = "limits/nodes"
    seed_option: ClassVar[str | None] = "randomization/randomseedshift"
    separates: ClassVar[bool] = True
    features: ClassVar[Features] = Features(
        qp=True,
        miqp=True,
        quadratic_constraints=True,
        nonconvex=True,
        quadratic_ranges=True,
        sos1=True,
        indicator=True,
    )

    def available(self) -> str | None:
        """None when pyscipopt is installed."""
        return None if _installed else "pyscipopt is not installed (pip install pyscipopt)"

    def version(self) -> str:
        """Version of SCIP (not of PySCIPOpt)."""
        return _version() if _installed else ""

    def misgiving(self, needs: Needs) -> str | None:
        """SOS1 beside integers, where all else is linear: measured in ``docs/branching.md``, also without integers.

        What is nonlinear is left out, as the searches that could do without sets do not take all of it.
        """
        if set(needs.because) == {"sos1", "milp"}:
            return f"scip is slow at SOS1 beside integers ({needs.because['milp']})"
        return None

    def _options(self, settings: Settings) -> dict[str, Any]:
        chosen: dict[str, Any] = {"misc/catchctrlc": False}  # we look whether a stop was asked for
        if (tightest := settings.tightest_tolerance()) is not None:
            chosen["numerics/feastol"] = max(tightest, FINEST_TOLERANCE)
        # SCIP 10's cuts from SOS1 constraints (the implied bound cuts) were seen to cut an optimum off, for any seed:
        # 578.4 for a maximum of 620.0. Whoever makes SOS1 rows can write the cuts x/u + y/v <= 1 beside them.
        chosen["constraints/SOS1/sepafreq"] = -1
        # SCIP 10's heuristic mpec was seen to corrupt the process's memory, which then aborts (MIQP, 1100 binaries).
        chosen["heuristics/mpec/freq"] = -1
        # SCIP 10's strong dual reductions were seen to call feasible models infeasible (max 100 y, 0 <= y <= 1).
        chosen["misc/allowstrongdualreds"] = False
        if settings.asking is not None:
            chosen |= FREE_OF_DUALITY
        if not settings.presolve:
            chosen |= {"presolving/maxrounds": 0, "propagating/maxroundsroot": 0, "propagating/maxrounds": 0}
        if settings.short:
            chosen[self.node_limit] = SHORT_NODES
        limits = {
            "limits/time": settings.time_limit, "limits/gap": settings.rel_gap, "limits/absgap": settings.abs_gap,
            "lp/threads": settings.threads,
        }  # fmt: skip
        chosen |= {name: number for name, number in limits.items() if number is not None}
        return chosen | dict(settings.extra or {}) | dict(settings.options or {})

    def _native(self, program: Program, settings: Settings) -> Outcome:
        from . import native, separating  # here, because they need pyscipopt to be installed

        trace = Trace(settings.watch)
        model, x = native.build(program, settings.warm_start, trace)
        if settings.asking is not None:
            separating.include(model, settings.asking, x)
        try:
            _set_options(model, self._options(settings))
            model.hideOutput(not settings.tee)
            trace.begin = perf_counter()
            model.optimize()
            searched = perf_counter() - trace.begin
            condition, word = native.condition_of(model)
            outcome = Outcome(condition, word, nodes=int(model.getNTotalNodes()), seconds=searched)
            if condition in (TerminationCondition.infeasibleOrUnbounded, TerminationCondition.unbounded):
                return outcome
            outcome.point = native.point_of(model, x)
            outcome.bound = model.getDualbound()
            trace.end(outcome.nodes, model.getPrimalbound(), outcome.bound)
            outcome.trace, outcome.root_bound = trace.marks, trace.root_bound
            return outcome
        except Exception as error:
            if type(error) is not Exception:  # PySCIPOpt raises the bare class for SCIP's own failures
                raise
            return Outcome(TerminationCondition.error, str(error))

    def _confirmed(self, program: Program, outcome: Outcome, run: Run) -> Outcome:
        if outcome.condition is TerminationCondition.convergenceCriteriaSatisfied and is_doubtful(program):
            return confirmed(program, outcome, run)
        return outcome


@cache
def _version() -> str:
    return str(pyscipopt.Model().version())


def _set_options(model: Any, options: dict[str, Any]) -> None:
    for name, setting in options.items():
        try:
            model.setParam(name, setting)
        except (KeyError, ValueError, LookupError, TypeError) as error:
            raise UnsupportedBySolverError(f"scip refuses the option {name!r} = {setting!r}: {error}") from error
