"""Demand response: an aggregator sets prices, electric vehicles answer with when they charge."""

from .generator import generate
from .model import build, power_of, prices_of, state_bounds, summary
from .references import describe

__all__ = ["build", "describe", "generate", "power_of", "prices_of", "state_bounds", "summary"]
