r"""Fix and propagate where every variable has two values at most: decisions as bits of whole numbers.

A variable is a pair of *literals*, "at its upper end" and "at its lower end"; bit j is the first of variable j, bit
n + j the second. With :math:`w > 0`, each side of a row is

.. math:: \sum_{l \in C} w_l [l] \ge b, \qquad s = \sum_{l \in C \text{ not false}} w_l - b

and every literal that is not false, with :math:`w_l > s`, has to be true; where :math:`s < 0`, nothing is left. What a
literal alone entails is propagated once, and kept. The fixpoint is the one of :mod:`.propagation`, as a set of
implications has one only; a whole set of literals is looked at by one operation on numbers here.

Rows are looked at again only where one of the literals that they *watch* becomes false (M. W. Moskewicz et al., *Chaff:
engineering an efficient SAT solver*, DAC 2001): b + 1 that are not false, where all weights are 1. Rows all of whose
literals are settled by any single one that is false need no look at all.
"""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from .limits import ROUND, Array

MOST = 4096  # variables: what literals entail is kept, quadratic in their number

Terms = Sequence[tuple[int, float]]


@dataclass(frozen=True)
class Clause:
    """Literals of which a least weight has to be true; ``classes`` are (weight, its literals), heaviest first."""

    literals: int
    classes: tuple[tuple[float, int], ...]
    needed: float

    def forced(self, false: int) -> int | None:
        """Return the literals that have to be true; None where nothing is left."""
        left = self.literals ^ (self.literals & false)
        spare = -self.needed
        for weight, members in self.classes:
            spare += weight * (left & members).bit_count()
        if spare < -ROUND * (1 + abs(self.needed)):
            return None
        forced = 0
        for weight, members in self.classes:
            if weight * (1 - ROUND) <= spare:
                break
            forced |= left & members
        return forced

    @cached_property
    def count(self) -> int:
        """How many literals have to be true where all weigh the same, else 0."""
        return math.ceil(self.needed / self.classes[0][0] - ROUND) if len(self.classes) == 1 else 0

    @cached_property
    def settled_by_one(self) -> bool:
        """Whether any false literal forces all others."""
        weights = [weight for weight, _ in self.classes]
        spare = sum(weight * members.bit_count() for weight, members in self.classes) - self.needed
        return spare - weights[-1] < weights[-1] * (1 - ROUND)

    def watch(self, true: int, false: int) -> int:
        """Return literals that are not false, of which one has to become false before others are forced."""
        if sum(weight * (members & true).bit_count() for weight, members in self.classes) >= self.needed:
            return 0
        left = self.literals ^ (self.literals & false)
        return _lowest(left, self.count + 1) if self.count else left


def clause_of(terms: Terms, lower: Sequence[float], variables: int, least: float) -> Clause | None:
    """Return what ``sum a x >= least`` says of two-valued variables, x = lower + bit; None where it cannot bind."""
    if not math.isfinite(least):
        return None
    weights: dict[float, int] = {}
    needed = least
    for j, a in terms:
        needed -= a * lower[j] + min(a, 0.0)
        weights[abs(a)] = weights.get(abs(a), 0) | 1 << (j if a > 0 else variables + j)
    classes = tuple(sorted(weights.items(), reverse=True))
    literals = 0
    for _, members in classes:
        literals |= members
    return Clause(literals, classes, needed) if needed > 0 else None


