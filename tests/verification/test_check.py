"""``verify``: wrong points are caught and named, right ones pass, and the model stays as it was."""

import dataclasses
import math

import pyomo.environ as pyo
import pytest

import bilevolt
from bilevolt import Solution, Status, SubModel, dual_of, errors, verify
from bilevolt.models import textbook
from bilevolt.solvers import SOLVERS


def model_of_two(sense=pyo.minimize):
    """Leader: integer k, x. Follower A: y >= k at cost 2 (its price is 2); follower B: z <= 2 x, as large as can be."""
    model = pyo.ConcreteModel()
    model.k = pyo.Var(domain=pyo.Integers, bounds=(0, 4))
    model.x = pyo.Var(bounds=(0, 5))
    model.A = SubModel(fixed=[model.k])
    model.A.y = pyo.Var(bounds=(0, 9))
    model.A.objective = pyo.Objective(expr=sense * 2 * model.A.y, sense=sense)
    model.A.row = pyo.Constraint(expr=model.A.y - model.k >= 0.5)
    model.B = SubModel(fixed=[model.x])
    model.B.z = pyo.Var(bounds=(0, 6))
    model.B.objective = pyo.Objective(expr=model.B.z, sense=pyo.maximize)
    model.B.row = pyo.Constraint(expr=model.B.z - 2 * model.x <= 0)
    price = sense * dual_of(model.A.row)
    model.objective = pyo.Objective(expr=model.k + model.x - 0.1 * price + 0 * model.A.y)
    model.demand = pyo.Constraint(expr=model.B.z + model.A.y >= 4.5)
    return model


RIGHT = {"k": 1, "x": 1.5, "A.y": 1.5, "B.z": 3, "A.shadow_price[row]": 2}
PRICES = {"A.row": 2, "A.y": 0, "B.row": 1, "B.z": 0}


def point(values=(), prices=()):
    return Solution(Status.feasible, values=RIGHT | dict(values), multipliers=PRICES | dict(prices), solver="gurobi")


def test_a_right_point_passes():
    certificate = verify(model_of_two(), point())
    assert certificate.bilevel_feasible, certificate.report()
    assert certificate.violations == {}
    assert certificate.follower_gap == {"A": pytest.approx(0), "B": pytest.approx(0)}
    assert (certificate.leader_violation, certificate.follower_violation) == (0, 0)
    assert (certificate.complementarity, certificate.multiplier_violation) == (0, 0)
    assert certificate.globally_optimal is None  # nobody has proven that it is optimal


PRICE = "A.shadow_price[row]"
WRONG = [  # values, prices, what is violated (at least)
    ({"B.z": 2.5, "A.y": 2}, {}, {"optimality of follower A": 1, "optimality of follower B": 0.5}),
    ({"A.y": 1.75}, {}, {"optimality of follower A": 0.5, "complementarity of A.row": 0.25}),
    ({"A.y": 1.25}, {}, {"A.row": 0.25, "demand": 0.25}),
    ({"x": 1.25, "B.z": 2.5}, {}, {"demand": 0.5}),
    ({"k": 1.25, "A.y": 1.75}, {}, {"k": 0.25}),
    ({"k": -1, "A.y": 0}, {}, {"k": 1, "demand": 1.5}),
    ({"x": 5.5, "B.z": 6}, {}, {"x": 0.5}),
    ({"x": 4, "B.z": 8}, {}, {"B.z": 2, "optimality of follower B": -2}),
    ({"B.z": math.nan}, {}, {"demand": math.nan, "B.z": math.nan}),
    ({"k": math.nan}, {}, {"k": math.nan}),
    ({PRICE: 1.5}, {}, {"dual_of(A.row)": 0.5}),
    ({PRICE: 1.5}, {"A.row": 1.5}, {"stationarity of A.y": 0.5}),
    ({PRICE: -2}, {"A.row": -2}, {"stationarity of A.y": 4, "complementarity of A.row": math.inf}),
    ({PRICE: 0}, {"A.row": 0}, {"stationarity of A.y": 2}),
    ({PRICE: 0}, {"A.row": 0, "A.y": 2}, {"complementarity of A.y": 1.5}),
    ({}, {"B.row": -1}, {"stationarity of B.z": 2}),
    ({}, {"B.row": 0.25, "B.z": 0.75}, {"complementarity of B.z": 0.75}),
]


@pytest.mark.parametrize(("values", "prices", "expected"), WRONG)
def test_a_wrong_point_is_caught_and_named(values, prices, expected):
    certificate = verify(model_of_two(), point(values, prices))
    assert not certificate.bilevel_feasible
    for name, distance in expected.items():
        assert certificate.violations[name] == pytest.approx(distance, nan_ok=True), certificate.report()
        assert name in certificate.report()


