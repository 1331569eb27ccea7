"""Network pricing: a leader sets tolls on arcs, commodities take the way of least cost and tolls."""

from ...instances.network_pricing import NetworkPricingInstance
from ..problem import LazyModule, Problem
from .generator import generate
from .model import build, summary

__all__ = ["PROBLEM", "build", "generate", "summary"]

PROBLEM = Problem(
    schema=NetworkPricingInstance,
    build=build,
    summary=summary,
    figure=LazyModule(f"{__name__}.figure"),
    tables=LazyModule(f"{__name__}.tables"),
)
