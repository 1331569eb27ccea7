"""Fix and propagate: numbers for the leader's variables that respect the leader's rows, near those wished for.

One variable after the other takes the number nearest to its target that is left to it, and the rows tell what that
leaves to the others (activity bounds). Where nothing is left to some other variable, the step is taken back and the
variable goes to the other end of its range; if that fails too, the rest is set without regard to the rows.

Source: T. Achterberg, T. Berthold and G. Hendel, *Rounding and propagation heuristics for mixed integer programming*,
Operations Research Proceedings 2011.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from .limits import ROUND, Array
from .two_valued import MOST, TwoValued, clause_of

PROGRESS = 1e-3  # a continuous range is cut where that removes this share of it


@dataclass(frozen=True)
class LinearRow:
    """lower <= sum a x <= upper over (index, a)."""

    terms: tuple[tuple[int, float], ...]
    lower: float
    upper: float


class Propagator:
    """The rows and ranges of the variables of a decision."""

    def __init__(
        self, rows: Sequence[LinearRow], lower: Sequence[float], upper: Sequence[float], integer: Sequence[bool]
    ) -> None:
        self.rows = tuple(rows)
        self.lower, self.upper, self.integer = list(lower), list(upper), list(integer)
        self.of_variable: list[list[tuple[int, float]]] = [[] for _ in lower]
        for r, row in enumerate(self.rows):
            for j, a in row.terms:
                self.of_variable[j].append((r, a))
        self.rows_of = [[r for r, _ in terms] for terms in self.of_variable]
        # An integer variable whose ends are no integers is rounded by the first row that looks at it.
        ends = list(zip(lower, upper, integer, strict=True))
        self.regular = [low <= high and not (whole and (low % 1 or high % 1)) for low, high, whole in ends]
        self.plain = []  # of each row: sides, the most that one variable can do, terms with the size of the coefficient
        for row in self.rows:
            widest = max((abs(a) * (upper[j] - lower[j]) for j, a in row.terms), default=0.0)
            self.plain.append((row.lower, row.upper, widest, tuple((j, a, abs(a)) for j, a in row.terms)))
        self._root = _Ranges(self)
        self._root.propagate(range(len(self.rows)))

    def fix(self, targets: Sequence[float], order: Sequence[int]) -> tuple[list[float], list[bool]]:
        """Return numbers near the targets, and which of them the rows left no choice for at their turn."""
        ranges = self._root.copy()
        settled = [False] * len(targets)
        consistent = True
        for j in order:
            if consistent:
                consistent, settled[j] = ranges.fix(j, targets[j])
            else:
                ranges.set(j, ranges.nearest(j, targets[j]))
        return ranges.low, settled

    def fix_all(self, targets: Array, orders: Array) -> Array:
        """Return what :meth:`fix` does for many targets and orders, one in a row."""
        bits = self._bits
        if bits is None:
            pairs = zip(targets.tolist(), orders.tolist(), strict=True)
            return np.array([self.fix(wished, order)[0] for wished, order in pairs]).reshape(targets.shape)
        lower = np.array(self.lower)
        down = np.rint(np.clip(targets, lower, self.upper)) == lower
        wished = orders + bits.variables * np.take_along_axis(down, orders, axis=1)
        return lower + bits.fix_all(wished)

    @cached_property
    def _bits(self) -> TwoValued | None:
        """The same where every variable has two values at most, and the rows leave anything."""
        width = [high - low for low, high in zip(self.lower, self.upper, strict=True)]
        if len(width) > MOST or not all(self.regular) or not all(self.integer) or max(width, default=0.0) > 1:
            return None
        sides = [
            clause_of([(j, sign * a) for j, a in row.terms], self.lower, len(width), sign * limit)
            for row in self.rows
            for sign, limit in ((1.0, row.lower), (-1.0, row.upper))
        ]
        fixed = [len(width) + j for j, wide in enumerate(width) if not wide]
        bits = TwoValued(len(width), [clause for clause in sides if clause is not None], fixed)
        return bits if bits.consistent else None


class _Ranges:
    """What is left to each variable, and the least and greatest activity of each row."""

    def __init__(self, system: Propagator) -> None:
        self.system = system
        self.low, self.high = list(system.lower), list(system.upper)
        self.least = [sum(a * (self.low if a > 0 else self.high)[j] for j, a in row.terms) for row in system.rows]
        self.most = [sum(a * (self.high if a > 0 else self.low)[j] for j, a in row.terms) for row in system.rows]
        self.trail: list[tuple[int, float, float]] = []

    def copy(self) -> "_Ranges":
        other = object.__new__(_Ranges)
        other.system, other.trail = self.system, []
        other.low, other.high = self.low.copy(), self.high.copy()
        other.least, other.most = self.least.copy(), self.most.copy()
        return other

    def nearest(self, j: int, target: float) -> float:
        """Return the number left to a variable that is nearest to the target."""
        number = min(max(target, self.low[j]), self.high[j])
        return float(round(number)) if self.system.integer[j] else number

    def fix(self, j: int, target: float) -> tuple[bool, bool]:
        """Fix a variable near its target; return whether the rows can still hold, and whether it had no choice."""
        if self.low[j] == self.high[j]:
            return True, True
        mark = len(self.trail)
        rows = self.system.rows_of[j]
        if not self._tighten_by_rows(j):
            self.set(j, self.nearest(j, target))
            return False, False
        settled = self.low[j] == self.high[j]
        number = self.nearest(j, target)
        ends = (self.low[j], self.high[j])
        if self._attempt(j, number, rows):
            return True, settled
        for end in ends if number == ends[1] else ends[::-1]:
            if end != number and self._attempt(j, end, rows):
                return True, settled
        self._undo(mark)
        self.set(j, number)
        return False, settled

    def _attempt(self, j: int, number: float, rows: Sequence[int]) -> bool:
        """Leave one number to a variable, unless that leaves nothing to another."""
        start = len(self.trail)
        self.set(j, number)
        if self.propagate(rows):
            return True
        self._undo(start)
        return False

    def set(self, j: int, number: float) -> None:
        """Leave one number to a variable."""
        self._change(j, number, number)

    def propagate(self, rows: Sequence[int]) -> bool:
        """Tighten what the rows leave, until nothing moves; False if nothing is left somewhere."""
        system, low, high, least, most = self.system, self.low, self.high, self.least, self.most
        regular = system.regular
        waiting = list(rows)
        queued = set(waiting)
        while waiting:
            r = waiting.pop()
            queued.discard(r)
            lower, upper, widest, terms = system.plain[r]
            room = min(upper - least[r], most[r] - lower)
            if room >= widest:
                continue  # whatever one variable does, the others can make up for it
            tolerance = ROUND * (1 + max(abs(least[r]), abs(most[r])))
            if least[r] > upper + tolerance or most[r] < lower - tolerance:
                return False
            for j, a, size in terms:
                reach = size * (high[j] - low[j])
                if reach == 0.0 or (reach <= room and regular[j]):
                    continue  # fixed, or the row leaves all of the range
                new_low, new_high = self._left(r, j, a)
                if new_low > new_high:
                    return False
                if self._worth(j, new_low, new_high):
                    self._change(j, new_low, new_high)
                    room = min(upper - least[r], most[r] - lower)
                    for other in system.rows_of[j]:
                        if other not in queued:
                            queued.add(other)
                            waiting.append(other)
        return True

    def _tighten_by_rows(self, j: int) -> bool:
        """Cut a variable's range by all of its rows; False if nothing is left."""
        spared = self.system.integer[j] and self.system.regular[j]
        for r, a in self.system.of_variable[j]:
            if spared:
                row, reach = self.system.rows[r], abs(a) * (self.high[j] - self.low[j])
                if min(row.upper - self.least[r], self.most[r] - row.lower) >= reach:
                    continue  # the row leaves all of the range
            low, high = self._left(r, j, a)
            if low > high:
                return False
            if low > self.low[j] or high < self.high[j]:
                self._change(j, low, high)
        return True

    def _left(self, r: int, j: int, a: float) -> tuple[float, float]:
        """Return the range that one row leaves to a variable, within the one it has."""
        row, low, high = self.system.rows[r], self.low[j], self.high[j]
        size = abs(a)
        up = (row.upper - self.least[r]) / size
        down = (self.most[r] - row.lower) / size
        if a < 0:
            up, down = down, up
        new_low, new_high = max(low, high - down), min(high, low + up)
        if self.system.integer[j]:
            new_low, new_high = math.ceil(new_low - ROUND), math.floor(new_high + ROUND)
        elif new_low > new_high and new_low - new_high <= ROUND * (1 + abs(new_low)):
            new_low = new_high = min(max(0.5 * (new_low + new_high), low), high)
        return new_low, new_high

    def _worth(self, j: int, low: float, high: float) -> bool:
        if self.system.integer[j]:
            return low > self.low[j] or high < self.high[j]
        return (self.high[j] - self.low[j]) - (high - low) > PROGRESS * (self.system.upper[j] - self.system.lower[j])

    def _change(self, j: int, low: float, high: float) -> None:
        self.trail.append((j, self.low[j], self.high[j]))
        self._move(j, low, high)

    def _move(self, j: int, low: float, high: float) -> None:
        up, down = high - self.high[j], low - self.low[j]
        least, most = self.least, self.most
        for r, a in self.system.of_variable[j]:
            if a > 0:
                least[r] += a * down
                most[r] += a * up
            else:
                least[r] += a * up
                most[r] += a * down
        self.low[j], self.high[j] = low, high

    def _undo(self, mark: int) -> None:
        while len(self.trail) > mark:
            self._move(*self.trail.pop())
