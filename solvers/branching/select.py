r"""What to branch on: reliability branching over pairs, integers and factors of products together.

The gain of a side is how much its bound rises. It is measured by a few steps of the dual simplex method (strong
branching) until an entity has been looked at often enough, and estimated from the average gain per unit of what is
moved (pseudo-cost) from then on. The score of an entity is the product of the two sides' gains.

Source: T. Achterberg, T. Koch and A. Martin, *Branching rules revisited*, Oper. Res. Lett. 33, 2005.
"""

from dataclasses import dataclass, field

import numpy as np

from ..program import Array
from .lp import Answer, Lp, State
from .node import Change, Split
from .problem import Problem

CANDIDATES = 10
STEPS = 60
LOOKS = 4
"""Candidates looked at in a node, simplex steps for each side, and looks after which a pseudo-cost is trusted."""
IN_VAIN = 4
"""Candidates without a better score in a row, after which no more are looked at."""
LEAST_GAIN = 1e-6

PAIR_TOLERANCE = INTEGER_TOLERANCE = 1e-7
"""What counts as broken in a relaxation's point; what does not is settled by solving with it fixed."""
PRODUCT_TOLERANCE = 1e-7


@dataclass
class Entity:
    """Something to branch on: the split, what either side narrows, and by how much either side moves the point."""

    split: Split
    left: list[Change]
    right: list[Change]
    moves: tuple[float, float]
    key: int


@dataclass
class Choice:
    """The entity to branch on and its sides' bounds; or an entity of which one side is proven empty (``closed``)."""

    entity: Entity
    bounds: tuple[float, float] = (-np.inf, -np.inf)
    closed: int | None = None


