"""Electric-bus charging with tariff setting: a fleet operator opens sites, the energy authority sets the tariffs."""

from ...instances.electric_bus import ElectricBusInstance
from ..problem import LazyModule, Problem
from .authority import tariff_reaction
from .events import charging_events
from .generator import generate
from .model import build, summary

__all__ = ["PROBLEM", "build", "charging_events", "generate", "summary", "tariff_reaction"]

PROBLEM = Problem(
    schema=ElectricBusInstance,
    build=build,
    summary=summary,
    figure=LazyModule(f"{__name__}.figure"),
)
