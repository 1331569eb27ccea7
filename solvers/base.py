"""The interface to a solver, and the part of solving that is the same for all of them."""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from concurrent.futures import Executor
from dataclasses import replace
from math import isfinite
from time import perf_counter
from typing import Any, ClassVar

import numpy as np
from pyomo.common.collections import ComponentMap
from pyomo.contrib.solver.common.results import TerminationCondition
from pyomo.core.base.block import BlockData

from ..errors import SolverUnavailableError, UnsupportedBySolverError
from .cutting import Asking, Cutter
from .cutting import scaled as scaled_cutter
from .features import Features, Needs, Size
from .program import Program, program_of
from .reading import Reading, needs_of, read
from .records import Outcome, Settings, SolverResult
from .scaling import scaling_of
from .second_look import disambiguate, is_suspect, look_again
from .status import Status, interpret
from .trace import Watch, mapped, mapped_watch

__all__ = ["Features", "Needs", "Outcome", "Settings", "Size", "Solver", "SolverResult", "needs_of"]

INFINITE = 1e20
"""What SCIP calls infinite (Gurobi 1e100, HiGHS inf); a bound beyond it is no bound."""

MEANINGLESS = 1e15
"""A value this large has no digit left of the tolerances that it was found with: nothing found with it is optimal."""

_OPTIMAL = TerminationCondition.convergenceCriteriaSatisfied


