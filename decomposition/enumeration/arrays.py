r"""Both levels in arrays, split at the decision: x is what followers see, and every other integer of the leader.

.. math:: \min_{y} \; c(x)^\top y \;\text{ s.t. } l \le A(x)\, y + a_0(x) \le u,\; \underline y \le y \le \overline y,
          \qquad
          \min \; f_0(x) + f(x)^\top w \;\text{ s.t. } g_0(x) + G(x)\, w \in [\underline g, \overline g],

with w = (y, z, :math:`\pi`): the responses of all followers, the leader's continuous variables that no follower sees,
and the shadow prices that the leader uses. All is affine in w, and of degree two with x.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from pyomo.core.base.var import VarData
from scipy.sparse import csr_array

from ...heuristics.encoding.limits import Array, Limits
from ...heuristics.follower.bilinear import Bilinear, NotCompiled, Place, read
from ...levels.bilevel import Bilevel
from ...levels.follower_form import FollowerForm, Row, is_number
from ...levels.integers import has_integers

INTEGRAL = 1e-9  # an end of an integer's range that is this near to an integer is that integer


@dataclass(frozen=True)
class Arrays:
    """See the module. ``bill`` is one expression, all followers' objectives, to be minimised; ``follower_of`` tells of
    each y whose it is, ``prices`` of each price its place among (rows, y) of the followers, and the sign of the
    follower's sense. ``objective`` is to be minimised, whatever the leader's ``sense``. ``unit`` is what 1 of (y, z) is
    in the model, ``price_unit`` what 1 of the prices of (rows, y) is, ``leader_unit`` what 1 of a row of the leader.
    """

    bilevel: Bilevel
    decision: tuple[VarData, ...]
    domain: tuple[Array, Array]
    own: tuple[VarData, ...]
    others: tuple[VarData, ...]
    rows: Bilinear
    row_limits: Limits
    bill: Bilinear
    follower_of: Array
    columns: Limits
    objective: Bilinear
    leader: Bilinear
    leader_limits: Limits
    prices: tuple[Array, Array]
    sources: tuple[tuple[Any, int, float], ...]
    unit: Array
    price_unit: Array
    leader_unit: Array

    @property
    def sense(self) -> int:
        """1 if the leader minimises, -1 if it maximises."""
        return self.bilevel.sense

    @property
    def size(self) -> int:
        """Rows and columns of the followers' LP."""
        return self.row_limits.lower.size + len(self.own)

    @property
    def price_start(self) -> int:
        """Where the prices begin in w."""
        return len(self.own) + len(self.others)


def decision_of(bilevel: Bilevel) -> list[VarData]:
    """Return what is decided before the followers react: what they see, and the leader's other integers.

    :raises NotCompiled: one of these is no integer with a finite range, or the levels are of another kind.
    """
    for follower in bilevel.followers:
        if has_integers(follower):
            raise NotCompiled(f"follower {follower.name!r} owns integers")
        for variable in follower.given:
            if variable in bilevel.owner:
                raise NotCompiled(f"follower {follower.name!r} takes {variable.name!r} of another follower as given")
    if bilevel.leader.sos:
        raise NotCompiled("the leader has special ordered sets")
    visible = bilevel.visible
    decision = [v for v in bilevel.leader.variables if v in visible or not v.is_continuous()]
    for variable in decision:
        if not variable.is_integer():
            raise NotCompiled(f"followers see {variable.name!r}, which is no integer")
        if variable.lb is None or variable.ub is None:
            raise NotCompiled(f"the integer {variable.name!r} has no finite range")
    return decision


def arrays_of(bilevel: Bilevel, decision: Sequence[VarData]) -> Arrays:
    """Read both levels.

    :raises NotCompiled: what of the model is outside of what is covered.
    :raises BilevoltError: see :func:`.follower_form`.
    """
    forms = bilevel.forms
    for form in forms:
        if form.quadratic:
            raise NotCompiled(f"follower {form.follower.name!r} is a QP")
    own = tuple(bilevel.follower_variables)
    if not own:
        raise NotCompiled("no follower has a variable")
    known = {id(v) for v in decision}
    others = tuple(v for v in bilevel.leader.variables if id(v) not in known)
    adapting = (*own, *others, *bilevel.leader.prices)
    place: Place = {id(v): ("x", i) for i, v in enumerate(decision)} | {id(v): ("w", i) for i, v in enumerate(adapting)}
    sizes = len(decision), len(adapting)
    rows = [row for form in forms for row in form.rows if not row.is_bound]
    expression = bilevel.sense * bilevel.leader.objective.expr
    parts = [constraint.to_bounded_expression(evaluate_bounds=True) for constraint in bilevel.leader.constraints]
    column = {id(v): j for j, v in enumerate(own)}
    terms = [(column[id(y)], form.sign, c) for form in forms for y, c in form.linear.items()]
    bill = [(j, c if is_number(c) and sign > 0 else sign * c) for j, sign, c in terms]
    low, high = zip(*(v.bounds for v in decision), strict=True) if decision else ((), ())
    sources = tuple(_sources(forms, column))
    return Arrays(
        bilevel,
        tuple(decision),
        (np.ceil(np.array(low, dtype=float) - INTEGRAL), np.floor(np.array(high, dtype=float) + INTEGRAL)),
        own,
        others,
        _bilinear([([(column[id(y)], a) for y, a in row.terms], row.constant) for row in rows], place, sizes, len(own)),
        _limits([(row.lower, row.upper) for row in rows]),
        _bilinear([(bill, 0.0)], place, sizes, len(own)),
        np.repeat(np.arange(len(forms)), [len(form.follower.variables) for form in forms]),
        _limits([v.bounds for v in (*own, *others)]),
        read([expression], place, sizes),
        read([body for _, body, _ in parts], place, sizes),
        _limits([(lower, upper) for lower, _, upper in parts]),
        _prices(bilevel, sources, rows),
        sources,
        np.ones(len(own) + len(others)),
        np.ones(len(rows) + len(own)),
        np.ones(len(parts)),
    )


