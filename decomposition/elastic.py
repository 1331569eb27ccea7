r"""Where a response is out of reach: its reasons, of which one has to hold for its column not to bind.

A row without continuous variables of the follower is a reason by itself: it is violated, by its least violation where
it is in integers (exact). For all others together,

.. math:: t(x) = \min_{y, \; t \ge -1} \{ t : g_i(x, y, z^k) - e_i \le \omega_i t \}

is a follower of its own, with KKT conditions; independent equality rows are not relaxed, so that it always has an
answer. With margins :math:`e_i > 0`, :math:`t(x) \ge 0` proves that no y is feasible; with :math:`e_i = 0` it holds
wherever none is, and also where one is only just feasible: the one makes points, the other bounds.
"""

import math
from typing import Any

import numpy as np
from pyomo.core import Any as AnyIndex
from pyomo.core import Binary, Block, Constraint, NonNegativeReals, Var, quicksum
from pyomo.core.base.var import VarData

from ..bounds.ranges import Ranges
from ..levels.follower_form import is_number
from .draft import Draft
from .integer_follower import IntegerFollower
from .side import Side, copies, interval, sides_of
from .switch import switch

BELOW = 1e-6
"""What is taken off levels and bounds of the leader's objective, relative to max(1, |level|)."""

DEPTH = "rows with continuous variables"
"""The name of the reason that is about all rows with continuous variables."""


def out_of_reach(
    draft: Draft,
    block: Any,
    reasons: dict[str, tuple[Any, float]],
    levels: dict[str, tuple[float, float]],
    *,
    finite: bool,
) -> VarData | None:
    """Return a variable that is positive only where one of the reasons holds; None without any.

    :param reasons: name -> a condition (>= 0 where it holds), and its least value.
    :param levels: name -> the leader's objective, to be minimised, that the reason takes at least, and its bound.
    """
    if not reasons:
        return None
    block.reason = Block(AnyIndex)
    chosen = []
    for name, (condition, least) in reasons.items():
        inner = block.reason[name]
        inner.rows, inner.free = Constraint(AnyIndex), Block()
        chosen.append(switch(draft, inner, condition, least, finite=finite))
        if finite and name in levels:
            level, bound = levels[name]
            slack = BELOW * max(1.0, abs(level))
            draft.row(inner, "level", draft.worth >= bound - slack + (level - bound) * chosen[-1])
    if len(chosen) == 1:
        return chosen[0]
    block.u = Var(domain=Binary if finite else NonNegativeReals)
    draft.variables([block.u])
    draft.row(block, "reason", block.u <= quicksum(chosen))
    return block.u


def reasons_of(
    draft: Draft, block: Any, item: IntegerFollower, response: dict[int, Any], sides: list[Side], ranges: Ranges,
    margin: float,
) -> dict[str, tuple[Any, float]]:  # fmt: skip
    """Return why the response may be out of reach: name -> condition (>= 0 where it is), and its least value.

    :param sides: of its rows, those that may be violated.
    """
    found = {}
    for side in sides:
        if not side.of_continuous:
            condition = side.violation - side.threshold(margin)
            found[side.name] = condition, interval(condition, ranges)[0]
    if any(side.of_continuous for side in sides):
        names = {side.name for side in sides}
        found[DEPTH] = _depth(draft, block, item, response, names, ranges, margin), -1.0
    return found


def _depth(
    draft: Draft, block: Any, item: IntegerFollower, response: dict[int, Any], doubtful: set[str], ranges: Ranges,
    margin: float,
) -> VarData:  # fmt: skip
    """Return t(x), the optimum of a follower that is added."""
    block.depth = inner = Block()
    inner.rows, inner.y, inner.t = Constraint(AnyIndex), Var(AnyIndex, dense=False), Var(bounds=(-1, None))
    kept = _independent(item)
    at = copies(inner.y, item, response, ranges, bounded=not kept)
    for row in item.rows:
        sides = [side for side in sides_of(row, item, at) if side.of_continuous]
        if id(row) in kept:
            inner.rows[row.name] = sides[0].violation == 0
            continue
        for side in sides:
            if side.name in doubtful:
                inner.rows[side.name] = side.violation - side.scale * inner.t <= side.threshold(margin)
    for variable in item.continuous if kept else ():
        copy = inner.y[variable.name]
        for sign, limit in zip((1, -1), ranges.of_variable(variable), strict=True):
            if math.isfinite(limit):
                scale = 1 + abs(limit)
                inner.rows[f"{variable.name} {sign}"] = sign * (limit - copy) - scale * inner.t <= margin * scale
    draft.follower(inner, [*inner.y.values(), inner.t], inner.t)
    return inner.t


def _independent(item: IntegerFollower) -> set[int]:
    """Return ids of equality rows that hold for some y, whatever the rest: numbers as coefficients, full rank."""
    own = {id(v): j for j, v in enumerate(item.continuous)}
    chosen: set[int] = set()
    matrix = np.zeros((0, len(own)))
    for row in item.rows:
        terms = [(own[id(v)], a) for v, a in row.terms if id(v) in own]
        if not (row.equality and terms and all(is_number(a) for _, a in terms)):
            continue
        line = np.zeros((1, len(own)))
        for j, a in terms:
            line[0, j] = float(a) / max(abs(float(a)) for _, a in terms)
        grown = np.vstack([matrix, line])
        if np.linalg.matrix_rank(grown, tol=1e-6) == len(grown):
            matrix = grown
            chosen.add(id(row))
    return chosen
