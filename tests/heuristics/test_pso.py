"""Particle swarm optimisation: what is its own."""

import pyomo.environ as pyo
import pytest

import bilevolt
from bilevolt import SubModel


def bowl():
    """The follower copies the leader's x; the leader wants it at (2, 3, ..., 6)."""
    model = pyo.ConcreteModel()
    model.x = pyo.Var(range(5), bounds=(0, 10))
    model.L = SubModel(fixed=[model.x])
    model.L.y = pyo.Var(range(5), bounds=(0, 10))
    model.L.row = pyo.Constraint(range(5), rule=lambda b, i: b.y[i] >= model.x[i])
    model.L.objective = pyo.Objective(expr=sum(model.L.y.values()))
    model.objective = pyo.Objective(expr=sum((model.L.y[i] - 2 - i) ** 2 for i in range(5)))
    return model


def test_the_swarm_converges():
    solution = bilevolt.solve(bowl(), method="pso", solver="highs")
    assert solution.objective < 1e-2
    assert [solution.values[f"x[{i}]"] for i in range(5)] == pytest.approx([2, 3, 4, 5, 6], abs=0.1)


def test_without_pull_or_inertia_it_stays_where_it_was_drawn():
    options = {"inertia": 0.0, "cognitive": 0.0, "social": 0.0, "iterations": 5}
    history = bilevolt.solve(bowl(), method="pso", solver="highs", method_options=options).history
    assert {entry["objective"] for entry in history} == {history[0]["objective"]}


def test_speed_is_limited():
    options = {"speed_limit": 1e-6, "iterations": 5}
    history = bilevolt.solve(bowl(), method="pso", solver="highs", method_options=options).history
    assert history[-1]["objective"] == pytest.approx(history[0]["objective"], rel=1e-3)
