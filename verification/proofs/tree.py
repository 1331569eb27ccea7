"""The tree of a proof while it grows, and as it is written: nodes in preorder."""

from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

from ..replay import Box, System
from .problem import exact


@dataclass
class Node:
    """A node: ``said`` is what a proof says of it, as soon as it is a leaf or branched; its value is what it proves."""

    said: list[Any] | None = None
    children: list["Node"] = field(default_factory=list)
    value: Fraction | None = None


@dataclass(frozen=True)
class Branching:
    """A way to split a node: ``pair`` (by name) or ``split`` of a column at a number."""

    kind: str
    name: str
    at: Fraction | None = None

    @property
    def said(self) -> list[Any]:
        """What a proof says of it."""
        return [self.kind, self.name] if self.at is None else [self.kind, self.name, exact(self.at)]

    def boxes(self, system: System, box: Box) -> list[Box]:
        """Return the boxes of both children."""
        lower, upper = box
        if self.kind == "pair":
            return [(lower, _with(upper, j, min(upper[j], Fraction(0)))) for j in system.pairs[self.name]]
        j, at = system.column[self.name], self.at
        assert at is not None
        above = at + 1 if j in system.integer else at
        return [(lower, _with(upper, j, min(upper[j], at))), (_with(lower, j, max(lower[j], above)), upper)]


def _with(numbers: list[Any], j: int, number: Any) -> list[Any]:
    changed = list(numbers)
    changed[j] = number
    return changed


def preorder(root: Node) -> list[list[Any]]:
    """Return what a proof says of every node, a node before its children, the first child first."""
    said, stack = [], [root]
    while stack:
        node = stack.pop()
        assert node.said is not None
        said.append(node.said)
        stack += reversed(node.children)
    return said


def leaves(root: Node) -> list[Node]:
    """Return the leaves of a tree."""
    found, stack = [], [root]
    while stack:
        node = stack.pop()
        stack += reversed(node.children)
        if not node.children:
            found.append(node)
    return found
