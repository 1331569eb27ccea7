"""What to branch on: reliability branching over pairs, integers and factors of products together.

A child's gain is by how much its bound rises. It is looked at by a few steps of the simplex method until a way to
branch is known well enough, and estimated from then on by its mean gain for each unit of what the child moves.

Source: T. Achterberg, T. Koch and A. Martin, *Branching rules revisited*, Oper. Res. Lett. 33, 2005.
"""

import math
from collections import defaultdict
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

import numpy as np

from ..replay import Box
from .relaxation import INFEASIBLE, OPTIMAL, UNKNOWN, Relaxation
from .tree import Branching

TINY = 1e-7  # both of a pair, or the distance to an integer: above this it is violated
LOOKS, CANDIDATES, IN_VAIN, STEPS = 4, 10, 4, 60  # until a gain is trusted, at a node, without a better one, iterations
LEAST_GAIN = 1e-6


@dataclass(frozen=True)
class Candidate:
    """A way to branch, by how much it is violated, and by how much each child moves the point."""

    branching: Branching
    violation: float
    moves: tuple[float, float] = (1.0, 1.0)


@dataclass
class Costs:
    """Pseudo-costs: by how much the bound rose for each unit of movement, by branching and child."""

    total: dict[tuple[str, int], float] = field(default_factory=lambda: defaultdict(float))
    count: dict[tuple[str, int], int] = field(default_factory=lambda: defaultdict(int))

    def learn(self, name: str, child: int, gain: float, move: float) -> None:
        """Count one child's gain, also in the mean of all."""
        if move > TINY:
            for key in ((name, child), ("", child)):
                self.total[key] += max(gain, 0.0) / move
                self.count[key] += 1

    def trusted(self, name: str) -> bool:
        """Whether both children were looked at often enough."""
        return min(self.count[name, 0], self.count[name, 1]) >= LOOKS

    def score(self, candidate: Candidate) -> float:
        """Return the product of what both children are expected to gain; the mean of all stands for an unknown one."""
        found = 1.0
        for child, move in enumerate(candidate.moves):
            name = candidate.branching.name if self.count[candidate.branching.name, child] else ""
            known = self.total[name, child] / self.count[name, child] if self.count[name, child] else 1.0
            found *= max(known * move, LEAST_GAIN)
        return found


