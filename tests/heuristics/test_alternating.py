"""Alternating search: never worse from step to step, a verified point, and close to the optimum where prices tie."""

from itertools import pairwise

import pyomo.environ as pyo
import pytest

import bilevolt as bv
from bilevolt import SubModel
from bilevolt.errors import BilevoltError
from bilevolt.models import demand_response


@pytest.fixture(scope="module")
def prices():
    model = demand_response.build(bv.load_instance("ev3"))
    return model, bv.solve(model, method="alternating", solver="scip")


def test_it_finds_prices_at_which_followers_are_indifferent(prices):
    _, solution = prices
    exact = bv.solve(demand_response.build(bv.load_instance("ev3")), reformulation="bigm", solver="gurobi")
    start = -0.2866  # the reaction to the base price, where it begins
    assert solution.status == "feasible" and solution.certificate.bilevel_feasible
    assert solution.objective <= exact.objective + 1e-6
    assert exact.objective - solution.objective < 0.1 * (exact.objective - start)


def test_it_never_gets_worse(prices):
    _, solution = prices
    steps = [value for entry in solution.history for value in (entry["reaction"], entry["objective"])]
    assert all(after >= before - 1e-5 for before, after in pairwise(steps))
    assert solution.objective == pytest.approx(max(entry["objective"] for entry in solution.history), abs=1e-9)


def one_follower(sense):
    """Leader: x in [0, 2] against y, the follower's min of (x - 1) y over [0, 1]; it is indifferent at x = 1."""
    model = pyo.ConcreteModel()
    model.x = pyo.Var(bounds=(0, 2), initialize=1.7)
    model.L = SubModel(fixed=[model.x])
    model.L.y = pyo.Var(bounds=(0, 1), initialize=0)
    model.L.cost = pyo.Objective(expr=(model.x - 1) * model.L.y)
    worth = model.x + 3 * model.L.y
    model.objective = pyo.Objective(expr=worth if sense == pyo.maximize else -worth, sense=sense)
    return model


@pytest.mark.parametrize("sense", [pyo.maximize, pyo.minimize])
@pytest.mark.parametrize(("start", "optimum"), [(0.3, 4.0), (1.0, 4.0), (1.7, 2.0)])
def test_it_stops_at_what_is_best_in_the_patterns_it_meets(sense, start, optimum):
    """From x < 1 the follower takes y = 1 up to x = 1, worth 4; from above, y = 0 up to x = 2, worth 2: local."""
    model = one_follower(sense)
    model.x.set_value(start)
    solution = bv.solve(model, method="alternating")
    assert solution.certificate.bilevel_feasible
    assert abs(solution.objective) == pytest.approx(optimum, abs=1e-5)


def test_no_reaction_is_no_solution():
    model = one_follower(pyo.maximize)
    model.L.row = pyo.Constraint(expr=model.L.y >= 2)
    solution = bv.solve(model, method="alternating")
    assert solution.status == "no_solution" and "infeasible" in solution.notes[-1]


def test_followers_that_see_one_another_are_refused():
    model = one_follower(pyo.maximize)
    model.M = SubModel(fixed=[model.x, model.L.y])
    model.M.z = pyo.Var(bounds=(0, 1))
    model.M.cost = pyo.Objective(expr=model.M.z * model.L.y)
    with pytest.raises(BilevoltError, match="see one another"):
        bv.solve(model, method="alternating")
