"""Location and size of charging stations: an operator decides where and how many, users choose where they charge."""

from ...instances.station_location import StationLocationInstance
from ..problem import LazyModule, Problem
from .generator import generate
from .greedy import greedy_estimate
from .model import build, summary

__all__ = ["PROBLEM", "build", "generate", "greedy_estimate", "summary"]

PROBLEM = Problem(
    schema=StationLocationInstance,
    build=build,
    summary=summary,
    figure=LazyModule(f"{__name__}.figure"),
    tables=LazyModule(f"{__name__}.tables"),
)
