"""Exchange search: steps keep the leader's rows, and find what one variable at a time does not."""

import numpy as np
import pyomo.environ as pyo
import pytest

import bilevolt
from bilevolt import SubModel
from bilevolt.heuristics.encoding.decision_space import encode
from bilevolt.heuristics.exchange_steps import Steps
from bilevolt.levels.reading import read_levels
from bilevolt.reformulations import kkt


def station_location(name):
    model = bilevolt.models.station_location
    return model.build(bilevolt.load_instance(name), unary=False, saturation_cuts=False)


def sharing(whole):
    """A budget that is to be spent, of which the followers see each share."""
    model = pyo.ConcreteModel()
    model.x = pyo.Var(range(5), domain=pyo.Integers if whole else pyo.Reals, bounds=(0, 4))
    model.budget = pyo.Constraint(expr=pyo.quicksum(model.x.values()) == 9)
    model.L = SubModel(fixed=[model.x])
    model.L.y = pyo.Var(range(5), bounds=(0, 9))
    model.L.rows = pyo.Constraint(range(5), rule=lambda b, k: b.y[k] >= model.x[k] - k)
    model.L.objective = pyo.Objective(expr=pyo.quicksum(model.L.y.values()))
    cost = pyo.quicksum((3 + k % 2) * model.L.y[k] + k * model.x[k] for k in range(5))
    model.objective = pyo.Objective(expr=cost)
    return model


@pytest.mark.parametrize("make", [lambda: station_location("zone_small"), lambda: sharing(True)], ids=["zone", "whole"])
def test_every_step_keeps_the_rows_and_moves_something(make):
    encoding, _ = encode(kkt.apply(read_levels(make())))
    rng = np.random.default_rng(1)
    x, _ = encoding.decode(rng.random(encoding.dimensions), rng)
    steps, taken = Steps(encoding, None), 0
    for _ in range(300):
        y = steps.draw(x, rng)
        if y is None:
            continue
        taken += 1
        assert encoding.violation(y) == 0 and (y != x).any()
        assert (y >= encoding.lower).all() and (y <= encoding.upper).all()
        assert (y[encoding.integer] == np.round(y[encoding.integer])).all()
        x = y
        steps.learn(taken % 3 == 0)
    assert taken > 50


@pytest.mark.parametrize("whole", [True, False])
def test_it_finds_the_optimum_where_a_sum_is_fixed(whole):
    exact = bilevolt.solve(sharing(whole), solver="highs")
    options = {"evaluations": 200, "seed": 2}
    found = bilevolt.solve(sharing(whole), method="exchange", solver="highs", method_options=options)
    assert found.status == "feasible" and found.certificate.bilevel_feasible
    assert found.objective == pytest.approx(exact.objective, abs=1e-6 if whole else 0.3)


def test_it_comes_near_the_proven_optimum_of_a_zone():
    options = {"seed": 0, "evaluations": 400}
    found = bilevolt.solve(station_location("zone_small"), method="exchange", solver="highs", method_options=options)
    assert 247.954 - 1e-3 <= found.objective <= 1.01 * 247.954


def test_the_start_is_the_decision_on_the_model():
    model = sharing(True)
    for k, number in enumerate((2, 0, 3, 4, 0)):
        model.x[k].set_value(number)
    found = bilevolt.solve(model, method="exchange", solver="highs", method_options={"evaluations": 1})
    assert [found.values[f"x[{k}]"] for k in range(5)] == [2, 0, 3, 4, 0]
