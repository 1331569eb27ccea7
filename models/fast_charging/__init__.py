"""Fast-charging stations in a distribution network: an investor builds, the network operator's prices answer."""

from .chain import Station, size_stations
from .model import build
from .reported import summary
from .scenarios import with_scenarios

__all__ = ["Station", "build", "size_stations", "summary", "with_scenarios"]
