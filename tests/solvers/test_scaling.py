"""Scaling by powers of two: exact both ways, and what is well scaled stays as it is."""

from dataclasses import replace

import numpy as np
import pyomo.environ as pyo
import pytest
from conformance import solver_params

from bilevolt.solvers import get_solver
from bilevolt.solvers.program import program_of
from bilevolt.solvers.reading import read
from bilevolt.solvers.scaling import WELL_SCALED, scaling_of


def program(model):
    return program_of(read(model))


def random_model(seed, span, integers=True, curved=True):
    """Rows, columns and objective in units of up to 10^span, on top of small numbers."""
    rng, units = np.random.default_rng(seed), np.random.default_rng(1000 + seed)
    n, rows = 6, 5
    unit = 10.0 ** units.integers(-span, span + 1, n)
    if integers:
        unit[::3] = 1.0
    weight = 10.0 ** units.integers(-span, span + 1, rows)
    m = pyo.ConcreteModel()
    m.x = pyo.Var(range(n), domain=lambda m, j: pyo.Integers if integers and j % 3 == 0 else pyo.Reals)
    for j in m.x:
        m.x[j].setlb(0)
        m.x[j].setub(float(9 * unit[j]))
    a = rng.integers(-4, 5, (rows, n)).astype(float)
    m.rows = pyo.ConstraintList()
    for i in range(rows):
        m.rows.add(sum(float(weight[i] * a[i, j] / unit[j]) * m.x[j] for j in m.x) <= float(weight[i] * 12))
    worth = sum(float(rng.integers(-5, 6) / unit[j]) * m.x[j] for j in m.x)
    square = (m.x[1] / float(unit[1]) - 2) ** 2 if curved else 0
    m.o = pyo.Objective(expr=worth + square)
    return m


def is_power_of_two(numbers):
    mantissa, _ = np.frexp(numbers)
    return bool(np.all(mantissa == 0.5))


@pytest.mark.parametrize("span", [0, 3, 6])
@pytest.mark.parametrize("seed", range(6))
def test_there_and_back_is_exact(seed, span):
    p = program(random_model(seed, span))
    scaling = scaling_of(p)
    scaled = scaling.apply(p)
    assert all(map(is_power_of_two, (scaling.column, scaling.row, np.array([scaling.objective]))))
    assert np.all(scaling.column[p.integer] == 1)
    inverse = replace(scaling, column=1 / scaling.column, row=1 / scaling.row, objective=1 / scaling.objective)
    again = inverse.apply(scaled)
    for name in ("cost", "lower", "upper", "row_lower", "row_upper", "start"):
        assert np.array_equal(getattr(again, name), getattr(p, name), equal_nan=True), name
    assert np.array_equal(again.matrix.toarray(), p.matrix.toarray())
    assert np.array_equal(again.quadratic.value, p.quadratic.value)
    x = np.random.default_rng(seed).random(p.columns) * p.upper
    assert scaled.value(x / scaling.column) == pytest.approx(scaling.objective * p.value(x), rel=1e-12)
    assert np.array_equal(scaling.point(x / scaling.column), x)
    assert scaled.matrix @ (x / scaling.column) == pytest.approx(scaling.row * (p.matrix @ x), rel=1e-9, abs=1e-9)


@pytest.mark.parametrize("seed", range(6))
def test_entries_come_near_one(seed):
    p = program(random_model(seed, 6, integers=False))
    before, after = (np.abs(q.matrix.data) for q in (p, scaling_of(p).apply(p)))
    assert before.max() / before.min() > 1e6
    assert after.max() / after.min() < 1e3
    assert 0.5 <= after.max() <= 2


def test_what_is_well_scaled_is_left_alone():
    p = program(random_model(1, 0))
    scaling = scaling_of(p)
    assert np.all(scaling.column == 1) and np.all(scaling.row == 1) and scaling.objective == 1
    assert np.abs(p.matrix.data).max() <= WELL_SCALED


def test_no_column_beyond_its_range():
    """Without that, a loose row would let a column of at most 1e-3 stand for 1."""
    m = pyo.ConcreteModel()
    m.x, m.y = pyo.Var(bounds=(0, 1e-3)), pyo.Var(bounds=(0, None))
    m.row = pyo.Constraint(expr=1e-4 * m.x + m.y >= 1e-5)
    m.o = pyo.Objective(expr=m.y)
    assert scaling_of(program(m)).column[0] <= 2e-3


@pytest.mark.parametrize(("cost", "up"), [(1e-6, True), (1.0, False), (1e6, False)])
def test_the_objective_is_scaled_upwards_only(cost, up):
    m = pyo.ConcreteModel()
    m.x = pyo.Var(bounds=(1, 2))
    m.row = pyo.Constraint(expr=m.x >= 0)
    m.o = pyo.Objective(expr=cost * m.x)
    assert (scaling_of(program(m)).objective > 1) == up


@pytest.mark.parametrize("sense", [1, -1])
@pytest.mark.parametrize("name", solver_params("duals"))
def test_duals_are_those_of_the_model_as_given(name, sense):
    """min 3e5 x + 2e-4 y, 1e5 x + 1e-4 y >= 6, y <= 1e4: the row's dual is 3, the bound binds."""
    m = pyo.ConcreteModel()
    m.x, m.y = pyo.Var(bounds=(0, None)), pyo.Var(bounds=(0, None))
    m.row = pyo.Constraint(expr=1e5 * m.x + 1e-4 * m.y >= 6)
    m.cap = pyo.Constraint(expr=m.y <= 1e4)
    m.o = pyo.Objective(expr=sense * (3e5 * m.x + 2e-4 * m.y), sense=sense)
    result = get_solver(name).solve(m, duals=True)
    assert result.objective == pytest.approx(sense * 17)
    assert result.duals[m.row] == pytest.approx(sense * 3)
    assert result.duals[m.cap] == pytest.approx(sense * -1e-4)


@pytest.mark.parametrize("name", solver_params())
@pytest.mark.parametrize("seed", range(4))
def test_scaled_models_have_the_optimum_of_their_twins(seed, name):
    """In whatever units the same problem is written, the optimum is the same."""
    plain, units = (get_solver(name).solve(random_model(seed, span, curved=False)) for span in (0, 5))
    assert units.status is plain.status
    assert units.objective == pytest.approx(plain.objective, rel=1e-6, abs=1e-6)


def test_dust_says_nothing_of_the_scale():
    """A bound of 1e-17, and an entry of 1e-17 beside 1: neither is a reason to scale anything."""
    m = pyo.ConcreteModel()
    m.x, m.y = pyo.Var(bounds=(0, 1e-17)), pyo.Var(bounds=(0, 1))
    m.row, m.off = pyo.Constraint(expr=m.x + 2 * m.y >= 1), pyo.Constraint(expr=m.x + 1e-17 * m.y <= 1)
    m.o = pyo.Objective(expr=m.y)
    scaling = scaling_of(program(m))
    assert np.all(scaling.column == 1) and np.all(scaling.row == 1)
