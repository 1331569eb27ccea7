"""Branch and bound whose every leaf is closed in exact arithmetic, or stays open.

Depth first, with the incumbent as cutoff. A node is closed by rounded duals of its LP; where that fails, it is branched
further.
"""

import math
import time
from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np

from ..replay import Box, System
from .choice import Candidate, Chooser
from .relaxation import INFEASIBLE, OPTIMAL, Relaxation
from .tree import Node
from .weights import certify, refute

GUIDING = 1e4  # columns of an unbounded relaxation are held within this, to see where to branch
CUTS = 12  # rounds of tangents at a node
INTERRUPTED_EVERY = 64


@dataclass
class Limits:
    """When a search gives up; seconds only where asked for."""

    nodes: int = 100_000
    seconds: float | None = None


@dataclass
class Open:
    """A node to be visited: how its parent was divided, the parent's bound and basis."""

    node: Node
    box: Box
    done: frozenset[str] = frozenset()
    by: tuple[Candidate, int] | None = None
    value: float = -math.inf
    basis: Any = None

    def divided(self, chosen: Candidate, system: System, value: float, basis: Any) -> list["Open"]:
        """Branch; return the children, the first one last."""
        branching = chosen.branching
        self.node.said, self.node.children = branching.said, [Node(), Node()]
        done = self.done | {branching.name} if branching.kind == "pair" else self.done
        return [
            Open(self.node.children[k], box, done, (chosen, k), value, basis)
            for k, box in reversed(list(enumerate(branching.boxes(system, self.box))))
        ]


class Search:
    """A search for a proof that no point is better than a claim."""

    def __init__(
        self, relaxation: Relaxation, limits: Limits, improve: Callable[[list[float]], Fraction | None], margin: float
    ) -> None:
        self.relaxation, self.system, self.limits = relaxation, relaxation.system, limits
        self.improve, self.margin = improve, margin
        self.claim: Fraction | None = None
        self.nodes, self.deadline = 0, math.inf
        self.chooser = Chooser(relaxation)
        self.value = -math.inf  # of the relaxation at the node visited last
        self.open: list[str] = []
        self.progress: Callable[[str], None] | None = None

    def set_claim(self, claim: Fraction | None) -> None:
        """Set what every leaf has to prove."""
        self.claim = claim
        name, body, lower, _ = self.system.rows[-1]
        self.system.rows[-1] = (name, body, lower, math.inf if claim is None else claim)

    def run(self, root: Node, box: Box, nodes: int | None = None) -> bool:
        """Grow the tree below a node; return whether every leaf is closed.

        :param nodes: at most so many, as a trial.
        """
        if self.limits.seconds is not None and math.isinf(self.deadline):
            self.deadline = time.monotonic() + self.limits.seconds
        most = self.limits.nodes if nodes is None else min(self.limits.nodes, self.nodes + nodes)
        self.open.clear()
        stack: list[Open] = [Open(root, box)]
        while stack:
            if self.nodes >= most or time.monotonic() > self.deadline:
                self.open.append(f"stopped after {self.nodes} nodes with {len(stack)} open")
                return False
            here = stack.pop()
            self.nodes += 1
            if self.progress and self.nodes % INTERRUPTED_EVERY == 0:
                self.progress(f"proof: {self.nodes} nodes, {len(stack)} open")
            chosen = self._visit(here)
            if chosen is not None:
                stack += here.divided(chosen, self.system, self.value, self.relaxation.basis())
            elif here.node.said is None:
                return False
        return True

    def _visit(self, here: Open) -> Candidate | None:
        """Close a node (``said`` is set then) or return how to branch; neither: nothing is left to branch on."""
        relaxation, node, box = self.relaxation, here.node, here.box
        relaxation.load(box)
        if (crossed := relaxation.crossed(box)) is not None:
            node.said = ["leaf", {"crossed": crossed}]
            return None
        if here.basis is not None:
            relaxation.restart(here.basis)
        status = self._solve()
        self.value = relaxation.objective if status == OPTIMAL else -math.inf
        if status == INFEASIBLE and (weights := refute(relaxation, box, relaxation.ray())) is not None:
            node.said = ["leaf", {"empty": weights}]
            return None
        if status == OPTIMAL and self._close(node, box):
            return None
        if status == OPTIMAL and here.by is not None and not math.isinf(here.value):
            by, child = here.by
            self.chooser.costs.learn(by.branching.name, child, self.value - here.value, by.moves[child])
        point = np.array(relaxation.point() if status == OPTIMAL else self._guiding_point(box))
        candidates = self.chooser.candidates(point, box, here.done) if status == OPTIMAL else []
        if candidates:
            return self.chooser.choose(candidates, box, float(self.claim)) if self.claim is not None else candidates[0]
        if status == OPTIMAL:
            better = self.improve(point.tolist())
            if better is not None and (self.claim is None or better < self.claim):
                self.set_claim(better)
            relaxation.load(box)  # looking for a better point left another box
            if self._solve() == OPTIMAL and self._close(node, box):
                return None
        candidates = self.chooser.candidates(point, box, here.done, settled=True)
        if status != OPTIMAL:
            # Pairs before ranges: a range without an end can be split for ever.
            candidates.sort(key=lambda one: one.branching.kind != "pair")
            candidates = self.chooser.of_factors(point, box) + candidates
        if not candidates:
            self.open.append(f"a node with nothing left to branch on, its relaxation is {status}")
            return None
        return candidates[0]

    def _solve(self) -> str:
        relaxation = self.relaxation
        status = relaxation.solve()
        for _ in range(CUTS):
            if status != OPTIMAL or (self.claim is not None and relaxation.objective >= self.claim):
                break
            if not self._tangents(relaxation.point()):
                break
            status = relaxation.solve()
        return status

    def _tangents(self, point: list[float]) -> bool:
        """Add tangents of the squares in the objective where the point is below them."""
        relaxation, added = self.relaxation, False
        for form, weight in relaxation.forms:
            at = sum(float(a) * point[relaxation.index[m]] for m, a in form.items())
            square = sum(
                float(a * b) * point[relaxation.index[tuple(sorted(m + n))]]
                for m, a in form.items()
                for n, b in form.items()
            )
            if float(weight) * (at * at - square) > 0.1 * self.margin:
                shifted = dict(form)
                shifted[()] = -Fraction(at).limit_denominator(10**6)
                relaxation.add_square(shifted)
                added = True
        return added

    def _close(self, node: Node, box: Box) -> bool:
        relaxation, claim = self.relaxation, self.claim
        if claim is None or relaxation.objective < float(claim) - 1e-9 * max(1.0, abs(float(claim))):
            return False
        proof = certify(relaxation, box, self.system.objective, relaxation.duals(), claim)
        if proof is None:
            return False
        node.said, node.value = ["leaf", {"bound": proof[0]}], proof[1]
        return True

    def _guiding_point(self, box: Box) -> list[float]:
        """Return a point of an unbounded (or failed) relaxation held within a box; only to see where to branch."""
        self.relaxation.load(box, GUIDING)
        self.relaxation.solve()
        point = self.relaxation.point()
        self.relaxation.load(box)
        return point
