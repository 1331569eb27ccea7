"""For which models the relaxation is tried before the single-level model, and what is said of it.

It is tried where the model offers a separator, and where nothing was asked for that is about the single-level model:
its reformulation, big-Ms, cuts or a start. Where it ends without a proof, the single-level model is solved as ever,
from the best point found, and the better of both bounds counts.
"""

import time
from dataclasses import dataclass, replace

from ..decomposition.bounds import Bounds
from ..errors import SolverUnavailableError, UnsupportedBySolverError
from ..levels.bilevel import Bilevel
from ..levels.point import Point
from ..levels.state_bound import unproven_ranges
from ..pipeline import confirm as confirming
from ..pipeline.confirm import Question
from ..quantities import plain
from ..reformulations import user_cuts
from ..reformulations.single_level import SingleLevel, map_of
from ..request import Request
from ..solution import Solution
from ..solvers import objection
from ..solvers.base import Solver
from ..solvers.interrupt import stop_requested
from ..solvers.reading import read
from ..solvers.status import Status
from .high_point import NAME, high_point
from .search import Search

NODES = 20_000
"""Of each MILP, at most, unless the caller's options say another number: one that takes more is no shortcut."""
SHARE = 0.5
"""Of the time that there is, where it is limited."""


@dataclass(frozen=True)
class Attempt:
    """What the relaxation says: ``final`` where there is no more to do; ``single`` has the values of its point."""

    solution: Solution
    final: bool
    single: SingleLevel | None
    point: Point | None
    question: Question | None


def attempt(bilevel: Bilevel, request: Request) -> Attempt | None:
    """Solve by the relaxation and the model's separators; None where that is not for this model, or not asked for."""
    if not _is_for(bilevel, request):
        return None
    begin = time.perf_counter()
    single = high_point(bilevel)
    if single is None:
        return None
    reading = read(single.model)
    try:
        solver, why = request.session().choose(reading)
    except (SolverUnavailableError, UnsupportedBySolverError):
        return None
    if objection(solver, reading.needs) is not None:
        return None
    question = confirming.prepare(bilevel, request, solver.name, NAME)
    request.say(f"bounding with the {NAME} relaxation and its separators on {solver.name}")
    search = _search(single, solver, request)
    built = time.perf_counter()
    try:
        search.run(reading)
    except SolverUnavailableError:
        return None
    found = _told(search, solver, why)
    found.seconds |= {"reformulate": built - begin, "solve": time.perf_counter() - built}
    level = None
    if search.bounds.best is not None:
        level = map_of(search.mpcc)
        level.put(search.values)
    final = found.status is Status.optimal or search.refuted or stop_requested()
    return Attempt(found, final, level, search.bounds.best, question)


def _is_for(bilevel: Bilevel, request: Request) -> bool:
    """Whether there is a separator, nothing that only the single-level model has is asked for, and no price is used."""
    if not any(block.separate is not None for block in bilevel.user_cuts) or bilevel.uses_prices:
        return False
    if any(variable in bilevel.owner for follower in bilevel.followers for variable in follower.given):
        return False  # followers that see one another answer by an equilibrium, not one optimum each
    asked = request.reformulation, request.cuts
    return asked == ("auto", "auto") and request.big_m is None and not request.warm_start


def _search(single: SingleLevel, solver: Solver, request: Request) -> Search:
    limit = None if request.time_limit is None else SHARE * request.time_limit
    within = replace(request, time_limit=limit)
    options = {solver.node_limit: NODES} if solver.node_limit else {}
    session = replace(
        within.session(solver.name), rel_gap=request.rel_gap / 2, options=options | dict(request.options or {}),
        say=lambda said: request.say(f"relaxation, {said}"),  # its best point is none of the model
    )  # fmt: skip
    bounds = Bounds(single.bilevel.sense, request.rel_gap)
    return Search(single, session, request.session(), bounds, request.tolerance)


def _told(search: Search, solver: Solver, why: str) -> Solution:
    """Say what the search has shown, and nothing more."""
    bilevel, bounds = search.single.bilevel, search.bounds
    solution = Solution(
        Status.no_solution, reformulation=NAME, solver=solver.name, sizes=search.single.sizes, nodes=search.nodes,
        rel_gap=bounds.rel_gap, history=search.history, bound=bounds.bound,
        notes=[f"{NAME}: both levels' rows and the valid inequalities, without multipliers", why, *search.notes],
    )  # fmt: skip
    if search.separated:
        solution.notes.append(f"separators added {search.separated} rows while {solver.name} searched")
    solution.trace, solution.root_bound = search.marks, search.root_bound
    solution.assumptions = user_cuts.assumptions(search.single)
    solution.assumptions += [line for follower in bilevel.followers for line in unproven_ranges(follower)]
    if bounds.best is None:
        return solution
    solution.take(bounds.best)
    solution.status = Status.feasible
    if search.refuted:
        names = ", ".join(repr(block.name) for block in bilevel.user_cuts)
        solution.bound = None
        solution.notes.append(
            f"the point is none of the relaxation's, whose bound is {plain(bounds.bound, 10)}: the valid inequalities "
            f"{names} are not valid, or a solver is wrong"
        )
    elif bounds.met:
        solution.status = Status.optimal
        solution.bound = _no_better(bounds)
    return solution


def _no_better(bounds: Bounds) -> float | None:
    """Return the bound, no better than the point: beyond it by tolerances of solvers, it says nothing."""
    assert bounds.best is not None and bounds.bound is not None
    over = bounds.sense * (bounds.bound - bounds.best.objective)
    return bounds.best.objective if over > 0 else bounds.bound


def combined(
    first: Attempt, solution: Solution, single: SingleLevel | None, sense: int
) -> tuple[Solution, SingleLevel | None]:
    """Return the answer of the single-level model's solve with what the attempt knows beyond it.

    :param single: what the answer's point is of.
    """
    known = first.solution
    said = f"bound {plain(known.bound, 10)} and point {plain(known.objective, 10)}"
    solution.notes.append(f"{NAME}: tried first, it ended without a proof, with {said}")
    if solution.objective is None and first.point is not None:
        first.point.put()
        solution.take(first.point)
        solution.status, single = Status.feasible, first.single
        if solution.bound is not None and sense * (solution.bound - first.point.objective) > 0:
            solution.bound = None
        solution.notes.append(f"the point is that of the {NAME} relaxation's decisions")
    open_still = solution.status in (Status.feasible, Status.no_solution) and not solution.assumptions
    if open_still and _is_better(known.bound, solution, sense):
        solution.bound = known.bound
        solution.notes.append(f"the bound is that of the {NAME} relaxation")
    return solution, single


def _is_better(bound: float | None, solution: Solution, sense: int) -> bool:
    """Whether a bound says more than a solution's own, and does not contradict its point."""
    if bound is None or (solution.objective is not None and sense * (bound - solution.objective) > 0):
        return False
    return solution.bound is None or sense * (bound - solution.bound) > 0


def continued(first: Attempt, request: Request, begin: float) -> Request:
    """Return what is asked of the single-level model after an attempt: from its point, in the time that is left.

    :param begin: when the attempt began, as ``time.perf_counter`` tells it.
    """
    left = None if request.time_limit is None else max(0.0, request.time_limit - (time.perf_counter() - begin))
    start = None if first.point is None else first.solution
    return replace(request, warm_start=start, time_limit=left)
