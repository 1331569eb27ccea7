"""Synthetic instances of the station location problem: a street grid with drawn lengths, sites and demand on it.

Price and land are dearer, and spare grid power scarcer, towards the centre: what attracts users is what costs the
operator. The parameters that the instance does not draw are those of ``zone_01``.
"""

from math import ceil, dist, sqrt
from random import Random
from typing import Any

import networkx as nx
from pydantic import ValidationError

from ...errors import InstanceError
from ...instances.station_location import Demand, Road, RoadNode, Site, StationLocationInstance

LEAST_SIDE = 4  # streets each way
NODES_PER_TERMINAL = 1.7  # junctions for each site or demand node
BLOCK_KM = (0.6, 1.4)  # shortest and longest block
POSITION_JITTER_KM = 0.15
VEHICLES = (2, 9)  # fewest and most EVs at a demand node
SERVICE_RADIUS_KM, COVERAGE_KM = 5.0, 4.0


def generate(
    sites: int,
    demands: int,
    seed: int,
    *,
    most_chargers: int = 8,
    distance_step_km: float = 0.001,
    name: str | None = None,
) -> StationLocationInstance:
    """Instance with the given numbers of candidate sites and demand nodes; the same arguments give the same.

    :param sites: at least 1.
    :param demands: at least 1; about 8 times the sites at most, or the reserve cannot be met.
    :param seed: of the draw.
    :param most_chargers: at a site.
    :param distance_step_km: to which trips are rounded; 0.5 makes users indifferent often.
    :param name: default: from sizes and seed.
    :raises ValueError: there is no site or no demand node.
    :raises InstanceError: the sites cannot serve the demand (more sites or chargers will, or another seed).
    """
    if sites < 1 or demands < 1:
        raise ValueError(f"sites, demands: {sites}, {demands}; at least 1 of each is needed.")
    random = Random(seed)
    side = max(LEAST_SIDE, ceil(sqrt(NODES_PER_TERMINAL * (sites + demands))))
    graph = _streets(random, side)
    at = random.sample(sorted(graph), sites)
    homes = _homes(random, graph, at, demands)
    title = name or f"station_location_{sites}_{demands}_seed{seed}"
    middle = (side - 1) / 2, (side - 1) / 2
    return _checked(
        problem="station_location",
        name=title,
        source=f"Synthetic: generated for {sites} sites and {demands} demand nodes, seed {seed}, in the structure of "
        "zone_01.",
        charger_kw=50,
        energy_per_vehicle_kwh=30,
        peak_share=0.12,
        vehicles_per_charger=8,
        most_chargers=most_chargers,
        reserve=1.4,
        service_radius_km=SERVICE_RADIUS_KM,
        coverage_km=COVERAGE_KM,
        distance_step_km=distance_step_km,
        travel_cost_per_km=1.5,
        unmet_penalty=75,
        unmet_cost=10,
        construction_per_station=18,
        construction_per_charger=8,
        maintenance_per_station=5,
        maintenance_per_charger=2,
        grid_per_station=3,
        nodes=tuple(RoadNode(id=_label(n), position_km=graph.nodes[n]["position_km"]) for n in sorted(graph)),
        roads=tuple(Road(a=_label(a), b=_label(b), length_km=km) for a, b, km in graph.edges(data="km")),
        demands=tuple(
            Demand(id=f"d{k:02}", node=_label(n), vehicles_per_day=random.randint(*VEHICLES))
            for k, n in enumerate(homes, 1)
        ),
        sites=tuple(_site(random, k, n, dist(n, middle) / max(middle)) for k, n in enumerate(at, 1)),
    )


def _checked(**fields: Any) -> StationLocationInstance:
    try:
        return StationLocationInstance(**fields)
    except ValidationError as error:
        raise InstanceError(f"{fields['name']}: {error.errors()[0]['msg']}") from error


def _streets(random: Random, side: int) -> nx.Graph:
    graph = nx.grid_2d_graph(side, side)
    for _, _, road in graph.edges(data=True):
        road["km"] = round(random.uniform(*BLOCK_KM), 3)
    for (x, y), node in graph.nodes(data=True):
        node["position_km"] = tuple(round(c + random.uniform(-1, 1) * POSITION_JITTER_KM, 2) for c in (x, y))
    return graph


def _homes(random: Random, graph: nx.Graph, at: list[tuple[int, int]], demands: int) -> list[tuple[int, int]]:
    """Draw demand nodes among those that some site covers."""
    covered = sorted(nx.multi_source_dijkstra_path_length(graph, set(at), cutoff=COVERAGE_KM - 0.5, weight="km"))
    if len(covered) < demands:
        raise InstanceError(
            f"demands: the sites cover {len(covered)} nodes, {demands} are wanted; add sites, or take another seed."
        )
    return random.sample(covered, demands)


def _site(random: Random, number: int, node: tuple[int, int], outward: float) -> Site:
    centrality = max(0.0, 1 - outward)
    return Site(
        id=f"s{number:02}",
        node=_label(node),
        land_per_charger=round(2.5 + 2.5 * centrality + random.uniform(0, 0.8), 2),
        spare_kw=random.randint(40, 95) - round(35 * centrality),
        expansion_per_kw=round(0.6 + 0.2 * centrality + random.uniform(0, 0.12), 3),
        price_per_kwh=round(1.23 - 0.08 * centrality + random.uniform(-0.015, 0.015), 3),
    )


def _label(node: tuple[int, int]) -> str:
    return f"n{node[0]:02}{node[1]:02}"
