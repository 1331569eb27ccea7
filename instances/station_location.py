"""Schema of station location with user choice: roads, demand nodes, candidate sites, and who can reach what.

Money of the operator is in M, 10,000 currency over the planning horizon (maintenance as a present value); money of
the users in currency per charge.
"""

from functools import cached_property
from typing import TYPE_CHECKING, Annotated, Literal, Self

from pydantic import Field, model_validator

from .base import Count, Identifier, Instance, NonNegative, Position, Positive, Record, first_duplicate

if TYPE_CHECKING:
    import networkx as nx

Share = Annotated[float, Field(gt=0, le=1)]


class RoadNode(Record):
    """A junction; its position serves drawings only, distances go along the roads."""

    id: Identifier
    position_km: Position


class Road(Record):
    """A road between two junctions, usable both ways."""

    a: Annotated[str, Field(description="id of a node")]
    b: Annotated[str, Field(description="id of another node")]
    length_km: Positive


class Demand(Record):
    """EVs that charge once a day each, and start their trip to a station at one node."""

    id: Identifier
    node: Annotated[str, Field(description="id of the node")]
    vehicles_per_day: Positive


class Site(Record):
    """A candidate station; the grid there can take ``spare_kw`` more before it has to be expanded."""

    id: Identifier
    node: Annotated[str, Field(description="id of the node")]
    land_per_charger: Annotated[float, Field(ge=0, description="M per charger")]
    spare_kw: NonNegative
    expansion_per_kw: Annotated[float, Field(ge=0, description="M per kW of peak load beyond spare_kw")]
    price_per_kwh: Annotated[float, Field(ge=0, description="currency/kWh that users pay here")]


