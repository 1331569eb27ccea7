"""Text in, text out: big-M on a tiny model; where each M comes from; refusals."""

import pyomo.environ as pyo
import pytest
from pyomo.common.collections import ComponentMap

import bilevolt
from bilevolt import SubModel, reformulate, state_bound
from bilevolt.errors import UnprovenBigMError
from bilevolt.reformulations import map_of


def tiny(upper=5):
    """A follower with a price of at most 2 on its row; without upper bounds, slacks have no end."""
    model = pyo.ConcreteModel()
    model.x = pyo.Var(bounds=(0, upper))
    model.L = SubModel(fixed=[model.x])
    model.L.y = pyo.Var(bounds=(0, upper))
    model.objective = pyo.Objective(expr=model.x - 2 * model.L.y)
    model.L.objective = pyo.Objective(expr=2 * model.L.y)
    model.L.row = pyo.Constraint(expr=model.L.y - model.x >= 1)
    return model


def stated(bound, reason, upper=5):
    model = tiny(upper)
    for component in (model.L.row, model.L.y):
        state_bound(component, -bound, bound, reason, price=True)
    return model


def lines(single):
    rows = single.bigm.component_data_objects(pyo.Constraint, active=True)
    return {row.local_name.replace("'", ""): plain(row.expr) for row in rows}


def plain(expression):
    text = str(expression).replace("'", "").replace("followers[L].multiplier", "m")
    return text.replace("bigm.switch", "z")


def bounds(single):
    """Pair -> (M of the multiplier, M of the slack, their classes)."""
    return {
        item.pair.name: (
            item.multiplier_m.value,
            item.slack_m.value,
            f"{item.multiplier_m.proof}/{item.slack_m.proof}",
        )
        for item in map_of(single).linearized
    }


def test_rows():
    assert lines(reformulate(stated(2, "its cost"), "bigm")) == {
        "slack_nonnegative[L.row.lower]": "0  <=  L.y - x - 1.0",
        "multiplier_off[L.row.lower]": "m[row.lower]  <=  2.0*(1 - z[L.row.lower])",
        "multiplier_off[L.y.lower]": "m[y.lower]  <=  2.0*(1 - z[L.y.lower])",
        "multiplier_off[L.y.upper]": "m[y.upper]  <=  2.0*(1 - z[L.y.upper])",
        "slack_off[L.row.lower]": "L.y - x - 1.0  <=  4.0*z[L.row.lower]",
        "slack_off[L.y.lower]": "L.y  <=  5*z[L.y.lower]",
        "slack_off[L.y.upper]": "5 - L.y  <=  5*z[L.y.upper]",
    }


def test_a_stated_bound_with_a_reason_is_proven_and_keeps_the_reason():
    single = reformulate(stated(2, "its cost"), "bigm")
    assert bounds(single)["L.row.lower"] == (2, 4, "proven/proven")
    assert {item.multiplier_m.reason for item in map_of(single).linearized} == {"its cost"}


def test_a_stated_bound_without_a_reason_is_the_users():
    single = reformulate(stated(3, None), "bigm")
    assert bounds(single)["L.row.lower"] == (3, 4, "user/proven")
    assert bilevolt.solve(stated(3, None), reformulation="bigm", solver="highs").assumptions
    assert not bilevolt.solve(stated(3, "its cost"), reformulation="bigm", solver="highs").assumptions


def test_a_number_on_its_limit_is_not_called_optimal():
    solution = bilevolt.solve(stated(2, None), reformulation="bigm", solver="highs")
    assert (solution.status, solution.bound) == ("feasible", None)
    assert "multiplier of L.row.lower is 2, its M is 2" in solution.notes[-1]


def test_multipliers_of_an_equality_on_its_m_are_noticed():
    """They belong to no pair; cut off, they leave the problem without a point, which a heuristic's point refutes."""
    model = tiny()
    model.L.row.set_value(model.L.y - model.x == 1)
    at_limit = bilevolt.solve(model, reformulation="bigm", solver="highs", big_m={"L.row": 2})
    assert at_limit.status == "feasible" and "multiplier of L.row is" in at_limit.notes[-1]
    cut_off = bilevolt.solve(model, reformulation="bigm", solver="highs", big_m={"L.row": 0.5, "L.y": 0.5})
    assert (cut_off.status, cut_off.bound) == ("feasible", None)
    assert cut_off.certificate.bilevel_feasible and "which a point of" in " ".join(cut_off.notes)
    assert bilevolt.solve(model, reformulation="bigm", solver="highs", big_m={"L.row": 9}).objective == -6


