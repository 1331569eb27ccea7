"""A second opinion on whether a file is a proof: another way to decide it, in fractions and recursively.

It shares the derivation of the KKT conditions with the checker (which is tested by itself), and nothing of how a tree,
weights or a point are checked.
"""

import math
from collections import Counter
from collections.abc import Iterator
from fractions import Fraction
from typing import Any

from bilevolt.verification import replay

Data = dict[str, Any]
Ends = list[Any]  # Fraction, or an infinite float
INFINITY = float("inf")


def still_a_proof(data: Data) -> bool:
    """Decide whether the tree proves the claim, and the point keeps everything and attains what is stated."""
    system = replay.derive(data["problem"])
    sign = data["problem"]["leader"]["sense"]
    claim = sign * Fraction(data["bound"])
    try:
        proves = _Tree(system, claim).holds(iter(data["tree"]), list(system.lower), list(system.upper))
    except (KeyError, StopIteration):
        return False
    point = [Fraction(v) for v in data["point"]]
    return proves and _keeps(system, point) and _at(system.objective, point) * sign == Fraction(data["attained"])


def _at(expression: Any, point: list[Fraction]) -> Fraction:
    return Fraction(sum(a * math.prod(point[j] for j in m) for m, a in expression.items()))


def _keeps(system: replay.System, point: list[Fraction]) -> bool:
    rows = all(low <= _at(body, point) <= high for _, body, low, high in system.rows[: system.conditions])
    ends = all(low <= v <= high for low, v, high in zip(system.lower, point, system.upper, strict=True))
    whole = all(point[j].denominator == 1 for j in system.integer)
    return rows and ends and whole and all(point[a] * point[b] == 0 for a, b in system.pairs.values())


class _Tree:
    """Whether a tree proves a claim."""

    def __init__(self, system: replay.System, claim: Fraction) -> None:
        self.system, self.claim = system, claim
        self.rows = [*system.rows, ("claim", system.objective, -INFINITY, claim)]
        self.twins = {a: b for pair in system.pairs.values() for a, b in (pair, pair[::-1])}

    def holds(self, nodes: Iterator[Any], low: Ends, high: Ends) -> bool:
        """Decide it for what the nodes describe next: the part of the problem with these bounds."""
        kind, *said = next(nodes)
        if kind == "bounds":
            low, high = list(low), list(high)
            return all(self._derived(low, high, *one) for one in said[0]) and self.holds(nodes, low, high)
        if kind == "leaf":
            return self._closed(low, high, said[0])
        both = []
        for side in (0, 1):
            least, most = list(low), list(high)
            if kind == "pair":
                zero = self.system.pairs[said[0]][side]
                most[zero] = min(most[zero], Fraction(0))
            else:
                j, at = self.system.column[said[0]], Fraction(said[1])
                if side:
                    least[j] = max(least[j], at + (j in self.system.integer))
                else:
                    most[j] = min(most[j], at)
            both.append(self.holds(nodes, least, most))
        return all(both)

    def _derived(self, low: Ends, high: Ends, j: int, side: str, number: Any, weights: Data) -> bool:
        """Decide whether a bound is proven, and set it."""
        sign, bound, most = 1 if side == "lower" else -1, Fraction(number), list(high)
        if side == "upper" and bound >= 0 and j in self.twins:
            most[self.twins[j]] = min(most[self.twins[j]], Fraction(0))
        proven = self._least({(j,): Fraction(sign)}, weights, low, most)
        if j in self.system.integer and abs(proven) != INFINITY:
            proven = Fraction(math.ceil(proven))
        if side == "lower":
            low[j] = max(low[j], bound)
        else:
            high[j] = min(high[j], bound)
        return bool(proven >= sign * bound)

    def _closed(self, low: Ends, high: Ends, said: Data) -> bool:
        (how, weights), *_ = said.items()
        if how == "crossed":
            return bool(low[self.system.column[weights]] > high[self.system.column[weights]])
        if how == "empty":
            return bool(self._least({}, weights, low, high) > 0)
        return bool(self._least(self.system.objective, weights, low, high) >= self.claim)

    def _least(self, target: Any, weights: Data, low: Ends, high: Ends) -> Any:
        """Return the lower bound that weights prove; minus infinity for none."""
        over = Fraction(weights.get("over", 1))
        if over <= 0:
            return -INFINITY
        rest: Counter[tuple[int, ...]] = Counter(target)
        total: Any = Fraction(0)

        def less(body: Any, weight: Fraction) -> None:
            for m, a in body.items():
                m = tuple(sorted(m))
                rest[m] = rest.get(m, Fraction(0)) - weight * a

        def linear(j: int, side: str) -> dict[tuple[int, ...], Any]:
            return {(j,): 1, (): -low[j]} if side == "lower" else {(j,): -1, (): high[j]}

        for i, w in weights.get("rows", ()):
            weight = Fraction(w) / over
            if weight:
                total += weight * (self.rows[i][2] if weight > 0 else self.rows[i][3])
                less(self.rows[i][1], weight)
        for i, j, w in weights.get("multiples", ()):
            _, body, lower, upper = self.rows[i]
            if lower != upper:
                return -INFINITY
            less({(*m, j): a for m, a in body.items()}, Fraction(w) / over)
            less({(j,): -lower}, Fraction(w) / over)
        for i, one, j, two, w in weights.get("corners", ()):
            if Fraction(w) < 0 or INFINITY in map(abs, (linear(i, one)[()], linear(j, two)[()])):
                return -INFINITY
            for m, a in linear(i, one).items():
                less({(*m, *n): a * b for n, b in linear(j, two).items()}, Fraction(w) / over)
        for i, j, w in weights.get("ties", ()):
            if low[i] != high[i]:
                return -INFINITY
            less({(i, j): 1, (j,): -low[i]}, Fraction(w) / over)
        for terms, w in weights.get("squares", ()):
            if Fraction(w) < 0:
                return -INFINITY
            for a, *m in terms:
                less({(*m, *n): Fraction(a) * Fraction(b) for b, *n in terms}, Fraction(w) / over)
        for m, r in rest.items():
            if not r or m in self.system.zero:
                continue
            ends: list[Any] = [Fraction(1)]
            for j in m:
                ends = [Fraction(0) if a == 0 or b == 0 else a * b for a in ends for b in (low[j], high[j])]
            total += r * (min(ends) if r > 0 else max(ends))
            if total == -INFINITY:
                return total
        return total
