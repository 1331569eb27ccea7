"""From a PAO model to its ``CompiledReaction``, or the reason why there is none."""

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from pyomo.common.collections import ComponentSet
from pyomo.core import minimize
from pyomo.core.base.var import VarData
from scipy.sparse import block_array, csr_array

from ...levels.bilevel import Bilevel
from ...levels.follower_form import FollowerForm
from ..encoding.limits import Limits
from .batched_lp import BatchedLp
from .bilinear import Bilinear, NotCompiled, Place, read
from .compiled import CompiledReaction
from .persistent_lp import PersistentLp


def compile_reaction(
    bilevel: Bilevel, forms: Sequence[FollowerForm], decision: Sequence[VarData], settled: ComponentSet
) -> CompiledReaction:
    """Compile a model for decisions given as numbers of these variables of the leader.

    :param settled: the leader's rows that need no look any more (the decision alone is in them).
    :raises NotCompiled: what of the model is outside of what is compiled.
    """
    _refuse(bilevel, forms)
    own = list(bilevel.follower_variables)
    known = ComponentSet(decision)
    others = [v for v in bilevel.leader.variables if v not in known]
    place: Place = {id(v): ("x", i) for i, v in enumerate(decision)} | {
        id(v): ("w", i) for i, v in enumerate((*own, *others))
    }
    sizes = (len(decision), len(own) + len(others))
    bill = sum(form.sign * form.follower.objective.expr for form in forms)
    sense = 1 if bilevel.leader.objective.sense == minimize else -1
    objective = read([sense * bilevel.leader.objective.expr], place, sizes, quadratic=True)
    followers, follower_limits = _rows([c for f in bilevel.followers for c in f.constraints], place, sizes)
    rows = [c for c in bilevel.leader.constraints if c not in settled]
    leader, leader_limits = _rows(rows, place, sizes)
    _refuse_curved_others(objective, leader, leader_limits, len(own), [*own, *others])
    costs = read([bill], place, sizes)
    columns = _limits([v.bounds for v in (*own, *others)])
    start, mine = np.zeros((1, len(decision))), len(own)
    inner = PersistentLp(
        costs.costs(start)[0, :mine], csr_array(followers.matrix[:, :mine]), columns.lower[:mine], columns.upper[:mine],
        follower_limits.lower, follower_limits.upper,
    )  # fmt: skip
    outer = PersistentLp(
        objective.costs(start)[0], csr_array(block_array([[followers.matrix], [leader.matrix]])),
        columns.lower, columns.upper,
        np.r_[follower_limits.lower, leader_limits.lower], np.r_[follower_limits.upper, leader_limits.upper],
    )  # fmt: skip
    r, k = leader.places
    adapts = k >= mine
    many_inner = BatchedLp(csr_array(followers.matrix[:, :mine]), followers.places)
    many_outer = BatchedLp(csr_array(leader.matrix[:, mine:]), (r[adapts], k[adapts] - mine)) if others else None
    return CompiledReaction(
        followers,
        follower_limits,
        costs,
        leader,
        leader_limits,
        objective,
        columns,
        inner,
        outer,
        many_inner,
        many_outer,
    )


def _refuse(bilevel: Bilevel, forms: Sequence[FollowerForm]) -> None:
    for form in forms:
        if form.quadratic:
            raise NotCompiled(f"follower {form.follower.name!r} is a QP")
    if bilevel.leader.prices:
        raise NotCompiled("the leader uses shadow prices of followers")
    if bilevel.leader.sos:
        raise NotCompiled("the leader has special ordered sets")


def _refuse_curved_others(
    objective: Bilinear, leader: Bilinear, limits: Limits, own: int, variables: Sequence[VarData]
) -> None:
    """Refuse a quadratic objective of variables that adapt, unless a row of their own says what they are."""
    first, second, _ = objective.quadratic
    curved = {int(k) for k in (*first, *second) if k >= own}
    moving = set(leader.terms[0].tolist())
    matrix = leader.matrix[:, own:].tocsr()
    defined = set()
    for r in np.flatnonzero(limits.lower == limits.upper):
        columns = matrix.indices[matrix.indptr[r] : matrix.indptr[r + 1]]
        if len(columns) == 1 and int(r) not in moving:
            defined.add(own + int(columns[0]))
    if curved - defined:
        name = variables[min(curved - defined)].name
        raise NotCompiled(f"the leader's objective is quadratic in {name!r}, which no equality of its own defines")


def _rows(constraints: Sequence[Any], place: Place, sizes: tuple[int, int]) -> tuple[Bilinear, Limits]:
    parts = [constraint.to_bounded_expression(evaluate_bounds=True) for constraint in constraints]
    bilinear = read([body for _, body, _ in parts], place, sizes)
    return bilinear, _limits([(lower, upper) for lower, _, upper in parts])


def _limits(pairs: Sequence[tuple[float | None, float | None]]) -> Limits:
    return Limits(
        np.array([-math.inf if low is None else low for low, _ in pairs], dtype=float),
        np.array([math.inf if high is None else high for _, high in pairs], dtype=float),
    )
