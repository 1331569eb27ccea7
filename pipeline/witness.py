"""A point where a solver says that there is none: the heuristics share nothing with its presolve."""

from typing import Any

from ..errors import BilevoltError
from ..heuristics import METHODS
from ..levels.bilevel import Bilevel
from ..levels.point import Point
from ..request import Request
from ..solution import Solution
from ..solvers.status import Status
from ..verification import verify

#: Heuristics, with their options, that look for a point where a solver says *infeasible*.
WITNESSES: dict[str, dict[str, Any]] = {"nested": {"max_iterations": 5}, "scholtes": {}}


def witness(bilevel: Bilevel, solver: str | None, request: Request) -> tuple[Point, str] | None:
    """Return a bilevel feasible point, checked by another solver than this one, and who found it; None without any."""
    request.say("infeasible? looking for a point all the same")
    for method, options in WITNESSES.items():
        try:
            point = METHODS[method](bilevel, request.session(), **options).point
        except BilevoltError:  # not of its kind
            continue
        if point is None:
            continue
        claim = Solution(Status.feasible, solver=solver)
        claim.take(point)
        if verify(bilevel, claim, tolerance=request.tolerance, pessimistic=False).bilevel_feasible:
            return point, method
    return None
