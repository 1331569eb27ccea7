"""Sets of rows and bounds that contradict each other: infeasible by themselves, and irreducible."""

import numpy as np
import pyomo.environ as pyo
import pytest
from scipy.optimize import linprog

from bilevolt.solvers import conflict as module
from bilevolt.solvers.conflict import conflict
from bilevolt.solvers.program import program_of
from bilevolt.solvers.reading import read


def program(seed, rows=12, columns=5):
    """A random LP of rows ``a x <= b``, half of them equalities or of both sides; most are infeasible."""
    rng = np.random.default_rng(seed)
    model = pyo.ConcreteModel()
    model.x = pyo.Var(range(columns), bounds=(0, 4))
    model.objective = pyo.Objective(expr=0)
    model.rows = pyo.ConstraintList()
    for _ in range(rows):
        weights = map(int, rng.integers(-3, 4, columns))
        body = sum(a * x for a, x in zip(weights, model.x.values(), strict=True))
        low = int(rng.integers(-6, 6))
        kind = rng.integers(3)
        model.rows.add((low, body, [None, low, low + 3][kind]))
    return program_of(read(model))


def feasible(p, rows, lower, upper):
    """Whether a subset has a point, by another solver interface."""
    a, low, high = p.matrix.toarray()[rows], p.row_lower[rows], p.row_upper[rows]
    one, other = np.isfinite(high), np.isfinite(low)
    bounds = [
        (p.lower[k] if k in lower else None, p.upper[k] if k in upper else None) for k in range(p.columns)
    ]  # fmt: skip
    matrix, sides = np.vstack([a[one], -a[other]]), np.r_[high[one], -low[other]]
    if not len(sides):
        return True
    return linprog(np.zeros(p.columns), matrix, sides, bounds=bounds).status == 0


@pytest.mark.parametrize("seed", range(40))
def test_the_set_is_infeasible_and_none_of_it_can_be_left_out(seed):
    p = program(seed)
    everything = range(p.columns)
    found = conflict(p)
    assert (found is None) == feasible(p, list(range(12)), everything, everything)
    if found is None:
        return
    assert found.irreducible
    rows = list(found.rows)
    sides = {side: [k for k, s in found.bounds if s == side] for side in ("lower", "upper")}
    assert not feasible(p, rows, sides["lower"], sides["upper"])
    for row in rows:
        assert feasible(p, [r for r in rows if r != row], sides["lower"], sides["upper"])
    for k, side in found.bounds:
        left = {s: [c for c in sides[s] if (c, s) != (k, side)] for s in sides}
        assert feasible(p, rows, left["lower"], left["upper"])


def test_some_are_feasible_and_some_are_not():
    outcomes = {conflict(program(seed, rows=7)) is None for seed in range(40)}
    assert outcomes == {True, False}


def test_only_the_rows_asked_for():
    model = pyo.ConcreteModel()
    model.x = pyo.Var(bounds=(0, 9))
    model.objective = pyo.Objective(expr=model.x)
    model.a = pyo.Constraint(expr=model.x >= 3)
    model.b = pyo.Constraint(expr=model.x <= 2)
    p = program_of(read(model))
    assert set(conflict(p).rows) == {0, 1}
    assert conflict(p, np.array([0])) is None


def test_a_set_that_is_too_large_is_not_called_irreducible(monkeypatch):
    monkeypatch.setattr(module, "FILTERED", 1)
    p = next(p for p in map(program, range(40)) if conflict(p) is not None)
    assert not conflict(p).irreducible
