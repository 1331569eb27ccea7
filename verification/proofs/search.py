"""Branch and bound whose every leaf is closed in exact arithmetic, or stays open.

Depth first, with the incumbent as cutoff. A node is closed by rounded duals of its LP; where that fails, it is branched
further.
"""

import math
import time
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

from ..replay import Box
from .relaxation import INFEASIBLE, OPTIMAL, UNKNOWN, Relaxation
from .tree import Branching, Node
from .weights import certify, refute

TINY = 1e-7  # both of a pair, or the distance to an integer: above this it is violated
GUIDING = 1e4  # columns of an unbounded relaxation are held within this, to see where to branch
CUTS = 12  # rounds of tangents at a node
LOOKS, CANDIDATES, STEPS = 4, 12, 60  # strong branching: looks before a pseudo-cost is trusted, candidates, iterations
INTERRUPTED_EVERY = 64


@dataclass
class Limits:
    """When a search gives up; seconds only where asked for."""

    nodes: int = 100_000
    seconds: float | None = None


@dataclass
class Costs:
    """Pseudo-costs: how much the bound rose for each unit of violation, by branching and child."""

    total: dict[tuple[str, int], float] = field(default_factory=lambda: defaultdict(float))
    count: dict[tuple[str, int], int] = field(default_factory=lambda: defaultdict(int))

    def learn(self, name: str, child: int, gain: float) -> None:
        """Count one child's gain."""
        self.total[name, child] += gain
        self.count[name, child] += 1

    def trusted(self, name: str) -> bool:
        """Whether both children were looked at often enough."""
        return min(self.count[name, 0], self.count[name, 1]) >= LOOKS

    def score(self, name: str) -> float:
        """Return the product of both children's mean gains."""
        return math.prod(max(self.total[name, k] / max(1, self.count[name, k]), 1e-6) for k in (0, 1))