class Chooser:
    """The candidates at a node, and the choice among them."""

    def __init__(self, relaxation: Relaxation) -> None:
        self.relaxation, self.system = relaxation, relaxation.system
        self.costs = Costs()
        system = self.system
        self.names = list(system.pairs)
        self.pairs = np.array([*system.pairs.values()], dtype=int).reshape(-1, 2)
        self.integers = np.array(sorted(system.integer), dtype=int)
        squares = {next(iter(form)) * 2 for form, _ in relaxation.forms if len(form) == 1}
        self.products = [product for product in relaxation.essential if product not in squares]
        self.factors = np.array(self.products, dtype=int).reshape(-1, 2)
        self.columns = np.array([relaxation.index[product] for product in self.products], dtype=int)

    def candidates(self, point: np.ndarray, box: Box, done: frozenset[str], settled: bool = False) -> list[Candidate]:
        """Return the ways to branch at the node that is loaded, most violated first.

        :param settled: also those that the point does not violate.
        """
        lower, upper = self.relaxation.floats
        least = -1.0 if settled else TINY
        ends, at = upper[self.pairs], np.maximum(point[self.pairs], 0.0)
        found = []
        for k in np.flatnonzero(np.all(ends > 0, axis=1) & (at.min(axis=1, initial=math.inf) > least)):
            if self.names[k] not in done:
                share = min(_share(at[k, side], ends[k, side]) for side in (0, 1))
                moves = (float(at[k, 0]), float(at[k, 1]))
                found.append(Candidate(Branching("pair", self.names[k]), share, moves))
        values = point[self.integers]
        open_ = lower[self.integers] != upper[self.integers]
        found += [
            self._of_integer(int(j), float(point[j]), box)
            for j in self.integers[open_ & (np.abs(values - np.round(values)) > least)]
        ]
        product = point[self.factors[:, 0]] * point[self.factors[:, 1]]
        errors = np.abs(point[self.columns] - product)
        for k in np.flatnonzero(errors > TINY * (1 + np.abs(product))):
            found += self._of_product(self.products[k], float(errors[k]), point, box)
        return sorted(found, key=lambda candidate: -candidate.violation)

    def of_factors(self, point: np.ndarray, box: Box) -> list[Candidate]:
        """Return integers that multiply something: once they are fixed, their products are bounded as their factor."""
        factors = dict.fromkeys(j for product in self.relaxation.products for j in product if j in self.system.integer)
        return [self._of_integer(j, float(point[j]), box) for j in factors if box[0][j] != box[1][j]]

    def _of_integer(self, j: int, value: float, box: Box, error: float | None = None) -> Candidate:
        at = math.floor(value + TINY)
        if not math.isinf(box[1][j]):
            at = min(at, int(box[1][j]) - 1)
        if not math.isinf(box[0][j]):
            at = max(at, int(box[0][j]))
        branching = Branching("split", self.system.names[j], Fraction(at))
        moves = (max(value - at, 0.0), max(at + 1 - value, 0.0))
        return Candidate(branching, abs(value - round(value)) if error is None else error, moves)

    def _of_product(self, product: tuple[int, ...], error: float, point: np.ndarray, box: Box) -> list[Candidate]:
        integers = [k for k in product if k in self.system.integer and box[0][k] != box[1][k]]
        if integers:
            return [self._of_integer(integers[0], float(point[integers[0]]), box, error)]
        width, k = max((float(box[1][k] - box[0][k]), k) for k in product)
        if not width > 1e-9 or any(box[0][k] == box[1][k] for k in product):
            return []
        at = _middle(float(point[k]), float(box[0][k]), float(box[1][k]))
        return [Candidate(Branching("split", self.system.names[k], at), error)]

    def choose(self, candidates: list[Candidate], box: Box, claim: float) -> Candidate:
        """Choose among violated candidates at the node that is loaded and solved, which another takes the place of."""
        if len(candidates) < 2:
            return candidates[0]
        relaxation, costs = self.relaxation, self.costs
        basis, start = relaxation.basis(), relaxation.objective
        room = max(claim - start, 1e-9)
        best, best_score, looks, in_vain = candidates[0], -1.0, 0, 0
        for candidate in sorted(candidates, key=lambda one: -costs.score(one)):
            score, name = costs.score(candidate), candidate.branching.name
            if not costs.trusted(name) and looks < CANDIDATES and in_vain < IN_VAIN:
                looks += 1
                gains = []
                for k, child in enumerate(candidate.branching.boxes(self.system, box)):
                    gains.append(self._gain(child, basis, start, room))
                    if gains[-1] >= room:  # this child closes at once
                        relaxation.restart(basis)
                        return candidate
                    costs.learn(name, k, gains[-1], candidate.moves[k])
                score = math.prod(max(gain, LEAST_GAIN) for gain in gains)
            in_vain = 0 if score > best_score else in_vain + 1
            if score > best_score:
                best, best_score = candidate, score
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


def _share(value: float, end: float) -> float:
    """Return how large a member of a pair is in parts of its bound: comparable to the distance to an integer."""
    if value <= TINY:
        return 0.0
    return value / (1 + value) if math.isinf(end) else value / max(1.0, end)


def _middle(value: float, lower: float, upper: float) -> Fraction:
    """Return where to split a column: at its value, but not near an end."""
    if not math.isinf(upper - lower):
        value = min(max(value, lower + 0.2 * (upper - lower)), upper - 0.2 * (upper - lower))
        return Fraction(value).limit_denominator(max(100, round(100 / (upper - lower))))
    if not math.isinf(lower):
        value = max(value, lower + max(1.0, abs(lower)))
    elif not math.isinf(upper):
        value = min(value, upper - max(1.0, abs(upper)))
    return Fraction(value).limit_denominator(100)
