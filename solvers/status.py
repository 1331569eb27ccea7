"""How a solve ended: one vocabulary for all solvers, and the sentence that goes with it."""

from enum import StrEnum

from pyomo.contrib.solver.common.results import TerminationCondition


class Status(StrEnum):
    """What is known after a solve. A problem without a solution is a status, never an exception."""

    optimal = "optimal"
    """The best point is found and proven, within the gaps asked for."""
    feasible = "feasible"
    """A feasible point is known; it is not proven optimal."""
    infeasible = "infeasible"
    unbounded = "unbounded"
    """A feasible point exists, and the objective improves without end."""
    infeasible_or_unbounded = "infeasible_or_unbounded"
    """One of the two is proven, but not which."""
    no_solution = "no_solution"
    """The solver stopped at a limit, or was interrupted, before it found a feasible point."""
    error = "error"
    """The solver gave up: numerical trouble, lack of memory, a failure of its own."""


_PROVEN = {
    TerminationCondition.convergenceCriteriaSatisfied: (Status.optimal, "optimal within the gaps"),
    TerminationCondition.provenInfeasible: (Status.infeasible, "proven infeasible"),
    TerminationCondition.unbounded: (Status.unbounded, "feasible and unbounded"),
    TerminationCondition.infeasibleOrUnbounded: (
        Status.infeasible_or_unbounded,
        "infeasible or unbounded; the solver could not tell which",
    ),
}
_STOPPED = {
    TerminationCondition.maxTimeLimit: "time limit reached",
    TerminationCondition.iterationLimit: "node or iteration limit reached",
    TerminationCondition.objectiveLimit: "objective limit reached",
    TerminationCondition.interrupted: "interrupted",
}


def interpret(condition: TerminationCondition, native: str, has_point: bool) -> tuple[Status, str]:
    """Status and message of a run that ended with `condition` (`native`: the solver's own word for it).

    >>> interpret(TerminationCondition.maxTimeLimit, "Time limit reached", False)
    (<Status.no_solution: 'no_solution'>, 'time limit reached, without a feasible point')
    """
    if condition in _PROVEN:
        return _PROVEN[condition]
    reason = _STOPPED.get(condition)
    if reason is None:
        reason = f"stopped with the solver's status {native!r}"
        if not has_point and "limit" not in native.lower():
            return Status.error, reason
    if has_point:
        return Status.feasible, f"{reason}, with a feasible point that is not proven optimal"
    return Status.no_solution, f"{reason}, without a feasible point"
