"""The valid inequalities of the electric bus hold at bilevel feasible points, and cut off what they should."""

import pyomo.environ as pyo
import pytest
from electric_bus_cases import FORMS, INSTANCES, load_of, plug_in, random_events, with_floor
from sweeps import only

import bilevolt as bv
from bilevolt.models import electric_bus
from bilevolt.models.electric_bus.cuts import VIOLATED


def at_a_reaction(form, name, seed, floor):
    """A model with a random timetable, the authority's tariffs, and the values that its block has there."""
    chosen = random_events(INSTANCES[name], seed)
    load = load_of(chosen)
    instance = with_floor(INSTANCES[name], floor, load)
    model = electric_bus.build(instance, form)
    plug_in(model, chosen)
    delta = electric_bus.tariff_reaction(instance, load)["delta"]
    authority, block = model.authority, model.thresholds
    for f in model.USED:
        if form == "surcharge":
            authority.delta[f].set_value(delta.get(f, 0.0))
        else:
            authority.TOU[f].set_value(model.base_tariff[f] + delta.get(f, 0.0))
            authority.PC[f].set_value(delta.get(f, 0.0))
    for f in block.SLOTS:
        energy = load.get(f, 0.0)
        passed = energy * model.renewable_share[f] > instance.deviation_price_kwh
        block.passed[f].set_value(int(passed))
        block.above[f].set_value(energy if passed else 0.0)
        block.paid[f].set_value(delta.get(f, 0.0) * energy)
    return model


@pytest.mark.parametrize("floor", only([0.2], [-0.5, 0.2, 0.8]))
@pytest.mark.parametrize("name", list(INSTANCES))
@pytest.mark.parametrize("form", FORMS)
def test_every_row_holds_at_every_reaction(form, name, floor):
    some_passed = 0
    for seed in range(6):
        model = at_a_reaction(form, name, seed, floor)
        rows = model.thresholds.component_data_objects(pyo.Constraint, active=True)
        slacks = {row.name: row.slack() for row in rows}
        assert len(slacks) > 10
        assert {row: slack for row, slack in slacks.items() if slack < -1e-6} == {}
        assert list(model.thresholds.separator(model.thresholds)) == []
        some_passed += sum(model.thresholds.passed[f].value for f in model.thresholds.SLOTS)
    assert some_passed > 0


@pytest.mark.parametrize("form", FORMS)
def test_the_separator_cuts_off_a_payment_below_the_square(form):
    model = at_a_reaction(form, "limassol", 1, -0.5)
    block = model.thresholds
    f = next(f for f in block.SLOTS if block.passed[f].value)
    block.paid[f].set_value((1 - 2 * VIOLATED) * block.paid[f].value)
    (row,) = block.separator(block)
    assert row.to_string().count(f"paid[{f}]") == 1
    least, most = pyo.value(row.args[0]), pyo.value(row.args[1])
    assert least > most  # violated by the point


@pytest.mark.long
def test_the_rows_raise_the_bound_of_the_relaxation():
    """With all tangents, no less than the 3 % below the optimum that the products alone leave are closed."""
    bounds = {}
    for cuts in ("auto", None):
        model = electric_bus.build(INSTANCES["limassol"])
        single = bv.reformulate(model, "bigm", cuts=cuts)
        for variable in single.component_data_objects(pyo.Var):
            variable.domain = pyo.Reals if variable.is_continuous() else variable.domain
        bounds[cuts] = relaxed(single)
    assert bounds["auto"] > bounds[None] + 1000


def relaxed(single) -> float:
    """The value of the linear relaxation, by Pyomo's own transformation."""
    pyo.TransformationFactory("core.relax_integer_vars").apply_to(single)
    solver = pyo.SolverFactory("appsi_highs")
    result = solver.solve(single)
    pyo.assert_optimal_termination(result)
    return float(result.problem.lower_bound)


@pytest.mark.long
def test_the_optimum_is_the_same_without_them():
    found = {
        cuts: bv.solve(electric_bus.build(INSTANCES["limassol_small"]), solver="highs", cuts=cuts)
        for cuts in ("auto", None)
    }
    assert {s.status for s in found.values()} == {"optimal"}
    assert found["auto"].objective == pytest.approx(found[None].objective, rel=2e-6)
