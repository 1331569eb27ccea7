"""Which variables of the leader a heuristic searches, their ranges, and the rows that concern them alone.

A decision is put in before the followers react: every leader variable that a follower sees, every integer one, and what
the caller names. Of these, variables that the leader's rows always settle once the others are chosen (an open site
by its number of chargers) get no dimension.
"""

import math
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import numpy as np
from pyomo.common.collections import ComponentSet
from pyomo.core import Var
from pyomo.core.base.var import VarData
from pyomo.repn.linear import LinearRepnVisitor
from scipy.sparse import csr_array

from ...bounds.program import Work
from ...bounds.ranges import Ranges
from ...bounds.relaxation import PRIMAL, Relaxation
from ...bounds.rows import Rows
from ...errors import BilevoltError
from ...levels.bilevel import Bilevel
from ...levels.follower_form import VariableRecorder
from ...reformulations.single_level import map_of
from ..box import sides
from .limits import Array, Limits
from .propagation import LinearRow, Propagator
from .unit_cube import Encoding

TRIALS = 16  # random decisions by which settled variables are found
PROOF_WORK = 2.5e8  # for the ranges of variables that have no bounds of their own; about five seconds of a processor

Searched = Sequence[str | Any] | None
"""Variables of the leader, by name or as components; None for all that matter."""


def encode(single: Any, search: Searched = None) -> tuple[Encoding, ComponentSet]:
    """Return the encoding of a model's decisions, and the leader's rows that it looks after.

    :param single: the model's MPCC (``reformulate(model, "kkt")``).
    :param search: variables of the leader (names or components) to search; all that matter by default.
    :raises BilevoltError: a name that is no variable of the leader; a variable whose range is not finite.
    """
    bilevel = map_of(single).bilevel
    visible = bilevel.visible
    asked = ComponentSet(v for item in search or () for v in _named(bilevel, item))
    first = [v for v in bilevel.leader.variables if v in visible or not v.is_continuous() or v in asked]
    if not first:
        raise BilevoltError(
            f"model {bilevel.model.name!r} has no leader variable that a follower sees, and no integer one: there is "
            "nothing to search. Solve it with method='exact', or name variables in search=[...]."
        )
    decision = tuple(first)
    lower, upper = _ranges(single, decision)
    rows, own, matrix, limits = _rows(bilevel, decision)
    integer = np.array([not v.is_continuous() for v in decision])
    propagator = Propagator(rows, lower.tolist(), upper.tolist(), integer.tolist())
    searched = np.array([not asked or v in asked for v in decision])
    groups = _groups(decision, visible, searched, integer, upper - lower)
    if not asked:
        searched &= ~_settled(propagator, lower, upper, groups)
    values = np.array([math.nan if v.value is None else v.value for v in decision], dtype=float)
    targets = np.clip(np.where(np.isnan(values), lower, values), lower, upper)
    encoding = Encoding(
        decision, np.flatnonzero(searched & (upper > lower)), lower, upper, integer, targets, groups, matrix, limits,
        propagator,
    )  # fmt: skip
    return encoding, own


def _named(bilevel: Bilevel, item: Any) -> Iterator[VarData]:
    component = bilevel.model.find_component(item) if isinstance(item, str) else item
    members: Iterable[Any] = ()
    if getattr(component, "ctype", None) is Var:
        members = component.values() if component.is_indexed() else (component,)
    found = [v for v in members if not v.fixed]
    mine = ComponentSet(bilevel.leader.variables)
    if not found or any(v not in mine for v in found):
        known = sorted({v.parent_component().name for v in bilevel.leader.variables})
        raise BilevoltError(
            f"search: {getattr(item, 'name', item)!r} is no variable of the leader (with unfixed members that its rows "
            f"or followers use). Choose among {', '.join(known)}."
        )
    yield from found


