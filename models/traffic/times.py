"""BPR travel times of all links of a network, as arrays."""

from dataclasses import dataclass
from typing import Self

import numpy as np

from ...instances.road_network import RoadNetwork


@dataclass(frozen=True)
class LinkTimes:
    """``free * (1 + b * (flow / capacity) ** power)`` by link, in the order of the network's links."""

    free: np.ndarray
    b: np.ndarray
    capacity: np.ndarray
    power: np.ndarray

    @classmethod
    def of(cls, network: RoadNetwork) -> Self:
        """Return the links' travel times."""
        fields = ("free_flow_time", "b", "capacity", "power")
        return cls(*(np.array([getattr(link, field) for link in network.links]) for field in fields))

    def marginal(self) -> "LinkTimes":
        """Return marginal times, what one more traveller adds to the total: BPR with (1 + power) b."""
        return LinkTimes(self.free, self.b * (1 + self.power), self.capacity, self.power)

    def at(self, flows: np.ndarray) -> np.ndarray:
        """Return the travel times at these flows."""
        return self.free * (1 + self.b * (flows / self.capacity) ** self.power)

    def beckmann(self, flows: np.ndarray) -> float:
        """Return the sum over links of the integral of the travel time from 0 to the flow."""
        mean = 1 + self.b / (1 + self.power) * (flows / self.capacity) ** self.power
        return float(flows @ (self.free * mean))
