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

from ..connectivity import connected_components
from ..levels.follower_form import Row, VariableRecorder
from .assembly import assembled
from .batches import Components, Maximum, Target, maxima, part_of
from .one_row import bounds_by_one_row
from .program import Array, Program, Solver, Weights, Work
from .recession import unbounded
from .rows import Rows

DUAL, PRIMAL, JOINT = (
    "dual feasibility",
    "the high-point relaxation",
    "feasibility, dual feasibility and strong duality",
)

PARTS = {
    DUAL: ("stationarity",),
    PRIMAL: ("feasibility",),
    JOINT: ("feasibility", "stationarity", "duality"),
}

MARGIN = 1e-6  # above what HiGHS returns, for its own tolerances (1e-7)


@dataclass(frozen=True, slots=True)
class End:
    """A proven bound, infinite if there is none, and the weights that prove it."""

    value: float
    weights: Weights | None = None


NO_END = End(math.inf)


class Relaxation:
    """An LP that can be asked, many times, for the range of a linear expression.

    :param rows: of an MPCC.
    :param part: which rows: ``DUAL``, ``PRIMAL`` or ``JOINT``.
    :param work: what all LPs together may take; past that nothing more is bounded.
    """

    def __init__(self, rows: Rows, part: str, work: Work) -> None:
        self._rows, self._work = rows, work
        assembly = assembled(rows, PARTS[part])
        self._program, self._columns, self._row_of = assembly.program, assembly.columns, assembly.row_of
        self._components = _components(self._program)
        self._known: dict[Target, End] = {}
        n, m = len(self._program.lower), len(self._program.row_lower)
        self._up, self._down, self._activity = np.zeros(n, bool), np.zeros(n, bool), np.zeros(m, bool)
        self._loaded: tuple[int, Array, Solver] | None = None  # component, its columns, solver

    def look_for_rays(self, variables: Iterable[VarData], rows: Iterable[Row]) -> None:
        """Find out which of the variables and of the followers' rows are unbounded, so that no LP is asked for them."""
        columns = np.zeros(len(self._program.lower), dtype=bool)
        columns[[k for v in variables if (k := self._column(v)) is not None]] = True
        wanted = np.zeros(len(self._program.row_lower), dtype=bool)
        wanted[[i for row in rows if (i := self._index_of(row)) is not None]] = True
        self._up, self._down, self._activity = unbounded(self._program, columns, wanted, self._work)

    def promising(self, variables: Sequence[VarData]) -> list[VarData]:
        """Return the variables of which something may be found, component by component: each program is loaded once."""
        asked = [(k, v) for v in variables if (k := self._column(v)) is not None]
        index = np.array([k for k, _ in asked], dtype=np.int64)
        lower, upper = self._program.lower[index], self._program.upper[index]
        up, down = self._up[index], self._down[index]
        settled_above, settled_below = up | (down & np.isfinite(upper)), down | (up & np.isfinite(lower))
        left = np.flatnonzero(~((settled_above & settled_below) | (lower == upper)))
        order = left[np.argsort(self._components.of_column[index[left]], kind="stable")]
        return [asked[i][1] for i in order.tolist()]

    def look_together(self, variables: Iterable[VarData]) -> None:
        """Find the ranges of the variables in small components, of which many fit into one LP."""
        columns = [k for v in variables if (k := self._column(v)) is not None]
        targets = [(k, sign) for k in columns for sign in (-1.0, 1.0) if self._is_open(k, sign)]
        for (k, sign), found in maxima(self._program, self._components, targets, self._work):
            if found is None:
                self._known[k, sign] = End(float(self._program.upper[k] if sign > 0 else -self._program.lower[k]))
            elif math.isfinite(found.value):
                self._known[k, sign] = End(_with_margin(found, exactly_zero=True), found.weights)

    def maximum(self, expression: Any) -> float:
        """Return an upper bound of a linear expression; infinite if there is none, or no work left."""
        recorder = VariableRecorder()
        repn = LinearRepnVisitor({}, var_recorder=recorder).walk_expression(expression)
        columns = [self._column(v) for v in (recorder.var_map[i] for i in repn.linear)]
        if repn.nonlinear is not None or None in columns:
            return math.inf
        index = np.array(columns, dtype=np.int64)
        return self._bound(index, np.array(list(repn.linear.values()), dtype=float), repn.constant).value

    def slack(self, source: Row, side: str) -> End:
        """Return an upper bound of the slack on one side of a follower's row."""
        if source.is_bound and not source.equality:
            sign, limit = (1.0, -float(source.lower or 0)) if side == "lower" else (-1.0, float(source.upper or 0))
            end = self._end(source.source, sign)
            if end.value == math.inf:
                return NO_END
            return End(end.value + limit, end.weights and replace(end.weights, constant=limit))
        i = self._index_of(source)
        if i is None or self._activity[i]:
            return NO_END
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
        return self._end(variable, -1.0), self._end(variable, 1.0)

    def _end(self, variable: VarData, sign: float) -> End:
        """Return what bounds ``sign * variable`` from above."""
        k = self._column(variable)
        if k is None or (self._up if sign > 0 else self._down)[k]:
            return NO_END
        if (k, sign) in self._known:
            return self._known[k, sign]
        if not self._is_open(k, sign) or self._attained(k, sign):
            return End(float(self._program.upper[k] if sign > 0 else -self._program.lower[k]))
        if self._work.left > 0:
            found = self._bound(np.array([k]), np.array([sign]), 0.0, exactly_zero=True)
            if math.isfinite(found.value) or self._work.left > 0:
                return found
        return self._in_one_row(k, sign)

    def _is_open(self, k: int, sign: float) -> bool:
        """Whether an LP may bound ``sign * v[k]`` better than its own range does."""
        if (self._up if sign > 0 else self._down)[k] or self._program.lower[k] == self._program.upper[k]:
            return False
        own = self._program.upper[k] if sign > 0 else self._program.lower[k]
        return not (math.isfinite(own) and (self._up[k] or self._down[k]))

    def _column(self, variable: VarData) -> int | None:
        return self._columns.get(id(variable))

    def _index_of(self, source: Row) -> int | None:
        row = self._rows.of_source.get(id(source))
        return self._row_of.get(id(row)) if row is not None and not row.products else None

    def _attained(self, k: int, sign: float) -> bool:
        if self._loaded is None or self._loaded[0] != self._components.of_column[k]:
            return False
        _, columns, solver = self._loaded
        at = int(np.searchsorted(columns, k))
        return bool((solver.at_upper if sign > 0 else solver.at_lower)[at])

    def _in_one_row(self, k: int, sign: float) -> End:
        """Return the smallest bound of ``sign * v[k]`` that one row alone proves."""
        bound, row, weight = self._above if sign > 0 else self._below
        value, known = float(bound[k]), float(self._program.upper[k] if sign > 0 else -self._program.lower[k])
        if not value < known:
            return End(known)
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
        if self._work.left <= 0:
            return NO_END
        fixed = self._components.of_column[index] < 0
        total = constant + float(cost[fixed] @ self._program.lower[index[fixed]])
        found: list[tuple[float, Weights]] = []
        for component in np.unique(self._components.of_column[index[~fixed]]):
            own = self._components.of_column[index] == component
            most = self._maximum_in(int(component), index[own], cost[own])
            if not math.isfinite(most.value):
                return NO_END
            found.append((_with_margin(most, exactly_zero), most.weights))
        if len(found) == 1:
            return End(total + found[0][0], replace(found[0][1], constant=total))
        return End(total + sum(bound for bound, _ in found))

    def _maximum_in(self, component: int, index: Array, cost: Array) -> Maximum:
        if self._loaded is None or self._loaded[0] != component:
            part, columns = part_of(self._program, self._components.rows[component])
            self._loaded = component, columns, Solver(part, self._work)
        _, columns, solver = self._loaded
        local = np.searchsorted(columns, index)
        value, last, duals = solver.maximum(local, cost)
        rows = np.flatnonzero(duals)
        return Maximum(value, last, Weights(solver.program, local, cost, rows, duals[rows]))


def _with_margin(found: Maximum, exactly_zero: bool) -> float:
    bound = found.value + MARGIN * (1 + abs(found.value))
    if exactly_zero and 0.0 < bound <= 2 * MARGIN and (found.last == 0.0 or found.weights.exact() == 0):
        return 0.0  # else a big-M of 1e-6, which is within the tolerance of every solver
    return bound


def _components(program: Program) -> Components:
    """Split a program into components: what shares a column that is not fixed."""
    matrix, m = program.matrix.tocoo(), len(program.row_lower)
    single = program.lower == program.upper
    linking = ~single[matrix.col]
    n = len(single)
    count, label = connected_components(m + n, matrix.row[linking], m + matrix.col[linking])
    order = np.argsort(label[:m], kind="stable")
    rows = np.split(order, np.cumsum(np.bincount(label[:m], minlength=count))[:-1])
    return Components(np.where(single, -1, label[m:]), rows)
