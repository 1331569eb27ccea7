"""Separating points: what one single-level system accepts and another does not, found by a solver."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from typing import Any

import pyomo.environ as pyo

from ...errors import BilevoltError
from ...solvers import Status
from ...solvers.session import Session
from ..polynomials import Polynomial
from ..statements import Statement
from .systems import Couple, System

BOX = 1e3
"""Points are sought with all variables between -BOX and BOX (or more, where numbers of the rows are large)."""

_ENOUGH = 1.0  # a violation beyond it makes no better evidence
_LEAST = 1e-3
_TOLERANCE = 1e-5
_HELD = 1e-6  # how far a value that is held fixed may move: it has a solver's tolerance in it
_NODES = 10_000


class UndecidedError(BilevoltError):
    """No solver said within its limit of nodes whether there is a separating point."""


@dataclass(frozen=True)
class SeparatingPoint:
    """A point that one system accepts and the other does not.

    ``accepted_by`` is "model" (the KKT system of the bilevel model) or "student"; ``violated`` is the row of the other
    that it violates, by ``violation`` in the numbers of that row (for a pair, the smaller of its two values).
    ``decision`` says that the variables of the bilevel model alone decide: whatever the multipliers, the other system
    does not accept them.
    """

    accepted_by: str
    violated: str
    violation: float
    values: dict[str, float]
    decision: bool = False

    def __str__(self) -> str:
        shown = ", ".join(f"{name} = {number:.6g}" for name, number in self.values.items())
        whose, other = ("the bilevel model's", "yours") if self.accepted_by == "model" else ("your", "the model's")
        anyway = "; no multipliers mend it" if self.decision else ""
        return (
            f"a point of {whose} system, not of {other}: {shown}; it violates {self.violated} "
            f"by {self.violation:.6g}{anyway}"
        )


def separate(accepting: System, violated: Sequence[Statement | Couple], accepted_by: str) -> SeparatingPoint | None:
    """Return a point of a system that violates one of the given rows, or None where there is none in the box."""
    for row in violated:
        best, most = None, _LEAST
        for parts in _ways_to_violate(row):
            values = _solve(accepting, parts)
            if values is None or worst(accepting, values) > _TOLERANCE:
                continue
            if row.violation(values) > most:
                best, most = SeparatingPoint(accepted_by, row.name, row.distance(values), values), row.violation(values)
        if best is not None:
            return best
    return None


def some_point(system: System) -> dict[str, float] | None:
    """Return a point of a system, or None where there is none in the box."""
    return _solve(system, ())


def best_point(system: System) -> dict[str, float] | None:
    """Return the best point of a system in the box for its objective, or None where there is none."""
    return _solve(system, (), objective=system.objective)


def extends(system: System, fixed: Mapping[str, float]) -> bool:
    """Whether a system accepts these values of some of its variables, for some values of the others."""
    return _solve(system, (), fixed) is not None


def worst(system: System, values: Mapping[str, float]) -> float:
    """Return the largest violation of a system at a point; the check of every answer of a solver here."""
    limits = (s for c in system.couples for s in c.statements())
    rows: list[Statement | Couple] = [*system.statements, *limits, *system.couples]
    return max((row.violation(values) for row in rows), default=0.0)


def _ways_to_violate(row: Statement | Couple) -> Iterator[tuple[Polynomial, ...]]:
    """Yield alternatives; each is polynomials that are all positive exactly where the row is violated (in that way)."""
    if isinstance(row, Couple):
        for a, b in product((1.0, -1.0), repeat=2):
            yield row.first.scaled(a / row.first.size), row.second.scaled(b / row.second.size)
    else:
        for sign in (-1.0, 1.0) if row.equality else (-1.0,):
            yield (row.polynomial.scaled(sign / row.polynomial.size),)


def _solve(
    system: System,
    positive: Iterable[Polynomial],
    fixed: Mapping[str, float] | None = None,
    objective: Polynomial | None = None,
) -> dict[str, float] | None:
    """Return a point of the system: where the least of these polynomials is as large as is of use, or the objective
    is least, or any."""
    positive, fixed = list(positive), fixed or {}
    names = sorted(system.names.union(*(p.names for p in positive), fixed, objective.names if objective else ()))
    model = pyo.ConcreteModel(name="separation")
    model.value = pyo.Var(names, bounds=_box([*(s.polynomial for s in system.statements), *positive]))
    value: dict[str, Any] = {name: model.value[name] for name in names}
    for name in system.integers:
        value[name].domain = pyo.Integers
    for name, number in fixed.items():
        value[name].setlb(number - _HELD)
        value[name].setub(number + _HELD)
    model.rows = pyo.Constraint(pyo.Any)
    model.slack = pyo.Var(pyo.Any, dense=False, domain=pyo.Reals)
    members: dict[int, list[Any]] = {}
    for row in (*system.statements, *(s for c in system.couples for s in c.statements())):
        if row.names:
            body = row.polynomial.expression(value)
            model.rows[len(model.rows)] = body == 0 if row.equality else body >= 0
        elif row.violation({}) > _TOLERANCE:
            return None
    for k, couple in enumerate(system.couples):
        members[k] = [_member(model, (k, i), p, value) for i, p in enumerate((couple.first, couple.second))]
    model.complementarity = pyo.SOSConstraint(list(members), sos=1, rule=lambda _, k: members[k])
    model.violation = pyo.Var(bounds=(0, _ENOUGH), domain=pyo.NonNegativeReals)
    for part in positive:
        model.rows[len(model.rows)] = part.expression(value) >= model.violation
    goal = model.violation if objective is None else -objective.expression(value)
    model.objective = pyo.Objective(expr=goal, sense=pyo.maximize)
    result = Session().solve(model, nodes=_NODES, feasibility_tol=1e-8)
    if result.values is None:
        if result.status is Status.infeasible:
            return None
        raise UndecidedError(f"{result.message}; whether there is a separating point is not decided.")
    return {name: _clean(result.values.get(v, min(max(0.0, v.lb), v.ub))) for name, v in value.items()}


def _member(model: Any, index: tuple[int, int], part: Polynomial, value: Mapping[str, Any]) -> Any:
    """Return a variable that is zero where a side of a pair is."""
    single = part.single()
    if single is not None:
        return value[single[0]]
    model.rows[f"slack {index}"] = model.slack[index] == part.expression(value)
    return model.slack[index]


def _box(parts: Iterable[Polynomial]) -> tuple[float, float]:
    largest = max((abs(a) for part in parts for m, a in part.terms.items() if not m), default=0.0)
    size = max(BOX, 10 * largest)
    return -size, size


def _clean(number: float) -> float:
    """Drop a solver's last digits."""
    return round(number, 7) + 0.0