@dataclass
class Selector:
    """The memory of gains, and the choice."""

    problem: Problem
    gains: Array = field(init=False)
    counts: Array = field(init=False)

    def __post_init__(self) -> None:
        """Begin without any memory."""
        size = len(self.problem.pairs) + self.problem.columns
        self.gains, self.counts = np.zeros((size, 2)), np.zeros((size, 2))

    # What is broken --------------------------------------------------------------------------------------

    def broken(self, x: Array, lower: Array, upper: Array) -> list[Entity]:
        """Return pairs, integers and products' factors that a point of the relaxation breaks."""
        problem = self.problem
        found = [self.pair(int(k), x) for k in open_pairs(problem, x, lower, upper, PAIR_TOLERANCE)]
        integers = problem.integers
        if integers.size:
            values = x[integers]
            for j in integers[np.abs(values - np.round(values)) > INTEGER_TOLERANCE]:
                found.append(self.integer(int(j), float(x[j])))
        if problem.envelopes:
            found += self._factors(x, lower, upper, {e.split[1] for e in found if e.split[0] == "integer"})
        return found

    def pair(self, k: int, x: Array) -> Entity:
        """Return the entity of a pair."""
        a, b = (int(c) for c in self.problem.pairs[k])
        return Entity(
            ("pair", k, 0.0), [(a, -np.inf, 0.0)], [(b, -np.inf, 0.0)], (max(x[a], 0.0), max(x[b], 0.0)), k
        )  # fmt: skip

    def integer(self, j: int, value: float) -> Entity:
        """Return the entity of an integer column."""
        low = float(np.floor(value))
        return Entity(
            ("integer", j, low), [(j, -np.inf, low)], [(j, low + 1.0, np.inf)], (value - low, low + 1.0 - value),
            len(self.problem.pairs) + j,
        )  # fmt: skip

    def factor(self, j: int, value: float, lower: Array, upper: Array) -> Entity | None:
        """Return the entity of a product's factor; None if its range cannot be divided any more."""
        low, high = float(lower[j]), float(upper[j])
        if self.problem.envelopes.integer[j]:
            if low >= high:
                return None
            return self.integer(j, min(max(value, low), high - 0.5))
        if not (np.isfinite(low) and np.isfinite(high)) or high - low <= 1e-9 * max(1.0, abs(low), abs(high)):
            return None
        margin = 0.1 * (high - low)
        at = min(max(value, low + margin), high - margin)
        return Entity(
            ("spatial", j, at), [(j, -np.inf, at)], [(j, at, np.inf)], (high - at, at - low),
            len(self.problem.pairs) + j,
        )  # fmt: skip

    def _factors(self, x: Array, lower: Array, upper: Array, known: set[int]) -> list[Entity]:
        envelopes = self.problem.envelopes
        error = envelopes.error(x)
        found: dict[int, Entity | None] = {}
        for k in np.flatnonzero(error > PRODUCT_TOLERANCE * (1.0 + np.abs(x[envelopes.column]))):
            for j in {int(envelopes.first[k]), int(envelopes.second[k])}:
                if j not in found and j not in known:
                    found[j] = self.factor(j, float(x[j]), lower, upper)
        return [entity for entity in found.values() if entity is not None]

    # The choice ------------------------------------------------------------------------------------------

    def choose(self, entities: list[Entity], lp: Lp, lower: Array, upper: Array, node: Answer, cutoff: float) -> Choice:
        """Choose among what is broken, looking into those that are not known well enough.

        :param node: the relaxation's answer at the node; the linear program is left at the node's bounds.
        """
        scores = [self._score(entity) for entity in entities]
        order = sorted(range(len(entities)), key=lambda i: -scores[i])
        best, best_score, in_vain, looks = Choice(entities[order[0]]), -1.0, 0, 0
        basis = None
        for i in order:
            entity = entities[i]
            bounds, score = (-np.inf, -np.inf), scores[i]
            if self.counts[entity.key].min() < LOOKS and looks < CANDIDATES and in_vain < IN_VAIN:
                basis = lp.basis() if basis is None else basis
                looks += 1
                answers = [self._look(part, lp, lower, upper, basis) for part in (entity.left, entity.right)]
                bounds = (answers[0].bound, answers[1].bound)
                for side in (0, 1):
                    if answers[side].state is State.infeasible or bounds[side] >= cutoff:
                        _back(lp, lower, upper, basis)
                        return Choice(entity, bounds, closed=side)
                score = self._learn(entity, node.bound, bounds)
            in_vain = 0 if score > best_score else in_vain + 1
            if score > best_score:
                best, best_score = Choice(entity, bounds), score
        if basis is not None:
            _back(lp, lower, upper, basis)
        return best

    def learn(self, entity: Entity, side: int, gain: float) -> None:
        """Take note of by how much a side's bound rose."""
        if np.isfinite(gain) and entity.moves[side] > 0:
            self.gains[entity.key, side] += max(gain, 0.0) / entity.moves[side]
            self.counts[entity.key, side] += 1

    def _learn(self, entity: Entity, bound: float, bounds: tuple[float, float]) -> float:
        gains = [max(b - bound, 0.0) if np.isfinite(b) else 0.0 for b in bounds]
        for side in (0, 1):
            self.learn(entity, side, gains[side])
        return max(gains[0], LEAST_GAIN) * max(gains[1], LEAST_GAIN)

    def _score(self, entity: Entity) -> float:
        """Return the score by pseudo-costs; by their average for an entity without any."""
        counts, gains = self.counts[entity.key], self.gains[entity.key]
        total = self.counts.sum(axis=0) if not counts.all() else counts
        sums = self.gains.sum(axis=0) if not counts.all() else gains
        score = 1.0
        for side in (0, 1):
            known = gains[side] / counts[side] if counts[side] else sums[side] / total[side] if total[side] else 1.0
            score *= max(known * entity.moves[side], LEAST_GAIN)
        return score

    @staticmethod
    def _look(part: list[Change], lp: Lp, lower: Array, upper: Array, basis: object) -> Answer:
        low, high = lower.copy(), upper.copy()
        for column, least, most in part:
            low[column], high[column] = max(low[column], least), min(high[column], most)
        lp.load(low, high)
        lp.restore(basis)
        return lp.solve(STEPS)


def open_pairs(problem: Problem, x: Array, lower: Array, upper: Array, tolerance: float) -> Array:
    """Return the pairs that no side is fixed of, and whose members both exceed a tolerance; the worst first."""
    a, b = problem.pairs[:, 0], problem.pairs[:, 1]
    smaller = np.minimum(x[a], x[b])
    found = np.flatnonzero((smaller > tolerance) & (upper[a] > 0) & (upper[b] > 0))
    return found[np.argsort(-smaller[found], kind="stable")]


def _back(lp: Lp, lower: Array, upper: Array, basis: object) -> None:
    lp.load(lower, upper)
    lp.restore(basis)
