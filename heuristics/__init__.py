"""Heuristics, generic over PAO models: they find points, and prove nothing."""

from collections.abc import Callable
from functools import partial

from .nested import HeuristicResult, nested
from .scholtes import scholtes

__all__ = ["METHODS", "HeuristicResult", "nested"]

#: The names that ``solve(method=...)`` takes; a new heuristic is one file and one line here.
METHODS: dict[str, Callable[..., HeuristicResult]] = {
    "nested": nested,
    "leader_alone": partial(nested, max_iterations=1),  # with the followers' values on the model held fixed
    "scholtes": scholtes,
}
