"""Heuristics, generic over PAO models: they find points, and prove nothing."""

from collections.abc import Callable
from functools import partial

from .alternating import alternating
from .annealing import annealing
from .elephant_herding import elephant_herding
from .immune_ga import immune_ga
from .neighbourhood import neighbourhood
from .nested import HeuristicResult, nested
from .pso import pso
from .scholtes import scholtes

__all__ = ["METHODS", "HeuristicResult", "nested"]

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