def test_signs_of_prices_are_those_of_a_maximising_follower():
    right = point({PRICE: -2}, {"A.row": -2})
    assert verify(model_of_two(pyo.maximize), right).bilevel_feasible
    assert not verify(model_of_two(pyo.maximize), point()).bilevel_feasible


def test_a_missing_value_is_refused_by_name():
    solution = point()
    del solution.values["B.z"]
    with pytest.raises(errors.BilevoltError, match=r"variable 'B.z' has no value"):
        verify(model_of_two(), solution)


def test_without_a_solution_the_values_on_the_model_are_checked():
    model = model_of_two()
    for name, value in RIGHT.items():
        model.find_component(name).set_value(value)
    assert verify(model).bilevel_feasible
    model.A.y.set_value(2)
    assert verify(model).violations == {"optimality of follower A": pytest.approx(1)}


def test_the_values_on_the_model_are_restored(structure):
    model = model_of_two()
    model.k.set_value(3)
    before = structure(model)
    verify(model, point())
    assert (model.k.value, model.x.value) == (3, None)
    solution = point()
    del solution.values["B.z"]
    with pytest.raises(errors.BilevoltError):
        verify(model, solution)
    assert (model.k.value, model.x.value) == (3, None)
    assert structure(model) == before


@pytest.mark.parametrize("found_by", ["gurobi", "highs", "scip", "gurobi, highs"])
def test_followers_are_solved_again_by_another_solver(found_by):
    certificate = verify(model_of_two(), dataclasses.replace(point(), solver=found_by))
    assert set(certificate.solvers) == {"A", "B"}
    assert not set(certificate.solvers.values()) & set(found_by.split(", "))


def test_a_solver_that_fails_is_replaced_and_none_left_is_no_pass(monkeypatch):
    def refuse(self, model, **options):
        raise errors.SolverUnavailableError("gone")

    monkeypatch.setattr(type(SOLVERS["highs"]), "solve", refuse)
    certificate = verify(model_of_two(), dataclasses.replace(point(), solver="gurobi"))
    assert certificate.bilevel_feasible and set(certificate.solvers.values()) == {"scip"}
    for name in set(SOLVERS) - {"highs"}:
        monkeypatch.setattr(type(SOLVERS[name]), "solve", refuse)
    certificate = verify(model_of_two(), point())
    assert not certificate.bilevel_feasible
    assert any("could not be solved again: gone" in name for name in certificate.violations)


@pytest.mark.parametrize(("sense", "status"), [(pyo.maximize, "unbounded"), (pyo.minimize, "infeasible")])
def test_a_follower_without_an_optimum_is_named(sense, status):
    model = model_of_two()
    model.A.y.setub(None)
    if sense == pyo.maximize:
        model.A.objective.set_value(2 * model.A.y + 0 * model.k)
        model.A.objective.sense = pyo.maximize
    else:
        model.A.never = pyo.Constraint(expr=model.A.y <= -1 + 0 * model.k)
    certificate = verify(model, point())
    assert certificate.violations[f"follower A is {status} at this decision"] == math.inf
    assert certificate.follower_gap["A"] == math.inf


def test_leaders_special_ordered_sets():
    model = model_of_two()
    model.u = pyo.Var([1, 2, 3], bounds=(0, 3))
    model.s1 = pyo.SOSConstraint(var=model.u, sos=1)
    values = {"u[1]": 1, "u[2]": 0, "u[3]": 0}
    solution = point()
    solution.values |= values
    assert verify(model, solution).bilevel_feasible
    solution.values |= {"u[3]": 0.5}
    assert verify(model, solution).violations == {"s1": 0.5}
    model.s1.deactivate()
    model.s2 = pyo.SOSConstraint(var=model.u, sos=2)
    assert verify(model, solution).violations == {"s2": 0.5}
    solution.values |= {"u[2]": 2, "u[3]": 0}
    assert verify(model, solution).bilevel_feasible


def test_tolerance_is_relative_to_the_limit():
    model = model_of_two()
    model.large = pyo.Constraint(expr=1e6 * model.x <= 1.5e6 - 3)
    assert verify(model, point()).bilevel_feasible
    assert verify(model, point(), tolerance=1e-7).violations == {"large": pytest.approx(3)}


@pytest.mark.parametrize("name", ["candler_townsley_1982", "own_capacity_rent", "own_qp_upper_int", "pao2"])
def test_moving_any_variable_of_a_solved_problem_is_noticed(name):
    """Every listed optimum here is a strict one of its follower: no variable can move alone."""
    solution = bilevolt.solve(textbook.build(name), reformulation="sos1", solver="gurobi", time_limit=30)
    assert verify(textbook.build(name), solution).bilevel_feasible
    for variable in textbook.problem(name).followers[0].variables:
        moved = dataclasses.replace(
            solution, values=solution.values | {variable.name: solution.values[variable.name] + 0.1}
        )
        certificate = verify(textbook.build(name), moved)
        assert not certificate.bilevel_feasible and certificate.globally_optimal is None, variable.name
