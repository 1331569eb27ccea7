"""Steps of the exchange search: a decision, changed in few of its variables, that still keeps the leader's rows."""

import math
from itertools import pairwise

import numpy as np
from scipy.sparse import csr_array

from .encoding.limits import FEASIBLE, Array
from .encoding.unit_cube import Encoding
from .follower.bilinear import Bilinear

LEAST = 0.05
"""Share of the steps that a kind has, whatever it brought."""
MEMORY = 0.99
"""What a step leaves of the memory of those before."""
JUMP = 0.3
"""Share of a continuous variable's single moves that go anywhere."""
NEAR = 0.7
"""Share of the swaps whose partner is near."""
SHARE = 0.2
"""Of a continuous variable's range: the most that one step moves."""
ROUND = 1e-9


class Steps:
    """Draws steps from decisions of an encoding.

    :param followers: the followers' rows, which tell who is near whom; without any, all are.
    """

    def __init__(self, encoding: Encoding, followers: Bilinear | None) -> None:
        self._encoding = encoding
        self._searched = encoding.searched
        self._lower, self._upper, self._integer = encoding.lower, encoding.upper, encoding.integer
        self._row_lower, self._row_upper = encoding.limits.lower.tolist(), encoding.limits.upper.tolist()
        matrix, searched = encoding.matrix.tocsr(), set(self._searched.tolist())
        self._terms = [
            (matrix.indices[start:end], matrix.data[start:end]) for start, end in pairwise(matrix.indptr.tolist())
        ]
        self._settled_in = [[j for j in columns.tolist() if j not in searched] for columns, _ in self._terms]
        self._entries: list[list[tuple[int, float]]] = [[] for _ in encoding.lower]
        for r, (columns, numbers) in enumerate(self._terms):
            for j, a in zip(columns.tolist(), numbers.tolist(), strict=True):
                if a:
                    self._entries[j].append((r, a))
        self._near = _near(followers, self._searched)
        self._kinds = (self._transfer, self._swap, self._empty, self._fill, self._single)
        self._tried, self._better = np.ones(len(self._kinds)), np.ones(len(self._kinds))
        self._last = 0

    def draw(self, x: Array, rng: np.random.Generator) -> Array | None:
        """Return another decision, None if the step that was drawn breaks a row of the leader (or moves nothing)."""
        if not self._searched.size:
            return None
        moved = x.copy()
        rates = self._better / self._tried
        shares = LEAST + (1 - LEAST * rates.size) * rates / rates.sum()
        self._last = int(rng.choice(rates.size, p=shares / shares.sum()))
        self._kinds[self._last](moved, rng)
        changed = np.flatnonzero(moved != x)
        if not changed.size:
            return None
        return moved if self._settle(moved, changed) else None

    def learn(self, better: bool) -> None:
        """Note whether the step that was drawn last was an improvement."""
        self._tried[self._last] = MEMORY * self._tried[self._last] + 1
        self._better[self._last] = MEMORY * self._better[self._last] + better + (1 - MEMORY)

    def _transfer(self, x: Array, rng: np.random.Generator) -> None:
        givers = self._above(x)
        if givers.size > 1:
            a, b = (int(k) for k in rng.choice(givers, 2, replace=False))
            self._hand(x, a, b, self._unit(a, b, rng))

    def _swap(self, x: Array, rng: np.random.Generator) -> None:
        givers = self._above(x)
        if givers.size:
            a = int(rng.choice(givers))
            near = self._near[a] if rng.random() < NEAR else self._searched
            others = near[x[near] != x[a]]
            resting = others[x[others] <= self._lower[others] + ROUND]
            if others.size:
                b = int(rng.choice(resting if resting.size else others))
                x[a], x[b] = self._within(a, x[b]), self._within(b, x[a])

    def _empty(self, x: Array, rng: np.random.Generator) -> None:
        givers = self._above(x)
        if not givers.size:
            return
        a = int(rng.choice(givers))
        takers = givers[givers != a]
        takers = takers[x[takers] < self._upper[takers] - ROUND]
        while takers.size and x[a] > self._lower[a] + ROUND:
            b = int(rng.choice(takers))
            if not self._hand(x, a, b, self._unit(a, a, rng)):
                takers = takers[takers != b]

    def _fill(self, x: Array, rng: np.random.Generator) -> None:
        resting = self._searched[x[self._searched] <= self._lower[self._searched] + ROUND]
        if not resting.size:
            return
        a = int(rng.choice(resting))
        for _ in range(rng.integers(1, 2 + max(0, math.ceil((self._upper[a] - x[a]) / self._unit(a, a, rng))) // 2)):
            givers = self._above(x)
            givers = givers[givers != a]
            if not givers.size:
                return
            self._hand(x, int(rng.choice(givers)), a, self._unit(a, a, rng))

    def _single(self, x: Array, rng: np.random.Generator) -> None:
        a = self._any(rng)
        if not self._integer[a] and rng.random() < JUMP:
            x[a] = self._lower[a] + rng.random() * (self._upper[a] - self._lower[a])
        else:
            x[a] = self._within(a, x[a] + self._unit(a, a, rng) * rng.choice((-1.0, 1.0)))

    def _any(self, rng: np.random.Generator) -> int:
        return int(self._searched[rng.integers(self._searched.size)])

    def _above(self, x: Array) -> Array:
        """Return the searched variables above their lower bounds."""
        return self._searched[x[self._searched] > self._lower[self._searched] + ROUND]

    def _unit(self, a: int, b: int, rng: np.random.Generator) -> float:
        if self._integer[a] or self._integer[b]:
            return 1.0
        return float(SHARE * max(rng.random(), 0.1) * (self._upper[a] - self._lower[a]))

    def _hand(self, x: Array, a: int, b: int, amount: float) -> bool:
        """Take an amount from a, as far as it goes, and give it to b, as far as that goes; whether there was any."""
        given = min(amount, x[a] - self._lower[a], self._upper[b] - x[b])
        if self._integer[a] or self._integer[b]:
            given = math.floor(given + ROUND)
        if given <= 0 or a == b:
            return False
        x[a] -= given
        x[b] += given
        return True

    def _within(self, a: int, number: float) -> float:
        number = min(max(number, self._lower[a]), self._upper[a])
        return float(round(number)) if self._integer[a] else number

    def _settle(self, x: Array, changed: Array) -> bool:
        """Let what is not searched follow, one after the other; whether the leader's rows still hold."""
        rows = dict.fromkeys(r for j in changed.tolist() for r, _ in self._entries[j])
        for j in dict.fromkeys(j for r in rows for j in self._settled_in[r]):
            low, high = self._left(x, j)
            if low > high:
                return False
            x[j] = min(max(x[j], low), high)
            rows.update(dict.fromkeys(r for r, _ in self._entries[j]))
        for r in rows:
            activity = self._activity(x, r)
            slack = FEASIBLE * (1 + abs(activity))
            if not self._row_lower[r] - slack <= activity <= self._row_upper[r] + slack:
                return False
        return True

    def _left(self, x: Array, j: int) -> tuple[float, float]:
        """Return the range that the rows leave to a variable while all others stay."""
        low, high = float(self._lower[j]), float(self._upper[j])
        for r, a in self._entries[j]:
            rest = self._activity(x, r) - a * x[j]
            ends = (self._row_lower[r] - rest) / a, (self._row_upper[r] - rest) / a
            low, high = max(low, min(ends)), min(high, max(ends))
        return (math.ceil(low - FEASIBLE), math.floor(high + FEASIBLE)) if self._integer[j] else (low, high)

    def _activity(self, x: Array, row: int) -> float:
        columns, numbers = self._terms[row]
        return float(numbers @ x[columns])


def _near(followers: Bilinear | None, searched: Array) -> dict[int, Array]:
    """Return whom each searched variable meets in the followers' rows, directly or through one row between."""
    if followers is None:
        return {int(a): searched[searched != a] for a in searched}
    meets = _pattern(followers.linear)
    r, _, j, _ = followers.terms
    meets = meets + csr_array((np.ones(r.size), (r, j)), shape=meets.shape)
    rows = _pattern(followers.matrix)
    step = rows @ rows.T
    close = (meets.T @ (step @ (step @ meets))).tocsr()
    found = {}
    for a in searched.tolist():
        partners = close.indices[close.indptr[a] : close.indptr[a + 1]]
        found[a] = np.intersect1d(partners[partners != a], searched)
    return found


def _pattern(matrix: csr_array) -> csr_array:
    return csr_array((np.ones(matrix.data.size), matrix.indices, matrix.indptr), shape=matrix.shape)