@pytest.mark.parametrize(
    ("key", "expected"),
    [
        (lambda model: "L.row", {"L.row.lower"}),
        (lambda model: model.L.row, {"L.row.lower"}),
        (lambda model: model.L.y, {"L.y.lower", "L.y.upper"}),
        (lambda model: model.L.more, {"L.more[1].upper", "L.more[2].upper"}),
        (lambda model: model.L.more[2], {"L.more[2].upper"}),
        (lambda model: "L.more[1]", {"L.more[1].upper"}),
    ],
)
def test_numbers_by_component_indexed_component_member_or_name(key, expected):
    model = tiny()  # the numbers are below what is proven: they are taken, and marked
    model.L.more = pyo.Constraint([1, 2], rule=lambda b, i: i * b.y <= 9)
    found = bounds(reformulate(model, "bigm", big_m=ComponentMap([(key(model), (0.01, 0.02))])))
    assert {name for name, bound in found.items() if bound[1] == 0.02} == expected
    assert all(bound[2].endswith("/unproven") for name, bound in found.items() if name in expected)
    assert {bound[2] for name, bound in found.items() if name not in expected} == {"proven/proven"}


def test_one_number_fills_only_what_is_not_proven():
    model = tiny(upper=None)
    found = bounds(reformulate(model, "bigm", big_m=50))
    assert found["L.row.lower"][1:] == (50, "proven/user")
    assert found["L.row.lower"][0] == pytest.approx(2, rel=1e-5)


def test_unproven_ms_are_refused_by_name():
    with pytest.raises(UnprovenBigMError, match=r"no M is known for 2 slack\(s\): L.row.lower, L.y.lower"):
        reformulate(tiny(upper=None), "bigm")
    model = tiny()
    model.L.objective.set_value(2 * model.L.y + model.L.y**2)
    model.L.free_price = pyo.Constraint(expr=model.L.y + 1 <= 1 + model.L.y * (1 + model.x))
    with pytest.raises(UnprovenBigMError, match=r"multiplier\(s\): .*L.free_price.upper.*state_bound"):
        reformulate(model, "bigm")


def test_a_refusal_changes_nothing_that_the_user_sees(structure):
    model = tiny(upper=None)
    before = structure(model)
    with pytest.raises(UnprovenBigMError):
        reformulate(model, "bigm")
    assert structure(model) == before


@pytest.mark.parametrize("big_m", [0, -1, float("inf"), {"L.row": 0}, {"L.row": (3, -1)}])
def test_numbers_that_are_no_bound_are_refused(big_m):
    with pytest.raises(UnprovenBigMError, match="must be positive and finite"):
        reformulate(tiny(), "bigm", big_m=big_m)


@pytest.mark.parametrize("key", ["L.rwo", lambda model: model.x, lambda model: model.objective])
def test_a_name_that_is_no_row_of_a_follower_is_refused(key):
    model = tiny()
    key = key if isinstance(key, str) else key(model)
    with pytest.raises(UnprovenBigMError, match=r"big_m names .*no active row.*The rows are: L.row, L.y"):
        reformulate(model, "bigm", big_m=ComponentMap([(key, 5)]))


def test_applying_twice_gives_the_same():
    model = stated(2, "its cost")
    assert lines(reformulate(model, "bigm")) == lines(reformulate(model, "bigm"))
    assert bounds(reformulate(model, "bigm", big_m=9)) == bounds(reformulate(model, "bigm"))


def test_the_map_leads_from_pair_to_binary():
    single = reformulate(tiny(), "bigm")
    made = {item.pair.name: item.switch for item in map_of(single).linearized}
    assert made == {name: single.bigm.switch[name] for name in single.bigm.switch}
    assert map_of(single).steps[:2] == ["kkt", "bigm"]
