"""The numbers of a page: the model's rows and objectives, and what Python's exact replies to decisions are.

The page solves the follower itself, at every decision: from the same rows, by the same finite method as
:mod:`bilevolt.teaching.draw.reaction_curve`, so that nothing is interpolated. ``known`` are Python's replies, which the
page compares with its own when it is opened, and says how far they are apart.
"""

import math
from collections.abc import Sequence
from itertools import pairwise
from typing import Any

from ..draw.reaction_curve import LinearRow, Reply
from ..draw.scene import Scene
from ..polynomials import Polynomial

_SAME = 1e-9
"""Of the width of the range: replies that are nearer are on both sides of a change."""
_NEAR = 1e-6
"""Of the width of the range: changes that are nearer to one another are one breakpoint."""
_EXACT, _DIGITS = 1e-10, 6
"""Of the width of the range: a number with so few digits that is as near is the breakpoint."""


def page_data(scene: Scene) -> dict[str, Any]:
    """Return all that the page knows, as plain data.

    A polynomial is a list of ``[coefficient, exponent of x, exponents of y...]``.
    """
    small = scene.small
    follower = small.follower
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
    least = _NEAR * (replies[-1].x - replies[0].x)
    xs = [-math.inf, *(found.x for found in replies), math.inf]
    return [found for found, a, b in zip(replies, xs, xs[2:], strict=False) if found.x - a > least < b - found.x]


def _text(polynomial: Polynomial) -> str:
    return str(polynomial).replace("*", "·").replace("-", "−")


def breakpoints(replies: Sequence[Reply]) -> list[float]:
    """Return the decisions between which the same rows are active at the follower's optima."""
    width = replies[-1].x - replies[0].x or 1.0
    groups: list[list[float]] = []  # on both sides of a kink the rows of both are active, to a tolerance
    for a, b in pairwise(replies):
        if b.x - a.x <= _SAME * width:
            x = float(a.x if len(a.optimal) else b.x)
            if groups and x - groups[-1][-1] <= _NEAR * width:
                groups[-1].append(x)
            else:
                groups.append([x])
    return [_short(min(group), max(group), _EXACT * width) for group in groups]


def _short(lower: float, upper: float, room: float) -> float:
    """Return a number with few digits between two, or else the one in the middle."""
    middle = (lower + upper) / 2
    short = round(middle, _DIGITS) + 0.0
    return short if lower - room <= short <= upper + room else middle


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
