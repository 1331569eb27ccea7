r"""A linear relaxation of everything that holds at a bilevel feasible point, to bound expressions by LPs.

Rows: the leader's, the followers' feasibility, stationarity, and (where asked for) the primal-dual inequality of each
block; products are relaxed by McCormick's envelopes where their factors are bounded, else the row is left out. Integers
are relaxed. Any value that a bound cuts off is attained at no bilevel feasible point and with no multipliers, so that
these bounds are valid whatever the leader does with the multipliers.

What is unbounded is found first and at once (:mod:`recession`); the rest by a pair of LPs each, over those rows alone
that share columns with it. An end that some LP's point attains needs no LP of its own. Where no work is left, the
range that the others leave a variable in a single row is taken.

Source: optimality-based bound tightening, e.g. A. M. Gleixner et al., *Three enhancements for optimization-based bound
tightening*, J. Glob. Optim. 67, 2017.
"""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
from pyomo.core.base.var import VarData
from pyomo.repn.linear import LinearRepnVisitor
from scipy.sparse import coo_array, csr_array
from scipy.sparse.csgraph import connected_components

from ..levels.follower_form import Row, VariableRecorder
from .mccormick import envelope
from .one_row import bounds_by_one_row
from .program import Array, Program, Solver, Weights, Work
from .recession import unbounded
from .rows import LinearRow, Rows

DUAL, PRIMAL, JOINT = (
    "dual feasibility",
    "the high-point relaxation",
    "feasibility, dual feasibility and strong duality",
)

MARGIN = 1e-6  # above what HiGHS returns, for its own tolerances (1e-7)


@dataclass(frozen=True)
class End:
    """A proven bound, infinite if there is none, and the weights that prove it."""

    value: float
    weights: Weights | None = None


