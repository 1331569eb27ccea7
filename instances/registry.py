"""Which schema reads which problem: a new problem adds one file and one line here."""

from .base import Instance
from .demand_response import DemandResponseInstance
from .electric_bus import ElectricBusInstance
from .fast_charging import FastChargingInstance
from .road_network import RoadNetwork
from .station_location import StationLocationInstance

SCHEMAS: dict[str, type[Instance]] = {
    "demand_response": DemandResponseInstance,
    "electric_bus": ElectricBusInstance,
    "fast_charging": FastChargingInstance,
    "road_network": RoadNetwork,
    "station_location": StationLocationInstance,
}
