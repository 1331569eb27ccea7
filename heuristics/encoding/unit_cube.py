r"""A decision of the leader as a point of the unit cube, for methods that move points.

Searched are leader variables that followers see, and integer ones; each dimension is a variable's range,
:math:`x_j = l_j + p_j (u_j - l_j)`, integers rounded. Decoding also *repairs* what the leader's linear rows say of the
decision alone:

1. rows with continuous variables only: alternating projections onto half-spaces and box, which move all variables a
   little instead of some of them far (Agmon 1954; Bregman 1965);
2. all rows: fix and propagate (:mod:`.propagation`), integers first, surest roundings first.

The point becomes that of the repaired decision (an integer keeps its fraction while the rounding stands). What no
repair mends is measured, for Deb's rules: less violation first, then the better objective.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from pyomo.core.base.var import VarData
from scipy.sparse import csr_array

from .limits import Array, Limits
from .propagation import Propagator

SWEEPS = 200  # of the alternating projections


@dataclass(frozen=True)
class Encoding:
    """Between points of the unit cube and decisions; see the module, and :mod:`.decision_space`, which makes it.

    ``decision`` are all leader variables that are fixed before the followers react, ``searched`` the indices of those
    that have a dimension; the others are settled by rows, or stay near ``targets``. ``groups`` are their turns when
    decoded; ``matrix`` and ``limits`` the leader's linear rows over the decision alone.
    """

    decision: tuple[VarData, ...]
    searched: Array
    lower: Array
    upper: Array
    integer: Array
    targets: Array
    groups: Array
    matrix: csr_array
    limits: Limits
    propagator: Propagator

    @property
    def dimensions(self) -> int:
        """Length of a point."""
        return int(self.searched.size)

    def decode(self, point: Array, rng: np.random.Generator) -> tuple[Array, Array]:
        """Return the repaired decision of a point, and the point moved there."""
        decisions, moved = self.repaired_all(point[None], self.draws(1, rng))
        return decisions[0], moved[0]

    def draws(self, count: int, rng: np.random.Generator) -> Array:
        """Return the random numbers that decoding so many points takes, those of a point in a row."""
        return rng.random((count, self.targets.size))

    def repaired_all(self, points: Array, draws: Array) -> tuple[Array, Array]:
        """Return the repaired decisions of many points, and the points moved there, one in a row.

        None depends on the others, to the last bit: sums are taken along rows that are contiguous in memory.
        """
        points = np.clip(points, 0.0, 1.0)
        wished = np.tile(self.targets, (len(points), 1))
        wished[:, self.searched] = self._from_unit(points)
        self._project(wished)
        x = self.propagator.fix_all(wished, self._orders(wished, draws))
        numbers = x[:, self.searched]
        kept = self.integer[self.searched] & (numbers == np.rint(wished[:, self.searched]))
        return x, np.where(kept, points, self._to_unit(numbers))

    def point(self, x: Array) -> Array:
        """Return the point of the cube that is nearest to numbers of the decision."""
        return np.clip(self._to_unit(x[self.searched]), 0.0, 1.0)

    def snapped(self, points: Array) -> Array:
        """Return the points with each integer coordinate where its number is."""
        width = (self.upper - self.lower)[self.searched]
        return np.where(self.integer[self.searched], np.round(points * width) / width, points)

    def changed(self, points: Array, where: Array, step: float, jump: float, rng: np.random.Generator) -> Array:
        """Return the points with these coordinates changed: integers by one, others by a Gaussian step.

        :param step: standard deviation of the Gaussian steps, as a share of the range.
        :param jump: share of the changes that go anywhere in the range instead.
        """
        width = (self.upper - self.lower)[self.searched]
        number = np.round(points * width)
        by_one = number + rng.choice([-1.0, 1.0], points.shape)
        by_one = np.where((by_one < 0) | (by_one > width), 2 * number - by_one, by_one)  # off the end: the other way
        near = np.where(self.integer[self.searched], by_one / width, points + step * rng.standard_normal(points.shape))
        anywhere = rng.random(points.shape) < jump
        return np.where(where, np.where(anywhere, rng.random(points.shape), np.clip(near, 0.0, 1.0)), points)

    def violation(self, x: Array) -> float:
        """Return by how much the decision violates the leader's own rows, relative to their limits."""
        return float(self.violations(x[None])[0])

    def violations(self, decisions: Array) -> Array:
        """Return :meth:`violation` of many decisions, one in a row."""
        values = np.ascontiguousarray((self.matrix @ decisions.T).T)
        return np.asarray(self.limits.excess(values).sum(axis=1))

    def named(self, x: Array) -> dict[str, float]:
        """Return name of variable -> number."""
        return {v.name: float(number) for v, number in zip(self.decision, x, strict=True)}

    def _from_unit(self, point: Array) -> Array:
        low, high = self.lower[self.searched], self.upper[self.searched]
        return low + point * (high - low)

    def _to_unit(self, numbers: Array) -> Array:
        low, high = self.lower[self.searched], self.upper[self.searched]
        return np.asarray((numbers - low) / np.where(high > low, high - low, 1.0))

    def _orders(self, wished: Array, draws: Array) -> Array:
        """Return the orders of fixing: by group, then surest roundings first, then at random.

        All three and the variable's index are one whole number each, as numbers are sorted faster than by three keys;
        doubts that differ by less than its resolution (1e-5 with a thousand variables) are equal.
        """
        count = self.groups.size
        last = int(count - 1).bit_length()
        turns = int(self.groups.max(initial=0)).bit_length()
        half = (63 - last - turns) // 2
        doubt = np.where(self.integer, np.abs(wished - np.rint(wished)), 0.0)
        scale = float(1 << half)
        keys = self.groups.astype(np.int64) << half | (doubt * scale).astype(np.int64)
        keys = keys << half | (draws * scale).astype(np.int64)
        keys = np.sort(keys << last | np.arange(count), axis=1)
        return np.asarray(keys & ((1 << last) - 1))

    def _project(self, wished: Array) -> None:
        """Move continuous variables to where the rows that hold only such ones are satisfied."""
        width = self.upper - self.lower
        for _ in range(SWEEPS if self._continuous_rows else 0):
            moved = False
            for r, columns, a in self._continuous_rows:
                held = np.take(wished, columns, axis=1)
                excess = (held * a).sum(axis=1)
                distance = np.maximum(excess - self.limits.upper[r], 0.0) + np.minimum(
                    excess - self.limits.lower[r], 0.0
                )
                far = np.flatnonzero(np.abs(distance) > 1e-9 * (1 + np.abs(excess)))
                if not far.size:
                    continue
                moved = True
                step = a * width[columns]  # distances are measured in the unit cube
                held = held[far] - (distance[far] / (step @ step))[:, None] * (step * width[columns])
                wished[far[:, None], columns] = np.clip(held, self.lower[columns], self.upper[columns])
            if not moved:
                break

    @cached_property
    def _continuous_rows(self) -> Sequence[tuple[int, Array, Array]]:
        found = []
        for r in range(self.matrix.shape[0]):
            part = slice(self.matrix.indptr[r], self.matrix.indptr[r + 1])
            columns, a = self.matrix.indices[part], self.matrix.data[part]
            if not self.integer[columns].any() and (a * (self.upper - self.lower)[columns]).any():
                found.append((r, columns, a))
        return found
