"""Ranges of variables and expressions, and what a model states about them."""

import math

import pyomo.environ as pyo
import pytest

from bilevolt import SubModel, state_bound
from bilevolt.levels.follower import suffix_values
from bilevolt.reformulations import kkt, map_of, read_levels


@pytest.fixture
def model():
    model = pyo.ConcreteModel()
    model.x = pyo.Var(bounds=(-1, 2))
    model.k = pyo.Var(domain=pyo.Binary)
    model.objective = pyo.Objective(expr=model.x + model.k)
    model.L = SubModel(fixed=[model.x, model.k])
    model.L.y = pyo.Var([1, 2], bounds=(0, None))
    model.L.objective = pyo.Objective(expr=model.L.y[1] + model.L.y[2])
    model.L.row = pyo.Constraint([1, 2], rule=lambda b, i: b.y[i] - model.x >= 0)
    return model


def ranges(model):
    return map_of(kkt.apply(read_levels(model))).ranges


def test_interval_arithmetic(model):
    model.L.y[1].setub(3)
    found = ranges(model)
    assert found.of_variable(model.k) == (0, 1)
    assert found.of_variable(model.L.y[2]) == (0, math.inf)
    assert found.of_expression(2 * model.L.y[1] - 3 * model.x + 4 * model.k) == (-6, 13)
    assert found.of_expression(model.L.y[1] * model.x) == (-3, 6)
    assert found.of_expression(model.x - model.L.y[2]) == (-math.inf, 2)


def test_a_fixed_variable_has_its_value_as_range_whatever_its_bounds(model):
    model.x.set_value(7, skip_validation=True)
    model.x.fix()
    assert ranges(model).of_variable(model.x) == (7, 7)
    assert ranges(model).of_expression(2 * model.x + model.k) == (14, 15)


def test_stated_implied_bounds_narrow_the_own_ones_only(model):
    model.L.y[1].setub(3)
    state_bound(model.L.y[1], -5, 9, "wider than the variable's")
    state_bound(model.L.y[2], 1, 4, "narrower")
    found = ranges(model)
    assert found.of_variable(model.L.y[1]) == (0, 3)
    assert found.of_variable(model.L.y[2]) == (1, 4)
    assert found.of_expression(model.L.y[1] + model.L.y[2]) == (1, 7)
    assert model.L.y[2].bounds == (0, None)


def test_what_is_learnt_and_bounds_that_are_put_later_both_count(model):
    found, y = ranges(model), model.L.y[2]
    assert found.learn(y, -math.inf, 6)
    assert not found.learn(y, 1, 8)
    assert found.of_variable(y) == (1, 6)
    y.setub(5)
    assert found.of_variable(y) == (1, 5)
    assert found.of_expression(2 * y) == (2, 10)


def test_a_suffix_of_an_indexed_component_holds_for_members_without_their_own(model):
    state_bound(model.L.row, -5, 5, "all")
    state_bound(model.L.row[2], -3, 3, None)
    (follower,) = read_levels(model).followers
    values = suffix_values(follower, "multiplier_bound")
    assert (values[model.L.row[1]], values[model.L.row[2]]) == ((-5, 5, "all"), (-3, 3, None))
    assert model.L.y[1] not in values


def test_an_inactive_suffix_says_nothing(model):
    state_bound(model.L.row, -5, 5, "all")
    model.L.multiplier_bound.deactivate()
    (follower,) = read_levels(model).followers
    assert not suffix_values(follower, "multiplier_bound")
