"""Schema of a road network with its demand: links with BPR travel times, trips between origins and destinations."""

from typing import Annotated, Literal, Self

from pydantic import Field, field_validator, model_validator

from .base import Instance, NonNegative, Positive, Record, first_duplicate

Node = Annotated[int, Field(ge=0, description="number of a node")]


class RoadLink(Record):
    """A directed link; its travel time at flow v is ``free_flow_time * (1 + b * (v / capacity) ** power)``."""

    from_node: Node
    to_node: Node
    free_flow_time: Annotated[float, Field(ge=0, description="travel time of the empty link, in time_unit")]
    capacity: Annotated[Positive, Field(description="flow at which the time is (1 + b) times the free one, flow_unit")]
    b: NonNegative = 0.15
    power: Annotated[float, Field(ge=0, le=100, description="0 (constant time) or at least 1")] = 4.0

    @field_validator("power")
    @classmethod
    def _smooth(cls, power: float) -> float:
        if 0 < power < 1:
            raise ValueError("between 0 and 1 the travel time rises infinitely fast at flow 0; give 0, or at least 1")
        return power


class Trips(Record):
    """The demand from one node to another."""

    from_node: Node
    to_node: Node
    flow: Annotated[float, Field(ge=0, description="demand, in flow_unit")]


class Place(Record):
    """Where a node is, to draw it: coordinates of any map."""

    node: Node
    x: float
    y: float


class RoadNetwork(Instance):
    """Data of a traffic assignment problem. Parallel links are allowed; trips within a node use no link."""

    problem: Literal["road_network"]
    time_unit: Annotated[str, Field(min_length=1, description="unit of travel times, a label")]
    flow_unit: Annotated[str, Field(min_length=1, description="unit of flows, capacities and demand, a label")]
    centroids: Annotated[
        tuple[Node, ...], Field(description="nodes that trips start and end at, but do not pass through")
    ] = ()
    links: Annotated[tuple[RoadLink, ...], Field(min_length=1)]
    demand: Annotated[tuple[Trips, ...], Field(min_length=1)]
    places: Annotated[tuple[Place, ...], Field(description="of all nodes, or of none: only pictures need them")] = ()

    @property
    def nodes(self) -> tuple[int, ...]:
        """Numbers of the nodes, ascending."""
        return tuple(sorted({node for link in self.links for node in (link.from_node, link.to_node)}))

    @property
    def summary(self) -> str:
        """Sizes in one line."""
        return f"{len(self.nodes)} nodes, {len(self.links)} links, {len(self.demand)} origin-destination pairs"

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        for position, link in enumerate(self.links):
            if link.from_node == link.to_node:
                raise ValueError(f"links[{position}]: starts and ends at node {link.from_node}; remove the loop")
        known = set(self.nodes)
        for position, trips in enumerate(self.demand):
            for field in ("from_node", "to_node"):
                if (node := getattr(trips, field)) not in known:
                    raise ValueError(f"demand[{position}].{field}: no link touches node {node}; add one or remove it")
        for position, node in enumerate(self.centroids):
            if node not in known:
                raise ValueError(f"centroids[{position}]: no link touches node {node}; remove it")
        if (twice := first_duplicate(f"{d.from_node} to {d.to_node}" for d in self.demand)) is not None:
            raise ValueError(f"demand: the pair {twice} occurs twice; add the two flows up")
        if self.places and (odd := known ^ {place.node for place in self.places}):
            raise ValueError(f"places: node {min(odd)} has a place or links, not both; give a place to every node")
        if (again := first_duplicate(place.node for place in self.places)) is not None:
            raise ValueError(f"places: node {again} occurs twice; keep one of the two")
        return self
