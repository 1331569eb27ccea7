r"""Bounds of multipliers that nothing in the problem sees but their own equations, by the vertex argument.

Where columns v occur only in equations among themselves, have no cost, and are in pairs only with others, any v that
fits the others can be replaced by a vertex of

.. math:: P = \{v : E v = c, \; v \ge 0\}

that fits them too, because what fits is a face of P. So the bound of an LP follower's multipliers that is wanted is one
of the vertices of P, although P itself has none. Columns with a single entry (those of the bounds of the follower's
variables) are slacks of their rows: what is left, :math:`\lambda`, is at a vertex determined by the rows J in which no
slack is positive: :math:`D_J` has full rank on the support S of :math:`\lambda`. A vertex beyond M, with
:math:`\mu = \lambda / |\lambda|_\infty` and :math:`\tau = 1 / |\lambda|_\infty`, has

.. math:: D_j^\top \mu = c_j \tau \;\; (j \in J), \quad |\mu|_\infty = 1, \quad 0 \le \tau \le 1 / M,

which for a large M says that large multipliers must nearly cancel out in every row of J: few rows can do that. The
search below shows that no J can: it takes an entry of :math:`\mu` that is 1, and as long as the rows that were chosen
have not full rank on the entries U that are known not to be zero, it branches on the next row of J that raises that
rank; where they have, on an entry being small or not. A linear program without solution closes a node.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy.sparse import coo_array, csc_array, csr_array

from ...connectivity import connected_components
from ..highs import native
from ..program import Array, Program

LARGEST = 1e4
"""What is tried to be proven as M, or less where the rows' slacks would exceed what their pairs may have."""
PROGRAMS, ENTRIES = 40_000, 2_500
"""Linear programs of all blocks together, after which the rest counts as not proven; one with more than so many
entries counts as several."""
LARGEST_BLOCK = 250_000
"""Entries of a block, which is dense."""
SMALL, TINY = 0.1, 1e-4
"""Entries of a normalised vertex are split at this part of their upper bound, but not below that."""
RANK = 1e-10
"""A singular value below it, of rows with entries up to 1, is zero."""
DEEPEST = 200
"""Levels of the search."""
MARGIN = 1e-9
"""By how much ranges are left wider."""
WIDER = 1e-6
"""The same for a slack's bound, relative above 1."""
CERTAIN = 1e-7
"""By how much a dual ray has to contradict a linear program (scaled to entries up to 1)."""


@dataclass(frozen=True)
class Block:
    """D' lambda + slacks = c: of one connected block of columns."""

    columns: Array
    """Of lambda, in the program."""
    free: Array
    matrix: Array
    """D': a row for each equation."""
    right: Array
    above: Array
    below: Array
    """Whether a row has a slack that lets it be above, or below, its right-hand side."""


def vertex_bounds(program: Program, upper: Array, most: float, over: Callable[[], bool] = lambda: False) -> Array:
    """Return an upper bound of each column (inf: none) that holds for a point as good as any other.

    :param upper: proven bounds; of these only zeros are used.
    :param most: bounds of single entries, which follow by their rows, are to be about as small as this.
    :param over: whether to end, without a bound of what is not finished.
    """
    system = _System.of(program, upper)
    bounds, left = np.full(program.columns, np.inf), PROGRAMS
    for block in system.blocks():
        growth = np.abs(block.matrix).sum(axis=1).max(initial=1.0)
        largest = min(LARGEST, most / 2 / growth)
        search = VertexSearch(block, largest, left, over)
        if search.proves():
            bounds[block.columns] = largest
        left = search.left
    system.bound_slacks(bounds)
    return bounds


