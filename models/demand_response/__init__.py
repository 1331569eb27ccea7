"""Demand response: an aggregator sets prices, electric vehicles answer with when they charge."""

from ...instances.demand_response import DemandResponseInstance
from ..problem import LazyModule, Problem
from .generator import generate
from .model import build, power_of, prices_of, state_bounds, summary
from .references import describe

__all__ = ["PROBLEM", "build", "describe", "generate", "power_of", "prices_of", "state_bounds", "summary"]

PROBLEM = Problem(
    schema=DemandResponseInstance,
    build=build,
    summary=summary,
    figure=LazyModule(f"{__name__}.figure"),
    tables=LazyModule(f"{__name__}.tables"),
)
