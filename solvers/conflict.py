"""A small set of rows and bounds of a linear program that contradict each other.

A phase 1 gives every row a slack on both sides and minimises their sum; where that is positive, the rows and bounds
with a dual are an infeasible set already (Farkas' lemma). Its members are then left out one by one: what cannot be left
out stays. Integers are relaxed, quadratic rows left out. The effort is limited by counts, not by time.

Source: O. Guieu and J. W. Chinneck, *Analyzing infeasible mixed-integer and integer linear programs*, INFORMS J.
Comput. 11, 1999 (deletion filter); J. Gleeson and J. Ryan, *Identifying minimally infeasible subsystems of
inequalities*, ORSA J. Comput. 2, 1990 (supports of duals).
"""

from collections.abc import Iterable
from dataclasses import dataclass
from math import inf

import numpy as np
from pyomo.contrib.solver.common.results import TerminationCondition
from scipy.sparse import csr_array, eye_array, hstack

from .highs import native
from .program import Array, Program

TOLERANCE = 1e-6
"""By how much rows (each divided by its largest coefficient) must be violated together to contradict each other."""

FILTERED = 300
"""Members of an infeasible set up to which each is asked whether it is needed."""

STEPS = 20_000
"""Simplex iterations of a phase 1; enough for a few thousand rows."""


@dataclass(frozen=True)
class Conflict:
    """Rows and bounds that contradict each other.

    ``rows`` maps a row to its weight in the contradiction (positive: its lower side); ``bounds`` are (column, "lower"
    or "upper"). ``irreducible``: without any one of them the others can hold.
    """

    rows: dict[int, float]
    bounds: tuple[tuple[int, str], ...]
    irreducible: bool


_Set = frozenset[tuple[str, int]]
"""A subset of a program: ("row", k), and ("lower", j) or ("upper", j) for a bound of a column that is in force."""


def conflict(program: Program, rows: Array | None = None) -> Conflict | None:
    """Return a set of rows and bounds that no point satisfies; None where there is a point, or the effort ends.

    :param rows: the rows to look at; all that are linear by default.
    """
    chosen = range(program.matrix.shape[0]) if rows is None else map(int, rows)
    crossing = np.flatnonzero(program.lower > program.upper)
    if crossing.size:
        k = int(crossing[0])
        return Conflict({}, ((k, "lower"), (k, "upper")), True)
    linear = [k for k in chosen if k not in program.row_forms and k not in program.switches]
    everything = _members(linear, np.flatnonzero(program.lower > -inf), np.flatnonzero(program.upper < inf))
    found = _contradiction(program, everything)
    if found is None:
        return None
    smaller = _contradiction(program, found[0])  # the duals are numbers with errors: is it one by itself?
    kept, weights = smaller or (everything, found[1])
    irreducible = smaller is not None and len(kept) <= FILTERED
    if irreducible:
        for member in (m for kind in ("row", "lower", "upper") for m in _of(kept, kind)):
            if member in kept and (again := _contradiction(program, kept - {member})) is not None:
                kept, weights = again
    return Conflict(
        {k: weights[k] for _, k in _of(kept, "row")},
        tuple((k, side) for kind in ("lower", "upper") for side, k in _of(kept, kind)),
        irreducible,
    )


def _members(rows: Iterable[int], lower: Iterable[int], upper: Iterable[int]) -> _Set:
    kinds = {"row": rows, "lower": lower, "upper": upper}
    return frozenset((kind, int(k)) for kind, indices in kinds.items() for k in indices)


def _of(kept: _Set, kind: str) -> list[tuple[str, int]]:
    return sorted(member for member in kept if member[0] == kind)


def _contradiction(program: Program, kept: _Set) -> tuple[_Set, dict[int, float]] | None:
    """Return the members with a dual, and the rows' duals, where those of a set contradict each other."""
    rows = np.array([k for _, k in _of(kept, "row")], dtype=int)
    part: csr_array = program.matrix[rows, :]
    columns = np.unique(part.indices)
    part = csr_array(part[:, columns])
    largest = abs(part).max(axis=1).toarray().ravel() if part.nnz else np.zeros(len(rows))
    scale = 1.0 / np.where(largest > 0, largest, 1.0)
    part = csr_array(part.multiply(scale[:, None]))
    m, n = part.shape
    slack = eye_array(m, format="csr")
    lower = np.array([program.lower[k] if ("lower", k) in kept else -inf for k in columns])
    upper = np.array([program.upper[k] if ("upper", k) in kept else inf for k in columns])
    phase1 = Program(
        cost=np.r_[np.zeros(n), np.ones(2 * m)],
        offset=0.0,
        quadratic=type(program.quadratic)(),
        lower=np.r_[lower, np.zeros(2 * m)],
        upper=np.r_[upper, np.full(2 * m, inf)],
        integer=np.zeros(n + 2 * m, dtype=bool),
        matrix=csr_array(hstack([part, slack, -slack])),
        row_lower=program.row_lower[rows] * scale,
        row_upper=program.row_upper[rows] * scale,
        start=np.full(n + 2 * m, np.nan),
    )
    solver = native.new({"threads": 1, "simplex_iteration_limit": STEPS})
    native.hand_over(solver, native.lp_of(phase1))
    native.run(solver)
    condition, _ = native.condition_of(solver)
    if condition is not TerminationCondition.convergenceCriteriaSatisfied:
        return None
    if not solver.getInfo().objective_function_value > TOLERANCE:
        return None
    solution = solver.getSolution()
    duals, reduced = np.array(solution.row_dual), np.array(solution.col_dual)[:n]
    least = 1e-9
    support = _members(
        rows[abs(duals) > least],
        columns[(reduced > least) & (lower > -inf)],
        columns[(reduced < -least) & (upper < inf)],
    )
    return support, dict(zip(rows.tolist(), (duals * scale).tolist(), strict=True))
