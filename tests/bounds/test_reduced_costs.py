"""Multipliers of bounds from the ranges of row multipliers; ranges of prices that a model states."""

import pyomo.environ as pyo
import pytest

import bilevolt as bv
from bilevolt import SubModel, dual_of
from bilevolt.bounds.given import impose_proven
from bilevolt.bounds.reduced_costs import REASON, reduced_cost_bounds
from bilevolt.reformulations import map_of


def market(sense=1, stated=True, quadratic=False):
    """A good at cost 2 up to 5, a replacement at cost 7 up to 9, demand 6 x: the price is in [2, 7]."""
    model = pyo.ConcreteModel()
    model.x = pyo.Var(domain=pyo.Binary)
    model.L = SubModel(fixed=[model.x])
    model.L.made = pyo.Var(bounds=(0, 5))
    model.L.bought = pyo.Var(bounds=(0, 9))
    cost = 2 * model.L.made + 7 * model.L.bought + (model.L.made**2 if quadratic else 0)
    model.L.objective = pyo.Objective(expr=sense * cost, sense=pyo.minimize if sense > 0 else pyo.maximize)
    model.L.demand = pyo.Constraint(expr=model.L.made + model.L.bought == 3 + 3 * model.x)
    model.L.multiplier_bound = pyo.Suffix()
    if stated:
        model.L.multiplier_bound[model.L.demand] = (*sorted((sense * 2, sense * 7)), "cost of the last unit")
    model.objective = pyo.Objective(expr=dual_of(model.L.demand) * model.x - 4 * model.x, sense=pyo.minimize)
    return model


def bounds_of(model):
    single = bv.reformulate(model, "kkt")
    single_map = map_of(single)
    impose_proven(single_map.conditions, single_map.ranges)
    names = {id(pair.multiplier): pair.name for pair in single_map.conditions.pairs}
    conditions = single_map.conditions
    found = reduced_cost_bounds(conditions, single_map.ranges, [pair.multiplier for pair in conditions.pairs])
    return {names[id(multiplier)]: bound for multiplier, bound in found.items()}


@pytest.mark.parametrize("sense", [1, -1])
def test_interval_of_the_reduced_cost(sense):
    """r = 2 - price in [-5, 0] for what is made, 7 - price in [0, 5] for what is bought; lower r+, upper r-."""
    found = bounds_of(market(sense))
    expected = {"L.made.lower": 0, "L.made.upper": 5, "L.bought.lower": 5, "L.bought.upper": 0}
    assert {name: bound.value for name, bound in found.items()} == expected
    assert {bound.reason for bound in found.values()} == {REASON}


def test_nothing_is_claimed_without_a_range_or_where_costs_curve():
    assert bounds_of(market(stated=False)) == {}
    assert set(bounds_of(market(quadratic=True))) == {"L.bought.lower", "L.bought.upper"}


@pytest.mark.parametrize("sense", [1, -1])
def test_a_stated_range_of_a_price_bounds_its_multiplier_on_both_sides(sense):
    single_map = map_of(single := bv.reformulate(market(sense), "strong_duality"))
    (nu,) = single_map.conditions.equality_multipliers.values()
    assert nu.bounds == (2, 7)  # of the follower brought to min, whatever the sense declared
    assert single_map.ranges.imposed[nu].value == 7
    (product,) = [p.variable for p in single_map.products]
    assert product.bounds == (0, 7) and single is not None


@pytest.mark.parametrize("sense", [1, -1])
@pytest.mark.parametrize(
    ("reformulation", "solver"), [("bigm", "highs"), ("strong_duality", "highs"), ("sos1", "scip")]
)
def test_optimum_is_the_one_known(sense, reformulation, solver):
    """x = 1 makes demand 6 > 5 and the price 7 (-7 for max): objective 3 (-11); x = 0 gives 0."""
    model = market(sense)
    solution = bv.solve(model, reformulation=reformulation, solver=solver)
    assert solution.status == "optimal"
    assert solution.objective == pytest.approx(0 if sense > 0 else -11)


def test_a_range_row_has_one_price_for_two_multipliers():
    """Its positive part is the multiplier of the lower side, its negative part that of the upper one."""
    model = market(stated=False)
    model.L.window = pyo.Constraint(expr=(0, model.L.made - model.L.bought, 4))
    model.L.multiplier_bound[model.L.window] = (-6, -1, "reason")
    single_map = map_of(single := bv.reformulate(model, "kkt"))
    impose_proven(single_map.conditions, single_map.ranges)
    ends = {p.side: p.multiplier.bounds for p in single_map.conditions.pairs if p.row.source is model.L.window}
    assert ends == {"lower": (0, 0), "upper": (0, 6)} and single is not None


@pytest.mark.parametrize("reformulation", ["strong_duality", "bigm"])
def test_a_price_of_one_value_needs_no_product(reformulation):
    """With demand up to 4 the price is 2 for both decisions: the product is 2 x, in the cut too; objective 2 - 4."""
    model = market()
    model.L.demand.set_value(model.L.made + model.L.bought == 3 + model.x)
    model.L.multiplier_bound[model.L.demand] = (2, 2, "the cheap good suffices")
    single = bv.reformulate(model, reformulation)
    assert map_of(single).products == []
    assert all(row.active for row in single.component_data_objects(pyo.Constraint))
    solution = bv.solve(model, reformulation=reformulation, solver="highs")
    assert (solution.status, solution.objective) == ("optimal", pytest.approx(-2))
    assert solution.certificate.bilevel_feasible
