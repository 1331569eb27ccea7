"""A start for the exact solve: the point that the caller wants to start from, put on the model and checked."""

from pyomo.core import value

from ..errors import SolverUnavailableError, UnsupportedBySolverError
from ..heuristics import METHODS, HeuristicResult
from ..heuristics import warm_start as starts
from ..levels.point import put
from ..quantities import plain
from ..reformulations.single_level import SingleLevel
from ..request import Request
from ..solution import Solution


def start(single: SingleLevel, solution: Solution, request: Request) -> tuple[HeuristicResult | None, bool]:
    """Put a checked start on the single-level model's variables; say in the notes what became of it.

    :returns: what a heuristic found, and whether there is a start.
    """
    if not request.warm_start:
        return None, False
    found = None
    try:
        found = _look(single, request)
        reason = starts.complete(single.model, request.session().solve)
    except (SolverUnavailableError, UnsupportedBySolverError) as refusal:  # of the start's problems, not of the model
        reason = str(refusal)
    objective = value(single.bilevel.leader.objective.expr, exception=False)
    solution.notes.append(
        f"no start: {reason}" if reason else f"started from a point with objective {plain(objective, 10)}"
    )
    return found, reason is None


def _look(single: SingleLevel, request: Request) -> HeuristicResult | None:
    """Put the point that the caller wants to start from on the model; return it if a heuristic found it."""
    wanted = request.warm_start
    if isinstance(wanted, str):
        request.say(f"looking for a start with {wanted!r}")
        found = METHODS[wanted](single.bilevel, request.session())
        put(found.values)
        return found
    if isinstance(wanted, Solution):
        for variable in single.bilevel.variables:
            variable.set_value(wanted.values.get(variable.name, variable.value), skip_validation=True)
    return None
