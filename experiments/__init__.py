"""Experiments for a paper: tournaments and sweeps that resume, on many cores, with tables and profiles."""

from .playing import tournament  # not named tournament.py: the module would hide the function
from .results import Tournament, read_ledger
from .sweeping import Sweep, sweep

__all__ = ["Sweep", "Tournament", "read_ledger", "sweep", "tournament"]
