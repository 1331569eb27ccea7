"""The numbers of a solution in an explanation."""

import pyomo.environ as pyo
import pytest
from explained_models import dc_opf, market, mixed_rows

import bilevolt as bv
from bilevolt import explain
from bilevolt.errors import BilevoltError


def table(model, solution, which):
    (step,) = explain(model, "kkt", solution=solution).step("solution").steps
    return step.items[which].rows


def numbers(cell):
    return [float(number) for number in cell.split(", ")]


MODELS = [
    ("bard511", lambda: bv.models.textbook.build("bard511")),
    ("market min", market),
    ("market max", lambda: market(pyo.maximize)),
    ("QP min", mixed_rows),
    ("QP max", lambda: mixed_rows(pyo.maximize)),
]


@pytest.mark.parametrize("name, build", MODELS, ids=[entry[0] for entry in MODELS])
def test_pairs_at_a_solution_are_complementary_and_objectives_equal(name, build):
    model = build()
    solution = bv.solve(model)
    objectives = dict(table(model, solution, 0))
    sides = next(cell for what, cell in objectives.items() if "strong-duality" in what)
    primal, dual = numbers(sides)
    assert primal == pytest.approx(dual, abs=1e-5)
    assert float(objectives["leader's objective"]) == pytest.approx(solution.objective)
    pairs = table(model, solution, 1)
    assert {row[4] for row in pairs} <= {"active", "weakly active", "multiplier 0"}
    assert any(row[4] != "weakly active" for row in pairs)
    for row in pairs:
        assert min(float(row[2]), float(row[3])) == pytest.approx(0, abs=1e-5)
        assert float(row[2]) >= 0


def test_multipliers_are_those_of_the_prices():
    """The price of a demand row is 5 at the optimum of both twins, with opposite signs; the multiplier is 5 in both."""
    for sense in (pyo.minimize, pyo.maximize):
        model = market(sense)
        solution = bv.solve(model)
        assert solution.multipliers["L.demand"] == pytest.approx(sense * 5)
        shown = {row[0]: (float(row[2]), row[4]) for row in table(model, solution, 1)}
        assert shown["`demand`, lower"] == (pytest.approx(5), "active")
        assert shown["`limit`, upper"] == (pytest.approx(3), "active")
        assert shown["`y[gas]`, lower"] == (pytest.approx(0), "multiplier 0")


def test_a_point_that_is_not_complementary_is_called_so():
    model = market()
    solution = bv.solve(model)
    solution.values["L.y[coal]"] = 1.0  # the row limit now has a slack, and still its price
    assert "NOT complementary" in {row[4] for row in table(model, solution, 1)}


def test_many_pairs_are_counted_by_family():
    model = dc_opf(6)
    model.obj.deactivate()
    model.other = pyo.Objective(expr=sum(model.c[t] for t in model.T if t < 4))
    solution = bv.solve(model, reformulation="sos1", solver="gurobi")
    rows = table(model, solution, 1)
    pairs = len(bv.reformulations.map_of(bv.reformulate(model, "kkt")).conditions.pairs)
    assert sum(int(row[2]) for row in rows) == pairs
    assert {row[1] for row in rows} <= {"active", "weakly active", "multiplier 0"}


def test_the_solution_of_another_model_is_refused():
    solution = bv.solve(bv.models.textbook.build("bard511"))
    with pytest.raises(BilevoltError, match=r"no value for 'L\.shadow_price\[demand\]'"):
        explain(market(), "kkt", solution=solution)
