"""Data of the problems: JSON files, their schemas (units in the names of the fields), and the loader.

A new problem adds one schema file, which ``registry.py`` finds; a new instance adds one JSON file with a ``"problem"``
field.
"""

from typing import TYPE_CHECKING

from .. import lazily

if TYPE_CHECKING:
    from .base import Instance
    from .changing import changed
    from .demand_response import DemandResponseInstance
    from .electric_bus import ElectricBusInstance
    from .fast_charging import FastChargingInstance
    from .linear_bilevel import LinearBilevelInstance
    from .loader import SCHEMAS, InstanceInfo, instance_names, list_instances, load_instance, parse_instance
    from .network_pricing import NetworkPricingInstance
    from .road_network import RoadNetwork
    from .station_location import StationLocationInstance
    from .tntp import read_tntp
    from .writer import to_json
else:  # who reads one kind of instance needs no schema of the others
    __getattr__ = lazily.names(
        __name__,
        {
            "DemandResponseInstance": "demand_response",
            "ElectricBusInstance": "electric_bus",
            "FastChargingInstance": "fast_charging",
            "Instance": "base",
            "InstanceInfo": "loader",
            "LinearBilevelInstance": "linear_bilevel",
            "NetworkPricingInstance": "network_pricing",
            "RoadNetwork": "road_network",
            "SCHEMAS": "loader",
            "StationLocationInstance": "station_location",
            "changed": "changing",
            "instance_names": "loader",
            "list_instances": "loader",
            "load_instance": "loader",
            "parse_instance": "loader",
            "read_tntp": "tntp",
            "to_json": "writer",
        },
    )

__all__ = [
    "SCHEMAS",
    "DemandResponseInstance",
    "ElectricBusInstance",
    "FastChargingInstance",
    "Instance",
    "InstanceInfo",
    "LinearBilevelInstance",
    "NetworkPricingInstance",
    "RoadNetwork",
    "StationLocationInstance",
    "changed",
    "instance_names",
    "list_instances",
    "load_instance",
    "parse_instance",
    "read_tntp",
    "to_json",
]
