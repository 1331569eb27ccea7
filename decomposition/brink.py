r"""Responses that are lost on the brink of a decision: from which level of the leader's objective on can they be?

The master problem of bounds gives a response up where it is only just feasible, as beside that place it may be lost.
For a reason to give it up, how far it can hold at points of at most a level is a problem of its own; where that is
nothing that counts, the master holds on to the response below the level, and its bound rises.
"""

from ..solvers.status import Status
from .bounds import Bounds
from .column import Response
from .master import Master
from .oracle import Oracle

SHALLOW = 1e-6
"""A response that is out of reach by less, relative to 1 + |limit|, is so within solvers' tolerances only."""

CAUTION = 0.99
"""How far up from the bound to where a response was seen to be lost a level is tried."""

STEP = 1e-3
"""The least rise of a level, relative to max(1, |bound|): each takes a few problems."""


def hold_on(master: Master, oracle: Oracle, bounds: Bounds, responses: list[Response], margin: float) -> bool:
    """Return whether the master may hold on to a response for some way up from the bound, and tell it so.

    :param responses: known ones, which are given up at the bound.
    :param margin: at which a response counts as lost where such a point is looked for.
    """
    found = False
    for response in responses:
        known = next(r for r in master.responses if r.key == response.key)
        column = master.column(known)
        for reason in column.brinks:
            gradual = column.finite and master.linear
            found |= _hold(master, oracle, bounds, known, reason, margin if gradual else None)
    return found


def _hold(
    master: Master, oracle: Oracle, bounds: Bounds, response: Response, reason: str, margin: float | None
) -> bool:
    """Tell the master the level below which a response is not lost for a reason; return whether there is one.

    :param margin: None where the master can be told of no level other than that of the best point.
    """
    worst, bound = bounds.worth_finding, bounds.minimised
    if _shallow(master, oracle, response, reason, worst):
        response.levels[reason] = None  # wherever a better point may be
        bounds.lower_ceiling(worst)
        return True
    if bound is None or margin is None:
        return False
    _, beyond = oracle.solve(master.beyond(response, reason, margin))
    if beyond.status is not Status.optimal or beyond.bound is None:
        return False
    level = bound + CAUTION * (bounds.sense * beyond.bound - bound)
    level = level if worst is None else min(level, worst)
    known = response.levels.get(reason)
    lowest = bound if known is None else max(bound, known[0])
    if level - lowest <= STEP * max(1.0, abs(bound)) or not _shallow(master, oracle, response, reason, level):
        return False
    response.levels[reason] = (level, bound)
    return True


def _shallow(master: Master, oracle: Oracle, response: Response, reason: str, level: float | None) -> bool:
    """Whether a response is out of reach by nothing that counts, wherever the leader has this or better."""
    _, result = oracle.solve(master.deepest(response, reason, level))
    return result.status is Status.optimal and result.bound is not None and result.bound <= SHALLOW
