r"""Strong duality: primal and dual feasibility, and equal objectives, instead of complementarity.

For a follower brought to min with stationarity (dual feasibility) in the model, every feasible pair has

.. math:: \sigma \nabla f(y)^\top y - \Big( \sum_i \lambda_i\, b_i(x) + \sum_k \nu_k\, d_k(x) \Big)
          = \sum_i \lambda_i \, (g_i(x, y) - b_i) \ge 0

so that one row saying it is 0 replaces all complementarity pairs of the follower. The row is linear where the leader
is not in costs or right-hand sides; products of a leader's integer are linearised exactly; for a convex QP the row is
the convex inequality ``<= 0``. A follower that separates into blocks which share no variable (but the leader's) gets
one row per block, which is much tighter.

The same row, as an inequality, is valid for ``sos1`` and ``bigm``, where it cuts off much of the relaxation:
:func:`add_cut`. There, products with a continuous leader are relaxed by McCormick's envelopes.

Source: T. Kleinert, M. Labbé, F. Plein and M. Schmidt, *Closing the gap in linear bilevel optimization: a new valid
primal-dual inequality*, Optim. Lett. 15, 2021; S. Zare et al., *A note on linearized reformulations for a class of
bilevel linear integer problems*, Ann. Oper. Res. 272, 2019.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from pyomo.core import Any as AnyIndex
from pyomo.core import Block, Constraint, quicksum
from pyomo.core.base.var import VarData
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from .bounds import impose_proven
from .follower_form import FollowerForm, Row
from .mapping import Linearized, Pair, SingleLevelMap, map_of


@dataclass(frozen=True)
class DualityGap:
    """A block's primal minus dual objective: ``expression`` >= 0 at feasible points, 0 at optimal ones."""

    name: str
    expression: Any
    quadratic: bool
    rows: tuple[Row, ...]


def apply(single: Any, pairs: Sequence[Pair] | None = None) -> list[Linearized]:
    """Replace all pending pairs of an MPCC by strong duality, in place.

    :param pairs: for followers' blocks of which all pairs are given; a block is replaced as a whole.
    """
    single_map = map_of(single)
    chosen = {id(pair) for pair in (single_map.pending() if pairs is None else pairs)}
    impose_proven(single_map)
    block = single.strong_duality = Block()
    block.slack_nonnegative = Constraint(AnyIndex)
    block.equal_objectives = Constraint(AnyIndex)
    of_row: dict[int, list[Pair]] = {}
    for pair in single_map.pending():
        of_row.setdefault(id(pair.row), []).append(pair)
    made = []
    for gap in duality_gaps(single_map):
        own = [pair for row in gap.rows for pair in of_row.get(id(row), [])]
        if not own or not all(id(pair) in chosen for pair in own):
            continue
        block.equal_objectives[gap.name] = gap.expression <= 0 if gap.quadratic else gap.expression == 0
        for pair in own:
            if not pair.row.is_bound:  # a bound holds already, on the variable
                block.slack_nonnegative[pair.name] = pair.slack >= 0
            pair.complementarity.deactivate()
            made.append(Linearized(pair, "strong_duality", pair.slack, block.equal_objectives[gap.name]))
    single_map.linearized += made
    single_map.steps.append("strong_duality")
    return made


def add_cut(single: Any) -> int:
    """Add the primal-dual inequality of each block as a redundant row, in place; return how many were added.

    ``products.apply`` then linearises or relaxes the products in it, and drops the rows where it cannot. Blocks of a
    QP get none: their row is not linear.
    """
    single_map = map_of(single)
    gaps = [gap for gap in duality_gaps(single_map) if not gap.quadratic]
    block = single.duality_cut = Block()
    block.rows = Constraint([gap.name for gap in gaps])
    for gap in gaps:
        block.rows[gap.name] = gap.expression <= 0
    if gaps:
        single_map.steps.append("duality cut")
    return len(gaps)


def duality_gaps(single_map: SingleLevelMap) -> Iterator[DualityGap]:
    """Yield each block's primal minus dual objective."""
    for form in single_map.forms:
        multipliers = {id(row): m for f, row, m in single_map.multipliers() if f is form}
        gradient = form.gradient_terms
        blocks = list(_blocks(form))
        for k, (variables, rows) in enumerate(blocks):
            name = form.follower.name if len(blocks) == 1 else f"{form.follower.name}.{k + 1}"
            primal = quicksum(form.sign * form.linear[y] * y for y in variables)
            curved = quicksum(form.sign * q * y * z for y in variables for z, q in gradient[y])
            dual = quicksum(term for row in rows for term in dual_terms(row, multipliers[id(row)]))
            quadratic = any(gradient[y] for y in variables)
            yield DualityGap(name, primal + curved - dual, quadratic, rows)


def dual_terms(row: Row, multipliers: dict[str, Any]) -> Iterator[Any]:
    """Yield multiplier x right-hand side, net of the leader's part of the row, with the sign of the dual objective."""
    for side, multiplier in multipliers.items():
        limit, weight = (row.upper, -1) if side == "upper" else (row.lower, 1)
        yield weight * (limit - row.constant) * multiplier


def _blocks(form: FollowerForm) -> Iterator[tuple[tuple[VarData, ...], tuple[Row, ...]]]:
    """Split a follower into blocks that share no row and no quadratic term; rows without variables go along free."""
    order = {id(y): k for k, y in enumerate(form.follower.variables)}
    links = [(order[id(row.terms[0][0])], order[id(y)]) for row in form.rows for y, _ in row.terms]
    links += [(order[id(y)], order[id(z)]) for y, z, _ in form.quadratic]
    n = len(order)
    first, second = np.array(links, dtype=int).reshape(-1, 2).T
    graph = coo_array((np.ones(len(links)), (first, second)), shape=(n, n))
    count, label = connected_components(graph, directed=False)
    variables: list[list[VarData]] = [[] for _ in range(count)]
    rows: list[list[Row]] = [[] for _ in range(count)]
    for y in form.follower.variables:
        variables[label[order[id(y)]]].append(y)
    for row in form.rows:
        rows[label[order[id(row.terms[0][0])]] if row.terms else 0].append(row)
    for k in range(count):
        yield tuple(variables[k]), tuple(rows[k])
