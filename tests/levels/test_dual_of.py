"""``dual_of``: one price variable per row, its sign, its place in the leader's expressions, refusals."""

import pyomo.environ as pyo
import pytest

import bilevolt
from bilevolt import SubModel, dual_of, errors, state_bound

PAIRS = [("sos1", "gurobi"), ("sos1", "scip"), ("bigm", "highs")]


def model_with(sense=pyo.minimize, leader=pyo.minimize):
    """The follower buys y >= x + 1 at 2 + x a unit (x integer), so that its row's price is 2 + x."""
    model = pyo.ConcreteModel()
    model.x = pyo.Var(domain=pyo.Integers, bounds=(-1, 3))
    model.L = SubModel(fixed=[model.x])
    model.L.y = pyo.Var(bounds=(0, 20))
    model.L.row = pyo.Constraint(expr=model.L.y - model.x >= 1)
    model.L.objective = pyo.Objective(expr=sense * (2 + model.x) * model.L.y, sense=sense)
    model.objective = pyo.Objective(expr=model.x + 0 * model.L.y, sense=leader)
    return model


def run(model, pair, **options):
    if pair[0] == "bigm":
        options.setdefault("big_m", 100)
    return bilevolt.solve(model, reformulation=pair[0], solver=pair[1], time_limit=30, **options)


def test_asking_twice_gives_the_same_variable():
    model = model_with()
    price = dual_of(model.L.row)
    assert dual_of(model.L.row) is price
    assert price.parent_block() is model.L and price.ctype is pyo.Var
    assert dual_of(model.L.y) is not price


def test_an_indexed_component_gives_a_dict():
    model = model_with()
    model.L.rows = pyo.Constraint(["a", "b"], rule=lambda b, i: b.y >= 0)
    assert list(dual_of(model.L.rows)) == ["a", "b"]
    assert dual_of(model.L.rows)["a"] is dual_of(model.L.rows["a"])


def test_prices_follow_a_clone():
    model = model_with()
    model.objective.set_value(-dual_of(model.L.row))
    clone = model.clone()
    solution = run(clone, PAIRS[0])
    assert solution.objective == pytest.approx(-5)
    assert pyo.value(dual_of(clone.L.row)) == pytest.approx(5)
    assert dual_of(model.L.row).value is None


@pytest.mark.parametrize("pair", PAIRS)
@pytest.mark.parametrize("sense", [pyo.minimize, pyo.maximize])
@pytest.mark.parametrize("leader", [pyo.minimize, pyo.maximize])
def test_a_price_in_objective_and_rows_min_and_max(pair, sense, leader):
    model = model_with(sense, leader)
    price = sense * dual_of(model.L.row)  # 2 + x, whatever the follower's sense
    model.objective.set_value(leader * (price - 2 * model.x))  # best: x large
    model.limit = pyo.Constraint(expr=price <= 4.5)
    solution = run(model, pair)
    assert (solution.status, solution.objective) == ("optimal", pytest.approx(leader * 0, abs=1e-6))
    assert (solution.values["x"], pyo.value(dual_of(model.L.row))) == (2, pytest.approx(sense * 4))
    assert solution.certificate.bilevel_feasible


@pytest.mark.parametrize("pair", PAIRS)
def test_integer_with_negative_bounds_times_price(pair):
    """x (2 + x) is least at x = -1: the binary expansion starts below zero, and the price is no parameter."""
    model = model_with()
    state_bound(model.L.row, -6, 6, "2 + x is at most 5")
    model.objective.set_value(model.x * dual_of(model.L.row))
    solution = run(model, pair, big_m=None)
    # at x = -1 the row is y >= 0, as the bound is: the price may be anything in [0, 1], and the leader takes 1
    assert (solution.objective, solution.values["x"]) == (pytest.approx(-1), -1)
    assert pyo.value(dual_of(model.L.row)) == pytest.approx(1)


@pytest.mark.parametrize("pair", PAIRS)
def test_the_price_of_a_variables_bounds_is_its_reduced_cost(pair):
    model = model_with()
    model.L.row.deactivate()
    model.L.y.setlb(3)
    model.objective.set_value(-dual_of(model.L.y))
    model.limit = pyo.Constraint(expr=dual_of(model.L.y) <= 3)
    solution = run(model, pair)
    assert (solution.values["x"], pyo.value(dual_of(model.L.y))) == (1, pytest.approx(3))


@pytest.mark.parametrize("pair", PAIRS[:2])
def test_where_the_price_is_not_unique_the_leader_chooses(pair):
    """Two rows share the follower's cost of 2: the leader wants the first to carry as little as its row allows."""
    model = model_with()
    model.L.objective.set_value(2 * model.L.y)
    model.L.y.setlb(None)
    model.L.same = pyo.Constraint(expr=2 * model.L.y - 2 * model.x >= 2)
    model.objective.set_value(dual_of(model.L.row))
    model.share = pyo.Constraint(expr=dual_of(model.L.same) <= 0.75)
    solution = run(model, pair)
    assert solution.objective == pytest.approx(2 - 2 * 0.75)


def test_rows_with_variables_on_both_sides_have_the_sign_of_what_pyomo_makes_of_them():
    model = model_with()
    model.L.row.set_value(model.L.y >= model.x + 1)  # x + 1 - y <= 0
    model.x.fix(2)
    dual_of(model.L.row)
    run(model, PAIRS[0])
    assert model.L.row.upper == 0 and model.L.row.lower is None
    assert pyo.value(dual_of(model.L.row)) == pytest.approx(-4)


def outside(model):
    model.row = pyo.Constraint(expr=model.x <= 1)
    dual_of(model.row)


def no_row(model):
    dual_of(model.L.objective)


def inactive(model):
    model.objective.set_value(dual_of(model.L.row))
    model.L.row.deactivate()


def in_a_follower(model):
    model.L.objective.set_value(model.L.y * 1 + dual_of(model.L.row))


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (outside, "'row' is not inside a SubModel"),
        (no_row, "dual_of takes a constraint or a variable of a follower, not 'L.objective'"),
        (inactive, r"dual_of\(L.row\) is used, but 'L.row' is no active row"),
        (in_a_follower, r"follower 'L' contains dual_of\(L.row\).*Give the leader a variable"),
    ],
)
def test_refusals(spoil, said):
    model = model_with()
    with pytest.raises(errors.NotBilevelError, match=said):
        spoil(model)
        run(model, PAIRS[0])
