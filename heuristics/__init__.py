"""Heuristics, generic over PAO models: they find points, and prove nothing."""

from collections.abc import Callable
from dataclasses import fields
from inspect import signature
from typing import TYPE_CHECKING

from .. import lazily

if TYPE_CHECKING:
    from .options import SearchOptions
    from .result import HeuristicResult
else:
    __getattr__ = lazily.names(__name__, {"HeuristicResult": "result", "SearchOptions": "options"})

__all__ = ["METHODS", "HeuristicResult", "SearchOptions", "options_of"]

#: The names that ``solve(method=...)`` takes; a new heuristic is one file and one line here.
METHODS: "lazily.LazyTable[Callable[..., HeuristicResult]]" = lazily.LazyTable(
    __name__,
    {
        "nested": "nested:nested",
        "neighbourhood": "neighbourhood:neighbourhood",
        "alternating": "alternating:alternating",
        "leader_alone": "leader_alone:leader_alone",
        "scholtes": "scholtes:scholtes",
        "elephant_herding": "elephant_herding:elephant_herding",
        "immune_ga": "immune_ga:immune_ga",
        "pso": "pso:pso",
        "annealing": "annealing:annealing",
        "exchange": "exchange:exchange",
    },
)


def options_of(name: str) -> set[str]:
    """Return the names of a heuristic's options: its keywords, and the shared ones if it takes more than those."""
    from .options import SearchOptions

    parameters = signature(METHODS[name]).parameters.values()
    shared = {f.name for f in fields(SearchOptions)} if any(p.kind is p.VAR_KEYWORD for p in parameters) else set()
    return {p.name for p in parameters if p.kind is p.KEYWORD_ONLY} | shared
