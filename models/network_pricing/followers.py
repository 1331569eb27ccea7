r"""The commodities as followers: each one's shortest way, over arcs or over a list of ways, with bounds and binaries.

**Arcs.** Commodity k from o to d, over the arcs that it may need (:mod:`.distances`):

.. math:: \min_x \sum_a (c_a + t_a) x_a \quad \text{s.t.} \quad
          \sum_{a \text{ from } i} x_a - \sum_{a \text{ to } i} x_a = [i = o] \; (\lambda_i, \; i \ne d), \quad x \ge 0

**Paths.** Where the undominated ways p (:mod:`.paths`) are few, it chooses one of these:

.. math:: \min_{z, x} \sum_p c_p z_p + \sum_a t_a x_a \quad \text{s.t.} \quad \sum_p z_p = 1 \; (L), \quad
          x_a = \sum_{p \ni a} z_p, \quad z \ge 0

**Bounds.** Costs and tolls are nonnegative. So a cycle in an optimal flow costs nothing and pays no toll: without it
the flow is optimal and earns the same, and :math:`x \le 1`. And :math:`\lambda_i` = the distance from i to d at the
tolls is an optimal dual solution, which is complementary to every optimal flow; it lies between the distances at tolls
0 and at the largest tolls. The same holds for L over paths. So only cycles that pay nothing are cut off.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

import pyomo.environ as pyo

from ...instances.network_pricing import Arc, Commodity
from ...levels.pao_adapter import SubModel
from ...levels.state_bound import state_bound
from .distances import to_destination
from .paths import Path

Price = tuple[float, float, str]
"""Least and greatest shadow price, and the reason."""

NO_CYCLE = "costs and tolls are nonnegative: a cycle in an optimal flow is free, and earns nothing"
ONE_WAY = "the shares of the ways add up to 1"
DISTANCES = "distance to the destination, at tolls between 0 and the largest"
REDUCED_COST = "reduced cost, from the distances to the destination"


def declare_arcs(block: Any, commodity: Commodity, arcs: Sequence[Arc], toll: Any, most: Mapping[str, float]) -> None:
    """Declare ``block.route``: the follower that sends its traffic over these arcs.

    :param toll: the leader's variables by arc.
    :param most: the largest toll by arc.
    """
    tolled = [arc.id for arc in arcs if arc.tolled]
    route = block.route = SubModel(fixed=[toll[a] for a in tolled])
    route.x = pyo.Var([arc.id for arc in arcs], within=pyo.NonNegativeReals, doc="share of the traffic")
    leaving, entering = defaultdict(list), defaultdict(list)
    for arc in arcs:
        leaving[arc.tail].append(arc.id)
        entering[arc.head].append(arc.id)
    nodes = [node for node in dict.fromkeys((*leaving, *entering)) if node != commodity.destination]
    route.flow = pyo.Constraint(
        nodes,
        rule=lambda b, i: (
            pyo.quicksum(b.x[a] for a in leaving[i]) - pyo.quicksum(b.x[a] for a in entering[i])
            == float(i == commodity.origin)
        ),
    )
    block.base_cost = pyo.Expression(expr=pyo.quicksum(arc.cost * route.x[arc.id] for arc in arcs))
    block.tolls_paid = pyo.Expression(expr=pyo.quicksum(toll[a] * route.x[a] for a in tolled))
    route.cost = pyo.Objective(expr=block.base_cost + block.tolls_paid)
    near = to_destination(arcs, commodity.destination, {})
    far = to_destination(arcs, commodity.destination, most)
    _state(
        route,
        [(variable, NO_CYCLE) for variable in route.x.values()],
        [(route.flow[i], (near[i], far[i], DISTANCES)) for i in nodes],
        [(route.x[a.id], a.cost + most.get(a.id, 0.0) - near[a.tail] + far[a.head]) for a in arcs],
    )


def declare_paths(block: Any, paths: Sequence[Path], toll: Any, most: Mapping[str, float]) -> None:
    """Declare ``block.route``: the follower that chooses one of the ways; parameters as for :func:`declare_arcs`."""
    tolled = sorted(set().union(*(path.tolled for path in paths)))
    block.PATHS = pyo.RangeSet(0, len(paths) - 1, doc="the undominated ways")
    block.path_cost = pyo.Param(block.PATHS, initialize=dict(enumerate(path.cost for path in paths)), doc="no tolls")
    block.OVER = pyo.Set(dimen=2, initialize=[(p, a) for p, path in enumerate(paths) for a in sorted(path.tolled)])
    route = block.route = SubModel(fixed=[toll[a] for a in tolled])
    route.z = pyo.Var(block.PATHS, within=pyo.NonNegativeReals, doc="share of the traffic")
    route.x = pyo.Var(tolled, within=pyo.Reals, doc="share of the traffic over an arc")
    route.choice = pyo.Constraint(expr=pyo.quicksum(route.z.values()) == 1)
    users = defaultdict(list)
    for p, a in block.OVER:
        users[a].append(p)
    route.over = pyo.Constraint(tolled, rule=lambda b, a: b.x[a] - pyo.quicksum(b.z[p] for p in users[a]) == 0)
    block.base_cost = pyo.Expression(expr=pyo.sum_product(block.path_cost, route.z))
    block.tolls_paid = pyo.Expression(expr=pyo.quicksum(toll[a] * route.x[a] for a in tolled))
    route.cost = pyo.Objective(expr=block.base_cost + block.tolls_paid)
    dearest = {p: path.cost + sum(most[a] for a in sorted(path.tolled)) for p, path in enumerate(paths)}
    least = min(path.cost for path in paths)
    prices: list[tuple[Any, Price]] = [(route.over[a], (0.0, most[a], "the arc's toll")) for a in tolled]
    prices.append((route.choice, (least, min(dearest.values()), DISTANCES)))
    _state(
        route,
        [(variable, ONE_WAY) for variable in (*route.z.values(), *route.x.values())],
        prices,
        [(route.z[p], cost - least) for p, cost in dearest.items()],
    )


def _state(
    route: Any, shares: list[tuple[Any, str]], prices: list[tuple[Any, Price]], reduced_costs: list[tuple[Any, float]]
) -> None:
    """State what is known of some best response and its multipliers: shares are at most 1, prices within ranges."""
    for variable, reason in shares:
        state_bound(variable, 0.0, 1.0, reason)
    for row, price in prices:
        state_bound(row, *price)
    for variable, most in reduced_costs:
        state_bound(variable, 0.0, max(0.0, most), REDUCED_COST, price=True)
