"""Shortest routes in a road network, from all origins at once (scipy's Dijkstra).

A centroid is split in two: links that leave it start at a copy, which only its own trips can reach, so that nobody
passes through. Of parallel links the fastest counts.
"""

from collections.abc import Iterator

import numpy as np
from scipy.sparse import csr_array
from scipy.sparse.csgraph import dijkstra

from ...errors import InstanceError
from ...instances.road_network import RoadNetwork, Trips

Route = frozenset[int]  # positions of links; a shortest route has no cycle, so that the set says its order


class ShortestRoutes:
    """The trips of a network that need links (``trips``, ``demand``), and their shortest routes at given link costs."""

    def __init__(self, network: RoadNetwork) -> None:
        ends = {node: position for position, node in enumerate(network.nodes)}
        starts = ends | {node: len(ends) + k for k, node in enumerate(network.centroids)}
        self._size = len(ends) + len(network.centroids)
        self.trips: tuple[Trips, ...] = tuple(d for d in network.demand if d.from_node != d.to_node and d.flow > 0)
        self.demand = np.array([trips.flow for trips in self.trips])
        origins = sorted({trips.from_node for trips in self.trips})
        self._origins = np.array([starts[node] for node in origins], dtype=int)
        row = {node: position for position, node in enumerate(origins)}
        self._pairs = [(row[trips.from_node], ends[trips.to_node]) for trips in self.trips]
        tails = np.array([starts[link.from_node] for link in network.links])
        heads = np.array([ends[link.to_node] for link in network.links])
        self._arcs, self._arc_of_link = np.unique(np.stack([tails, heads], axis=1), axis=0, return_inverse=True)
        self._arc_at = {(int(tail), int(head)): position for position, (tail, head) in enumerate(self._arcs)}

    def at(self, costs: np.ndarray) -> tuple[np.ndarray, Iterator[Route]]:
        """Return the cost of each trip's shortest route, and those routes (made on demand).

        :raises InstanceError: there is no route for a trip.
        """
        by_arc = np.lexsort((costs, self._arc_of_link))
        fastest = by_arc[np.searchsorted(self._arc_of_link[by_arc], np.arange(len(self._arcs)))]
        graph = csr_array((costs[fastest], self._arcs.T), shape=(self._size, self._size))
        distance, predecessor = dijkstra(graph, indices=self._origins, return_predecessors=True)
        rows, columns = np.array(self._pairs, dtype=int).reshape(-1, 2).T
        shortest = distance[rows, columns]
        if not np.isfinite(shortest).all():
            lost = self.trips[int(np.argmin(np.isfinite(shortest)))]
            raise InstanceError(
                f"demand from node {lost.from_node} to node {lost.to_node} ({lost.flow:g}) has no route; add links, "
                "or remove the demand (mind that trips do not pass through centroids)."
            )
        return shortest, self._routes(predecessor.tolist(), fastest.tolist())

    def _routes(self, predecessor: list[list[int]], fastest: list[int]) -> Iterator[Route]:
        for row, node in self._pairs:
            before, links = predecessor[row], []
            while (previous := before[node]) >= 0:
                links.append(fastest[self._arc_at[previous, node]])
                node = previous
            yield frozenset(links)
