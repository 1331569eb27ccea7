"""`needs_of`: what a model asks of a solver, and which component asks for it."""

import time

import numpy as np
import pyomo.environ as pyo
import pytest
from pyomo.gdp import Disjunction
from pyomo.mpec import Complementarity, complements

from bilevolt.errors import UnsupportedBySolverError
from bilevolt.solvers import needs_of
from bilevolt.solvers.quadratic import is_positive_semidefinite


def model(objective=None, row=None, sense=pyo.minimize, integer=False):
    m = pyo.ConcreteModel()
    m.x, m.y = pyo.Var(bounds=(0, 9)), pyo.Var(domain=pyo.Integers if integer else pyo.Reals)
    m.base = pyo.Constraint(expr=m.x + m.y >= 1)
    if row is not None:
        m.row = pyo.Constraint(expr=row(m))
    m.cost = pyo.Objective(expr=m.x if objective is None else objective(m), sense=sense)
    return m


NEEDS = [
    ("linear", model(), set()),
    ("integer", model(integer=True), {"milp"}),
    ("convex objective", model(lambda m: m.x**2 + m.y**2 + m.x * m.y), {"qp"}),
    ("singular convex objective", model(lambda m: (m.x - m.y) ** 2), {"qp"}),
    ("cancelled square", model(lambda m: m.x**2 - m.x**2 + m.y), set()),
    ("convex, integer", model(lambda m: m.x**2, integer=True), {"milp", "miqp"}),
    ("concave, minimized", model(lambda m: -(m.x**2)), {"nonconvex"}),
    ("concave, maximized", model(lambda m: -(m.x**2), sense=pyo.maximize), {"qp"}),
    ("product in the objective", model(lambda m: m.x * m.y), {"nonconvex"}),
    ("convex row", model(row=lambda m: m.x**2 + m.y**2 <= 4), {"quadratic_constraints"}),
    ("concave row", model(row=lambda m: m.x - m.y**2 >= -4), {"quadratic_constraints"}),
    ("reverse-convex row", model(row=lambda m: m.x**2 + m.y**2 >= 4), {"quadratic_constraints", "nonconvex"}),
    ("quadratic equality", model(row=lambda m: m.x**2 == m.y), {"quadratic_constraints", "nonconvex"}),
    (
        "quadratic range",
        model(row=lambda m: (1, m.x**2, 4)),
        {"quadratic_constraints", "nonconvex", "quadratic_ranges"},
    ),
    ("product row", model(row=lambda m: m.x * m.y <= 4), {"quadratic_constraints", "nonconvex"}),
]


@pytest.mark.parametrize(("m", "expected"), [pytest.param(m, e, id=name) for name, m, e in NEEDS])
def test_needs(m, expected):
    assert set(needs_of(m).because) == expected


def test_sos_and_its_size():
    m = model()
    m.s = pyo.SOSConstraint(rule=lambda m: [m.x, m.y], sos=1)
    m.r = pyo.Constraint(expr=(0, m.x + m.y, 5))
    needs = needs_of(m)
    assert dict(needs.because) == {"sos1": "SOS1 constraint 's'"}
    assert (needs.size.variables, needs.size.linear_rows, needs.size.range_rows, needs.size.sos) == (
        2,
        2,
        1,
        1,
    )


def test_the_reason_names_component_and_variables():
    because = needs_of(model(row=lambda m: m.x * m.y + m.x**2 <= 4, integer=True)).because
    assert because["milp"] == "integer variable 'y'"
    assert "constraint 'row'" in because["nonconvex"]
    assert "product of 'x' and 'y'" in because["nonconvex"]


def test_fixing_a_factor_makes_a_product_linear():
    m = model(row=lambda m: m.x * m.y <= 4, integer=True)
    m.y.fix(2)
    needs = needs_of(m)
    assert dict(needs.because) == {}
    assert needs.size.variables == 1


REFUSED = [
    ("cubic row", model(row=lambda m: m.x**3 <= 4), "Constraint 'row'"),
    ("exponential", model(lambda m: pyo.exp(m.x)), "Objective 'cost'"),
    ("quotient", model(row=lambda m: m.x / (m.y + 20) <= 4), "Constraint 'row'"),
]


@pytest.mark.parametrize(("m", "named"), [pytest.param(m, n, id=name) for name, m, n in REFUSED])
def test_beyond_quadratic_is_refused_by_name(m, named):
    with pytest.raises(UnsupportedBySolverError, match=named):
        needs_of(m)


def test_two_objectives_are_refused():
    m = model()
    m.second = pyo.Objective(expr=m.y)
    with pytest.raises(UnsupportedBySolverError, match=r"2 active objectives \('cost', 'second'\)"):
        needs_of(m)


def test_what_a_solver_would_ignore_is_refused():
    m = model()
    m.either = Disjunction(expr=[[m.x <= 1], [m.x >= 3]])
    with pytest.raises(UnsupportedBySolverError, match="Disjunct"):
        needs_of(m)
    m = model()
    m.pair = Complementarity(expr=complements(m.x >= 0, m.y >= 0))
    with pytest.raises(UnsupportedBySolverError, match="'pair'"):
        needs_of(m)
    m.pair.deactivate()
    assert needs_of(m).size.linear_rows == 1


@pytest.mark.parametrize("seed", range(20))
def test_semidefiniteness_agrees_with_the_whole_matrix(seed):
    rng = np.random.default_rng(seed)
    n = 6
    factor = rng.normal(size=(int(rng.integers(1, n + 1)), n)) * (rng.random(n) < 0.7)
    matrix = factor.T @ factor
    if seed % 2:
        matrix[seed % n, seed % n] -= rng.uniform(0.1, 2)
    terms = {(i, j): matrix[i, j] * (1 if i == j else 2) for i in range(n) for j in range(i, n) if matrix[i, j]}
    smallest = np.linalg.eigvalsh(matrix)[0]
    assert abs(smallest) > 1e-6 or abs(smallest) < 1e-12
    assert is_positive_semidefinite(terms) == (smallest > -1e-9)


def test_ten_thousand_rows_are_read_within_a_second():
    n = 10_000
    m = pyo.ConcreteModel()
    m.x = pyo.Var(range(n))
    m.rows = pyo.Constraint(range(n), rule=lambda m, i: sum((k + 1) * m.x[(7 * i + k) % n] for k in range(5)) <= 1)
    m.o = pyo.Objective(expr=sum(m.x[i] ** 2 for i in range(n)))
    started = time.perf_counter()
    needs = needs_of(m)
    assert time.perf_counter() - started < 1
    assert (set(needs.because), needs.size.linear_rows) == ({"qp"}, n)