class TwoValued:
    """Rows over variables of two values."""

    def __init__(self, variables: int, clauses: Sequence[Clause], fixed: Sequence[int]) -> None:
        """Propagate the rows; ``consistent`` tells whether they leave anything.

        :param fixed: literals that are true.
        """
        self.variables = variables
        literals = 2 * variables
        self._bit = [1 << k for k in range(literals)]
        self._negation = [*range(variables, literals), *range(variables)]
        self._impossible = 1 << literals  # is true from the start, so that what would make it false is refused
        self._full = (self._impossible << 1) - 1
        self._with: list[list[Clause]] = [[] for _ in range(literals)]
        for clause in clauses:
            for literal in _members(clause.literals):
                self._with[literal].append(clause)
        self._true = self._false = 0
        root = self._closed(0, 0, fixed, clauses)
        self.consistent = root is not None
        self._true, self._false = root or (0, 0)
        self._entailed: list[tuple[int, int, int] | None] = [None] * literals
        self._watching = [clause for clause in clauses if not clause.settled_by_one]
        self._one_of = [clause.literals if clause.count == 1 else 0 for clause in self._watching]
        self._start = None
        if self.consistent:
            true = self._true | self._impossible
            everywhere = [clause.literals for clause in self._watching]
            self._start = self._settled(true, true | self._false, everywhere, self._full)

    def fix_all(self, wished: Array) -> Array:
        """Return the bits of the variables for orders of literals, one in a row; see :meth:`fix`."""
        size = (2 * self.variables + 8) // 8
        found = b"".join([self.fix(row).to_bytes(size, "little") for row in wished.tolist()])
        table = np.frombuffer(found, dtype=np.uint8).reshape(len(wished), size)
        return np.unpackbits(table, axis=1, count=self.variables, bitorder="little")

    def fix(self, wished: Sequence[int]) -> int:
        """Make literals true in this order, or their negations where the rows leave only these.

        Where neither will do, the rest is set as wished. All of a variable's literals must be among those wished.
        """
        if self._start is None:
            raise ValueError("the rows contradict each other")
        true, done, watch, watched = self._start
        for k, literal in enumerate(wished):
            if self._bit[literal] & done:
                continue
            for attempt in (literal, self._negation[literal]):
                entailed, refuted, both = self._entailed[attempt] or self._entail(attempt)
                if refuted & true:
                    continue
                if not refuted & watched:
                    true, done = true | entailed, done | both
                    break
                state = self._settled(true | entailed, done | both, watch, refuted)
                if state is not None:
                    true, done, watch, watched = state
                    break
            else:
                return self._as_wished(true, done, wished[k:])
            if done == self._full:
                break
        return true

    def _as_wished(self, true: int, done: int, wished: Sequence[int]) -> int:
        for literal in wished:
            if not self._bit[literal] & done:
                true |= self._bit[literal]
        return true

    def _settled(self, true: int, done: int, watch: list[int], fresh: int) -> tuple[int, int, list[int], int] | None:
        """Propagate the rows that watch a literal which has become false; None where nothing is left somewhere.

        :param fresh: literals, all those that have become false among them.
        """
        watch = watch.copy()
        false = done ^ true
        while fresh:
            looked, fresh = fresh, 0
            for i, watched in enumerate(watch):
                if not watched & looked:
                    continue
                one = self._one_of[i]
                if one & true:
                    watch[i] = 0
                    continue
                if one:  # most rows: one of these has to be true
                    left = forced = one ^ (one & false)
                    rest = left & (left - 1)
                    if rest:
                        watch[i] = left ^ (rest & (rest - 1))
                        continue
                    if not left:
                        return None
                    watch[i] = 0
                else:
                    clause = self._watching[i]
                    found = clause.forced(false)
                    if found is None:
                        return None
                    watch[i], forced = clause.watch(true, false), found ^ (found & true)
                for literal in _members(forced):
                    entailed, refuted, both = self._entailed[literal] or self._entail(literal)
                    if refuted & true:
                        return None
                    true, done, fresh = true | entailed, done | both, fresh | refuted
                    false = done ^ true
                    looked |= refuted
        union = 0
        for watched in watch:
            union |= watched
        return true, done, watch, union

    def _entail(self, literal: int) -> tuple[int, int, int]:
        """Return what a literal alone makes true, what it makes false, and both."""
        closed = self._closed(self._true, self._false, [literal], ())
        true, false = closed or (0, self._impossible)
        self._entailed[literal] = found = true, false, true | false
        return found

    def _closed(
        self, true: int, false: int, literals: Sequence[int], first: Sequence[Clause]
    ) -> tuple[int, int] | None:
        """Return all that literals entail, from all rows; None where they contradict each other."""
        waiting, rows = list(literals), list(first)
        while waiting or rows:
            if waiting:
                literal = waiting.pop()
                if self._bit[literal] & false:
                    return None
                if not self._bit[literal] & true:
                    true |= self._bit[literal]
                    false |= self._bit[self._negation[literal]]
                    rows += self._with[self._negation[literal]]
                continue
            forced = rows.pop().forced(false)
            if forced is None:
                return None
            waiting += _members(forced ^ (forced & true))
        return true, false


def _members(bits: int) -> Iterator[int]:
    """Yield the places of bits, from the lowest."""
    while bits:
        lowest = bits & -bits
        yield lowest.bit_length() - 1
        bits ^= lowest


def _lowest(bits: int, count: int) -> int:
    """Return the lowest so many bits."""
    rest = bits
    for _ in range(count):
        rest &= rest - 1
    return bits ^ rest
