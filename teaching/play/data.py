"""The numbers of a page: the model's rows and objectives, and what Python's exact replies to decisions are.

The page solves the follower itself, at every decision: from the same rows, by the same finite method as
:mod:`bilevolt.teaching.draw.reaction_curve`, so that nothing is interpolated. ``known`` are Python's replies, which the
page compares with its own when it is opened, and says how far they are apart.
"""

import math
from collections.abc import Sequence
from itertools import pairwise
from typing import Any

from ...errors import BilevoltError
from ..draw.reaction_curve import LinearRow, Reply
from ..draw.scene import Scene
from ..draw.small_model import SmallModel
from ..polynomials import Polynomial

_DEGREE = 2
_SAME = 1e-9
"""Of the width of the range: breakpoints that are nearer to one another are one."""
_EXACT = 1e-10
"""Of the width of the range: a shorter number that is as near is the breakpoint."""


def page_data(scene: Scene) -> dict[str, Any]:
    """Return all that the page knows, as plain data.

    A polynomial is a list of ``[coefficient, exponent of x, exponents of y...]``.

    :raises BilevoltError: the leader's objective has products of more than two of the follower's variables.
    """
    small = scene.small
    follower = small.follower
    _refuse_degree(small)
    lower, upper = scene.limits[follower.x]
    replies = [found for found in scene.replies if lower <= found.x <= upper]

    def write(polynomial: Polynomial) -> list[list[float]]:
        names = (follower.x, *follower.y)
        return [[a, *(m.count(name) for name in names)] for m, a in polynomial.terms.items()]

    def row(given: LinearRow, equality: bool = False) -> dict[str, Any]:
        total = given.constant
        for name, coefficient in zip(follower.y, given.coefficients, strict=True):
            total = total + coefficient * Polynomial.variable(name)
        return {
            "name": given.name,
            "text": _text(total) + (" = 0" if equality else " ≥ 0"),
            "equality": equality,
            "constant": write(given.constant),
            "coefficients": [write(coefficient) for coefficient in given.coefficients],
        }

    return {
        "title": small.name,
        "x": {"name": follower.x, "lower": replies[0].x, "upper": replies[-1].x, "integer": small.integer},
        "y": list(follower.y),
        "limits": {name: list(span) for name, span in scene.limits.items()},
        "rows": [row(given, equality) for given, equality in _merged(follower.rows)],
        "leaderRows": [row(given, equality) for given, equality in _merged(follower.leader_rows)],
        "hessian": follower.hessian.tolist(),
        "gradient": [write(part) for part in follower.gradient],
        "leader": {"text": _text(small.objective), "terms": write(small.objective), "minimises": small.minimises},
        "follower": {
            "text": _text(small.follower_objective),
            "terms": write(small.follower_objective),
            "minimises": small.follower_minimises,
        },
        "breakpoints": [] if small.integer else breakpoints(replies),
        "known": [{"x": found.x, "optimal": found.optimal.tolist()} for found in _apart(replies)],
        "best": scene.best or None,
        "bestText": scene.best_text,
        "relaxed": scene.relaxed or None,
        "relaxedText": scene.relaxed_text,
    }


def _apart(replies: Sequence[Reply]) -> list[Reply]:
    """Return the replies that are not beside a change, where rounding decides what is feasible or optimal."""
    least = _SAME * (replies[-1].x - replies[0].x)
    xs = [-math.inf, *(found.x for found in replies), math.inf]
    return [found for found, a, b in zip(replies, xs, xs[2:], strict=False) if found.x - a > least < b - found.x]


def _text(polynomial: Polynomial) -> str:
    return str(polynomial).replace("*", "·").replace("-", "−")


def breakpoints(replies: Sequence[Reply]) -> list[float]:
    """Return the decisions between which the same rows are active at the follower's optima."""
    width = replies[-1].x - replies[0].x or 1.0
    near = [a.x if len(a.optimal) else b.x for a, b in pairwise(replies) if b.x - a.x <= _SAME * width]
    found: list[float] = []
    for x in near:
        if not found or x - found[-1] > _SAME * width:
            short = round(float(x), 9) + 0.0
            found.append(short if abs(short - x) <= _EXACT * width else float(x))
    return found


def _merged(rows: Sequence[LinearRow]) -> list[tuple[LinearRow, bool]]:
    """Return the rows with whether they are equalities, which come as two rows that are each other's negative."""
    found: list[tuple[LinearRow, bool]] = []
    for row in rows:
        before = found[-1][0] if found else None
        if before is not None and before.name == row.name and _terms(before) == _terms(row, -1.0):
            found[-1] = (before, True)
        else:
            found.append((row, False))
    return found


def _terms(row: LinearRow, sign: float = 1.0) -> list[dict[tuple[str, ...], float]]:
    return [dict(part.scaled(sign).terms) for part in (row.constant, *row.coefficients)]


def _refuse_degree(small: SmallModel) -> None:
    for monomial in small.objective.terms:
        if sum(name in small.follower.y for name in monomial) > _DEGREE:
            raise BilevoltError(
                f"the leader's objective has the term {'*'.join(monomial)}: among several optima of the follower, the "
                "page finds the leader's best for quadratic objectives only. Use bilevolt.plot for this model."
            )
