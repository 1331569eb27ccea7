"""Maxima over components that share nothing, several by one linear program: that of the sum of their objectives.

A maximum of a sum over disjoint components maximises each of its terms. What is proven of each is read from the dual
values of its own rows. A few calls of an LP solver are left of thousands, each of which costs more than its iterations.
"""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from scipy.sparse import csr_array

from .program import Array, Program, Solver, Weights, Work

SMALL = 100  # rows of a component that is put together with others
TOGETHER = 200  # rows of those that are put together

Target = tuple[int, float]
"""A column, and the sign with which it is maximised."""


@dataclass(frozen=True, eq=False)
class Components:
    """The component of each column, -1 for one with a single value, and the rows of each component."""

    of_column: Array
    rows: list[Array]


@dataclass(frozen=True, slots=True)
class Maximum:
    """An upper bound, what the dual values alone prove, and these as weights of rows."""

    value: float
    last: float
    weights: Weights


def part_of(program: Program, rows: Array) -> tuple[Program, Array]:
    """Return a program of some of the rows, and its columns."""
    matrix = program.matrix[rows]
    columns, local = np.unique(matrix.indices, return_inverse=True)
    shape = len(rows), len(columns)
    return Program(
        csr_array((matrix.data, local.astype(np.int32), matrix.indptr), shape=shape),
        program.row_lower[rows],
        program.row_upper[rows],
        program.lower[columns],
        program.upper[columns],
    ), columns


def maxima(
    program: Program, components: Components, targets: Sequence[Target], work: Work
) -> Iterator[tuple[Target, Maximum | None]]:
    """Yield the targets in small components with their maxima; None where a point attains the column's own bound.

    A target of which nothing is found, as it is unbounded or there is no work left, is left out.
    """
    of_component: dict[int, list[Target]] = defaultdict(list)
    for target in targets:
        of_component[int(components.of_column[target[0]])].append(target)
    small = [c for c in of_component if c >= 0 and len(components.rows[c]) <= SMALL]
    batch: list[int] = []
    count = 0
    for c in sorted(small):
        batch.append(c)
        count += len(components.rows[c])
        if count >= TOGETHER or c == small[-1]:
            if len(batch) > 1:
                yield from _of_batch(program, components, {b: of_component[b] for b in batch}, work)
            batch, count = [], 0


def _of_batch(
    program: Program, components: Components, targets: dict[int, list[Target]], work: Work
) -> Iterator[tuple[Target, Maximum | None]]:
    rows = np.concatenate([components.rows[c] for c in targets])
    part, columns = part_of(program, rows)
    solver = Solver(part, work, len(targets))
    number = {c: k for k, c in enumerate(targets)}
    of_row = np.repeat(np.arange(len(number)), [len(components.rows[c]) for c in targets])
    of_column = np.array([number.get(c, -1) for c in components.of_column[columns].tolist()])
    first = np.searchsorted(of_row, np.arange(len(number) + 1))
    local = {k: i for i, k in enumerate(columns.tolist())}
    queues = {number[c]: [(target, local[target[0]]) for target in reversed(own)] for c, own in targets.items()}
    while any(queues.values()):
        asked = []
        for k, queue in queues.items():
            while queue:
                target, j = queue.pop()
                if not (solver.at_upper if target[1] > 0 else solver.at_lower)[j]:
                    asked.append((k, target, j))
                    break
                yield target, None
        if not asked:
            return
        index = np.array([j for _, _, j in asked])
        cost = np.array([sign for _, (_, sign), _ in asked])
        found, _, duals = solver.maximum(index, cost)
        if not np.isfinite(found):
            return
        last = part.proven_of_each(index, cost, duals, of_row, of_column, len(number))
        for (k, target, j), sign in zip(asked, cost, strict=True):
            own = first[k] + np.flatnonzero(duals[first[k] : first[k + 1]])
            weights = Weights(part, np.array([j]), np.array([sign]), own, duals[own])
            proven = float(last[k])
            yield target, Maximum(max(proven, float(sign * solver.point[j])), proven, weights)
