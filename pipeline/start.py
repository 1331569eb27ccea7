"""A start for the exact solve: the point that the caller wants to start from, put on the model and checked.

Where the caller says nothing and the model is large, ``alternating`` looks for one, and where it does not apply
``nested``, for a few iterations each: a MILP solver may need minutes for its first point there. A start changes no
claim: it is completed and checked like one that is given, and the solver proves what it did without.
"""

from typing import Any

from pyomo.core import value

from ..errors import BilevoltError, SolverUnavailableError, UnsupportedBySolverError
from ..heuristics import METHODS, HeuristicResult
from ..heuristics import warm_start as starts
from ..levels.point import put
from ..quantities import plain
from ..reformulations.single_level import SingleLevel
from ..request import Request
from ..solution import Solution

PAIRS = 500
"""A model is large from so many complementarity pairs on, if its followers see a continuous decision: where they see
integers alone, these settle the pairs, and a solver finds points by itself."""
BY_DEFAULT: dict[str, dict[str, Any]] = {"alternating": {"max_iterations": 20}, "nested": {"max_iterations": 3}}
"""Heuristics, with their options, that look for a start in a large model, until one has a point."""
SHARE = 0.2
"""Of the caller's time limit, for each of them."""


def start(single: SingleLevel, solution: Solution, request: Request) -> tuple[HeuristicResult | None, bool]:
    """Put a checked start on the single-level model's variables; say in the notes what became of it.

    :returns: what a heuristic found, and whether there is a start.
    """
    near = request.stance or request.follower_tolerance  # whose approach solves several problems
    by_default = request.warm_start is None and not near and _is_large(single)
    if not (request.warm_start or by_default):
        return None, False
    found = None
    try:
        if by_default:
            found, by = _by_default(single, request)
            solution.notes.append(f"large model: {by} (warm_start=False leaves that out)")
            if found is None:
                return None, False
        else:
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


def _is_large(single: SingleLevel) -> bool:
    visible = single.bilevel.visible
    continuous = any(v in visible and v.is_continuous() for v in single.bilevel.leader.variables)
    return continuous and len(single.pairs) >= PAIRS


def _by_default(single: SingleLevel, request: Request) -> tuple[HeuristicResult | None, str]:
    """Put the first point that a heuristic finds on the model; return it, and what was done."""
    reasons = []
    for method, options in BY_DEFAULT.items():
        request.say(f"a large model: looking for a start with {method!r}")
        try:
            with single.bilevel.kept_values():
                found = METHODS[method](single.bilevel, request.session(share=SHARE), **options)
        except BilevoltError as refusal:  # not of its kind
            reasons.append(f"{method}: {refusal}")
            continue
        if found.point is not None:
            put(found.values)
            return found, f"{method!r} found a start"
        reasons.append(f"{method}: {found.message}")
    return None, f"no start was found ({'; '.join(reasons)})"
