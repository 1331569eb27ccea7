"""Text in, text out: one row of equal objectives for each block; the same row as a cut."""

import pyomo.environ as pyo
import pytest

import bilevolt
from bilevolt import SubModel, dual_of, reformulate, state_bound
from bilevolt.models import textbook
from bilevolt.reformulations import kkt, map_of, read_levels, strong_duality


def tiny(blocks=1, power=1, domain=pyo.Reals):
    """A follower of blocks alike, y in [0, 5] with y >= 3 + x, of cost y (or its square)."""
    model = pyo.ConcreteModel()
    model.x = pyo.Var(bounds=(0, 1), domain=domain)
    model.L = SubModel(fixed=[model.x])
    members = range(1, blocks + 1)
    model.L.y = pyo.Var(members, bounds=(0, 5))
    model.objective = pyo.Objective(expr=model.x - 2 * model.L.y[1])
    model.L.objective = pyo.Objective(expr=sum(model.L.y[i] ** power for i in members))
    model.L.row = pyo.Constraint(members, rule=lambda block, i: block.y[i] - model.x >= 3)
    return model


def applied(model):
    single = kkt.apply(read_levels(model))
    strong_duality.STEP.apply(single)
    return single


def plain(text):
    return str(text).replace("'", "").replace("followers[L].multiplier", "m")


def lines(single, step):
    block = getattr(single, step)  # of a model that is held: a block alone knows its parents by weak references
    rows = block.component_data_objects(pyo.Constraint, active=True)
    return {plain(row.local_name): plain(row.expr) for row in rows}


def dual(i):
    return f"((3.0 + x)*m[row[{i}].lower] + 0.0*m[y[{i}].lower] - 5.0*m[y[{i}].upper])"


def test_rows():
    assert lines(applied(tiny()), "strong_duality") == {
        "slack_nonnegative[L.row[1].lower]": "0  <=  L.y[1] - x - 3.0",
        "equal_objectives[L]": f"L.y[1] - {dual(1)}  <=  0",
    }


def test_a_row_for_each_block():
    assert lines(applied(tiny(blocks=2)), "strong_duality") == {
        "slack_nonnegative[L.row[1].lower]": "0  <=  L.y[1] - x - 3.0",
        "slack_nonnegative[L.row[2].lower]": "0  <=  L.y[2] - x - 3.0",
        "equal_objectives[L.1]": f"L.y[1] - {dual(1)}  <=  0",
        "equal_objectives[L.2]": f"L.y[2] - {dual(2)}  <=  0",
    }


@pytest.mark.parametrize("couple", ["row", "objective"])
def test_what_couples_two_blocks_makes_them_one(couple):
    model = tiny(blocks=2, power=2)
    if couple == "row":
        model.L.both = pyo.Constraint(expr=model.L.y[1] + model.L.y[2] <= 10)
    else:
        model.L.objective.set_value(model.L.objective.expr + model.L.y[1] * model.L.y[2])
    assert list(applied(model).strong_duality.equal_objectives) == ["L"]


def test_a_quadratic_follower_gives_the_convex_inequality():
    rows = lines(applied(tiny(power=2)), "strong_duality")
    assert rows["equal_objectives[L]"] == f"0*L.y[1] + 2.0*L.y[1]*L.y[1] - {dual(1)}  <=  0"


def test_a_block_is_replaced_as_a_whole_or_not_at_all():
    single = kkt.apply(read_levels(tiny(blocks=2)))
    first = [pair for pair in map_of(single).conditions.pairs if "[1]" in pair.name]
    others = [pair for pair in map_of(single).conditions.pairs if pair not in first]
    made = strong_duality.STEP.apply(single, [*first, others[0]])
    assert [item.pair for item in made] == sorted(first, key=[item.pair for item in made].index)
    assert list(single.strong_duality.equal_objectives) == ["L.1"]
    assert map_of(single).pending() == others


def test_the_map_leads_from_pair_to_row():
    single = applied(tiny(blocks=2))
    assert map_of(single).pending() == []
    for item in map_of(single).linearized:
        block = "L.1" if "[1]" in item.pair.name else "L.2"
        assert (item.step, item.slack) == ("strong_duality", item.pair.slack)
        assert item.switch is single.strong_duality.equal_objectives[block]


