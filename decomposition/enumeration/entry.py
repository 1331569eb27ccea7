r"""Enumeration of the leader's decisions: exact where followers see integers only, and these have few joint values.

.. math:: \min_{x \in X} \; v(x), \qquad v(x) = \min \{ F(x, z, y, \pi) : G(x, z, y, \pi) \ge 0,\;
          y \in \arg\min f(x, \cdot),\; \pi \text{ a shadow price of } y \}

where the followers are LPs and F and G affine once x is put in: v(x) is an LP then (:mod:`.completion`), and the
followers' LPs at neighbouring decisions are solved within a few simplex steps. Every x of X is looked at, or its
objective is bounded away whatever the followers do; no single-level model is built, and no M is needed.
"""

from ...errors import BilevoltError
from ...levels.bilevel import Bilevel
from ...request import Request
from ...solution import Solution
from ...solvers.session import Session
from ...solvers.status import Status
from . import asking
from .arrays import Arrays, NotCompiled, arrays_of, decision_of
from .decisions import MOST, Array, decisions
from .scaling import scaled
from .search import Search

WORTH = 500
"""Complementarity pairs from which on "exact" asks whether to enumerate: a smaller model is solved in no time."""

PER_PAIR = 1000
"""Numbers of the followers' LP (rows and columns, once for each decision) that take no longer than one pair does, which
has to be written, read, handed to a solver and branched on; measured, 1 microsecond against 800 before the search."""

MOST_INTEGERS = 64
"""Integers among which "exact" looks for few joint values."""


def enumeration(bilevel: Bilevel, request: Request) -> Solution:
    """Solve a model by enumeration, as it was asked for; the point is on the model afterwards.

    :raises BilevoltError: the model, or what is asked, is not covered.
    """
    asking.refuse(request)
    try:
        arrays = scaled(arrays_of(bilevel, decision_of(bilevel)))
    except NotCompiled as reason:
        raise BilevoltError(
            f"method={asking.NAME!r} does not cover model {bilevel.model.name!r}: {reason}. Use method='exact'."
        ) from None
    listed = decisions(arrays)
    if listed is None:
        raise BilevoltError(
            f"method={asking.NAME!r}: the leader of {bilevel.model.name!r} has more than {MOST} decisions, joint "
            "values of its integers. Use method='exact'."
        )
    return _solution(_searched(arrays, listed, request), request)


def instead(bilevel: Bilevel, request: Request) -> Solution | None:
    """Return the answer by enumeration if it is sure to be cheaper than a single-level model; None if it is not.

    The work of both is counted, not timed. None, too, where a decision could not be settled.
    """
    if asking.unused(request) is not None:
        return None
    try:
        decision = decision_of(bilevel)
        if not decision or len(decision) > MOST_INTEGERS:
            return None
        pairs = sum(1 for form in bilevel.forms for row in form.rows for _ in row.sides())
        if pairs < WORTH:
            return None
        arrays = scaled(arrays_of(bilevel, decision))
    except NotCompiled:
        return None
    listed = decisions(arrays, min(MOST, PER_PAIR * pairs // arrays.size))
    if listed is None:
        return None
    search = _searched(arrays, listed, request)
    if search.unsettled or search.unbounded:
        request.say("enumeration could not settle every decision; reformulating")
        return None
    return _solution(search, request)


def _searched(arrays: Arrays, listed: Array, request: Request) -> Search:
    session: Session = request.session(asking.SOLVER)
    request.say(f"enumerating {len(listed)} decisions")
    search = Search(arrays, listed, session)
    search.run()
    return search


def _solution(search: Search, request: Request) -> Solution:
    arrays, sense = search.arrays, search.arrays.sense
    solution = Solution(
        Status.no_solution, method=asking.NAME, solver=asking.SOLVER, rel_gap=request.rel_gap, nodes=search.solved
    )
    solution.sizes = {
        "variables": len(arrays.own), "constraints": arrays.row_limits.lower.size, "binaries": 0, "sos": 0,
        "complementarities": 0,
    }  # fmt: skip
    solution.notes.append(_told(search))
    if search.best is not None:
        point = search.point()
        point.put()
        solution.take(point)
        solution.status = Status.optimal if search.complete else Status.feasible
        bound = min(search.bound, search.value)
        if abs(bound) < float("inf") and not search.unbounded:
            solution.bound = point.objective if bound == search.value else sense * bound
    elif search.complete:
        solution.status = Status.infeasible
    if search.unbounded:
        solution.status, solution.bound = Status.unbounded, None
    if search.unsettled:
        solution.notes.append(f"{len(search.unsettled)} decisions are not settled: {search.unsettled[0]}")
    elif search.stopped:
        solution.notes.append(search.session.why or "stopped")
    return solution


def _told(search: Search) -> str:
    known = (
        (search.without_response, "without an optimal response"),
        (search.refused, "refused by the leader's rows"),
        (search.bounded, "bounded away"),
    )
    said = "".join(f", {count} {what}" for count, what in known if count)
    count = len(search.listed)
    return (
        f"enumeration: all {count} decisions of the leader{said}"
        if search.complete
        else (f"enumeration: {search.solved} of {count} decisions of the leader{said}")
    )
