"""Data of the problems: JSON files, their schemas (units in the names of the fields), and the loader.

A new problem adds one schema file and one line in ``registry.py``; a new instance adds one JSON file with a
``"problem"`` field.
"""

from .base import Instance
from .electric_bus import ElectricBusInstance
from .loader import InstanceInfo, list_instances, load_instance, parse_instance
from .registry import SCHEMAS
from .writer import to_json

__all__ = [
    "SCHEMAS",
    "ElectricBusInstance",
    "Instance",
    "InstanceInfo",
    "list_instances",
    "load_instance",
    "parse_instance",
    "to_json",
]
