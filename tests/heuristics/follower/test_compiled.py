"""The compiled reaction against ``react``, which shares nothing with it but the follower's coefficients' reading."""

import math

import numpy as np
import pyomo.environ as pyo
import pytest

import bilevolt
from bilevolt import SubModel
from bilevolt.heuristics.encoding.decision_space import encode
from bilevolt.heuristics.follower.bilinear import NotCompiled
from bilevolt.heuristics.follower.compilation import compile_reaction
from bilevolt.heuristics.follower.evaluation import Exact
from bilevolt.levels.reading import read_levels
from bilevolt.models import textbook
from bilevolt.reformulations import kkt
from bilevolt.reformulations.single_level import map_of
from bilevolt.solvers import get_solver


def compiled(model):
    single = kkt.apply(read_levels(model))
    encoding, own = encode(single)
    single_map = map_of(single)
    reaction = compile_reaction(single_map.bilevel, single_map.conditions.forms, encoding.decision, own)
    return reaction, encoding, Exact(single, encoding, get_solver("highs").solve)


COMPILED = [
    "bard511",
    "dempe_2002_p25",
    "dempe_2002_p32",
    "clark_westerberg_1990b",
    "dtmp_74",
    "fruits_01",
    "pineda",
    "savard_1989",
    "allende_still_2013",
]


def compare(model, draws=4):
    """Return how many decisions had a reaction; raise where the two disagree."""
    reaction, encoding, exact = compiled(model)
    rng, feasible = np.random.default_rng(1), 0
    for _ in range(draws):
        x, _ = encoding.decode(rng.random(encoding.dimensions), rng)
        fast, true = reaction.score(x), exact.score(x)
        feasible += math.isfinite(true.objective)
        if reaction.objective.quadratic[0].size:
            assert fast.objective >= true.objective - 1e-5 * (1 + abs(true.objective))
        else:
            assert fast.objective == pytest.approx(true.objective, rel=1e-4, abs=1e-4)
    return feasible


@pytest.mark.parametrize("name", COMPILED)
def test_textbook_problems(name):
    compare(textbook.build(name))


@pytest.mark.parametrize("name", ["zone_small", "zone_ties"])
def test_station_location(name):
    assert compare(bilevolt.models.station_location.build(bilevolt.load_instance(name)), draws=3) > 0


def test_demand_response_where_the_objective_is_quadratic():
    assert compare(bilevolt.models.demand_response.build(bilevolt.load_instance("ev3"))) > 0


def test_electric_buses_whose_rows_and_costs_hold_the_leaders_variables():
    assert compare(bilevolt.models.electric_bus.build(bilevolt.load_instance("limassol_small")), draws=3) > 0


def tied(coefficient=1.0):
    """The follower is indifferent between y1 and y2; the leader is not."""
    model = pyo.ConcreteModel()
    model.x = pyo.Var(bounds=(0, 1))
    model.L = SubModel(fixed=[model.x])
    model.L.y = pyo.Var([1, 2], bounds=(0, 5))
    y = model.L.y
    model.L.objective = pyo.Objective(expr=y[1] + y[2])
    model.L.row = pyo.Constraint(expr=y[1] + (1 + (coefficient - 1) * model.x) * y[2] - model.x >= 2)
    model.objective = pyo.Objective(expr=model.x + y[1] - y[2])
    return model


def test_ties_are_broken_in_the_leaders_favour():
    reaction, _, _ = compiled(tied())
    assert reaction.score(np.array([0.5])).objective == pytest.approx(0.5 - 2.5)


def test_coefficients_that_the_leader_moves():
    reaction, _, _ = compiled(tied(coefficient=3.0))
    # at x = 0.5 the row is y1 + 2 y2 >= 2.5, and y2 is the cheaper one
    assert reaction.score(np.array([0.5])).objective == pytest.approx(0.5 - 1.25)
    assert reaction.score(np.array([0.0])).objective == pytest.approx(-2.0)


def test_a_row_that_the_reaction_violates_is_measured():
    model = tied()
    model.coupling = pyo.Constraint(expr=model.L.y[1] + model.L.y[2] >= 2.75)
    reaction, _, _ = compiled(model)
    near, far = reaction.score(np.array([0.5])), reaction.score(np.array([0.0]))
    assert 0 < near.violation < far.violation and near.objective == math.inf
    assert reaction.score(np.array([0.8])).violation == 0


def test_an_answer_depends_on_its_decision_alone():
    reaction, encoding, _ = compiled(bilevolt.models.station_location.build(bilevolt.load_instance("zone_ties")))
    rng = np.random.default_rng(2)
    decisions = [encoding.decode(rng.random(encoding.dimensions), rng)[0] for _ in range(20)]
    reaction.start_at(np.array(decisions[:1]))
    forward = [reaction.score(x) for x in decisions]
    backward = [reaction.score(x) for x in reversed(decisions)]
    assert forward == backward[::-1]
    assert forward == [reaction.fresh().score(x) for x in decisions]


def quadratic_follower(model):
    model.L.objective.set_value((model.L.y[1] - 1) ** 2 + model.L.y[2])


def cubic_leader(model):
    model.objective.set_value(model.x**3 + model.L.y[1])


def product_of_what_adapts(model):
    model.row = pyo.Constraint(expr=model.L.y[1] * model.L.y[2] <= 3)


def curved_other(model):
    model.z = pyo.Var(bounds=(0, 9))
    model.row = pyo.Constraint(expr=model.z >= model.L.y[1])
    model.objective.set_value(model.z**2)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (quadratic_follower, "follower 'L' is a QP"),
        (cubic_leader, "not quadratic"),
        (product_of_what_adapts, "multiplies variables that both adapt"),
        (curved_other, "quadratic in 'z'"),
    ],
)
def test_what_is_not_compiled_says_why(change, said):
    model = tied()
    change(model)
    with pytest.raises(NotCompiled, match=said):
        compiled(model)
