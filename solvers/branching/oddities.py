"""Nodes that are not like others: what to branch on where no violation tells, or why that cannot be.

These are nodes whose point breaks nothing beyond tolerances and yet could not be settled, nodes whose relaxation is
unbounded, and nodes whose linear program gave no answer.
"""

import math

import numpy as np

from ..program import Array
from .problem import Problem
from .select import Entity, Selector, open_pairs

BROKEN = 1e-7
"""What a direction, or a point of which nothing else is known, may break."""


class Oddities:
    """Finds what to branch on; every answer is that, or a reason why the node is left open."""

    def __init__(self, problem: Problem, selector: Selector) -> None:
        self.problem, self.selector = problem, selector

    def of_point(self, x: Array, lower: Array, upper: Array) -> Entity | str:
        """Treat a point that breaks nothing beyond tolerances, and that did not close its node when it was settled."""
        left = open_pairs(self.problem, x, lower, upper, -math.inf)
        if left.size:
            return self.selector.pair(int(left[0]), x)
        integers = self.problem.integers
        free = integers[lower[integers] < upper[integers]]
        if free.size:
            worst = int(free[np.argmax(np.abs(x[free] - np.round(x[free])))])
            return self.selector.integer(worst, float(min(max(x[worst], lower[worst]), upper[worst] - 0.5)))
        envelopes = self.problem.envelopes
        loose = self._loose(lower, upper)
        loose = loose[loose < envelopes.hard]
        for k in loose[np.argsort(-envelopes.error(x)[loose], kind="stable")]:
            for j in (int(envelopes.first[k]), int(envelopes.second[k])):
                if (factor := self.selector.factor(j, float(x[j]), lower, upper)) is not None:
                    return factor
        return self._name(int(loose[0])) if loose.size else "a linear program with everything settled gave no point"

    def of_direction(self, x: Array, ray: Array, lower: Array, upper: Array) -> Entity | str | None:
        """Treat a direction in which one improves without end; None if it breaks nothing, from this point on."""
        far = np.maximum(x, 0.0) + ray * (1.0 + np.abs(x).max(initial=0.0))
        pairs = open_pairs(self.problem, far, lower, upper, BROKEN)
        if pairs.size:
            return self.selector.pair(int(pairs[0]), far)
        entities = [e for e in self.selector.broken(x, lower, upper) if e.split[0] != "spatial"]
        if entities:
            return entities[0]
        moved = self._product_of(ray, x, lower, upper)
        if moved is not None:
            return moved
        left = open_pairs(self.problem, x, lower, upper, -math.inf)
        if left.size:
            return self.selector.pair(int(left[0]), far)
        return None if self._is_point(x) else "an unbounded relaxation of which no point was found"

    def of_nothing(self, lower: Array, upper: Array) -> Entity | str:
        """Divide blindly where no answer could be had."""
        x = np.ones(self.problem.columns)
        left = open_pairs(self.problem, x, lower, upper, -math.inf)
        if left.size:
            return self.selector.pair(int(left[0]), x)
        integers = self.problem.integers
        for j in integers[lower[integers] < upper[integers]]:
            low, high = lower[j], upper[j]
            if math.isfinite(low) and math.isfinite(high):
                return self.selector.integer(int(j), (low + high) / 2 - 0.25)
        return "a linear program failed"

    def _is_point(self, x: Array) -> bool:
        """Whether nothing is broken at a point of a node in which every pair has a side."""
        whole = np.abs(x[self.problem.integers] - np.round(x[self.problem.integers])).max(initial=0.0) <= BROKEN
        return bool(whole and self.problem.envelopes.error(x).max(initial=0.0) <= BROKEN)

    def _product_of(self, ray: Array, x: Array, lower: Array, upper: Array) -> Entity | str | None:
        """Return the factor to branch on of a product that a direction breaks; why not, if there is none."""
        envelopes = self.problem.envelopes
        loose = self._loose(lower, upper)
        wrong = loose[envelopes.error(x + ray)[loose] > BROKEN]
        factors = [int(j) for k in wrong for j in (envelopes.first[k], envelopes.second[k])]
        for j in sorted(factors, key=lambda j: not envelopes.integer[j]):
            if envelopes.integer[j] and (entity := self.selector.factor(j, float(x[j]), lower, upper)) is not None:
                return entity
        left = open_pairs(self.problem, x, lower, upper, -math.inf)
        if wrong.size and left.size:
            return self.selector.pair(int(left[0]), x)
        for j in factors:
            if (entity := self.selector.factor(j, float(x[j]), lower, upper)) is not None:
                return entity
        return self._name(int(wrong[0])) if wrong.size else None

    def _loose(self, lower: Array, upper: Array) -> Array:
        """Return the products of which no factor is fixed."""
        first, second = self.problem.envelopes.first, self.problem.envelopes.second
        return np.flatnonzero((lower[first] < upper[first]) & (lower[second] < upper[second]))

    def _name(self, k: int) -> str:
        names, envelopes = self.problem.program.names, self.problem.envelopes
        return f"the product {names[envelopes.first[k]]}*{names[envelopes.second[k]]} of two variables without bounds"
