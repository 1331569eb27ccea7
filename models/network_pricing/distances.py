r"""Distances in a network, and what they say of tolls and arcs before anything is solved.

Let :math:`F_{ij}` be the distance from i to j without tolled arcs, :math:`Z_{ij}` that with all tolls 0. A commodity
from o to d uses a tolled arc a = (i, j) of cost c only as part of a shortest way, which is none where the toll exceeds

.. math:: M_a = \min(F_{od} - Z_{oi} - c - Z_{jd}, \; F_{ij} - c, \; F_{id} - c - Z_{jd}, \; F_{oj} - Z_{oi} - c)

as the way around a without tolls, or around all from o to j, from i to d or from o to d, would be cheaper.

**Tolled arcs with** :math:`M_a \le 0` **can be removed.** Take tolls, and an optimal way that uses such an arc:
replaced by the way around, it costs no more, hence exactly as much, so that what was replaced paid no toll. The revenue
is the same with fewer tolled arcs; repeat.

**Untolled arcs with** :math:`Z_{oi} + c + Z_{jd} > F_{od}` **can be removed**: no way through them is ever optimal.

**Tolls can be bounded** by the largest :math:`M_a` over the commodities, :math:`N_a`: let tolls above be lowered to it.
Whoever paid none of these keeps an optimal way, as no way through such an arc becomes cheaper than the way around.

Source: M. Bouhtou, S. van Hoesel, A. F. van der Kraaij and J.-L. Lutton, *Tariff optimization in networks*, INFORMS J.
Comput. 19, 2007; Q. M. Bui, B. Gendron and M. Carvalho, *A catalog of formulations for the network pricing problem*,
INFORMS J. Comput. 34, 2022.
"""

from collections.abc import Callable, Iterable, Mapping
from math import inf

import networkx as nx

from ...instances.network_pricing import Arc, Commodity, NetworkPricingInstance

TIE = 1e-9
"""Relative to a commodity's distance without tolls: costs that differ by less count as equal."""


def digraph(arcs: Iterable[Arc], cost: Callable[[Arc], float]) -> nx.DiGraph:
    """Return the network as a graph whose edges have the ``cost`` of the cheapest of parallel arcs."""
    graph = nx.DiGraph()
    for arc in arcs:
        known = graph.edges.get((arc.tail, arc.head))
        if known is None or cost(arc) < known["cost"]:
            graph.add_edge(arc.tail, arc.head, cost=cost(arc))
    return graph


class Distances:
    """Distances between all nodes, without tolled arcs (``free``) and with all tolls 0 (``all``)."""

    def __init__(self, instance: NetworkPricingInstance) -> None:
        self._free = _table([arc for arc in instance.arcs if not arc.tolled])
        self._all = _table(instance.arcs)

    def free(self, tail: str, head: str) -> float:
        """Return F: the distance without tolled arcs; infinite where there is no way."""
        return 0.0 if tail == head else self._free.get(tail, {}).get(head, inf)

    def all(self, tail: str, head: str) -> float:
        """Return Z: the distance with all tolls 0; infinite where there is no way."""
        return 0.0 if tail == head else self._all.get(tail, {}).get(head, inf)

    def alternative(self, commodity: Commodity) -> float:
        """Return what a commodity pays that avoids all tolls."""
        return self.free(commodity.origin, commodity.destination)

    def toll_bound(self, commodity: Commodity, arc: Arc) -> float:
        """Return M_a, the largest toll at which the commodity may use the arc; 0 if it need not use it at any."""
        before, after = self.all(commodity.origin, arc.tail), self.all(arc.head, commodity.destination)
        around = min(
            self.alternative(commodity) - before - after,
            self.free(arc.tail, arc.head),
            self.free(arc.tail, commodity.destination) - after,
            self.free(commodity.origin, arc.head) - before,
        )
        if not before + after < inf:
            return 0.0
        most = around - arc.cost
        return most if most > TIE * self.alternative(commodity) else 0.0

    def useful(self, commodity: Commodity, arc: Arc) -> bool:
        """Whether the commodity may need the arc, see this module's docstring."""
        if arc.tolled:
            return self.toll_bound(commodity, arc) > 0
        through = self.all(commodity.origin, arc.tail) + arc.cost + self.all(arc.head, commodity.destination)
        return through <= self.alternative(commodity) * (1 + TIE)


def to_destination(arcs: Iterable[Arc], destination: str, tolls: Mapping[str, float]) -> dict[str, float]:
    """Return by node the distance to the destination over these arcs, at tolls (arc id -> toll; 0 if not named)."""
    graph = digraph(arcs, lambda arc: arc.cost + tolls.get(arc.id, 0.0))
    graph.add_node(destination)
    found: dict[str, float] = nx.single_source_dijkstra_path_length(
        graph.reverse(copy=False), destination, weight="cost"
    )
    return found


def _table(arcs: Iterable[Arc]) -> dict[str, dict[str, float]]:
    graph = digraph(arcs, lambda arc: arc.cost)
    return dict(nx.all_pairs_dijkstra_path_length(graph, weight="cost"))
