"""Which schema reads which problem: a new problem adds one file and one line here."""

from .base import Instance
from .electric_bus import ElectricBusInstance

SCHEMAS: dict[str, type[Instance]] = {
    "electric_bus": ElectricBusInstance,
}
