"""What the tests of ``solve`` share."""

import pyomo.environ as pyo
import pytest

import bilevolt
from bilevolt import SubModel, dual_of

PAIRS = [("sos1", "gurobi"), ("sos1", "scip"), ("bigm", "highs")]


def run(model, pair=("sos1", "gurobi"), **options):
    reformulation, solver = pair
    options.setdefault("big_m", 1e3 if reformulation == "bigm" else None)
    return bilevolt.solve(model, reformulation=reformulation, solver=solver, time_limit=30, **options)


def near(number):
    return pytest.approx(number, rel=1e-5, abs=1e-6)


def market(leader=1, follower=1):
    """A leader buys x at the follower's marginal cost; two sources of cost 1 and 3, a cap on the first.

    ``leader`` and ``follower`` are the senses (1: min); a maximising level has its objective negated, so that all
    four are the same problem. At the optimum x = 5: 2 * 5 of value less a price of 1 a unit, from source 1 only.
    """
    model = pyo.ConcreteModel(name="market")
    model.x = pyo.Var(bounds=(0, 9))
    model.L = SubModel(fixed=[model.x])
    model.L.y = pyo.Var([1, 2], bounds=(0, None))
    model.L.balance = pyo.Constraint(expr=model.L.y[1] + model.L.y[2] - model.x >= 0)
    model.L.cap = pyo.Constraint(expr=model.L.y[1] <= 5)
    model.L.cost = pyo.Objective(expr=follower * (model.L.y[1] + 3 * model.L.y[2]), sense=follower)
    cost = -2 * model.x + 6 * model.L.y[2]
    model.gain = pyo.Objective(expr=leader * cost, sense=leader)
    model.price_row = pyo.Constraint(expr=follower * dual_of(model.L.balance) <= 2)
    return model
