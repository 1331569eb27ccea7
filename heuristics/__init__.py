"""Heuristics, generic over PAO models: they find points, and prove nothing."""

from collections.abc import Callable
from dataclasses import fields
from functools import partial
from inspect import signature

from .alternating import alternating
from .annealing import annealing
from .elephant_herding import elephant_herding
from .immune_ga import immune_ga
from .neighbourhood import neighbourhood
from .nested import nested
from .options import SearchOptions
from .pso import pso
from .result import HeuristicResult
from .scholtes import scholtes

__all__ = ["METHODS", "HeuristicResult", "SearchOptions", "nested", "options_of"]

#: The names that ``solve(method=...)`` takes; a new heuristic is one file and one line here.
METHODS: dict[str, Callable[..., HeuristicResult]] = {
    "nested": nested,
    "neighbourhood": neighbourhood,
    "alternating": alternating,
    "leader_alone": partial(nested, max_iterations=1),  # with the followers' values on the model held fixed
    "scholtes": scholtes,
    "elephant_herding": elephant_herding,
    "immune_ga": immune_ga,
    "pso": pso,
    "annealing": annealing,
}


def options_of(name: str) -> set[str]:
    """Return the names of a heuristic's options: its keywords, and the shared ones if it takes more than those."""
    parameters = signature(METHODS[name]).parameters.values()
    shared = {f.name for f in fields(SearchOptions)} if any(p.kind is p.VAR_KEYWORD for p in parameters) else set()
    return {p.name for p in parameters if p.kind is p.KEYWORD_ONLY} | shared
