"""Convex MIQP with HiGHS by tangents: the answer of solvers that have MIQP, and an honest end where there is none."""

import math
import re

import numpy as np
import pyomo.environ as pyo
import pytest
from pyomo.contrib.solver.common.results import TerminationCondition
from sweeps import only

from bilevolt.errors import UnsupportedBySolverError
from bilevolt.solvers import Status, get_solver, needs_of
from bilevolt.solvers.highs import Highs
from bilevolt.solvers.highs.squares import sum_of_squares
from bilevolt.solvers.reading import read
from bilevolt.solvers.records import Outcome


def random_miqp(seed, kind="low rank", sense=pyo.minimize, n=8):
    """Integers and continuous variables, inequality rows, and a convex objective of the kind."""
    rng = np.random.default_rng(seed)
    m = pyo.ConcreteModel()
    m.x = pyo.Var(range(n), bounds=(-5, 5), domain=lambda m, i: pyo.Integers if i % 2 else pyo.Reals)
    m.rows = pyo.ConstraintList()
    for _ in range(n // 2):
        a = rng.integers(-4, 5, n)
        m.rows.add(sum(float(a[i]) * m.x[i] for i in range(n)) <= float(rng.integers(0, 10)))
    factor = {
        "low rank": rng.normal(size=(n // 2, n)),
        "separable": np.diag(rng.random(n)),
        "differences": np.eye(n - 1, n) - np.eye(n - 1, n, 1),
        "large weights": 300 * rng.normal(size=(2, n)),
    }[kind]
    q, c = factor.T @ factor, 5 * rng.normal(size=n)
    square = sum(q[i, j] * m.x[i] * m.x[j] for i in range(n) for j in range(n) if q[i, j])
    m.o = pyo.Objective(expr=int(sense) * (square + sum(c[i] * m.x[i] for i in range(n)) + 3), sense=sense)
    return m


KINDS = ("low rank", "separable", "differences", "large weights")


REFERENCES = [(kind, name) for kind in KINDS for name in ("gurobi", "scip")]
REFERENCES.remove(("large weights", "scip"))  # SCIP 10 checks products of 7e5 to 1e-6, and may not end


@pytest.mark.parametrize(("kind", "reference"), REFERENCES)
@pytest.mark.parametrize("seed", only([0], range(4)))
def test_agrees_with_solvers_that_have_miqp(seed, kind, reference):
    m = random_miqp(seed, kind, pyo.maximize if seed % 2 else pyo.minimize)
    found, expected = get_solver("highs").solve(m), get_solver(reference).solve(m)
    assert found.status is expected.status is Status.optimal
    assert found.objective == pytest.approx(expected.objective, rel=1e-5, abs=1e-5)
    worse = int(m.o.sense) * (found.objective - found.bound)
    assert -1e-7 * abs(found.objective) <= worse <= max(1e-6, 1e-6 * abs(found.objective)) * (1 + 1e-9)


@pytest.mark.parametrize("kind", KINDS)
def test_the_objective_is_the_true_one_at_the_values(kind):
    m = random_miqp(7, kind)
    result = get_solver("highs").solve(m)
    for variable, number in result.values.items():
        variable.set_value(number, skip_validation=True)
    assert pyo.value(m.o) == pytest.approx(result.objective, rel=1e-9)
    assert all(abs(v.value - round(v.value)) < 1e-6 for v in m.x.values() if v.is_integer())
    assert all(pyo.value(row.body) <= row.upper + 1e-6 for row in m.rows.values())


def test_a_maximized_concave_objective_is_the_mirror_image():
    twin = random_miqp(3, sense=pyo.maximize)
    first, second = get_solver("highs").solve(random_miqp(3)), get_solver("highs").solve(twin)
    assert second.objective == pytest.approx(-first.objective, rel=1e-9)
    assert second.bound == pytest.approx(-first.bound, rel=1e-9)


def test_rounds_tangents_and_error_are_reported():
    result = get_solver("highs").solve(random_miqp(1))
    sentence = r"outer approximation: (\d+) rounds, (\d+) tangents, objective error (\S+) relative"
    report = re.search(sentence, result.message)
    assert int(report[1]) >= 1
    assert int(report[2]) >= 1
    assert float(report[3]) < 1e-6


@pytest.mark.parametrize("name", ["highs", "gurobi"])
def test_infeasible(name):
    m = random_miqp(1)
    m.rows.add(sum(m.x.values()) >= 41)
    result = get_solver(name).solve(m)
    assert result.status is Status.infeasible
    assert result.bound is result.values is None


def test_infeasible_in_integers_only():
    m = pyo.ConcreteModel()
    m.x, m.y = pyo.Var(domain=pyo.Integers, bounds=(0, 9)), pyo.Var(bounds=(0, 1))
    m.odd = pyo.Constraint(expr=2 * m.x == 3)
    m.o = pyo.Objective(expr=m.x**2 + m.y)
    assert get_solver("highs").solve(m).status is Status.infeasible


def unbounded_square(bounded):
    """A free integer with a square, and a price for what has none."""
    m = pyo.ConcreteModel()
    m.x, m.y = pyo.Var(domain=pyo.Integers), pyo.Var()
    m.row = pyo.Constraint(expr=m.x + m.y <= 1)
    m.o = pyo.Objective(expr=m.x**2 + (m.y - m.x if not bounded else m.y**2 - 4 * m.x - 7 * m.y))
    return m


def test_unbounded_where_the_square_does_not_reach():
    result = get_solver("highs").solve(unbounded_square(bounded=False))
    assert result.status is Status.unbounded
    assert result.bound is None


def test_unbounded_approximation_of_a_bounded_problem_gets_tangents_along_its_rays():
    m = unbounded_square(bounded=True)
    found, expected = get_solver("highs").solve(m), get_solver("gurobi").solve(m)
    assert found.status is Status.optimal
    assert found.objective == pytest.approx(expected.objective, abs=1e-5)


def test_nearly_unbounded():
    """A curvature of 1e-4 alone holds back a slope of 1: the optimum is far out, at x = 5000."""
    m = pyo.ConcreteModel()
    m.x = pyo.Var(domain=pyo.Integers)
    m.o = pyo.Objective(expr=1e-4 * m.x**2 - m.x)
    result = get_solver("highs").solve(m)
    assert (result.status, result.values[m.x]) == (Status.optimal, pytest.approx(5000, abs=3))
    assert result.objective == pytest.approx(-2500, rel=1e-6)


def test_nonconvex_is_refused_by_name():
    m = random_miqp(1)
    m.o.expr = m.o.expr - 1000 * m.x[3] ** 2
    with pytest.raises(UnsupportedBySolverError, match=r"nonconvex: objective 'o', .*x\[3\]"):
        get_solver("highs").solve(m)


def hard(n=60, rows=8, seed=1):
    """A market split whose deviations are squared: the bound stays near 0 for long."""
    rng = np.random.default_rng(seed)
    m = pyo.ConcreteModel()
    m.x = pyo.Var(range(n), domain=pyo.Binary)
    m.d = pyo.Var(range(rows))
    m.rows = pyo.ConstraintList()
    for i in range(rows):
        a = rng.integers(0, 99, n)
        m.rows.add(sum(float(a[j]) * m.x[j] for j in range(n)) - m.d[i] == float(a.sum() // 2))
    m.o = pyo.Objective(expr=sum(m.d[i] ** 2 for i in range(rows)) + 1)
    return m


def test_time_limit_is_for_all_rounds_and_what_is_known_is_returned():
    m = hard()
    result = get_solver("highs").solve(m, time_limit=2)
    assert result.status is Status.feasible
    assert "time limit" in result.message
    assert result.seconds < 10
    assert result.bound <= result.objective
    assert math.isfinite(result.bound)
    assert result.objective - result.bound > 1e-6 * abs(result.objective)


def test_time_limit_before_the_first_point():
    result = get_solver("highs").solve(hard(), time_limit=1e-6)
    assert result.status is Status.no_solution
    assert result.values is None


def test_time_limit_with_a_bound_and_no_point():
    """Equalities that HiGHS does not satisfy in time: the bound of the relaxation is all there is."""
    m = hard(n=40, rows=5)
    m.d.fix(0)
    m.o.set_value(m.o.expr + sum((m.x[j] - 0.5) ** 2 for j in m.x))
    result = get_solver("highs").solve(m, time_limit=1)
    assert (result.status, result.objective, result.values) == (Status.no_solution, None, None)
    assert result.bound >= 1


def test_a_wide_gap_is_honoured_and_reported():
    m = random_miqp(4, "low rank", n=12)
    exact, wide = get_solver("highs").solve(m), get_solver("highs").solve(m, rel_gap=0.2)
    assert wide.status is Status.optimal
    assert wide.bound <= exact.objective + 1e-6
    assert wide.objective - wide.bound <= 0.2 * abs(wide.objective) + 1e-6


def test_warm_start_is_taken():
    m = hard()
    first = get_solver("gurobi").solve(m, time_limit=1)
    for variable, number in first.values.items():
        variable.set_value(round(number) if variable.is_integer() else number)
    bare = {"mip_max_nodes": 0, "mip_heuristic_effort": 0.0}
    warm = get_solver("highs").solve(m, options=bare, warm_start=True)
    cold = get_solver("highs").solve(m, options=bare)
    assert warm.objective <= first.objective * (1 + 1e-6)
    assert cold.objective is None or warm.objective < cold.objective


def give_up(self, program, settings):
    """HiGHS's QP method on the problem of a heuristic's completion step: "Solve error"."""
    return Outcome(TerminationCondition.error, "Solve error")


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("sense", [pyo.minimize, pyo.maximize])
def test_a_qp_that_highs_gives_up_is_solved_by_tangents(monkeypatch, kind, sense):
    m = random_miqp(2, kind, sense)
    m.x.domain = pyo.Reals
    expected = get_solver("gurobi").solve(m).objective
    monkeypatch.setattr(Highs, "_once", give_up)
    result = get_solver("highs").solve(m)
    assert result.status is Status.optimal
    assert result.objective == pytest.approx(expected, rel=1e-5, abs=1e-5)
    assert "outer approximation: 0 rounds" in result.message
    assert get_solver("highs").solve(m, duals=True).status is Status.error  # tangents have no duals to give


def test_silent_unless_tee(capfd):
    get_solver("highs").solve(random_miqp(1))
    assert capfd.readouterr().out == ""
    get_solver("highs").solve(random_miqp(1), tee=True)
    assert "Solving report" in capfd.readouterr().out


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("sense", [pyo.minimize, pyo.maximize])
def test_squares_add_up_to_the_form(kind, sense):
    """Compared at random points; the form is convex, so that each weight is positive."""
    reading = read(random_miqp(5, kind, sense))
    terms = reading.polynomial.quadratic
    squares = sum_of_squares(terms, float(sense))
    assert all(square.weight > 0 for square in squares)
    for point in np.random.default_rng(0).normal(size=(5, len(reading.variables))):
        at = dict(zip(reading.variables, point, strict=True))
        total = sum(s.weight * sum(v * at[i] for i, v in s.factor.items()) ** 2 for s in squares)
        assert total == pytest.approx(int(sense) * sum(q * at[i] * at[j] for (i, j), q in terms.items()), rel=1e-9)


def test_a_form_that_is_singular_and_badly_scaled():
    """What completing the squares leaves over is left to the eigenvectors."""
    vector = np.array([1.0, 1e-5, 1e-7])
    q = np.outer(vector, vector)
    terms = {(i, j): q[i, j] * (1 if i == j else 2) for i in range(3) for j in range(i, 3)}
    total = sum(s.weight * np.outer(*[[s.factor.get(i, 0.0) for i in range(3)]] * 2) for s in sum_of_squares(terms))
    assert np.abs(total - q).max() <= 1e-9


def test_differences_stay_sparse():
    """sum (L_t - A)^2 is found again as such: two variables to a square, not the eigenvectors of the whole."""
    slots = range(24)
    terms = {(t, t): 1.0 for t in slots} | {(t, 99): -2.0 for t in slots} | {(99, 99): 24.0}
    squares = sum_of_squares(terms)
    assert len(squares) == 24
    assert all(len(square.factor) == 2 for square in squares)


def test_needs_name_the_objective_and_the_integer():
    assert "beside integer variable 'x[1]'" in needs_of(random_miqp(1)).because["miqp"]