class Search:
    """A search for a proof that no point is better than a claim."""

    def __init__(
        self, relaxation: Relaxation, limits: Limits, improve: Callable[[list[float]], Fraction | None], margin: float
    ) -> None:
        self.relaxation, self.system, self.limits = relaxation, relaxation.system, limits
        self.improve, self.margin = improve, margin
        self.claim: Fraction | None = None
        self.nodes, self.deadline = 0, math.inf
        self.costs = Costs()
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
        stack: list[tuple[Node, Box, frozenset[str]]] = [(root, box, frozenset())]
        while stack:
            if self.nodes >= most or time.monotonic() > self.deadline:
                self.open.append(f"stopped after {self.nodes} nodes with {len(stack)} open")
                return False
            node, box, done = stack.pop()
            self.nodes += 1
            if self.progress and self.nodes % INTERRUPTED_EVERY == 0:
                self.progress(f"proof: {self.nodes} nodes, {len(stack)} open")
            branching = self._visit(node, box, done)
            if branching is None:
                if node.said is None:
                    return False
                continue
            node.said = branching.said
            node.children = [Node(), Node()]
            boxes = branching.boxes(self.system, box)
            done = done | {branching.name} if branching.kind == "pair" else done
            stack += [(child, b, done) for child, b in reversed(list(zip(node.children, boxes, strict=True)))]
        return True

    def _visit(self, node: Node, box: Box, done: frozenset[str]) -> Branching | None:
        """Close a node (``said`` is set then) or return how to branch; neither: nothing is left to branch on."""
        relaxation = self.relaxation
        relaxation.load(box)
        if (crossed := relaxation.crossed(box)) is not None:
            node.said = ["leaf", {"crossed": crossed}]
            return None
        status = self._solve()
        if status == INFEASIBLE and (weights := refute(relaxation, box, relaxation.ray())) is not None:
            node.said = ["leaf", {"empty": weights}]
            return None
        if status == OPTIMAL and self._close(node, box):
            return None
        point = relaxation.point() if status == OPTIMAL else self._guiding_point(box)
        candidates = self._candidates(point, box, done)
        if status != OPTIMAL:
            # Pairs before ranges: a range without an end can be split for ever.
            candidates = self._factors(point, box) + sorted(candidates, key=lambda item: item[0].kind != "pair")
        if status == OPTIMAL and not any(violation > TINY for _, violation in candidates):
            better = self.improve(point)
            if better is not None and (self.claim is None or better < self.claim):
                self.set_claim(better)
            relaxation.load(box)  # looking for a better point left another box
            if self._solve() == OPTIMAL and self._close(node, box):
                return None
        if not candidates:
            self.open.append(f"a node with nothing left to branch on, its relaxation is {status}")
            return None
        return self._chosen(candidates, status, box)

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

    def _candidates(self, point: list[float], box: Box, done: frozenset[str]) -> list[tuple[Branching, float]]:
        """Return the ways to branch with their violation, most violated first; settled ones with 0, last."""
        system, found = self.system, []
        for name, (multiplier, slack) in system.pairs.items():
            if name not in done and box[1][multiplier] != 0 and box[1][slack] != 0:
                share = min(self._share(multiplier, point, box), self._share(slack, point, box))
                found.append((Branching("pair", name), share))
        for j in system.integer:
            if box[0][j] != box[1][j]:
                found.append(self._of_integer(j, point[j], box))
        found += self._of_products(point, box)
        return sorted(found, key=lambda item: -item[1])

    def _factors(self, point: list[float], box: Box) -> list[tuple[Branching, float]]:
        """Return integers that multiply something: once they are fixed, their products are bounded as their factor."""
        factors = dict.fromkeys(j for product in self.relaxation.products for j in product if j in self.system.integer)
        return [self._of_integer(j, point[j], box) for j in factors if box[0][j] != box[1][j]]

    def _share(self, j: int, point: list[float], box: Box) -> float:
        """Return how large a member of a pair is in parts of its bound: comparable to the distance to an integer."""
        value = max(0.0, point[j])
        if value <= TINY:
            return 0.0
        return value / (1 + value) if math.isinf(box[1][j]) else value / max(1.0, float(box[1][j]))

    def _of_integer(self, j: int, value: float, box: Box) -> tuple[Branching, float]:
        at = math.floor(value + TINY)
        if not math.isinf(box[1][j]):
            at = min(at, int(box[1][j]) - 1)
        if not math.isinf(box[0][j]):
            at = max(at, int(box[0][j]))
        return Branching("split", self.system.names[j], Fraction(at)), abs(value - round(value))

    def _of_products(self, point: list[float], box: Box) -> list[tuple[Branching, float]]:
        relaxation, system, found = self.relaxation, self.system, []
        squares = {next(iter(form)) * 2 for form, _ in relaxation.forms if len(form) == 1}
        for product in relaxation.essential:
            i, j = product
            error = abs(point[relaxation.index[product]] - point[i] * point[j])
            if error <= TINY * (1 + abs(point[i] * point[j])) or product in squares:
                continue
            integers = [k for k in product if k in system.integer and box[0][k] != box[1][k]]
            if integers:
                found.append((self._of_integer(integers[0], point[integers[0]], box)[0], error))
                continue
            wide = [(self._width(k, box), k) for k in product if box[0][k] != box[1][k]]
            if wide and max(wide)[0] > 1e-9:
                found.append(
                    (Branching("split", system.names[max(wide)[1]], self._middle(max(wide)[1], point, box)), error)
                )
        return found

    def _width(self, j: int, box: Box) -> float:
        return float(box[1][j] - box[0][j])

    def _middle(self, j: int, point: list[float], box: Box) -> Fraction:
        """Return where to split a column: at its value, but not near an end."""
        value, (lower, upper) = point[j], (float(box[0][j]), float(box[1][j]))
        if not math.isinf(upper - lower):
            value = min(max(value, lower + 0.2 * (upper - lower)), upper - 0.2 * (upper - lower))
            return Fraction(value).limit_denominator(max(100, round(100 / (upper - lower))))
        if not math.isinf(lower):
            value = max(value, lower + max(1.0, abs(lower)))
        elif not math.isinf(upper):
            value = min(value, upper - max(1.0, abs(upper)))
        return Fraction(value).limit_denominator(100)

    def _chosen(self, candidates: list[tuple[Branching, float]], status: str, box: Box) -> Branching:
        violated = [(b, v) for b, v in candidates if v > TINY]
        if status != OPTIMAL or len(violated) < 2 or self.claim is None:
            return candidates[0][0]
        relaxation = self.relaxation
        basis, start = relaxation.basis(), relaxation.objective
        best, best_score = violated[0][0], -1.0
        room = max(float(self.claim) - start, 1e-9)
        for branching, _ in violated[:CANDIDATES]:
            if not self.costs.trusted(branching.name):
                gains = []
                for k, child in enumerate(branching.boxes(self.system, box)):
                    gains.append(self._gain(child, basis, start, room))
                    self.costs.learn(branching.name, k, gains[-1])
                if max(gains) >= room:  # a child that closes at once
                    best = branching
                    if min(gains) >= room:
                        break
                score = math.prod(max(g, 1e-6) for g in gains)
            else:
                score = self.costs.score(branching.name)
            if score > best_score:
                best, best_score = branching, score
        relaxation.restart(basis)
        return best

    def _gain(self, box: Box, basis: Any, start: float, room: float) -> float:
        relaxation = self.relaxation
        relaxation.load(box)
        relaxation.restart(basis)
        status = relaxation.solve(STEPS)
        if status == INFEASIBLE:
            return room
        if status not in (OPTIMAL, UNKNOWN):
            return 0.0
        return min(room, max(0.0, relaxation.objective - start))
