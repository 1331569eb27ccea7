"""Fast-charging stations in a distribution network: an investor builds, the network operator's prices answer."""

from ...instances.fast_charging import FastChargingInstance
from ..problem import LazyModule, Problem
from .candidates import with_candidates
from .chain import Station, size_stations
from .model import build
from .reported import summary
from .scenarios import with_scenarios

__all__ = ["PROBLEM", "Station", "build", "size_stations", "summary", "with_candidates", "with_scenarios"]

PROBLEM = Problem(
    schema=FastChargingInstance,
    build=build,
    summary=summary,
    figure=LazyModule(f"{__name__}.figure"),
    tables=LazyModule(f"{__name__}.tables"),
)
