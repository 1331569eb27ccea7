"""Synthetic instances of network pricing, in the structure of the published ones: grid, Delaunay, Voronoi networks.

All roads go both ways at the same cost. Arcs are tolled that many shortest ways use, one direction with the other,
as long as every commodity keeps a way without tolls; they cost a part of what they would otherwise, so that avoiding
them is worth something. After the description in Q. M. Bui, B. Gendron and M. Carvalho, *A catalog of formulations for
the network pricing problem*, INFORMS J. Comput. 34, 2022, sec. 5; the numbers drawn are our own.
"""

from collections.abc import Callable, Iterable
from itertools import pairwise
from math import dist, sqrt
from random import Random

import networkx as nx
import numpy as np
from scipy.spatial import Delaunay, Voronoi

from ...errors import ArgumentError
from ...instances.network_pricing import Arc, Commodity, Junction, NetworkPricingInstance

COSTS = (5.0, 35.0)  # least and greatest of a grid's arc; elsewhere, of the longest road, the greatest
DEMANDS = (5.0, 100.0)
TOLLED_COST = 0.5  # of an arc that may be tolled, as a share of its cost otherwise
SPACING_KM = 1.0
Place = tuple[float, float]


def generate(
    kind: str, nodes: int, commodities: int, seed: int, *, tolled_share: float = 0.2, name: str | None = None
) -> NetworkPricingInstance:
    """Instance with about the given number of nodes; the same arguments give the same.

    :param kind: "grid", "delaunay" or "voronoi".
    :param nodes: at least 9; a grid has that many, or as many as make it nearly square, a Voronoi network fewer.
    :param commodities: at least 1.
    :param seed: of the draw.
    :param tolled_share: of the arcs.
    :param name: default: from kind, sizes and seed.
    :raises ArgumentError: an unknown kind, or a number out of its range.
    """
    if kind not in NETWORKS:
        raise ArgumentError(f"kind={kind!r} is unknown; there are: {', '.join(NETWORKS)}.")
    if nodes < 9 or commodities < 1 or not 0 < tolled_share < 1:
        raise ArgumentError(
            f"nodes={nodes}, commodities={commodities}, tolled_share={tolled_share}: at least 9 nodes and 1 commodity "
            "are needed, and a share between 0 and 1."
        )
    random = Random(seed)
    graph = NETWORKS[kind](random, nodes)
    order = sorted(graph)
    pairs = [(a, b) for a in order for b in order if a != b]
    if commodities > len(pairs):
        raise ArgumentError(f"commodities={commodities}: the network has {len(pairs)} pairs of nodes only.")
    trips = random.sample(pairs, commodities)
    tolled = _tolled(graph, trips, round(tolled_share * graph.number_of_edges()))
    arcs = []
    for a, b, cost in sorted(graph.edges(data="cost")):
        share = TOLLED_COST if (a, b) in tolled else 1.0
        for tail, head in ((a, b), (b, a)):
            label = f"{tail:03}-{head:03}"
            arcs.append(
                Arc(id=label, tail=f"{tail:03}", head=f"{head:03}", cost=round(share * cost, 3), tolled=share < 1)
            )
    return NetworkPricingInstance(
        problem="network_pricing",
        name=name or f"tolls_{kind}_{nodes}_{commodities}_seed{seed}",
        source=f"Synthetic: generated with seed {seed}, kind {kind}, for {nodes} nodes and {commodities} commodities.",
        nodes=tuple(Junction(id=f"{n:03}", position_km=graph.nodes[n]["position"]) for n in order),
        arcs=tuple(arcs),
        commodities=tuple(
            Commodity(id=f"k{k:02}", origin=f"{a:03}", destination=f"{b:03}", demand=round(random.uniform(*DEMANDS), 2))
            for k, (a, b) in enumerate(trips, 1)
        ),
    )


def _grid(random: Random, nodes: int) -> nx.Graph:
    rows = max(2, int(sqrt(nodes)))
    columns = nodes // rows
    graph = nx.convert_node_labels_to_integers(nx.grid_2d_graph(rows, columns), 1, label_attribute="at")
    for _, data in graph.nodes(data=True):
        row, column = data.pop("at")
        data["position"] = (SPACING_KM * column, SPACING_KM * row)
    for _, _, road in graph.edges(data=True):
        road["cost"] = random.uniform(*COSTS)
    return graph


def _delaunay(random: Random, nodes: int) -> nx.Graph:
    places = _places(random, nodes)
    corners = Delaunay(np.array(places)).simplices
    links = {tuple(sorted((int(t[a]), int(t[b])))) for t in corners for a, b in ((0, 1), (1, 2), (0, 2))}
    return _roads(places, links)


def _voronoi(random: Random, nodes: int) -> nx.Graph:
    """Return the borders of the cells of half as many places, within the square."""
    diagram = Voronoi(np.array(_places(random, max(9, nodes // 2 + 3))))
    side = _side(nodes)
    inside = {n for n, corner in enumerate(diagram.vertices) if all(0 <= c <= side for c in corner)}
    links = {(int(a), int(b)) for a, b in diagram.ridge_vertices if a in inside and b in inside}
    return _roads([(float(x), float(y)) for x, y in diagram.vertices], links)


def _roads(places: list[Place], links: Iterable[tuple[int, ...]]) -> nx.Graph:
    """Return the largest connected part, nodes numbered from 1, costs by length."""
    whole = nx.Graph(sorted(links))
    parts = [sorted(part) for part in nx.connected_components(whole)]
    part = whole.subgraph(max(parts, key=lambda nodes: (len(nodes), -nodes[0])))
    longest = max(dist(places[a], places[b]) for a, b in part.edges)
    graph = nx.Graph()
    number = {node: k for k, node in enumerate(sorted(part), 1)}
    for node, k in number.items():
        graph.add_node(k, position=tuple(round(c, 3) for c in places[node]))
    for a, b in sorted(part.edges):
        share = dist(places[a], places[b]) / longest
        first, second = sorted((number[a], number[b]))
        graph.add_edge(first, second, cost=max(COSTS[0] / 10, COSTS[1] * share))
    return graph


def _tolled(graph: nx.Graph, trips: list[tuple[int, int]], wanted: int) -> set[tuple[int, int]]:
    """Return the roads most used by the trips' shortest ways, as long as what is left stays connected."""
    uses = dict.fromkeys((tuple(sorted(road)) for road in graph.edges), 0)
    for a, b in trips:
        way = nx.dijkstra_path(graph, a, b, weight="cost")
        for road in pairwise(way):
            uses[tuple(sorted(road))] += 1
    left = graph.copy()
    chosen: set[tuple[int, int]] = set()
    for road in sorted(uses, key=lambda r: (-uses[r], r)):
        if len(chosen) == max(1, wanted):
            break
        left.remove_edge(*road)
        if nx.is_connected(left):
            chosen.add(road)
        else:
            left.add_edge(*road)
    return chosen


def _places(random: Random, count: int) -> list[Place]:
    return [(random.uniform(0, _side(count)), random.uniform(0, _side(count))) for _ in range(count)]


def _side(nodes: int) -> float:
    return SPACING_KM * sqrt(nodes)


NETWORKS: dict[str, Callable[[Random, int], nx.Graph]] = {"grid": _grid, "delaunay": _delaunay, "voronoi": _voronoi}