def _ranges(single: Any, decision: Sequence[VarData]) -> tuple[Array, Array]:
    """Return finite ranges: the variables' own, or those that an LP over all rows of both levels proves."""
    ranges: Ranges = map_of(single).ranges
    relaxation = None
    pairs = []
    for variable in decision:
        low, high = ranges.of_variable(variable)
        if not (math.isfinite(low) and math.isfinite(high)):
            relaxation = relaxation or Relaxation(Rows(map_of(single).system), PRIMAL, Work(PROOF_WORK))
            proven = relaxation.range(variable)
            low, high = max(low, proven[0]), min(high, proven[1])
        if not (math.isfinite(low) and math.isfinite(high)):
            raise BilevoltError(
                f"variable {variable.name!r} of the leader has no finite range ([{low:g}, {high:g}]), so that there "
                "is nothing to draw from. Give it bounds."
            )
        pairs.append((low, high) if variable.is_continuous() else (math.ceil(low - 1e-6), math.floor(high + 1e-6)))
    return np.array([p[0] for p in pairs], dtype=float), np.array([p[1] for p in pairs], dtype=float)


def _rows(bilevel: Bilevel, decision: Sequence[VarData]) -> tuple[list[LinearRow], ComponentSet, csr_array, Limits]:
    """Return all linear rows as the decision sees them, and those over the decision alone, also as arrays.

    Other variables in a row leave it as much room as their ranges have.
    """
    recorder = VariableRecorder()
    visitor = LinearRepnVisitor({}, var_recorder=recorder)
    index = {id(v): j for j, v in enumerate(decision)}
    rows: list[LinearRow] = []
    own_rows: list[LinearRow] = []
    own: ComponentSet = ComponentSet()
    for constraint in bilevel.leader.constraints:
        lower, body, upper = constraint.to_bounded_expression(evaluate_bounds=True)
        repn = visitor.walk_expression(body)
        if repn.nonlinear is not None:
            continue
        low = (-math.inf if lower is None else lower) - repn.constant
        high = (math.inf if upper is None else upper) - repn.constant
        others = [(recorder.var_map[i], a) for i, a in repn.linear.items() if i not in index]
        room = [_interval(v, a) for v, a in others]
        terms = tuple((index[i], float(a)) for i, a in repn.linear.items() if i in index and a)
        row = LinearRow(terms, low - sum(r[1] for r in room), high - sum(r[0] for r in room))
        if terms and (math.isfinite(row.lower) or math.isfinite(row.upper)):
            rows.append(row)
        if not others:
            own.add(constraint)
            own_rows.append(row)
    entries = [(r, j, a) for r, row in enumerate(own_rows) for j, a in row.terms]
    r, j, a = (np.array(column) for column in zip(*entries, strict=True)) if entries else ([], [], [])
    matrix = csr_array((a, (r, j)), shape=(len(own_rows), len(decision)))
    limits = Limits(np.array([row.lower for row in own_rows]), np.array([row.upper for row in own_rows]))
    return rows, own, matrix, limits


def _interval(variable: VarData, coefficient: float) -> tuple[float, float]:
    low, high = sorted(coefficient * side for side in sides(variable))
    return low, high


def _groups(decision: Sequence[VarData], visible: ComponentSet, searched: Array, integer: Array, width: Array) -> Array:
    """Return each variable's turn: searched, visible, integer ones first, and of these the widest."""
    turns = [
        (not searched[j], v not in visible, not integer[j], -width[j] if integer[j] else 0.0)
        for j, v in enumerate(decision)
    ]
    rank = {turn: k for k, turn in enumerate(sorted(set(turns)))}
    return np.array([rank[turn] for turn in turns])


def _settled(propagator: Propagator, lower: Array, upper: Array, groups: Array) -> Array:
    """Return which variables had no choice left at their turn, in all of some random decisions."""
    rng = np.random.default_rng(0)
    always = np.ones(lower.size, dtype=bool)
    for _ in range(TRIALS):
        targets = lower + rng.random(lower.size) * (upper - lower)
        _, settled = propagator.fix(targets.tolist(), np.lexsort((rng.random(lower.size), groups)).tolist())
        always &= np.array(settled)
    return always
