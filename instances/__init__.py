"""Data of the problems: JSON files, their schemas (units in the names of the fields), and the loader.

A new problem adds one schema file, which ``registry.py`` finds; a new instance adds one JSON file with a ``"problem"``
field.
"""

from .base import Instance
from .changing import changed
from .demand_response import DemandResponseInstance
from .electric_bus import ElectricBusInstance
from .fast_charging import FastChargingInstance
from .linear_bilevel import LinearBilevelInstance
from .loader import InstanceInfo, instance_names, list_instances, load_instance, parse_instance
from .network_pricing import NetworkPricingInstance
from .registry import SCHEMAS, read_folder
from .road_network import RoadNetwork
from .station_location import StationLocationInstance
from .tntp import read_tntp
from .writer import to_json

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

read_folder()
