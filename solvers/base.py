"""The interface to a solver, and the part of solving that is the same for all of them."""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import replace
from math import isfinite
from time import perf_counter
from typing import Any, ClassVar

from pyomo.common.collections import ComponentMap
from pyomo.common.errors import InfeasibleConstraintException
from pyomo.contrib.solver.common.base import SolverBase
from pyomo.contrib.solver.common.results import Results, SolutionStatus, TerminationCondition
from pyomo.core.base.block import BlockData
from pyomo.core.base.constraint import ConstraintList
from pyomo.core.base.PyomoModel import ConcreteModel
from pyomo.core.base.sos import SOSConstraint

from ..errors import SolverUnavailableError, UnsupportedBySolverError
from .features import Features, Needs, Size
from .indicators import SUFFIX, empty_suffix, indicator_rows
from .quadratic import evaluate
from .reading import Reading, active_rows, active_sos, needs_of, read
from .records import Outcome, Settings, SolverResult
from .status import Status, interpret

__all__ = ["Features", "Needs", "Outcome", "Settings", "Size", "Solver", "SolverResult", "needs_of"]

INFINITE = 1e20
"""What SCIP calls infinite (Gurobi 1e100, HiGHS inf); a bound beyond it is no bound."""

_UNSETTLED = (TerminationCondition.infeasibleOrUnbounded, TerminationCondition.unbounded)


class Solver(ABC):
    """A solver of single-level models. A subclass says its name, what it can do, and how it is spoken to."""

    name: ClassVar[str]
    features: ClassVar[Features]

    @abstractmethod
    def available(self) -> str | None:
        """None when the solver can be used on this machine, else the reason why not."""

    @abstractmethod
    def version(self) -> str:
        """Version of the installed solver; empty when it is not installed."""

    def misfit(self, model: BlockData, needs: Needs) -> str | None:
        """Why a supported model is too large for the licence; None when it fits."""
        return None

    def solve(
        self,
        model: BlockData,
        *,
        time_limit: float | None = None,
        rel_gap: float | None = 1e-6,
        abs_gap: float | None = None,
        threads: int | None = 1,
        feasibility_tol: float | None = None,
        integrality_tol: float | None = None,
        tee: bool = False,
        warm_start: bool = False,
        duals: bool = False,
        exact_sos: bool = True,
        options: Mapping[str, Any] | None = None,
    ) -> SolverResult:
        """Solve the active part of `model`; its variables keep the values they have.

        Args:
            model: a Pyomo model; its rows and SOS may refer to variables of other models.
            time_limit: seconds for the solver itself, without reading and translating.
            rel_gap: relative gap at which a problem counts as solved; None: the solver's own default.
            abs_gap: the same, absolute.
            threads: number of threads; None: the solver's own default.
            feasibility_tol: by how much a row may be violated.
            integrality_tol: by how much an integer variable may be fractional.
            tee: print the solver's log.
            warm_start: offer the variables' present values (those that have one) as a start.
            duals: return the duals of an LP or convex QP; None for other models.
            exact_sos: no presolve step that replaces an SOS or indicator row by a guessed big-M.
            options: further parameters, by the solver's own names.

        Raises:
            SolverUnavailableError: not installed, no licence, or the licence is too small.
            UnsupportedBySolverError: the model, or an option, is none that this solver takes (named).
        """
        started = perf_counter()
        if (reason := self.available()) is not None:
            raise SolverUnavailableError(f"Solver '{self.name}' cannot be used: {reason}.")
        settings = Settings(
            time_limit, rel_gap, abs_gap, threads, feasibility_tol, integrality_tol, tee, warm_start, duals,
            exact_sos, options,
        )  # fmt: skip
        reading = read(model)
        self._refuse(reading.needs, duals)
        outcome = _without_solver(reading)
        if outcome is None:
            outcome = self._run(model, reading, settings)
            if outcome.condition in _UNSETTLED:
                outcome = self._settle(model, outcome, settings, started)
        return self._result(outcome, started)

    # What a subclass defines -----------------------------------------------------------------------------

    @abstractmethod
    def _backend(self, reading: Reading, settings: Settings) -> SolverBase:
        """A fresh solver object of `pyomo.contrib.solver`."""

    @abstractmethod
    def _options(self, settings: Settings) -> dict[str, Any]:
        """Tolerances and `settings.options` under the solver's own parameter names."""

    @abstractmethod
    def _native_status(self, backend: Any) -> str:
        """The solver's own word for how it ended."""

    @abstractmethod
    def _nodes(self, backend: Any) -> int | None:
        """Branch-and-bound nodes; None for a problem without branching."""

    def _close(self, backend: Any) -> None:  # noqa: B027 - not every solver holds something
        """Release what the solver object holds."""

    # The common part -------------------------------------------------------------------------------------

    def _refuse(self, needs: Needs, duals: bool) -> None:
        missing = self.features.missing(needs)
        if missing:
            where = "; ".join(f"{name}: {needs.because[name]}" for name in missing)
            raise UnsupportedBySolverError(
                f"Solver '{self.name}' does not support what the model needs ({where}). "
                "Choose another solver (bilevolt.solvers.choose names one) or another reformulation."
            )
        if duals and needs.convex_continuous and not self.features.duals:
            raise UnsupportedBySolverError(f"Solver '{self.name}' returns no duals; use 'gurobi' or 'highs'.")

    def _run(self, model: BlockData, reading: Reading, settings: Settings) -> Outcome:
        """Translate the model, run the solver once, take down what it found."""
        backend = self._backend(reading, settings)
        try:
            results = backend.solve(
                model,
                load_solutions=False,
                raise_exception_on_nonoptimal_result=False,
                tee=settings.tee,
                threads=settings.threads,
                time_limit=settings.time_limit,
                rel_gap=settings.rel_gap,
                abs_gap=settings.abs_gap,
                solver_options=self._options(settings),
            )
            outcome = self._outcome(backend, results, reading, settings)
            results.solution_loader = (
                None  # a Results is cyclic: it would keep the native model until collected
            )
            return outcome
        except InfeasibleConstraintException as error:
            return Outcome(TerminationCondition.provenInfeasible, f"found while translating: {error}")
        finally:
            self._close(backend)

    def _outcome(self, backend: Any, results: Results, reading: Reading, settings: Settings) -> Outcome:
        outcome = Outcome(
            results.termination_condition, self._native_status(backend), nodes=self._nodes(backend)
        )
        if outcome.condition in _UNSETTLED:
            return outcome
        optimal = outcome.condition is TerminationCondition.convergenceCriteriaSatisfied
        if results.solution_status in (SolutionStatus.feasible, SolutionStatus.optimal):
            outcome.values = results.solution_loader.get_vars()
            if reading.polynomial is not None:
                outcome.objective = evaluate(reading.polynomial, reading.variables, outcome.values)
                if _finite(outcome.objective) is None:  # Gurobi 13 was seen to call x = inf optimal
                    return Outcome(
                        TerminationCondition.unbounded, f"{outcome.native}, at infinity", nodes=outcome.nodes
                    )
        if optimal and reading.needs.linear_program:
            outcome.bound = outcome.objective
        elif reading.objective is not None:
            outcome.bound = _finite(results.objective_bound)
        if settings.duals and optimal and reading.needs.convex_continuous:
            outcome.duals = ComponentMap(results.solution_loader.get_duals().items())
        return outcome

    def _settle(self, model: BlockData, outcome: Outcome, settings: Settings, started: float) -> Outcome:
        """Tell infeasible from unbounded: solve again without objective.

        `unbounded` is settled too: for Gurobi, and for HiGHS on MILPs, it means an improving ray, with or
        without a feasible point.
        """
        if settings.time_limit is not None:
            left = settings.time_limit - (perf_counter() - started)
            settings = replace(settings, time_limit=max(left, 0.0))
        rows = without_objective(model)
        feasibility = self._run(rows, read(rows), replace(settings, duals=False))
        if feasibility.values is not None:
            return replace(outcome, condition=TerminationCondition.unbounded)
        if feasibility.condition is TerminationCondition.provenInfeasible:
            return feasibility
        return replace(outcome, condition=TerminationCondition.infeasibleOrUnbounded)

    def _result(self, outcome: Outcome, started: float) -> SolverResult:
        status, message = interpret(outcome.condition, outcome.native, outcome.values is not None)
        proven_empty = status in (Status.infeasible, Status.unbounded, Status.infeasible_or_unbounded)
        return SolverResult(
            status=status,
            objective=outcome.objective,
            bound=None if proven_empty else outcome.bound,
            values=outcome.values,
            duals=outcome.duals,
            seconds=perf_counter() - started,
            nodes=outcome.nodes,
            message=f"{self.name}: {message} [{outcome.native}]",
            solver=self.name,
            version=self.version(),
        )