class Solver(ABC):
    """A solver of single-level models. A subclass says its name, what it can do, and how it is spoken to."""

    name: ClassVar[str]
    features: ClassVar[Features]
    node_limit: ClassVar[str]
    """The solver's own name of the option that limits the nodes of a search."""
    seed_option: ClassVar[str | None] = None
    """The solver's own name of the option that is the seed of its random numbers; None if it has none."""
    separates: ClassVar[bool] = False
    """Whether it asks a cutter for rows while it searches, see :mod:`.cutting`."""

    @abstractmethod
    def available(self) -> str | None:
        """None when the solver can be used on this machine, else the reason why not."""

    @abstractmethod
    def version(self) -> str:
        """Version of the installed solver; empty when it is not installed."""

    def misfit(self, needs: Needs) -> str | None:
        """Why a supported model is too large for the licence; None when it fits."""
        return None

    def misgiving(self, needs: Needs) -> str | None:
        """Why "auto" had better make another model of the same problem; None where no measurement speaks against this.

        The model is solved correctly all the same.
        """
        return None

    def solve(
        self,
        model: BlockData | Reading,
        *,
        time_limit: float | None = None,
        rel_gap: float | None = 1e-6,
        abs_gap: float | None = None,
        threads: int | None = 1,
        feasibility_tol: float | None = None,
        integrality_tol: float | None = None,
        tee: bool = False,
        watch: Watch | None = None,
        warm_start: bool = False,
        duals: bool = False,
        exact_sos: bool = True,
        tree: bool = False,
        cutter: Cutter | None = None,
        options: Mapping[str, Any] | None = None,
        executor: Executor | None = None,
    ) -> SolverResult:
        """Solve the active part of a model; its variables keep the values they have.

        :param model: a Pyomo model, or what was read of it; its rows and SOS may refer to variables of other models.
        :param time_limit: seconds for the solver itself, without reading and translating.
        :param rel_gap: relative gap at which a problem counts as solved; None: the solver's own default.
        :param abs_gap: the same, absolute.
        :param threads: number of threads; None: the solver's own default.
        :param feasibility_tol: by how much a row of the scaled model may be violated, see :mod:`scaling`.
        :param integrality_tol: by how much an integer variable may be fractional.
        :param tee: print the solver's log.
        :param watch: told now and then, while a long search runs, its best point and bound, in the model's own sense.
        :param warm_start: offer the variables' present values (those that have one) as a start.
        :param duals: return the duals of an LP or convex QP; None for other models.
        :param exact_sos: no presolve step that replaces an SOS or indicator row by a guessed big-M.
        :param tree: return how a search over complementary pairs split the problem, see :mod:`.branching.node`.
        :param cutter: asked for rows that points of relaxations violate, while a MILP is searched, see :mod:`cutting`.
        :param options: further parameters, by the solver's own names.
        :param executor: who searches parts of a tree over complementary pairs; other models do not use it.
        :raises SolverUnavailableError: not installed, no licence, or the licence is too small.
        :raises UnsupportedBySolverError: the model, or an option, is none that this solver takes (named).
        """
        started = perf_counter()
        if (reason := self.available()) is not None:
            raise SolverUnavailableError(f"Solver '{self.name}' cannot be used: {reason}.")
        settings = Settings(
            time_limit=time_limit, rel_gap=rel_gap, abs_gap=abs_gap, threads=threads, feasibility_tol=feasibility_tol,
            integrality_tol=integrality_tol, tee=tee, warm_start=warm_start, duals=duals, exact_sos=exact_sos,
            tree=tree, cutter=cutter, options=options, executor=executor,
        )  # fmt: skip
        if cutter is not None and not self.separates:
            raise UnsupportedBySolverError(
                f"Solver '{self.name}' asks for no rows while it searches; leave cutter out."
            )
        reading = read(model)
        if reading.objective is not None:
            settings = replace(settings, watch=mapped_watch(watch, lambda number: reading.sense * number))
        self._refuse(reading.needs, duals)
        program = program_of(reading)
        outcome = _without_solver(reading, program)
        if outcome is None:
            outcome = self._answer(program, settings)
        return self._result(reading, program, outcome, started)

    # What a subclass defines -----------------------------------------------------------------------------

    @abstractmethod
    def _native(self, program: Program, settings: Settings) -> Outcome:
        """Hand a (scaled) program over, run the solver once, take down what it found."""

    # What they share -------------------------------------------------------------------------------------

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

    def _answer(self, program: Program, settings: Settings) -> Outcome:
        """Run, and look again at what solvers were seen to be wrong about."""
        begin = perf_counter()
        searched = 0.0

        def run(program: Program, **changes: Any) -> Outcome:
            """Run once, in the time that is left; other settings may be changed."""
            nonlocal searched
            if settings.time_limit is not None:
                changes["time_limit"] = max(0.0, settings.time_limit - (perf_counter() - begin))
            try:
                found = self._run(program, replace(settings, **changes))
                searched += found.seconds or 0.0
                return found
            except SolverUnavailableError as refusal:  # the row of a second look may be one too many for a licence
                if not changes.keys() - {"time_limit"}:
                    raise
                return Outcome(TerminationCondition.unknown, str(refusal))

        outcome = run(program)
        # a second look is at another problem, and at all points of the model
        settings = replace(settings, watch=None, cutter=None)
        if outcome.condition is TerminationCondition.provenInfeasible and not program.pair_names:
            outcome = look_again(program, outcome, run)
        if is_suspect(outcome) or _is_meaningless(program, outcome):
            outcome = disambiguate(program, outcome, run)
        else:
            outcome = self._confirmed(program, outcome, run)
        return replace(outcome, seconds=searched)

    def _confirmed(self, program: Program, outcome: Outcome, run: Any) -> Outcome:
        """Return an answer, looked at again where this solver was seen to be wrong."""
        return outcome

    def _run(self, program: Program, settings: Settings) -> Outcome:
        """Run the solver once, on the scaled program."""
        scaling = scaling_of(program)
        if settings.abs_gap is not None:
            settings = replace(settings, abs_gap=settings.abs_gap * scaling.objective)
        settings = replace(settings, watch=mapped_watch(settings.watch, lambda number: number / scaling.objective))
        asking = None if settings.cutter is None else Asking(scaled_cutter(settings.cutter, scaling.column))
        settings = replace(settings, asking=asking)
        scaled = scaling.apply(program)
        begin = perf_counter()
        outcome = self._native(scaled, settings)
        elapsed = perf_counter() - begin
        if asking is not None:
            asking.end()
        return Outcome(
            outcome.condition,
            outcome.native,
            point=None if (point := outcome.point) is None else program.within_bounds(scaling.point(point)),
            bound=None if (bound := _finite(outcome.bound)) is None else bound / scaling.objective,
            duals=None if outcome.duals is None else scaling.duals(outcome.duals),
            nodes=outcome.nodes,
            tree=outcome.tree,
            seconds=elapsed if outcome.seconds is None else outcome.seconds,
            trace=mapped(outcome.trace, lambda number: number / scaling.objective),
            root_bound=None if outcome.root_bound is None else outcome.root_bound / scaling.objective,
            separated=0 if asking is None else asking.added,
        )

    def _result(self, reading: Reading, program: Program, outcome: Outcome, started: float) -> SolverResult:
        status, message = interpret(outcome.condition, outcome.native, outcome.point is not None)
        proven_empty = status in (Status.infeasible, Status.unbounded, Status.infeasible_or_unbounded)
        objective = None
        if outcome.point is not None and reading.objective is not None:
            objective = reading.sense * program.value(outcome.point)
        bound = None if proven_empty or reading.objective is None else outcome.bound
        values = duals = None
        if outcome.point is not None:
            values = ComponentMap(zip(reading.variables.values(), map(float, outcome.point), strict=True))
        if outcome.duals is not None:
            signed = (reading.sense * outcome.duals).tolist()
            duals = ComponentMap(zip(reading.rows, signed, strict=True))
        return SolverResult(
            status=status,
            objective=objective,
            bound=None if bound is None else reading.sense * bound,
            values=values,
            duals=duals,
            seconds=perf_counter() - started,
            nodes=outcome.nodes,
            message=f"{self.name}: {message} [{outcome.native}]",
            solver=self.name,
            version=self.version(),
            tree=outcome.tree,
            search_seconds=outcome.seconds,
            trace=mapped(outcome.trace, lambda number: reading.sense * number),
            root_bound=None if outcome.root_bound is None else reading.sense * outcome.root_bound,
            separated=outcome.separated,
        )


def _without_solver(reading: Reading, program: Program) -> Outcome | None:
    """The answer to a model that contradicts itself, or that has nothing to decide."""
    if reading.contradiction is not None:
        return Outcome(TerminationCondition.provenInfeasible, reading.contradiction)
    if reading.variables:
        return None
    return Outcome(_OPTIMAL, "no free variable; every row holds", point=np.zeros(0), bound=program.offset)


def _is_meaningless(program: Program, outcome: Outcome) -> bool:
    """Whether an answer has numbers without meaning: the limit of a problem that is unbounded, or nearly so."""
    if outcome.point is None:
        return False
    values = np.r_[np.abs(outcome.point), abs(program.value(outcome.point))]
    return not bool(np.all(values < MEANINGLESS))  # true for nan, too


def _finite(bound: float | None) -> float | None:
    return bound if bound is not None and isfinite(bound) and abs(bound) < INFINITE else None
