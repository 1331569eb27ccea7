"""``react``: the followers' optima at the decision on the model, and what has none."""

import pyomo.environ as pyo
import pytest

import bilevolt as bv
from bilevolt.errors import BilevoltError
from bilevolt.models import textbook
from bilevolt.solvers.status import Status


def bought(price=None):
    """The follower buys 6 units at the leader's price, or makes up to 4 of them for 3 a unit."""
    model = pyo.ConcreteModel()
    model.price = pyo.Var(bounds=(0, 5), initialize=price)
    model.B = bv.SubModel(fixed=[model.price])
    model.B.buy, model.B.make = pyo.Var(bounds=(0, None)), pyo.Var(bounds=(0, 4))
    model.B.need = pyo.Constraint(expr=model.B.buy + model.B.make == 6)
    model.B.cost = pyo.Objective(expr=model.price * model.B.buy + 3 * model.B.make)
    model.dual = bv.dual_of(model.B.need)
    model.profit = pyo.Objective(expr=model.price * model.B.buy + 0 * model.dual, sense=pyo.maximize)
    return model


@pytest.mark.parametrize("price, buy, make, cost", [(2, 6, 0, 12), (4, 2, 4, 20)])
def test_the_response_is_returned_and_written(price, buy, make, cost):
    model = bought(price)
    found = bv.react(model)["B"]
    assert found.objective == pytest.approx(cost) and found.prices["B.need"] == pytest.approx(price)
    assert found.values == pytest.approx({"B.buy": buy, "B.make": make})
    assert (model.B.buy.value, model.B.make.value, model.price.value) == pytest.approx((buy, make, price))
    assert model.dual.value == pytest.approx(price)
    assert "objective" in str(found) and "B.buy" in str(found)


def test_what_verify_calls_optimal_is_what_react_finds():
    model = textbook.build("bard511")
    solution = bv.solve(model)
    found = bv.react(model)
    assert {n: r.objective for n, r in found.items()} == pytest.approx(solution.lower_objectives)
    assert bv.verify(model).bilevel_feasible


def test_without_an_optimum_nothing_is_written():
    model = bought(2)
    model.B.cap = pyo.Constraint(expr=model.B.buy + model.B.make <= 5)
    model.B.buy.set_value(7)
    found = bv.react(model)["B"]
    assert found.status is not Status.optimal and not found.values and str(found) == str(found.status)
    assert model.B.buy.value == 7 and model.B.make.value is None


def test_a_decision_without_a_value_is_refused_by_name():
    with pytest.raises(BilevoltError, match=r"'B' takes 'price'.*no value"):
        bv.react(bought())


def test_followers_that_see_one_another_are_refused():
    model = pyo.ConcreteModel()
    model.x = pyo.Var(bounds=(0, 1), initialize=0)
    model.A = bv.SubModel(fixed=[model.x])
    model.A.y = pyo.Var(bounds=(0, 1))
    model.B = bv.SubModel(fixed=[model.x, model.A.y])
    model.B.y = pyo.Var(bounds=(0, 1))
    model.A.row = pyo.Constraint(expr=model.A.y >= model.x)
    model.B.row = pyo.Constraint(expr=model.B.y >= model.A.y)
    for block in (model.A, model.B):
        block.cost = pyo.Objective(expr=block.y)
    model.cost = pyo.Objective(expr=model.x)
    with pytest.raises(BilevoltError, match="equilibrium"):
        bv.react(model)
