"""Electric-bus charging with tariff setting: a fleet operator opens sites, the energy authority sets the tariffs."""

from .authority import tariff_reaction
from .events import charging_events
from .generator import generate
from .model import build, summary

__all__ = ["build", "charging_events", "generate", "summary", "tariff_reaction"]
