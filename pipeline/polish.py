"""The check of an answer, and its polish: what a solver's tolerance let leak is solved away before, or after, it."""

import time
from collections.abc import Callable

from ..errors import SolverUnavailableError, UnsupportedBySolverError
from ..levels.bilevel import Bilevel
from ..reformulations import kkt, pattern
from ..reformulations.single_level import SingleLevel, map_of
from ..request import Request
from ..solution import Solution
from ..solvers.status import Status
from ..verification import verify


def check(
    bilevel: Bilevel, solution: Solution, request: Request, single: SingleLevel | None, tell: Callable[[], None]
) -> None:
    """Verify; a point that fails, also after polishing, is an error, whatever the solver said.

    :param single: the single level that the point is of; None if there is none to polish it with.
    :param tell: says the solution in the user's own variables, where the single level is of another problem.
    """
    begin = time.perf_counter()
    request.say("verifying: solving the followers again")
    polished = single is not None and pattern.leaks(single.model)
    if single is not None and polished:
        polish(single, solution, request)
    tell()
    certificate = verify(bilevel, solution, tolerance=request.tolerance)
    if not (certificate.bilevel_feasible or polished or single is None) and polish(single, solution, request):
        tell()
        certificate = verify(bilevel, solution, tolerance=request.tolerance)
    if certificate.bilevel_feasible and solution.status is Status.optimal and not solution.assumptions:
        certificate.globally_optimal = True  # said here alone, by the solve that proved it
    solution.certificate = certificate
    solution.seconds["verify"] = time.perf_counter() - begin
    if not certificate.bilevel_feasible:
        solution.status = Status.error
        failed = "; ".join(f"{name}: {distance:.3g}" for name, distance in certificate.violations.items())
        solution.notes.append(f"the point failed the check and is no solution: {failed}")


def polish(single: SingleLevel, solution: Solution, request: Request) -> bool:
    """Solve again with one of each pair 0, as at the point on the model, and the integers at their rounded values.

    Returns whether there was such a point; the user's integers are free again afterwards, whatever happens.
    """
    bilevel = single.bilevel
    exact = kkt.apply(bilevel)
    pattern.apply(exact, point=pattern.point_of(single.model))
    integers = [v for v in bilevel.leader.variables if not v.is_continuous()]
    try:
        for variable in integers:
            variable.fix(round(variable.value), skip_validation=True)
        result = request.session(solution.solver).solve(exact)
    except (SolverUnavailableError, UnsupportedBySolverError):
        return False
    finally:
        for variable in integers:
            variable.unfix()
    if result.values is None or result.status is not Status.optimal:
        return False
    solution.take(map_of(exact).put(result.values))
    solution.notes.append("polished: solved again with each complementarity pair settled as it was found")
    gap = solution.gap
    if solution.status is Status.optimal and gap is not None and gap > request.rel_gap + request.tolerance:
        solution.status = Status.feasible
        solution.notes.append("the polished point is not within the gap of the bound")
    return True
