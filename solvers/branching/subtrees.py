"""Subtrees on an executor's workers: in rounds, the best open nodes are searched apart, each for some nodes.

A worker begins every part with a linear program of its own, knows the best value and the gains of the round's begin,
and gives back points and what is still open. So the answer depends on the rounds only: neither on how many workers
there are, nor on which of them is faster.
"""

import math
import time
from collections.abc import Sequence
from concurrent.futures import Executor
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from ...executing import Packed, results, submit
from ..interrupt import stop_requested
from ..program import Array
from .node import Change, Node

if TYPE_CHECKING:
    from .search import Search

PARTS = 16
"""Open nodes of a round; there are none while fewer are open."""
NODES = 300
"""Most nodes of a part."""


@dataclass(frozen=True)
class Open:
    """A node without its tree: what it narrows of the root's bounds."""

    bound: float
    changes: Sequence[Change]


@dataclass(frozen=True)
class _Known:
    """What is known when a round begins, for all of its parts."""

    best: Array | None
    gains: Array
    counts: Array
    dive_gap: int
    by_milp: bool


@dataclass(frozen=True)
class Searched:
    """What a part's search found: what is open, a better point, if there is one, and what it learned of gains."""

    open: list[Open]
    point: Array | None
    closed: float
    left_open: list[str]
    unbounded: bool
    gains: Array
    counts: Array
    dive_gap: int
    count: int
    runs: int
    steps: int


class Subtrees:
    """Hands parts of one search to an executor, if there is one.

    :param usable: whether the search may be divided; else it is said that the executor was of no use.
    """

    def __init__(self, executor: Executor | None, *, usable: bool) -> None:
        self.executor = executor
        self.usable = usable and executor is not None
        self.parts = 0  # searched by others
        self.by_milp = False  # whether the parts of the next round are MILPs with proven Ms
        self._packed: Packed | None = None
        self._state: tuple[Any, ...] = ()

    def ready(self, search: "Search") -> bool:
        """Whether there is a round's work."""
        return self.usable and not search.may_finish and len(search.heap) >= PARTS

    @property
    def said(self) -> str:
        """What came of it, for the search's message."""
        if self.executor is None:
            return ""
        if self.parts:
            return f"; the executor's workers searched {self.parts} parts of the tree"
        return "; the executor was not used: the tree was too small, or may not be divided"

    def round(self, search: "Search") -> None:
        """Have the best open nodes searched; a part that nobody searched stays open."""
        assert self.executor is not None
        nodes = search.take(PARTS)
        root = search.lower, search.upper
        parts = [_without_tree(node, root, root) for node in nodes]
        known = _Known(
            search.incumbents.best, search.selector.gains, search.selector.counts, search.dive_gap, self.by_milp
        )
        packed, left = self._pack(search), _left(search.deadline)
        futures = [submit(self.executor, _search, part, packed, known, left) for part in parts]
        found = results(futures, lambda: stop_requested() or time.perf_counter() > search.deadline)
        for node, part in zip(nodes, found, strict=True):
            if part is None:
                search.push(node)
            else:
                _merge(part, search)
        search.dive_gap = min((part.dive_gap for part in found if part is not None), default=search.dive_gap)
        self.by_milp = False  # what a MILP does not settle, the tree does
        self.parts += sum(part is not None for part in found)
        self.usable = None not in found  # workers that are gone do not come back

    def _pack(self, search: "Search") -> Packed:
        """Pack what all parts share, again where that has changed: bounds and rows come with new points."""
        state = search.lower.tobytes(), search.upper.tobytes(), search.lp.matrix.shape[0]
        if self._packed is None or state != self._state:
            lp = search.lp
            problem = replace(search.problem, matrix=lp.matrix, row_lower=lp.row_lower, row_upper=lp.row_upper)
            settings = replace(search.settings, executor=None, cutter=None, watch=None, tee=False, warm_start=False)
            self._packed = Packed.of((problem, settings, dict(search.options), search.lower, search.upper))
            self._state = state
        return self._packed


def _search(part: Open, packed: Packed, known: _Known, seconds: float) -> Searched:
    """Search a part."""
    from .search import Search  # which hands parts out

    problem, settings, options, *root = packed.open()
    settings = replace(settings, time_limit=None if math.isinf(seconds) else seconds)
    search = Search(problem, settings, options, NODES)
    search.may_finish, search.next_strengthening = False, math.inf
    search.dive_gap = search.next_dive = known.dive_gap
    search.selector.gains[:], search.selector.counts[:] = known.gains, known.counts
    if known.best is not None:
        search.incumbents.offer(known.best)
    before = search.incumbents.value
    search.lower, search.upper = Node(None, part.changes, part.bound).bounds(*root)
    if search.propagator.tighten(search.lower, search.upper, rounds=20):
        if known.by_milp:
            search.solve_milp()
        search.push(Node(None, (), max(part.bound, search.floor)))
        search.search()
    own = search.lower, search.upper
    left = [_without_tree(node, own, root) for node in search.take(len(search.heap))]
    incumbents, selector = search.incumbents, search.selector
    return Searched(
        left, incumbents.best if incumbents.value < before else None, search.closed, search.left_open,
        search.unbounded, selector.gains - known.gains, selector.counts - known.counts, search.dive_gap,
        search.count, search.lp.runs, search.lp.steps,
    )  # fmt: skip


def _merge(part: Searched, search: "Search") -> None:
    """Take over what the search of a part found."""
    for item in part.open:
        search.push(Node(None, item.changes, item.bound))
    if part.point is not None and search.incumbents.offer(part.point):
        search.log("point")
    search.closed = min(search.closed, part.closed)
    search.left_open += part.left_open
    search.unbounded |= part.unbounded
    search.selector.gains += part.gains
    search.selector.counts += part.counts
    search.count += part.count
    search.lp.runs += part.runs
    search.lp.steps += part.steps


def _without_tree(node: Node, own: Sequence[Array], root: Sequence[Array]) -> Open:
    """Return what a node narrows of the root's bounds.

    :param own: bounds of the root of its own search.
    """
    low, high = node.bounds(own[0], own[1])
    changed = np.flatnonzero((low != root[0]) | (high != root[1]))
    return Open(node.bound, [(int(j), float(low[j]), float(high[j])) for j in changed])


def _left(deadline: float) -> float:
    return max(0.0, deadline - time.perf_counter())
