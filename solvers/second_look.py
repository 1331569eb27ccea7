"""A second look at what solvers were seen to be wrong about: infeasible, unbounded, and one called the other.

Every *infeasible* is asked about again without objective, first without presolve: a point refutes it. An *unbounded*
(and an optimum at values so large that they mean nothing) needs a feasible point, and another far beyond: the
relaxation may be unbounded where the problem is not.
"""

from collections.abc import Callable
from dataclasses import replace

from pyomo.contrib.solver.common.results import TerminationCondition

from .program import Program
from .records import Outcome

Run = Callable[..., Outcome]
"""``run(program, **changes of the settings)``"""

FAR = 1e7
"""How far beyond a feasible point's objective an unbounded problem must have another (relative above 1)."""

_AMBIGUOUS = (TerminationCondition.infeasibleOrUnbounded, TerminationCondition.unbounded)
_NO_POINT = (TerminationCondition.provenInfeasible, TerminationCondition.infeasibleOrUnbounded)
"""How a run without objective ends where there is no point."""


def is_suspect(outcome: Outcome) -> bool:
    """Whether an answer claims unboundedness, or leaves it open."""
    return outcome.condition in _AMBIGUOUS


def look_again(program: Program, outcome: Outcome, run: Run) -> Outcome:
    """Ask for any point where the solver says that there is none; where that decides nothing, its word stands."""
    rows = program.without_objective()
    found = run(rows, presolve=False, duals=False, short=True)
    if found.point is None and program.is_discrete:  # seen: feasible with presolve, infeasible without
        found = run(rows, duals=False, short=True)
    if found.point is None:
        return outcome
    again = run(replace(program, start=found.point), presolve=False, short=True, warm_start=True)
    if again.condition is TerminationCondition.provenInfeasible or is_suspect(again):
        again = replace(again, condition=TerminationCondition.unknown, point=None, bound=None)
    if again.point is None:
        again = replace(again, point=found.point)
    if again.condition is not TerminationCondition.convergenceCriteriaSatisfied:
        again = replace(again, bound=None)  # of a search that was wrong once
    return replace(again, native=f"{again.native}; at first {outcome.native}, refuted by a point")


def disambiguate(program: Program, outcome: Outcome, run: Run) -> Outcome:
    """Tell infeasible from unbounded: an improving ray of the relaxation says nothing about points, nor SOS."""
    rows = program.without_objective()
    feasible = run(rows, duals=False)
    if feasible.condition in _NO_POINT:
        feasible = look_again(rows, replace(feasible, condition=TerminationCondition.provenInfeasible), run)
    if feasible.point is None:
        if feasible.condition is TerminationCondition.provenInfeasible:
            return feasible
        return replace(outcome, condition=TerminationCondition.infeasibleOrUnbounded, point=None, bound=None)
    objective = program.value(feasible.point)
    beyond = run(program.at_most(objective - FAR * max(1.0, abs(objective))), duals=False)
    if beyond.point is not None:
        return replace(outcome, condition=TerminationCondition.unbounded, point=None, bound=None)
    return Outcome(
        TerminationCondition.unknown,
        f"{outcome.native}, but no point far beyond a feasible one was found ({beyond.native})",
        point=feasible.point,
    )