def test_the_cut_is_the_same_row_as_an_inequality():
    single = kkt.apply(read_levels(tiny(blocks=2)))
    assert strong_duality.add_cut(single) == 2
    assert lines(single, "duality_cut") == {f"rows[L.{i}]": f"L.y[{i}] - {dual(i)}  <=  0" for i in (1, 2)}
    assert map_of(single).pending() == map_of(single).conditions.pairs


def test_a_quadratic_follower_gets_no_cut():
    single = kkt.apply(read_levels(tiny(power=2)))
    assert strong_duality.add_cut(single) == 0
    assert single.component("duality_cut") is None and "duality cut" not in map_of(single).steps


def cuts_of(model, cuts, reformulation="bigm"):
    single = reformulate(model, reformulation, cuts=cuts)
    block = single.component("duality_cut")
    return None if block is None else {name for name, row in block.rows.items() if row.active}


def test_auto_leaves_out_what_needs_new_products():
    model = tiny(blocks=2)
    assert cuts_of(model, None) is None
    assert cuts_of(model, "auto") == set()
    assert cuts_of(model, "strong_duality") == {"L.1", "L.2"}


def test_auto_keeps_a_block_that_does_not_see_the_leader():
    model = tiny(blocks=2)
    model.L.row[2].set_value(model.L.y[2] >= 3)
    assert cuts_of(model, "auto") == {"L.2"}


@pytest.mark.parametrize("domain", [pyo.Binary, pyo.Reals])
def test_auto_keeps_a_cut_whose_products_are_there_already(domain):
    model = tiny(domain=domain)
    state_bound(model.L.row, -9, 9, "reason")
    state_bound(model.L.y, -9, 9, "reason", price=True)
    assert cuts_of(model, "auto") == set()
    model.rent = pyo.Constraint(expr=model.x * dual_of(model.L.row[1]) <= 4)
    assert cuts_of(model, "auto") == ({"L"} if domain is pyo.Binary else set())


def test_strong_duality_itself_takes_no_cut():
    assert cuts_of(tiny(), "strong_duality", "strong_duality") is None


def test_a_cut_relaxes_continuous_products_by_their_envelope():
    """Of w = x m with x in [0, 1] and m in [0, M]: w >= 0, w >= m + M x - M, w <= M x, w <= m."""
    model = tiny()
    single = reformulate(model, "bigm", cuts="strong_duality")
    multiplier = single.followers["L"].multiplier["row[1].lower"]
    (w,) = single.products.product.values()
    assert "products.product" in str(single.duality_cut.rows["L"].expr)
    for m in (0, multiplier.ub / 2, multiplier.ub):
        for x in (0, 0.5, 1):
            multiplier.set_value(m)
            model.x.set_value(x)
            for number in (x * m, -0.1, m + 0.1, multiplier.ub * x + 0.1, m + multiplier.ub * (x - 1) - 0.1):
                w.set_value(number, skip_validation=True)
                inside = w.lb <= number <= w.ub
                inside &= all(row.slack() >= -1e-9 for row in single.products.rows.values())
                assert inside == (max(0, m + multiplier.ub * (x - 1)) <= number <= min(m, multiplier.ub * x))


@pytest.mark.parametrize(
    "name", ["bard511", "candler_townsley_1982", "gecco2013", "clark_westerberg_1990b", "pao2", "fruits_01"]
)
def test_the_cut_does_not_move_the_optimum(name):
    model = textbook.build(name)
    assert cuts_of(model, "auto") == set() != cuts_of(model, "strong_duality")
    solution = bilevolt.solve(model, reformulation="bigm", solver="highs", cuts="strong_duality", time_limit=30)
    assert solution.status == "optimal", solution.notes
    assert solution.objective == pytest.approx(textbook.problem(name).objective, rel=1e-5, abs=1e-6)
    assert solution.certificate.globally_optimal is True, solution.certificate.report()


@pytest.mark.parametrize(
    "name", ["bard511", "gecco2013", "pao2", "pineda", "clark_westerberg_1990a", "own_capacity_rent"]
)
def test_listed_answer(name):
    data = textbook.problem(name)
    solution = bilevolt.solve(textbook.build(name), reformulation="strong_duality", solver="gurobi", time_limit=30)
    assert solution.status == "optimal", solution.notes
    assert solution.objective == pytest.approx(data.objective, rel=1e-4)
    assert solution.certificate.globally_optimal is True, solution.certificate.report()