@dataclass(frozen=True)
class _System:
    """The columns that are seen by their own equations only, and these equations."""

    program: Program
    matrix: csc_array
    rows: Array
    """Mask of the equations."""
    slacks: Array
    """Columns with a single entry: at a vertex, one of each row at most is positive."""
    others: Array

    @classmethod
    def of(cls, program: Program, upper: Array) -> "_System":
        """Find the system in a program, without the columns that are known to be zero."""
        matrix = csc_array(program.matrix)
        matrix.eliminate_zeros()
        own, rows = _own(program, matrix)
        own &= ~((upper[: program.columns] <= 0) & (program.lower == 0))
        columns = np.flatnonzero(own)
        single = (np.diff(matrix.indptr)[columns] == 1) & (program.lower[columns] == 0)
        return cls(program, matrix, rows, columns[single], columns[~single])

    def blocks(self) -> list[Block]:
        """Return the connected parts."""
        program, count = self.program, self.matrix.shape[0]
        part, slack = self.matrix[:, self.others], self.matrix[:, self.slacks]
        above = np.asarray((slack < 0).sum(axis=1)).ravel() > 0
        below = np.asarray((slack > 0).sum(axis=1)).ravel() > 0
        row, column = coo_array(part).coords
        label = connected_components(count + self.others.size, row, count + column)[1]
        made = []
        for which in np.unique(label[count:]):
            columns = self.others[label[count:] == which]
            at = np.flatnonzero(self.rows & (label[:count] == which))
            if columns.size * at.size <= LARGEST_BLOCK:
                free, entries = np.isneginf(program.lower[columns]), self.matrix[:, columns].toarray()[at]
                made.append(Block(columns, free, entries, program.row_lower[at], above[at], below[at]))
        return made

    def bound_slacks(self, bounds: Array) -> None:
        """Bound the slacks, in place, by the bounds of the others."""
        matrix, ends = csr_array(self.matrix[:, self.others]), bounds[self.others]
        free = np.where(np.isneginf(self.program.lower[self.others]), ends, 0.0)
        positive, negative = matrix.maximum(0), -matrix.minimum(0)
        most = positive @ ends + negative @ free - self.program.row_lower
        least = negative @ ends + positive @ free + self.program.row_lower
        for j in self.slacks:
            row, entry = self.matrix.indices[self.matrix.indptr[j]], self.matrix.data[self.matrix.indptr[j]]
            bound = float((least if entry > 0 else most)[row]) / abs(entry)
            bounds[j] = np.inf if np.isnan(bound) else 0.0 if bound < 0 else bound + WIDER * max(1.0, bound)


def _own(program: Program, matrix: csc_array) -> tuple[Array, Array]:
    """Return the columns (mask) that occur in equations among themselves only, and these equations (mask)."""
    own = (program.cost == 0) & ~program.integer & np.isposinf(program.upper)
    own &= (program.lower == 0) | np.isneginf(program.lower)
    for form in (program.quadratic, *program.row_forms.values()):
        own[form.first] = own[form.second] = False
    for switched, _ in program.switches.values():
        own[switched] = False
    for group in program.sos:
        own[group.columns] = False
    rows = program.row_lower == program.row_upper
    rows[list(program.row_forms) + list(program.switches)] = False
    entries = coo_array(matrix)
    row, column = entries.coords
    while True:
        before = own.sum()
        foreign = np.bincount(row, weights=~own[column], minlength=matrix.shape[0]) > 0
        own[column[foreign[row] | ~rows[row]]] = False
        if own.sum() < before:
            continue
        both = own[program.pairs].all(axis=1)
        if not both.any():
            return own, rows & ~foreign
        own[program.pairs[both].ravel()] = False


