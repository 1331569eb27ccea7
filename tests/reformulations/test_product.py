"""Text in, text out: a bilinear row for each pair; and the textbook's answers."""

import pyomo.environ as pyo
import pytest

import bilevolt
from bilevolt import SubModel
from bilevolt.errors import UnsupportedBySolverError
from bilevolt.models import textbook
from bilevolt.reformulations import kkt, map_of, product, read_levels
from bilevolt.solvers import get_solver


def tiny():
    model = pyo.ConcreteModel()
    model.x = pyo.Var(bounds=(0, 2))
    model.L = SubModel(fixed=[model.x])
    model.L.y = pyo.Var(bounds=(0, 5))
    model.objective = pyo.Objective(expr=model.x - 2 * model.L.y)
    model.L.objective = pyo.Objective(expr=model.L.y)
    model.L.row = pyo.Constraint(expr=model.L.y - model.x >= 3)
    return model


def plain(text):
    return str(text).replace("'", "").replace("followers[L].multiplier", "m").replace("product.slack", "s")


def lines(single):
    rows = single.product.component_data_objects(pyo.Constraint, active=True)
    return {plain(row.local_name): plain(row.expr) for row in rows}


def test_rows():
    single = kkt.apply(read_levels(tiny()))
    product.STEP.apply(single)
    assert lines(single) == {
        "slack_definition[L.row.lower]": "s[L.row.lower]  ==  L.y - x - 3.0",
        "slack_definition[L.y.lower]": "L.y  ==  s[L.y.lower]",
        "slack_definition[L.y.upper]": "s[L.y.upper]  ==  5 - L.y",
        "complementarity[L.row.lower]": "m[row.lower]*s[L.row.lower]  <=  0.0",
        "complementarity[L.y.lower]": "m[y.lower]*s[L.y.lower]  <=  0.0",
        "complementarity[L.y.upper]": "m[y.upper]*s[L.y.upper]  <=  0.0",
    }
    assert all(slack.lb == 0 for slack in single.product.slack.values())


@pytest.mark.parametrize("tolerance", [0, 1e-3, 0.5])
def test_the_tolerance_is_the_right_hand_side(tolerance):
    single = kkt.apply(read_levels(tiny()))
    product.STEP.apply(single, tolerance=tolerance)
    assert {pyo.value(row.upper) for row in single.product.complementarity.values()} == {tolerance}


def test_a_tolerance_relaxes():
    """With m s <= 1/4 and m = 1 on the row, its slack may be 1/4 while the bounds' multipliers are 0."""
    found = []
    for tolerance in (0, 0.25):
        single = kkt.apply(read_levels(tiny()))
        product.STEP.apply(single, tolerance=tolerance)
        found.append(get_solver("gurobi").solve(single).objective)
    assert found[0] == pytest.approx(-8, abs=1e-3)
    assert found[1] < -8.1


def test_part_of_the_pairs_and_the_map():
    single = kkt.apply(read_levels(tiny()))
    first, *rest = map_of(single).pending()
    (item,) = product.STEP.apply(single, [first])
    assert (item.pair, item.step) == (first, "product")
    assert item.slack is single.product.slack[first.name]
    assert item.switch is single.product.complementarity[first.name]
    assert map_of(single).pending() == rest
    assert map_of(single).steps == ["kkt", "product"]


def test_a_solver_without_products_is_refused():
    with pytest.raises(UnsupportedBySolverError, match=r"both factors are continuous\. Use reformulation=.bigm"):
        bilevolt.solve(tiny(), reformulation="product", solver="highs")


@pytest.mark.parametrize("name", ["bard511", "gecco2013", "pao2", "anandalingam_white_range", "pineda", "bard_1991_1"])
def test_listed_answer(name):
    data = textbook.problem(name)
    solution = bilevolt.solve(textbook.build(name), reformulation="product", solver="gurobi", time_limit=30)
    assert solution.status == "optimal", solution.notes
    assert solution.objective == pytest.approx(data.objective, rel=1e-4)
    assert solution.certificate.globally_optimal is True, solution.certificate.report()
    assert solution.assumptions == []
