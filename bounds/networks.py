r"""Followers whose rows are a network flow: some optimal potentials are those of a spanning tree.

Each variable :math:`y_j` is in two rows i, k with coefficients :math:`\alpha_j` and :math:`-\alpha_j` (an arc; after
some rows have changed their sign), or in one (an arc to the ground, whose potential is 0); rows of one variable are
bounds of it; an inequality is an equality with an arc of cost 0 to the ground. With reduced costs :math:`r_j = \sigma
c_j - \alpha_j (\lambda_i - \lambda_k)`, the multipliers of bounds are :math:`r_j^+, r_j^-` at some dual optimum, so
that the dual objective is a function of :math:`\lambda` that is linear on the cells into which the planes :math:`r_j =
0` cut the space. On a cell with an optimum it is largest on a face, and so on a smallest face, where the arcs with
:math:`r_j = 0` span every component. Without an arc to the ground a component may be shifted, which is worth nothing
where the follower has a point: one potential is 0. Hence potentials, and differences of two of a component, are sums
along a way in a tree:

.. math:: |\lambda_i|, |\lambda_i - \lambda_k| \le S = \sum \text{largest } |c_j / \alpha_j| \text{ of as many pairs of
          nodes as the tree has arcs}, \qquad |r_j| \le |\sigma c_j| + |\alpha_j| S

for every leader's decision, with the costs' ranges over these. A leader that does not see the multipliers loses nothing
if they are so restricted, as any optimal ones fit every optimal response.

Source: R. K. Ahuja, T. L. Magnanti and J. B. Orlin, *Network flows*, 1993, sec. 11.2, for fixed costs.
"""

import math
from collections import defaultdict
from collections.abc import Iterable

import numpy as np
from pyomo.common.collections import ComponentMap, ComponentSet
from pyomo.core.base.var import VarData

from ..connectivity import connected_components
from ..levels.duality_gap import DualityGap
from ..levels.follower_form import Coefficient, is_number
from .ranges import Bound, Proof, Ranges

REASON = "a network flow: some optimal potentials are sums of costs along a spanning tree"
GROUND = -1
ROUNDING = 1e-9  # relative; for the sums

Entries = dict[int, list[tuple[int, float]]]  # id(variable) -> (row, coefficient)


def network_bounds(gaps: Iterable[DualityGap], ranges: Ranges, wanted: Iterable[VarData]) -> ComponentMap:
    """Bound the wanted multipliers of the blocks that are network flows with bounded costs.

    :param gaps: the blocks of all followers.
    """
    chosen = ComponentSet(wanted)
    bounds: ComponentMap = ComponentMap()
    for gap in gaps:
        own = [multiplier for of_row in gap.multipliers for multiplier in of_row.values()]
        if gap.quadratic or not any(m in chosen for m in own) or any(m in ranges.imposed for m in own):
            continue  # where the model restricts some multipliers of the block, those of a tree may not be among them
        for multiplier, most in zip(own, _largest(gap, ranges), strict=False):
            if multiplier in chosen and math.isfinite(most):
                bounds[multiplier] = Bound(most * (1 + ROUNDING), Proof.proven, REASON)
    return bounds


def _largest(gap: DualityGap, ranges: Ranges) -> list[float]:
    """Return the largest absolute value of each multiplier, in order; nothing if the block is no network flow."""
    entries: Entries = {id(y): [] for y in gap.variables}
    for n, row in enumerate(gap.rows):
        if not all(is_number(a) and math.isfinite(a) for _, a in row.terms):
            return []
        if len(row.terms) > 1:
            for y, a in row.terms:
                entries[id(y)].append((n, float(a)))
    component = _components(gap, entries)
    if component is None:
        return []
    cost = {id(y): max(map(abs, _range(gap.form.linear[y], ranges))) for y in gap.variables}
    total = _sums(gap, entries, cost, component)
    largest = []
    for n, row in enumerate(gap.rows):
        if len(row.terms) > 1:
            most = total[component[n]]
        elif row.terms:
            ((y, a),) = row.terms
            of = entries[id(y)]
            most = (cost[id(y)] + (abs(of[0][1]) * total[component[of[0][0]]] if of else 0.0)) / abs(a)
        else:
            most = math.inf
        largest += [most] * len(gap.multipliers[n])
    return largest


def _components(gap: DualityGap, entries: Entries) -> dict[int, int] | None:
    """Return the component of each row of more than one variable; None if no change of signs makes them a network.

    Each row is there twice, as it is and with its sign changed; an arc joins what gives it opposite signs. No choice of
    signs serves all where both are joined.
    """
    n = len(gap.rows)
    joined: list[tuple[int, int]] = []
    for of in entries.values():
        if len(of) > 2 or (len(of) == 2 and abs(of[0][1]) != abs(of[1][1])):
            return None
        if len(of) == 2:
            (i, a), (k, b) = of
            joined += [(i, k + n), (i + n, k)] if a == b else [(i, k), (i + n, k + n)]
    first, second = np.array(joined, dtype=int).reshape(-1, 2).T
    _, label = connected_components(2 * n, first, second)
    plain, changed = label[:n], label[n:]
    nodes = [k for k, row in enumerate(gap.rows) if len(row.terms) > 1]
    if (plain[nodes] == changed[nodes]).any():
        return None
    return {k: int(min(plain[k], changed[k])) for k in nodes}


def _sums(gap: DualityGap, entries: Entries, cost: dict[int, float], component: dict[int, int]) -> dict[int, float]:
    """Return for each component the sum of the largest costs of as many arcs as a spanning tree has."""
    largest: dict[int, dict[tuple[int, int], float]] = defaultdict(lambda: defaultdict(float))
    for key, of in entries.items():
        if of:
            ends = (of[0][0], of[1][0]) if len(of) == 2 else (GROUND, of[0][0])
            pairs = largest[component[of[0][0]]]
            pair = (min(ends), max(ends))
            pairs[pair] = max(pairs[pair], cost[key] / abs(of[0][1]))
    nodes: dict[int, int] = defaultdict(int)
    for n, label in component.items():
        nodes[label] += 1
        if not gap.rows[n].equality:
            largest[label][GROUND, n] += 0.0
    total = {}
    for label, count in nodes.items():
        pairs = largest[label]
        arcs = count if any(GROUND in pair for pair in pairs) else count - 1
        total[label] = math.fsum(sorted(pairs.values(), reverse=True)[:arcs])
    return total


def _range(cost: Coefficient, ranges: Ranges) -> tuple[float, float]:
    low, high = (cost, cost) if is_number(cost) else ranges.of_expression(cost)
    return (-math.inf if low is None else float(low)), (math.inf if high is None else float(high))