def _without_solver(reading: Reading) -> Outcome | None:
    """The answer to a model that contradicts itself, or that has nothing to decide."""
    if reading.contradiction is not None:
        return Outcome(TerminationCondition.provenInfeasible, reading.contradiction)
    if reading.variables:
        return None
    constant = None if reading.polynomial is None else float(reading.polynomial.constant)
    return Outcome(
        TerminationCondition.convergenceCriteriaSatisfied,
        "no free variable; every row holds",
        values=ComponentMap(),
        objective=constant,
        bound=constant,
    )


def without_objective(model: BlockData) -> ConcreteModel:
    """The rows, indicator rows and SOS of a model, on the same variables."""
    rows = ConcreteModel()
    rows.constraints = ConstraintList()
    rows.add_component(SUFFIX, empty_suffix())
    switches = indicator_rows(model)
    for row in active_rows(model):
        copy = rows.constraints.add(row.expr)
        if row in switches:
            rows.component(SUFFIX)[copy] = switches[row]
    items = [list(sos.get_items()) for sos in active_sos(model)]
    levels = [sos.level for sos in active_sos(model)]
    for level in (1, 2):
        chosen = [k for k, own in enumerate(levels) if own == level]
        declared = SOSConstraint(
            chosen, sos=level, rule=lambda _, k: tuple(map(list, zip(*items[k], strict=True)))
        )
        rows.add_component(f"sos{level}", declared)
    return rows


def _finite(bound: float | None) -> float | None:
    return bound if bound is not None and isfinite(bound) and abs(bound) < INFINITE else None
