"""Location and size of charging stations: an operator decides where and how many, users choose where they charge."""

from .generator import generate
from .greedy import greedy_estimate
from .model import build, summary

__all__ = ["build", "generate", "greedy_estimate", "summary"]