def _sources(forms: Sequence[FollowerForm], column: dict[int, int]) -> list[tuple[Any, int, float]]:
    """Return row or bounded variable -> its place among the followers' (rows, y), and the sign of its price there."""
    found, r, count = [], 0, sum(not row.is_bound for form in forms for row in form.rows)
    for form in forms:
        for row in form.rows:
            found.append((row.source, count + column[id(row.source)] if row.is_bound else r, float(form.sign)))
            r += not row.is_bound
    return found


def _prices(bilevel: Bilevel, sources: Sequence[tuple[Any, int, float]], rows: Sequence[Row]) -> tuple[Array, Array]:
    where = {id(source): (at, sign) for source, at, sign in sources}
    empty = {id(row.source) for row in rows if not row.terms}
    for source in bilevel.leader.prices.values():
        if id(source) not in where or id(source) in empty:
            raise NotCompiled(f"{source.name!r}, whose price is used, is no row of a follower with a variable of it")
    found = [where[id(source)] for source in bilevel.leader.prices.values()]
    return np.array([at for at, _ in found], dtype=np.int64), np.array([sign for _, sign in found], dtype=float)


def _bilinear(
    rows: Sequence[tuple[Sequence[tuple[int, Any]], Any]], place: Place, sizes: tuple[int, int], columns: int
) -> Bilinear:
    """Return rows (terms in y, constant) in arrays; what is no number in them is an expression in x."""
    r = np.repeat(np.arange(len(rows)), np.array([len(terms) for terms, _ in rows], dtype=np.int64))
    k = np.array([j for terms, _ in rows for j, _ in terms], dtype=np.int64)
    entries = [a for terms, _ in rows for _, a in terms]
    moving = [at for at, a in enumerate(entries) if not is_number(a)]
    shifted = [at for at, (_, constant) in enumerate(rows) if not is_number(constant)]
    still = np.array([a if is_number(a) else 0.0 for a in entries], dtype=float)
    constants = np.array([c if is_number(c) else 0.0 for _, c in rows], dtype=float)
    factor = read([entries[at] for at in moving], place, sizes)
    if factor.squares[0].size:
        raise NotCompiled("a coefficient of a follower has a product of the leader's variables")
    still[moving] = factor.constant
    part = read([rows[at][1] for at in shifted], place, sizes)
    constants[shifted] = part.constant
    at, j = factor.linear.tocoo().coords
    which, back = np.array(moving, dtype=np.int64), np.array(shifted, dtype=np.int64)
    slope = part.linear.tocoo()
    linear = csr_array((slope.data, (back[slope.coords[0]], slope.coords[1])), shape=(len(rows), sizes[0]))
    s, first, second, q = part.squares
    matrix = csr_array((still, (r, k)), shape=(len(rows), columns))
    terms = r[which[at]], k[which[at]], j.astype(np.int64), factor.linear.tocoo().data
    nothing = np.zeros(0, dtype=np.int64)
    return Bilinear(constants, linear, (back[s], first, second, q), matrix, terms, (nothing, nothing, np.zeros(0)))


def at_decision(rows: Bilinear, x: Array) -> csr_array:
    """Return the coefficients of what adapts."""
    if not rows.moving:
        return rows.matrix
    r, k, j, b = rows.terms
    return csr_array(rows.matrix + csr_array((b * x[j], (r, k)), shape=rows.matrix.shape))


def _limits(pairs: Sequence[tuple[float | None, float | None]]) -> Limits:
    return Limits(
        np.array([-math.inf if low is None else low for low, _ in pairs], dtype=float),
        np.array([math.inf if high is None else high for _, high in pairs], dtype=float),
    )