class Relaxation:
    """An LP that can be asked, many times, for the range of a linear expression.

    :param rows: of an MPCC.
    :param part: which rows: ``DUAL``, ``PRIMAL`` or ``JOINT``.
    :param work: what all LPs together may take; past that nothing more is bounded.
    """

    def __init__(self, rows: Rows, part: str, work: Work) -> None:
        self._rows, self._work = rows, work
        self._columns: dict[int, int] = {}
        self._row_of: dict[int, int] = {}  # id(LinearRow) -> its index
        self._program = self._assembled(part)
        self._component_of, self._members = self._components()
        n, m = len(self._program.lower), len(self._program.names)
        self._up, self._down, self._activity = np.zeros(n, bool), np.zeros(n, bool), np.zeros(m, bool)
        self._loaded: tuple[int, Array, Array, Solver] | None = None  # component, its rows, columns, solver

    def look_for_rays(self, variables: Iterable[VarData], rows: Iterable[Row]) -> None:
        """Find out which of the variables and of the followers' rows are unbounded, so that no LP is asked for them."""
        columns = np.zeros(len(self._program.lower), dtype=bool)
        columns[[k for v in variables if (k := self._columns.get(id(v))) is not None]] = True
        wanted = np.zeros(len(self._program.names), dtype=bool)
        wanted[[i for row in rows if (i := self._index_of(row)) is not None]] = True
        self._up, self._down, self._activity = unbounded(self._program, columns, wanted, self._work)

    def in_order(self, variables: Sequence[VarData]) -> list[VarData]:
        """Return the variables component by component, so that each program is loaded once."""
        found = {id(v): self._component_of[self._columns[id(v)]] for v in variables if id(v) in self._columns}
        return sorted(variables, key=lambda v: found.get(id(v), -1))

    def maximum(self, expression: Any) -> float:
        """Return an upper bound of a linear expression; infinite if there is none, or no work left."""
        recorder = VariableRecorder()
        repn = LinearRepnVisitor({}, var_recorder=recorder).walk_expression(expression)
        if repn.nonlinear is not None or any(i not in self._columns for i in repn.linear):
            return math.inf
        index = np.array([self._columns[i] for i in repn.linear], dtype=np.int64)
        return self._bound(index, np.array(list(repn.linear.values()), dtype=float), repn.constant).value

    def slack(self, source: Row, side: str) -> End:
        """Return an upper bound of the slack on one side of a follower's row."""
        if source.is_bound and not source.equality:
            low, high = self.ends(source.source)
            end, limit = (high, -float(source.lower or 0)) if side == "lower" else (low, float(source.upper or 0))
            return End(end.value + limit, end.weights and replace(end.weights, constant=limit))
        i = self._index_of(source)
        if i is None or self._activity[i]:
            return End(math.inf)
        start, end = self._program.matrix.indptr[i], self._program.matrix.indptr[i + 1]
        index, data = self._program.matrix.indices[start:end], self._program.matrix.data[start:end]
        limit = -float(self._program.row_lower[i]) if side == "lower" else float(self._program.row_upper[i])
        data = data if side == "lower" else -data
        found = self._bound(index, data, limit)
        ends = np.where(data > 0, self._program.upper[index], self._program.lower[index])
        simple = limit + float(data @ ends)
        return End(simple) if simple < found.value else found

    def range(self, variable: VarData) -> tuple[float, float]:
        """Return (lower, upper) of a variable; 0, without a margin, where weights prove just that."""
        lower, upper = self.ends(variable)
        return -lower.value, upper.value

    def ends(self, variable: VarData) -> tuple[End, End]:
        """Return what bounds -variable and variable from above."""
        k = self._columns.get(id(variable))
        if k is None:
            return End(math.inf), End(math.inf)
        lower, upper = float(self._program.lower[k]), float(self._program.upper[k])
        if lower == upper:
            return End(-lower), End(upper)
        index = np.array([k])
        ends = []
        for sign, known, hopeless in ((-1.0, -lower, self._down[k]), (1.0, upper, self._up[k])):
            if hopeless:
                ends.append(End(math.inf))
            elif math.isfinite(known) and (self._up[k] or self._down[k] or self._attained(k, sign)):
                ends.append(End(known))
            elif self._work.left > 0:
                ends.append(self._bound(index, np.array([sign]), 0.0, exactly_zero=True))
            else:
                ends.append(self._in_one_row(k, sign))
        return ends[0], ends[1]

    def _index_of(self, source: Row) -> int | None:
        row = self._rows.of_source.get(id(source))
        return self._row_of.get(id(row)) if row is not None and not row.products else None

    def _attained(self, k: int, sign: float) -> bool:
        if self._loaded is None or self._loaded[0] != self._component_of[k]:
            return False
        _, _, columns, solver = self._loaded
        at = int(np.searchsorted(columns, k))
        return bool((solver.at_upper if sign > 0 else solver.at_lower)[at])

    def _in_one_row(self, k: int, sign: float) -> End:
        """Return the smallest bound of ``sign * v[k]`` that one row alone proves."""
        bound, row, weight = self._above if sign > 0 else self._below
        value = float(bound[k])
        if not math.isfinite(value):
            return End(math.inf)
        weights = Weights(self._program, np.array([k]), np.array([sign]), row[k : k + 1], weight[k : k + 1])
        return End(value + MARGIN * (1 + abs(value)), weights)

    @cached_property
    def _above(self) -> tuple[Array, Array, Array]:
        return bounds_by_one_row(self._program, 1.0)

    @cached_property
    def _below(self) -> tuple[Array, Array, Array]:
        return bounds_by_one_row(self._program, -1.0)

    def _bound(self, index: Array, cost: Array, constant: float, exactly_zero: bool = False) -> End:
        """Return an upper bound of ``constant + cost @ v[index]``, part by part where it spans several components."""
        fixed = self._component_of[index] < 0
        total = constant + float(cost[fixed] @ self._program.lower[index[fixed]])
        found: list[tuple[float, Weights]] = []
        for component in np.unique(self._component_of[index[~fixed]]):
            own = self._component_of[index] == component
            value, last, weights = self._maximum_in(int(component), index[own], cost[own])
            if not math.isfinite(value):
                return End(math.inf)
            bound = value + MARGIN * (1 + abs(value))
            if exactly_zero and 0.0 < bound <= 2 * MARGIN and (last == 0.0 or weights.exact() == 0):
                bound = 0.0  # else a big-M of 1e-6, which is within the tolerance of every solver
            found.append((bound, weights))
        if len(found) == 1:
            return End(total + found[0][0], replace(found[0][1], constant=total))
        return End(total + sum(bound for bound, _ in found))

    def _maximum_in(self, component: int, index: Array, cost: Array) -> tuple[float, float, Weights]:
        if self._loaded is None or self._loaded[0] != component:
            members = self._members[component]
            matrix = self._program.matrix[members]
            columns = np.unique(matrix.indices)
            part = Program(
                csr_array(matrix[:, columns]),
                self._program.row_lower[members],
                self._program.row_upper[members],
                self._program.lower[columns],
                self._program.upper[columns],
                tuple(self._program.names[i] for i in members),
            )
            self._loaded = component, members, columns, Solver(part, self._work)
        _, _, columns, solver = self._loaded
        local = np.searchsorted(columns, index)
        value, last, duals = solver.maximum(local, cost)
        rows = np.flatnonzero(duals)
        return value, last, Weights(solver.program, local, cost, rows, duals[rows])

    def _components(self) -> tuple[Array, list[Array]]:
        """Return the component of each column, -1 for one with a single value, and the rows of each component."""
        matrix, m = self._program.matrix.tocoo(), len(self._program.names)
        single = self._program.lower == self._program.upper
        linking = ~single[matrix.col]
        n = len(single)
        graph = coo_array(
            (np.ones(int(linking.sum())), (matrix.row[linking], m + matrix.col[linking])), shape=(m + n, m + n)
        )
        count, label = connected_components(graph, directed=False)
        order = np.argsort(label[:m], kind="stable")
        members = np.split(order, np.cumsum(np.bincount(label[:m], minlength=count))[:-1])
        return np.where(single, -1, label[m:]), members

    def _assembled(self, part: str) -> Program:
        gathered: list[LinearRow] = []
        if part in (PRIMAL, JOINT):
            gathered += self._rows.feasibility
        if part in (DUAL, JOINT):
            gathered += self._rows.stationarity
        if part == JOINT:
            gathered += self._rows.duality
        made = _Assembly(self._rows)
        for row in gathered:
            made.add(row)
        self._columns, self._row_of = made.columns, made.row_of
        return made.program()


