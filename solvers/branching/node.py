"""Nodes of the search: what each narrows of its parent, and the tree that they make."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from ..program import Array, Program

Change = tuple[int, float, float]
"""Column, its lower and its upper bound."""
Split = tuple[str, int, float]
"""What two nodes divide their parent by: "pair", "integer" or "spatial"; pair's or column's index; the value."""


@dataclass(eq=False, slots=True)
class Node:
    """A part of the problem: its parent's, with some bounds narrowed."""

    parent: "Node | None"
    changes: Sequence[Change]
    bound: float
    depth: int = 0
    basis: Any = None
    split: Split | None = None
    children: list["Node"] = field(default_factory=list)

    def bounds(self, lower: Array, upper: Array) -> tuple[Array, Array]:
        """Return the bounds of all columns, given those of the root."""
        path, node = [], self
        while node is not None:
            path.append(node)
            node = node.parent  # type: ignore[assignment]
        lower, upper = lower.copy(), upper.copy()
        for node in reversed(path):
            for column, low, high in node.changes:
                if low > lower[column]:
                    lower[column] = low
                if high < upper[column]:
                    upper[column] = high
        return lower, upper

    def divide(self, split: Split, left: Sequence[Change], right: Sequence[Change]) -> tuple["Node", "Node"]:
        """Return the two parts that a split makes of this node."""
        self.split = split
        self.children = [Node(self, part, self.bound, self.depth + 1, self.basis) for part in (left, right)]
        return self.children[0], self.children[1]


def tree_of(root: Node, program: Program) -> Any:
    """Return the tree as nested tuples; a leaf is ``("leaf",)``.

    ``("pair", name, left, right)``: the pair's first member (the multiplier) is 0 on the left, its second (the slack)
    on the right. ``("integer" | "spatial", name, k, left, right)``: the variable is at most k on the left; on the right
    an integer is at least k + 1, a continuous variable at least k. Names are those of pairs and variables.

    Bounds that were tightened on the way are no part of it: a leaf may need more splits to be closed without them.
    """
    unit = [1.0] * program.columns if program.unit is None else program.unit.tolist()
    made: dict[int, Any] = {}
    stack = [(root, False)]
    while stack:
        node, done = stack.pop()
        if node.split is None:
            made[id(node)] = ("leaf",)
        elif not done:
            stack += [(node, True), *((child, False) for child in node.children)]
        else:
            kind, index, value = node.split
            parts = tuple(made.pop(id(child)) for child in node.children)
            pair = kind == "pair"
            what = (kind, program.pair_names[index]) if pair else (kind, program.names[index], value * unit[index])
            made[id(node)] = (*what, *parts)
    return made[id(root)]
