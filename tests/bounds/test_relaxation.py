"""Bounds proven by LPs: above the exact maximum, by more than an LP solver's tolerance, and not by much more."""

import math
from fractions import Fraction

import pyomo.environ as pyo
import pytest

from bilevolt import SubModel, reformulate
from bilevolt.bounds.program import Work
from bilevolt.bounds.relaxation import DUAL, PRIMAL, Relaxation
from bilevolt.bounds.rows import Rows
from bilevolt.reformulations import map_of

TOLERANCE = 1e-7  # of HiGHS
LEAST, MOST = 2 * TOLERANCE, 5e-6  # by how much a bound is above, relative to 1 + |maximum|


def follower(cost, weights, need=1):
    """One follower: min cost y, with a row a y - x >= need for each weight a; its prices satisfy sum a m <= cost."""
    model = pyo.ConcreteModel()
    model.x = pyo.Var(bounds=(0, 2))
    model.L = SubModel(fixed=[model.x])
    model.L.y = pyo.Var(bounds=(0, 1000))
    model.L.cost = pyo.Objective(expr=float(cost) * model.L.y)
    model.L.row = pyo.Constraint(
        range(len(weights)), rule=lambda block, i: float(weights[i]) * block.y - model.x >= float(need)
    )
    model.objective = pyo.Objective(expr=model.x + model.L.y)
    return model


def relaxation(model, part, work=1e9):
    single = reformulate(model, "kkt")
    return single, Relaxation(Rows(map_of(single).system), part, Work(work))


def margin(bound, exact):
    return (bound - float(exact)) / (1 + abs(float(exact)))


PRICES = [  # cost, weights of the rows
    (Fraction(1), [Fraction(3)]),
    (Fraction(2, 3), [Fraction(7)]),
    (Fraction(5), [Fraction(3), Fraction(7), Fraction(11, 13)]),
    (Fraction(100000), [Fraction(3), Fraction(1, 7)]),
    (Fraction(1, 1000), [Fraction(3), Fraction(7)]),
]


@pytest.mark.parametrize(("cost", "weights"), PRICES)
def test_the_largest_price_of_a_row(cost, weights):
    """cost - sum a m - (price of y >= 0) + (price of y <= 1000) = 0; without the last, m_i is at most cost / a_i."""
    model = follower(cost, weights)
    model.L.y.setub(None)
    single, proven = relaxation(model, DUAL)
    multipliers = {m.index(): m for _, _, own in map_of(single).conditions.multipliers() for m in own.values()}
    for i, weight in enumerate(weights):
        price = multipliers[f"row[{i}].lower"]
        assert LEAST <= margin(proven.maximum(price), cost / weight) <= MOST
        assert LEAST <= margin(proven.maximum(-price), 0) <= MOST
        assert LEAST <= margin(proven.maximum(2 * price + 5) - 5, 2 * cost / weight) <= MOST
    total = sum(multipliers[f"row[{i}].lower"] for i in range(len(weights)))
    assert LEAST <= margin(proven.maximum(total), cost / min(weights)) <= MOST


PRIMALS = [(Fraction(3), Fraction(1)), (Fraction(7), Fraction(2, 3)), (Fraction(1, 9), Fraction(10)), (Fraction(3), 0)]


@pytest.mark.parametrize(("weight", "need"), PRIMALS)
def test_the_range_of_a_variable_and_of_a_slack(weight, need):
    """y >= (need + x) / a with 0 <= x <= 2: y is at least need / a, x at most 2, the slack at most 1000 a - need."""
    model = follower(1, [weight], need)
    _, proven = relaxation(model, PRIMAL)
    lower, upper = proven.range(model.L.y)
    if need:
        assert LEAST <= margin(-lower, -need / weight) <= MOST
        assert lower < float(need / weight)
    else:  # proven without rounding, and without a margin: a big-M of 1e-6 would be within solvers' tolerances
        assert lower == 0
    assert LEAST <= margin(upper, 1000) <= MOST
    assert upper > 1000
    slack = float(weight) * model.L.y - model.x - float(need)
    assert LEAST <= margin(proven.maximum(slack) + float(need), 1000 * weight) <= MOST
    assert LEAST <= margin(proven.maximum(model.x - float(weight) * model.L.y), -need) <= MOST


@pytest.mark.parametrize("why", ["unbounded", "no work", "not in the rows", "infeasible", "a product"])
def test_what_is_not_proven_is_infinite(why):
    model = follower(1, [3])
    model.other = pyo.Var(bounds=(0, 1))
    model.L.y.setub(None)
    if why == "infeasible":
        model.never = pyo.Constraint(expr=model.x + model.L.y <= -1)
    _, proven = relaxation(model, PRIMAL, work=0 if why == "no work" else 1e9)
    asked = {"unbounded": model.L.y, "not in the rows": model.other, "a product": model.x * model.L.y}
    assert proven.maximum(1 * asked.get(why, model.x)) == math.inf


def test_a_multiplier_that_is_proven_to_be_0_has_an_m_of_0():
    """The follower likes y0 best, and nothing keeps it from it: the price of y0 >= 0 is 0, and so is its M."""
    model = pyo.ConcreteModel()
    model.x = pyo.Var(bounds=(-1, 1), domain=pyo.Integers)
    model.L = SubModel(fixed=[model.x])
    model.L.y0, model.L.y1 = pyo.Var(bounds=(0, 2)), pyo.Var(bounds=(0, None))
    model.L.c = pyo.Constraint(expr=model.L.y0 + 2 * model.L.y1 <= 2)
    model.L.o = pyo.Objective(expr=3 * model.L.y0 + model.L.y1 + model.x, sense=pyo.maximize)
    model.r = pyo.Constraint(expr=3 * model.x - model.L.y1 <= 0)
    model.o = pyo.Objective(expr=-4 * model.L.y0 - model.L.y1 - 3 * model.x)
    ms = {item.pair.name: item.multiplier_m for item in map_of(reformulate(model, "bigm")).linearized}
    assert ms["L.y0.lower"].value == 0 and ms["L.y0.lower"].proof == "proven"
    assert all(m.value > 1 for name, m in ms.items() if name != "L.y0.lower")
