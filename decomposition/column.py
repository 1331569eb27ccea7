r"""The column of an integer response: what the follower could reach with it at any decision of the leader.

For a response :math:`z^k` of a follower :math:`\min \{ f(x, y, z) : g(x, y, z) \le 0 \}`, the follower's continuous
part given :math:`z^k` is a follower of its own, with KKT conditions, and the leader is bound by

.. math:: f(x, y, z) \le f(x, y^k, z^k) + R \, u, \qquad
          y^k \in \arg\min_y \{ f(x, y, z^k) : g(x, y, z^k) \le S \, u \}

with :math:`u > 0` only where :math:`z^k` is out of reach, whatever y (see :mod:`.elastic`): no decision need leave
every response feasible. R and S are what interval arithmetic says, or 1 with u without a limit where it knows none.

Source: B. Zeng and Y. An, *Solving bilevel mixed integer program by reformulations and decomposition*, Optimization
Online, 2014; D. Yue, J. Gao, B. Zeng and F. You, *A projection-based reformulation and decomposition algorithm for
global optimization of a class of mixed integer bilevel linear programs*, J. Glob. Optim. 73, 2019.
"""

import math
from dataclasses import dataclass, field
from typing import Any

from pyomo.core import Any as AnyIndex
from pyomo.core import Block, Constraint, Var
from pyomo.core.base.var import VarData
from pyomo.core.expr.visitor import identify_variables

from ..bounds.ranges import Ranges
from ..levels.rows import has_variables, substitution
from .draft import Draft
from .elastic import out_of_reach, reasons_of
from .integer_follower import IntegerFollower
from .repair import repaired
from .side import Side, collected, copies, interval, sides_of


@dataclass(eq=False)
class Response:
    """An integer response of a follower: ``values`` by id of its integers.

    ``levels``: reasons for being out of reach that hold only where the leader's objective (minimised) is at least
    a level, else on the brink at most; with it the objective's bound of that time. None: they hold nowhere.
    """

    item: IntegerFollower
    values: dict[int, int]
    levels: dict[str, tuple[float, float] | None] = field(default_factory=dict)

    @property
    def key(self) -> tuple[int, tuple[int, ...]]:
        """What tells it from others."""
        return id(self.item), tuple(self.values.values())


@dataclass(frozen=True)
class Column:
    """What a response has become in a master; ``brinks``: conditions that say "out of reach" on the brink already."""

    response: Response
    brinks: dict[str, Any]
    finite: bool


def add_column(draft: Draft, name: str, response: Response, ranges: Ranges, margin: float) -> Column:
    """Add the column of a response.

    :param margin: by how much a row has to be violated to count as such, relative to 1 + |limit|; 0: the response
        may already be given up where it is only just feasible (of rows in integers, not even then).
    """
    item, block = response.item, draft.block(name)
    block.y = Var(AnyIndex, dense=False)
    values = repaired(item, response.values, ranges)
    at = copies(block.y, item, values, ranges, bounded=True)
    sides = [side for row in item.rows for side in sides_of(row, item, at)]
    doubtful = [side for side in sides if not side.holds(ranges)]
    reasons = reasons_of(draft, block, item, values, doubtful, ranges, margin)
    reasons = {reason: condition for reason, condition in reasons.items() if response.levels.get(reason, True)}
    objective = item.follower.objective.expr
    own = substitution(at)(objective)
    gain = collected(item.sign * objective - item.sign * own)
    most = interval(gain, ranges)[1]
    spans = {id(side): side.most(ranges) for side in doubtful}
    finite = all(map(math.isfinite, (most, *spans.values(), *(least for _, least in reasons.values()))))
    if not finite:
        most, spans = 1.0, dict.fromkeys(spans, 1.0)
    levels = {reason: level for reason, level in response.levels.items() if level is not None}
    u = out_of_reach(draft, block, reasons, levels, finite=finite)
    if _in(own, block.y):
        _add_answer(draft, block, item, sides, u, spans, own)
    gain = gain - (0 if u is None else max(0.0, most) * u)
    if has_variables(gain):
        draft.row(block, "value", gain <= 0)
    exact = {side.name for side in doubtful if side.least is not None}
    return Column(
        response, {reason: condition for reason, (condition, _) in reasons.items() if reason not in exact}, finite
    )


def _add_answer(
    draft: Draft, block: Any, item: IntegerFollower, sides: list[Side], u: VarData | None, span: dict[int, float],
    own: Any,
) -> None:  # fmt: skip
    """Add the follower's continuous part given the response, its rows relaxed where it is out of reach.

    An equality row is moved by the leader, and not at all where the response is in reach.

    :param span: id(side) -> how far it is relaxed; sides without continuous variables are no rows of this part.
    """
    block.answer = inner = Block()
    inner.rows, inner.shift = Constraint(AnyIndex), Var(AnyIndex, dense=False)
    equal = {row.name for row in item.rows if row.equality}
    for side in sides:
        row, _, end = side.name.rpartition(".")
        allowed = 0 if u is None else span.get(id(side), 0.0) * u
        if not side.of_continuous:
            continue
        if row not in equal:
            inner.rows[side.name] = side.violation - allowed <= 0
        elif u is None:
            inner.rows[row] = side.violation == 0
        else:
            sign = 1 if end == "lower" else -1
            draft.row(block, f"shift {side.name}", sign * inner.shift[row] - allowed <= 0)
            inner.rows[row] = side.violation - sign * inner.shift[row] == 0
    draft.variables(inner.shift.values())
    used = {id(v) for c in (*(row.body for row in inner.rows.values()), own) for v in identify_variables(c)}
    draft.follower(inner, [y for y in block.y.values() if id(y) in used], own, item.follower.objective.sense)


def _in(expression: Any, family: Any) -> bool:
    own = {id(v) for v in family.values()}
    return has_variables(expression) and any(id(v) in own for v in identify_variables(expression))
