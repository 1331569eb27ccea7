"""Text in, text out: SOS1 instead of complementarity on a tiny model."""

import pyomo.environ as pyo
import pytest

import bilevolt
from bilevolt import SubModel, reformulate, state_bound
from bilevolt.reformulations import kkt, map_of, read_levels, sos1


def tiny():
    model = pyo.ConcreteModel()
    model.x = pyo.Var(bounds=(0, 2))
    model.L = SubModel(fixed=[model.x])
    model.L.y = pyo.Var(bounds=(0, 5))
    model.L.z = pyo.Var(bounds=(1, None))
    model.objective = pyo.Objective(expr=model.x - model.L.y)
    model.L.objective = pyo.Objective(expr=model.L.y + 2 * model.L.z)
    model.L.row = pyo.Constraint(expr=model.L.y + model.L.z - model.x >= 3)
    model.L.same = pyo.Constraint(expr=model.L.y - model.L.z == 0)
    return model


def with_bounds(bound, reason):
    model = tiny()
    for component in (model.L.row, model.L.y):
        state_bound(component, -bound, bound, reason, price=True)
    return model


def lines(single, step):
    block = getattr(single, step)  # of a model that is held: a block alone knows its parents by weak references
    rows = block.component_data_objects(pyo.Constraint, active=True)
    sets = block.component_data_objects(pyo.SOSConstraint, active=True)
    found = {plain(row.local_name): plain(row.expr) for row in rows}
    return found | {plain(s.local_name): " | ".join(plain(v) for v in s.variables) for s in sets}


def plain(expression):
    return str(expression).replace("'", "").replace("followers[L].multiplier", "m").replace("sos1.slack", "s")


def test_rows_and_sets():
    assert lines(reformulate(tiny(), "sos1"), "sos1") == {
        "slack_definition[L.row.lower]": "s[L.row.lower]  ==  L.y + L.z - x - 3.0",
        "slack_definition[L.y.upper]": "s[L.y.upper]  ==  5 - L.y",
        "slack_definition[L.z.lower]": "s[L.z.lower]  ==  L.z - 1",
        "complementarity[L.row.lower]": "m[row.lower] | s[L.row.lower]",
        "complementarity[L.y.lower]": "m[y.lower] | L.y",
        "complementarity[L.y.upper]": "m[y.upper] | s[L.y.upper]",
        "complementarity[L.z.lower]": "m[z.lower] | s[L.z.lower]",
    }


def test_a_cut_where_both_bounds_are_proven():
    rows = lines(reformulate(with_bounds(4, "the reason"), "sos1"), "sos1")
    cuts = {name: row for name, row in rows.items() if name.startswith("bound_cut")}
    assert cuts == {
        "bound_cut[L.y.lower]": "0.25*m[y.lower] + 0.2*L.y  <=  1",
        "bound_cut[L.y.upper]": "0.25*m[y.upper] + 0.2*s[L.y.upper]  <=  1",
    }


@pytest.mark.parametrize("bound", [4, 0.5])
def test_a_bound_without_a_reason_is_not_trusted(bound):
    single = reformulate(with_bounds(bound, None), "sos1")
    assert single.followers["L"].multiplier["row.lower"].ub is None
    assert not list(single.sos1.bound_cut)
    assert not map_of(single).ranges.imposed


def test_an_untrue_bound_without_a_reason_does_no_harm():
    model = with_bounds(0.5, None)  # the price of the row is 1.5
    solution = bilevolt.solve(model, reformulation="sos1", solver="gurobi")
    assert (solution.status, solution.objective) == ("optimal", pytest.approx(-1.5))
    assert solution.multipliers["L.row"] == pytest.approx(1.5)


def test_a_stated_bound_of_a_range_row_holds_for_both_sides():
    model = tiny()
    model.L.range = pyo.Constraint(expr=(0, model.L.y + model.x, 9))
    state_bound(model.L.range, -7, 7, "reason")
    multipliers = reformulate(model, "sos1").followers["L"].multiplier
    assert (multipliers["range.lower"].ub, multipliers["range.upper"].ub) == (7, 7)


def test_part_of_the_pairs():
    single = kkt.apply(read_levels(tiny()))
    first, *rest = map_of(single).pending()
    made = sos1.STEP.apply(single, [first])
    assert [item.pair for item in made] == [first]
    assert map_of(single).pending() == rest
    assert list(single.sos1.complementarity) == [first.name]


def test_the_map_leads_from_pair_to_set_and_back():
    single = reformulate(tiny(), "sos1")
    for item in map_of(single).linearized:
        assert item.step == "sos1"
        assert list(item.switch.variables) == [item.pair.multiplier, item.slack]
        assert item.pair.complementarity is None  # never a component that would have to be deactivated
    assert map_of(single).steps[:2] == ["kkt", "sos1"]