class StationLocationInstance(Instance):
    """Data of the station location problem: what the operator and the users know."""

    problem: Literal["station_location"]
    charger_kw: Positive
    energy_per_vehicle_kwh: Annotated[float, Field(gt=0, description="of one charge; every EV charges once a day")]
    peak_share: Annotated[Share, Field(description="share of the daily energy that is drawn in the peak hour")]
    vehicles_per_charger: Annotated[float, Field(gt=0, description="EVs that a charger can serve, per day")]
    most_chargers: Annotated[Count, Field(description="chargers that a site can hold")]
    reserve: Annotated[float, Field(ge=0, description="least ratio of installed capacity and demand")]
    service_radius_km: Annotated[float, Field(gt=0, description="longest trip to a station that a user makes")]
    coverage_km: Annotated[float, Field(gt=0, description="every demand node has an open station within this")]
    distance_step_km: Annotated[
        float, Field(gt=0, description="trips are rounded to multiples of this (after the radius is applied)")
    ]
    travel_cost_per_km: Annotated[float, Field(ge=0, description="currency/km, one way")]
    unmet_penalty: Annotated[float, Field(ge=0, description="currency that a charge not made is worth to a user")]
    unmet_cost: Annotated[float, Field(ge=0, description="M per EV/day that is not served, for the operator")]
    construction_per_station: Annotated[float, Field(ge=0, description="M")]
    construction_per_charger: Annotated[float, Field(ge=0, description="M")]
    maintenance_per_station: Annotated[float, Field(ge=0, description="M")]
    maintenance_per_charger: Annotated[float, Field(ge=0, description="M")]
    grid_per_station: Annotated[float, Field(ge=0, description="M")]
    nodes: Annotated[tuple[RoadNode, ...], Field(min_length=1)]
    roads: tuple[Road, ...]
    demands: Annotated[tuple[Demand, ...], Field(min_length=1)]
    sites: Annotated[tuple[Site, ...], Field(min_length=1)]

    @property
    def summary(self) -> str:
        """Sizes in one line."""
        return f"{len(self.sites)} sites, {len(self.demands)} demand nodes, {self.vehicles_per_day:g} EVs a day"

    @property
    def vehicles_per_day(self) -> float:
        """All EVs that charge in a day."""
        return sum(demand.vehicles_per_day for demand in self.demands)

    @property
    def kw_per_vehicle(self) -> float:
        """Peak load that one EV a day puts on a station's grid, kW."""
        return self.peak_share * self.energy_per_vehicle_kwh

    @cached_property
    def road_graph(self) -> "nx.Graph":
        """Roads as a graph: nodes with ``position_km``, edges with ``length_km``."""
        import networkx as nx  # not before it is needed

        graph = nx.Graph()
        for node in self.nodes:
            graph.add_node(node.id, position_km=node.position_km)
        for road in self.roads:
            graph.add_edge(road.a, road.b, length_km=road.length_km)
        return graph

    @cached_property
    def trips_km(self) -> dict[tuple[str, str], float]:
        """Length of the shortest way from a demand node to a site, for those within the radius, km."""
        trips = {}
        for demand in self.demands:
            reached = self._reached(demand.node, self.service_radius_km)
            for site in self.sites:
                if site.node in reached:
                    steps = round(reached[site.node] / self.distance_step_km)
                    trips[demand.id, site.id] = round(steps * self.distance_step_km, 9)
        return trips

    def user_cost(self, demand: str, site: Site) -> float:
        """Cost of a charge for a user: the station's price of its energy, and the trip; currency."""
        travel = self.travel_cost_per_km * self.trips_km[demand, site.id]
        return site.price_per_kwh * self.energy_per_vehicle_kwh + travel

    def station_cost(self) -> float:
        """What a station costs without its chargers, M."""
        return self.construction_per_station + self.maintenance_per_station + self.grid_per_station

    def charger_cost(self, site: Site) -> float:
        """What a charger costs at a site, M."""
        return site.land_per_charger + self.construction_per_charger + self.maintenance_per_charger

    def _reached(self, node: str, cutoff: float | None) -> dict[str, float]:
        # Sums of lengths are rounded to micrometres: 3.2 + 1.8 km is within a radius of 5 km.
        import networkx as nx  # not before it is needed

        slack = None if cutoff is None else cutoff + 1e-9
        found = nx.single_source_dijkstra_path_length(self.road_graph, node, cutoff=slack, weight="length_km")
        return {other: round(length, 9) for other, length in found.items()}

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        self._check_nodes()
        capacity = self.vehicles_per_charger * self.most_chargers * len(self.sites)
        needed = self.reserve * self.vehicles_per_day
        if capacity < needed * (1 - 1e-12):
            raise ValueError(
                f"reserve: {self.reserve:g} x {self.vehicles_per_day:g} EVs a day need a capacity of {needed:g}, all "
                f"{len(self.sites)} sites with {self.most_chargers} chargers give {capacity:g}; lower it, add sites, "
                "or raise most_chargers"
            )
        for position, demand in enumerate(self.demands):
            self._check_reach(f"demands[{position}] ('{demand.id}')", demand)
        return self

    def _check_nodes(self) -> None:
        known = {node.id for node in self.nodes}
        named = [(f"roads[{k}].{end}", getattr(road, end)) for k, road in enumerate(self.roads) for end in ("a", "b")]
        named += [(f"demands[{k}] ('{d.id}').node", d.node) for k, d in enumerate(self.demands)]
        named += [(f"sites[{k}] ('{s.id}').node", s.node) for k, s in enumerate(self.sites)]
        for where, node in named:
            if node not in known:
                raise ValueError(f"{where}: unknown node '{node}'; list it in nodes, or correct the name")
        pairs = [tuple(sorted((road.a, road.b))) for road in self.roads]
        for k, (a, b) in enumerate(pairs):
            if a == b:
                raise ValueError(f"roads[{k}]: leads from '{a}' to itself; leave it out")
        if (twice := first_duplicate(" - ".join(pair) for pair in pairs)) is not None:
            raise ValueError(f"roads: '{twice}' occurs twice; keep the shorter one")

    def _check_reach(self, where: str, demand: Demand) -> None:
        """A trip is a user's choice within the radius, and coverage asks for a site nearer still."""
        trips = [self.trips_km[demand.id, site.id] for site in self.sites if (demand.id, site.id) in self.trips_km]
        least = min(self.coverage_km, self.service_radius_km)
        if min(trips, default=float("inf")) <= least:
            return
        everywhere = self._reached(demand.node, None)
        near = min(((everywhere[s.node], s.id) for s in self.sites if s.node in everywhere), default=None)
        nearest = f"the nearest, '{near[1]}', is {near[0]:g} km away" if near else "no road leads to any site"
        raise ValueError(
            f"{where}: unreachable, no site within {least:g} km ({nearest}); add a road or a site, or widen "
            "coverage_km and service_radius_km"
        )
