"""Network pricing by enumeration, from the network alone: all simple ways, a linear program for each combination."""

from functools import cache
from itertools import product

import networkx as nx
import numpy as np
from scipy.optimize import linprog

from bilevolt.instances.network_pricing import Arc, Commodity, Junction, NetworkPricingInstance


def small(*arcs: tuple[str, str, float, bool], demand: float = 1.0) -> NetworkPricingInstance:
    """An instance of one commodity, from o to z, with arcs a0, a1, ... (tail, head, cost, tolled)."""
    nodes = sorted({end for arc in arcs for end in arc[:2]})
    return NetworkPricingInstance(
        problem="network_pricing",
        name="small",
        source="by hand",
        nodes=tuple(Junction(id=n) for n in nodes),
        arcs=tuple(Arc(id=f"a{k}", tail=a, head=b, cost=c, tolled=t) for k, (a, b, c, t) in enumerate(arcs)),
        commodities=(Commodity(id="k", origin="o", destination="z", demand=demand),),
    )


def ways(instance, commodity):
    """Set of tolled arcs -> least cost without tolls, over all simple ways of the commodity."""
    graph = nx.MultiDiGraph()
    for arc in instance.arcs:
        graph.add_edge(arc.tail, arc.head, key=arc.id)
    arcs = {arc.id: arc for arc in instance.arcs}
    found = {}
    for way in nx.all_simple_edge_paths(graph, commodity.origin, commodity.destination):
        tolled = frozenset(a for _, _, a in way if arcs[a].tolled)
        cost = sum(arcs[a].cost for _, _, a in way)
        found[tolled] = min(cost, found.get(tolled, np.inf))
    return found


def response(found, tolls):
    """Least cost of a commodity's ways at tolls, and the most and the least toll that is paid on a cheapest one."""
    bills = [(cost + sum(tolls[a] for a in s), sum(tolls[a] for a in s)) for s, cost in found.items()]
    least = min(bill for bill, _ in bills)
    paid = [toll for bill, toll in bills if bill <= least + 1e-9]
    return least, max(paid), min(paid)


class Oracle:
    """All ways of an instance, those that can be optimal, and the largest revenue."""

    def __init__(self, instance):
        self.instance = instance
        self.arcs = [arc.id for arc in instance.tolled]
        self.found = {k.id: ways(instance, k) for k in instance.commodities}

    def rows(self, k, chosen):
        """Rows A t <= b that say: the way ``chosen`` of commodity k is optimal."""
        cost = self.found[k][chosen]
        others = [(s, c) for s, c in self.found[k].items() if s != chosen]
        matrix = [[(a in chosen) - (a in s) for a in self.arcs] for s, _ in others]
        return np.array(matrix, dtype=float).reshape(-1, len(self.arcs)), np.array([c - cost for _, c in others])

    def solve(self, gain, rows):
        matrix, limits = np.vstack([m for m, _ in rows]), np.concatenate([b for _, b in rows])
        return linprog(-np.asarray(gain, dtype=float), A_ub=matrix, b_ub=limits, bounds=(0, 1e4))

    @cache  # noqa: B019
    def possible(self, k):
        """The ways that are optimal for some tolls, those with the least cost first."""
        zero = np.zeros(len(self.arcs))
        able = [s for s in self.found[k] if self.solve(zero, [self.rows(k, s)]).status == 0]
        return sorted(able, key=lambda s: (self.found[k][s], sorted(s)))

    @cache  # noqa: B019
    def best(self):
        """The largest revenue over all combinations of ways."""
        best, names = 0.0, [k.id for k in self.instance.commodities]
        rows = {(k, s): self.rows(k, s) for k in names for s in self.possible(k)}
        for combination in product(*(self.possible(k) for k in names)):
            gain = [
                sum(k.demand for k, s in zip(self.instance.commodities, combination, strict=True) if a in s)
                for a in self.arcs
            ]
            found = self.solve(gain, [rows[pair] for pair in zip(names, combination, strict=True)])
            if found.status == 0:
                best = max(best, -found.fun)
        return best
