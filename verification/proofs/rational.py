"""Linear equations in fractions, sparse, one after the other."""

from collections import Counter
from collections.abc import Iterable
from fractions import Fraction
from typing import TypeVar

Key = TypeVar("Key")
Equation = tuple[dict[Key, Fraction], Fraction]  # sum of coefficient * unknown = number

LARGEST_WORK = 5_000_000  # multiplications after which a system counts as too large


class Equations:
    """Equations that are taken in order: one that follows from, or contradicts, those before it changes nothing."""

    def __init__(self, usage: Counter | None = None) -> None:
        self.usage = usage or Counter()
        self.pivots: dict = {}  # unknown -> (position, other terms, number): unknown = number - other terms
        self.work = 0

    def add(self, terms: dict, number: Fraction) -> bool | None:
        """Take an equation; True if it says something new, None if it follows, False if it contradicts."""
        terms, number = self._reduced(terms, number)
        if not terms:
            return None if number == 0 else False
        unknown = min(terms, key=lambda key: self.usage[key])
        scale = terms.pop(unknown)
        self.pivots[unknown] = (len(self.pivots), {k: a / scale for k, a in terms.items()}, number / scale)
        return True

    def _reduced(self, terms: dict, number: Fraction) -> tuple[dict, Fraction]:
        terms = {k: a for k, a in terms.items() if a}
        while known := [k for k in terms if k in self.pivots]:
            unknown = min(known, key=lambda k: self.pivots[k][0])
            weight = terms.pop(unknown)
            _, others, constant = self.pivots[unknown]
            number -= weight * constant
            self.work += len(others) + 1
            for k, a in others.items():
                total = terms.get(k, Fraction(0)) - weight * a
                if total:
                    terms[k] = total
                else:
                    terms.pop(k, None)
            if self.work > LARGEST_WORK:
                raise OverflowError("too large for exact elimination")
        return terms, number

    def solution(self, free: dict | None = None) -> dict:
        """Return the value of every unknown; those that no equation settles have the value in ``free``, or 0."""
        values = dict(free or {})
        for unknown, (_, others, number) in sorted(self.pivots.items(), key=lambda item: -item[1][0]):
            values[unknown] = number - sum(a * values.get(k, Fraction(0)) for k, a in others.items())
        return values


def solve(equations: Iterable[Equation]) -> dict | None:
    """Return a solution of all equations; None if there is none, or it is too large to be found."""
    ordered = sorted(equations, key=lambda equation: len(equation[0]))
    found = Equations(Counter(k for terms, _ in ordered for k in terms))
    try:
        if any(found.add(terms, number) is False for terms, number in ordered):
            return None
    except OverflowError:
        return None
    return found.solution()