class _Assembly:
    """Collects rows and envelopes in arrays."""

    def __init__(self, rows: Rows) -> None:
        self.rows = rows
        self.columns: dict[int, int] = {}
        self.row_of: dict[int, int] = {}
        self.box: list[tuple[float, float]] = []
        self.products: dict[tuple[int, int], int] = {}
        self.names: list[str] = []
        self.sides: list[tuple[float, float]] = []
        self.counts: list[int] = []
        self.index: list[int] = []
        self.data: list[float] = []

    def add(self, row: LinearRow) -> None:
        """Add a row, its products relaxed; not at all where one has an unbounded factor, or more is in it."""
        if row.beyond:
            return
        standing = [self.product(*key) for key in row.products]
        if any(k is None for k in standing):
            return
        self.row_of[id(row)] = len(self.names)
        index = [self.column(i) for i in row.linear] + standing
        self.append(
            row.name,
            index,
            [*row.linear.values(), *row.products.values()],
            row.lower - row.constant,
            row.upper - row.constant,
        )

    def append(self, name: str, index: Sequence[Any], data: Sequence[float], lower: float, upper: float) -> None:
        """Add a row in indices."""
        self.names.append(name)
        self.sides.append((lower, upper))
        self.counts.append(len(index))
        self.index += index
        self.data += data

    def column(self, i: int) -> int:
        """Return the column of a variable, by its id."""
        if i not in self.columns:
            self.columns[i] = len(self.box)
            self.box.append(self.rows.ranges.of_variable(self.rows.variables[i]))
        return self.columns[i]

    def product(self, i: int, j: int) -> int | None:
        """Return the column that stands for a product, with the rows of its envelope; None if a factor is unbounded."""
        if (i, j) not in self.products:
            first, second = (self.rows.ranges.of_variable(self.rows.variables[k]) for k in (i, j))
            if not all(map(math.isfinite, (*first, *second))):
                return None
            u, v, w = self.column(i), self.column(j), len(self.box)
            smallest, largest, rows = envelope(first, second)
            self.box.append((smallest, largest))
            self.products[i, j] = w
            name = f"{self.rows.variables[i].name}*{self.rows.variables[j].name}"
            for k, (sign, a, b) in enumerate(rows):
                self.append(f"{name} {k}", [w, u, v], [sign, -sign * b, -sign * a], -sign * a * b, math.inf)
        return self.products[i, j]

    def program(self) -> Program:
        """Return all that was added."""
        start = np.r_[0, np.cumsum(self.counts, dtype=np.int64)]
        shape = (len(self.names), len(self.box))
        matrix = csr_array((np.array(self.data, dtype=float), np.array(self.index, dtype=np.int64), start), shape=shape)
        matrix.sum_duplicates()  # a square has its factor twice
        matrix.eliminate_zeros()
        sides, box = (np.array(ends, dtype=float).reshape(-1, 2) for ends in (self.sides, self.box))
        return Program(
            matrix, sides[:, 0].copy(), sides[:, 1].copy(), box[:, 0].copy(), box[:, 1].copy(), tuple(self.names)
        )
