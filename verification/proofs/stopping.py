"""A search that ends at the next node when a stop is asked for (Ctrl-C), and that can say how far it got."""

import math
from typing import Any

from ...solvers.interrupt import stop_requested
from ..replay import Box
from .choice import Candidate
from .search import Open, Search
from .tree import Node


class StoppableSearch(Search):
    """The search, with a note of each branched node's relaxation."""

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        self._reached: dict[int, float] = {}

    def run(self, root: Node, box: Box, nodes: int | None = None) -> bool:
        """Grow the tree below a node, see :meth:`.Search.run`; what was noted of another tree is forgotten."""
        self._reached.clear()
        return super().run(root, box, nodes)

    def bound(self, root: Node) -> float:
        """Return what the tree has reached, in floating point: the least relaxation of what is open below its root."""
        least, stack = math.inf, [(root, -math.inf)]
        while stack:
            node, known = stack.pop()
            known = max(known, self._reached.get(id(node), -math.inf))
            if node.said is None:
                least = min(least, known)
            stack += [(child, known) for child in node.children]
        return least if self.claim is None else min(least, float(self.claim))

    def _visit(self, here: Open) -> Candidate | None:
        chosen = super()._visit(here)
        if chosen is not None:
            self._reached[id(here.node)] = self.value
        if stop_requested():
            self.deadline = -math.inf  # which is looked at before the next node
        return chosen