class VertexSearch:
    """Shows that no vertex of a block has an entry beyond M."""

    def __init__(
        self, block: Block, most: float, left: int = PROGRAMS, over: Callable[[], bool] = lambda: False
    ) -> None:
        self.block, self.left, self.over, self.depth = block, left, over, 0
        count, self.size = block.matrix.shape
        self.price = max(1, block.matrix.size // ENTRIES)
        unit = np.maximum(np.abs(block.matrix).max(axis=1, initial=0.0), np.abs(block.right) / most)
        unit[unit == 0] = 1.0
        self.matrix = block.matrix / unit[:, None]
        self.whole = np.c_[self.matrix, -block.right / most / unit]  # the last column: M tau, in [0, 1]
        self.positive, self.negative = np.maximum(self.whole, 0.0), np.minimum(self.whole, 0.0)
        self.tight = ~block.above & ~block.below
        self.row_lower = np.where(block.below, -np.inf, 0.0)
        self.row_upper = np.where(block.above, np.inf, 0.0)
        self.highs = native.new({"presolve": "off", "solver": "simplex"})
        self.highs.passModel(
            native.lp_with(
                csr_array(self.whole), np.zeros(self.size + 1), np.zeros(self.size + 1), np.ones(self.size + 1),
                self.row_lower, self.row_upper,
            )
        )  # fmt: skip
        self.rows = np.arange(count, dtype=np.int32)
        self.columns = np.arange(self.size + 1, dtype=np.int32)

    def proves(self) -> bool:
        """Search for a vertex with each entry as the largest one; return whether there is none."""
        free = np.flatnonzero(self.block.free)
        if np.linalg.matrix_rank(self.matrix[:, free], RANK) < free.size:
            return False  # there is a line in the polyhedron
        for k in range(self.size):
            for sign in (1.0, -1.0) if self.block.free[k] else (1.0,):
                lower, upper = np.where(np.r_[self.block.free, False], -1.0, 0.0), np.ones(self.size + 1)
                lower[k] = upper[k] = sign
                if not self._closed(self.tight, np.zeros(len(self.rows), dtype=bool), lower, upper):
                    return False
        return True

    def _closed(self, tight: Array, slack: Array, lower: Array, upper: Array) -> bool:
        """Whether no vertex has these rows in J (``tight``), those not (``slack``), and entries in these ranges."""
        self.depth += 1
        try:
            return self.depth <= DEEPEST and self._is_closed(tight, slack, lower, upper)
        finally:
            self.depth -= 1

    def _is_closed(self, tight: Array, slack: Array, lower: Array, upper: Array) -> bool:
        lower, upper = lower.copy(), upper.copy()
        if not self._narrow(tight, lower, upper) or (x := self._point(tight, lower, upper)) is None:
            return True
        if self.left <= 0 or self.over():
            return False
        known = np.flatnonzero(_sure(lower, upper)[:-1])
        chosen = self.matrix[np.ix_(tight, known)]
        rank = np.linalg.matrix_rank(chosen, RANK) if tight.any() else 0
        if rank == known.size:
            return self._split(tight, slack, lower, upper, np.abs(x[:-1]))
        if self._only_grows(tight, slack, lower, upper):
            return True
        slack = slack.copy()
        for j in self._next(chosen, rank, known, ~tight & ~slack & self._possible(lower, upper)):
            more = tight.copy()
            more[j] = True
            if not self._closed(more, slack, lower, upper):
                return False
            slack[j] = True
        return True

    def _next(self, chosen: Array, rank: int, known: Array, among: Array) -> list[int]:
        """Return the rows that raise the rank on what is known not to be zero."""
        rows = np.flatnonzero(among & (self.matrix[:, known] != 0).any(axis=1))
        if not rank:
            return [int(j) for j in rows]
        _, values, right = np.linalg.svd(chosen)
        span = right[: int((values > RANK * values[0]).sum())]
        part = self.matrix[np.ix_(rows, known)]
        rest = part - part @ span.T @ span
        return [int(j) for j in rows[np.abs(rest).max(axis=1, initial=0.0) > RANK]]

    def _only_grows(self, tight: Array, slack: Array, lower: Array, upper: Array) -> bool:
        """Whether every further row of J adds a nonzero entry of its own, so that the rank never is full.

        That is so if all rows that may join have two entries, one that is reached and one that is new, and so form a
        forest: each adds 1 to the rank at most, and 1 to the number of nonzero entries.
        """
        reached = {int(k): (lower[k], upper[k]) for k in np.flatnonzero(_sure(lower, upper)[:-1])}
        first = tight & (self.matrix[:, list(reached)] != 0).any(axis=1)
        if first.sum() >= len(reached):
            return False
        joined = first | slack
        queue = list(reached)
        while queue:
            v = queue.pop()
            low, high = lower.copy(), upper.copy()
            low[v], high[v] = reached[v]
            zero = (low[:-1] == 0) & (high[:-1] == 0)
            near = np.flatnonzero(~joined & (self.matrix[:, v] != 0))
            for j in near[self._possible(low, high, near)]:
                others = np.flatnonzero((self.matrix[j] != 0) & ~zero)
                others = others[others != v]
                if others.size != 1 or int(others[0]) in reached:
                    return False
                k, one, other = int(others[0]), low.copy(), high.copy()
                row = np.zeros(len(self.rows), dtype=bool)
                row[j] = True
                if not self._narrow(row, one, other) or not _sure(one, other)[k]:
                    return False
                reached[k] = one[k], other[k]
                queue.append(k)
                joined[j] = True
        return True

    def _possible(self, lower: Array, upper: Array, rows: Array | slice = slice(None)) -> Array:
        """Return which of these rows can be equations within these ranges."""
        positive, negative = self.positive[rows], self.negative[rows]
        least = positive @ lower + negative @ upper
        most = positive @ upper + negative @ lower
        return (least <= CERTAIN) & (most >= -CERTAIN)

    def _narrow(self, tight: Array, lower: Array, upper: Array) -> bool:
        """Narrow ranges by the rows that are equations; return whether anything is left."""
        positive, negative = self.positive[tight], self.negative[tight]
        whole = positive + negative
        with np.errstate(divide="ignore", invalid="ignore"):
            for _ in range(3):
                least = (positive @ lower + negative @ upper)[:, None] - (positive * lower + negative * upper)
                most = (positive @ upper + negative @ lower)[:, None] - (positive * upper + negative * lower)
                one, other = -most / whole, -least / whole
                low = np.where(whole > 0, one, np.where(whole < 0, other, -np.inf)).max(axis=0, initial=-np.inf)
                high = np.where(whole > 0, other, np.where(whole < 0, one, np.inf)).min(axis=0, initial=np.inf)
                low -= MARGIN
                high += MARGIN
                if not ((low > lower + CERTAIN) | (high < upper - CERTAIN)).any():
                    break  # nothing to speak of would be narrowed
                np.maximum(lower, low, out=lower)
                np.minimum(upper, high, out=upper)
                if np.any(lower > upper + CERTAIN):
                    return False
                np.minimum(lower, upper, out=lower)
        return True

    def _split(self, tight: Array, slack: Array, lower: Array, upper: Array, size: Array) -> bool:
        """Branch on an entry being small or not."""
        reach = np.maximum(upper, -lower)[:-1]
        unknown = ~_sure(lower, upper)[:-1] & (reach > TINY)
        weight = np.where(unknown, size * np.abs(self.matrix[tight]).max(axis=0, initial=0.0), 0.0)
        k = int(np.argmax(weight))
        if not weight[k] > 0:
            return False
        at = SMALL * reach[k]
        for low, high in ((max(lower[k], -at), min(upper[k], at)), (at, upper[k]), (lower[k], -at)):
            if low > high:
                continue
            one, other = lower.copy(), upper.copy()
            one[k], other[k] = low, high
            if not self._closed(tight, slack, one, other):
                return False
        return True

    def _point(self, tight: Array, lower: Array, upper: Array) -> Array | None:
        """Return a point with these rows as equations; None if a dual ray proves that there is none."""
        self.left -= self.price
        low, high = np.where(tight, 0.0, self.row_lower), np.where(tight, 0.0, self.row_upper)
        self.highs.changeRowsBounds(len(self.rows), self.rows, low, high)
        self.highs.changeColsBounds(len(self.columns), self.columns, lower, upper)
        self.highs.run()
        if self.highs.getModelStatus() == native.highspy.HighsModelStatus.kInfeasible:
            ray = self.highs.getDualRay()
            if ray[1] and any(self._contradicts(sign * np.array(ray[2]), low, high, lower, upper) for sign in (1, -1)):
                return None
        return np.array(self.highs.getSolution().col_value)

    def _contradicts(self, ray: Array, low: Array, high: Array, lower: Array, upper: Array) -> bool:
        ray = ray / max(np.abs(ray).max(initial=0.0), 1e-300)
        side = np.where(ray > 0, low, high)
        ray = np.where(np.isfinite(side), ray, 0.0)
        reduced = -self.whole.T @ ray
        least = ray @ np.where(ray != 0, side, 0.0) + reduced @ np.where(reduced > 0, lower, upper)
        return bool(least > CERTAIN)


def _sure(lower: Array, upper: Array) -> Array:
    """Return which entries are certainly not zero."""
    return np.maximum(lower, -upper) > CERTAIN
