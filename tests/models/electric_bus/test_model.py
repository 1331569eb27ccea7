import json
from math import inf

import pyomo.environ as pyo
import pytest
from electric_bus_cases import FORMS, INSTANCES, load_of, plug_in, random_events, with_floor
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import linprog
from sweeps import only

from bilevolt.errors import InstanceError
from bilevolt.instances import load_instance, to_json
from bilevolt.models import electric_bus
from bilevolt.models.electric_bus.authority import authority_bounds
from bilevolt.models.electric_bus.events import greatest_loads

# Floors between the revenue of the free reaction (0) and the largest revenue (1): slack to hardly feasible.
FLOORS = (-0.5, 0.2, 0.5, 0.8, 1.0)


def highs(model: pyo.ConcreteModel) -> None:
    solver = pyo.SolverFactory("appsi_highs")
    solver.highs_options = {"threads": 1, "mip_rel_gap": 1e-9}
    pyo.assert_optimal_termination(solver.solve(model))


def react(model: pyo.ConcreteModel, instance) -> dict:
    reaction = electric_bus.tariff_reaction(instance, {f: pyo.value(model.d[f]) for f in model.USED})
    for f in model.USED:
        model.authority.delta[f].set_value(reaction["delta"].get(f, 0.0))
    return reaction


# --- events


def test_limassol_has_the_published_number_of_events():
    events = electric_bus.charging_events(INSTANCES["limassol"])
    assert len(events) == 218
    assert sum(len(event.energy_kwh) for event in events) == 442
    assert len({event.key for event in events}) == 218


@pytest.mark.parametrize(
    ("key", "deadhead", "energy"),
    [
        (("bus01", "site1", 20), 8.5609, ((20, 20.0), (21, 20.0), (22, 17.82))),
        (("bus02", "site4", 42), 11.2965, ((42, 60.0), (43, 15.65))),
        (("bus08", "site4", 12), 7.4875, ((12, 60.0),)),  # a remainder of 0.15 kWh is left uncharged
        (("bus12", "site4", 18), 15.7062, ((18, 54.46),)),
    ],
)
def test_an_event_of_limassol(key, deadhead, energy):
    (event,) = [e for e in electric_bus.charging_events(INSTANCES["limassol"]) if e.key == key]
    assert (event.deadhead_usd, event.energy_kwh) == (deadhead, energy)


@pytest.mark.parametrize("name", INSTANCES)
def test_every_event_delivers_what_the_bus_needs_within_its_block(name):
    instance = INSTANCES[name]
    buses, sites = {b.id: b for b in instance.buses}, {s.id: s for s in instance.sites}
    for event in electric_bus.charging_events(instance):
        bus, site = buses[event.bus], sites[event.site]
        slots = [slot for slot, _ in event.energy_kwh]
        assert slots == list(range(event.start, event.start + len(slots)))
        assert len(slots) <= site.block_slots
        short = instance.charge_kwh(bus, site) - sum(energy for _, energy in event.energy_kwh)
        assert -0.005 <= short < instance.least_charge_kwh
        assert max(energy for _, energy in event.energy_kwh) <= instance.slot_energy_kwh(site)


@pytest.mark.parametrize("name", INSTANCES)
def test_greatest_loads_are_the_leaders_largest(name):
    """The matching bound equals the optimum of the leader's own rows, slot by slot."""
    instance = INSTANCES[name]
    model = electric_bus.build(instance)
    bounds = greatest_loads(electric_bus.charging_events(instance))
    model.O1.deactivate()
    for slot in list(model.USED)[::4]:
        model.most = pyo.Objective(expr=model.d[slot], sense=pyo.maximize)
        highs(model)
        # <=: the other buses, too, must find a place.
        assert pyo.value(model.most) <= bounds[slot] + 1e-6
        assert pyo.value(model.most) >= 0.8 * bounds[slot]
        model.del_component(model.most)


# --- the authority's reaction


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("share", FLOORS)
@pytest.mark.parametrize("name", only(["limassol_small"], INSTANCES))
def test_closed_form_is_the_followers_optimum(name, share, form):
    for seed in range(3):
        chosen = random_events(INSTANCES[name], seed)
        load = load_of(chosen)
        instance = with_floor(INSTANCES[name], share, load)
        model = electric_bus.build(instance, tariffs=form)
        plug_in(model, chosen)
        reaction = electric_bus.tariff_reaction(instance, load)
        highs(model.authority)
        assert reaction["feasible"]
        assert pyo.value(model.authority.O2) == pytest.approx(reaction["O2"], abs=1e-6)
        # Where the floor binds, slots of equal worth tie; the bill, which O1 sees, is unique all the same.
        bill = sum((instance.base_tariff_usd_per_kwh[f] + reaction["delta"][f]) * load[f] for f in load)
        assert pyo.value(model.charging_usd_per_day) == pytest.approx(bill, abs=1e-6)
        if reaction["floor_multiplier"] == 0:
            for f in model.USED:
                surcharge = pyo.value(model.authority.TOU[f]) - model.base_tariff[f]
                assert surcharge == pytest.approx(reaction["delta"].get(f, 0.0), abs=1e-6)


def test_infeasible_floor_is_found_by_both():
    chosen = random_events(INSTANCES["limassol_small"], 0)
    load = load_of(chosen)
    instance = with_floor(INSTANCES["limassol_small"], 1.1, load)
    reaction = electric_bus.tariff_reaction(instance, load)
    assert (reaction["feasible"], reaction["O2"], reaction["floor_multiplier"]) == (False, -inf, inf)
    model = electric_bus.build(instance)
    plug_in(model, chosen)
    solver = pyo.SolverFactory("appsi_highs")
    solver.config.load_solution = False
    result = solver.solve(model.authority, load_solutions=False)
    assert result.solver.termination_condition != pyo.TerminationCondition.optimal


def dual_of_surcharges(instance, events, load, floor, cap, zero):
    """min-form dual: (mu, gamma, rho) within the bounds, stationarity as equality; returns its optimum."""
    slots = sorted(cap)
    kappa, price = instance.deviation_cap_usd_per_kwh_per_kwh, instance.deviation_price_kwh
    size, d = len(slots), [load.get(f, 0.0) for f in slots]
    missing = instance.revenue_floor_usd_per_day - sum(
        instance.base_tariff_usd_per_kwh[f] * load.get(f, 0.0) for f in slots
    )
    cost = [-missing, *(kappa * energy for energy in d), *([0.0] * size)]
    rows, right = [], []
    for i, f in enumerate(slots):
        row = [0.0] * (1 + 2 * size)
        row[0], row[1 + i], row[1 + size + i] = -d[i], 1.0, -1.0
        rows.append(row)
        right.append(instance.renewable_share[f] * d[i] - price)
    box = [(0, floor), *((0, cap[f]) for f in slots), *([(0, zero)] * size)]
    result = linprog(cost, A_eq=rows, b_eq=right, bounds=box)
    assert result.success, result.message
    base = sum(instance.renewable_share[f] * instance.base_tariff_usd_per_kwh[f] * load.get(f, 0.0) for f in slots)
    return base + result.fun


@settings(max_examples=60, deadline=None)
@given(seed=st.integers(0, 10_000), share=st.floats(-0.2, 1.0), name=st.sampled_from(sorted(INSTANCES)))
def test_multiplier_bounds_hold_an_optimal_dual_solution(seed, share, name):
    """Strong duality inside the box: an optimal multiplier vector exists within all bounds at once."""
    events = electric_bus.charging_events(INSTANCES[name])
    load = load_of(random_events(INSTANCES[name], seed))
    instance = with_floor(INSTANCES[name], share, load)
    bounds = authority_bounds(instance, events)
    reaction = electric_bus.tariff_reaction(instance, load)
    dual = dual_of_surcharges(instance, events, load, bounds.floor, bounds.cap, bounds.zero)
    assert dual == pytest.approx(reaction["O2"], rel=1e-7, abs=1e-6)
    assert reaction["floor_multiplier"] <= bounds.floor
    assert all(load[f] <= bounds.load[f] + 1e-9 for f in load)


@pytest.mark.parametrize("name", INSTANCES)
def test_a_floor_that_no_timetable_misses_has_multiplier_0(name):
    """The least bill at base tariffs, found here by HiGHS over the leader's rows, separates both bounds."""
    instance = INSTANCES[name]
    events = electric_bus.charging_events(instance)
    model = electric_bus.build(instance)
    for surcharge in model.authority.delta.values():
        surcharge.fix(0)
    model.O1.deactivate()
    model.bill = pyo.Objective(expr=model.charging_usd_per_day)
    highs(model)
    least = pyo.value(model.bill)
    for floor, binds in ((least - 0.01, False), (least + 0.01, True)):
        changed = instance.model_copy(update={"revenue_floor_usd_per_day": floor})
        assert (authority_bounds(changed, events).floor > 0) is binds
    assert instance.revenue_floor_usd_per_day < least


@pytest.mark.parametrize("form", FORMS)
def test_multipliers_of_highs_are_within_the_suffix(form):
    """The model's suffix bounds the duals and reduced costs that HiGHS finds."""
    largest = 0.0
    for seed in range(12):
        chosen = random_events(INSTANCES["limassol_small"], seed)
        instance = with_floor(INSTANCES["limassol_small"], FLOORS[seed % len(FLOORS)], load_of(chosen))
        model = electric_bus.build(instance, tariffs=form)
        plug_in(model, chosen)
        for variable in model.u.values():
            variable.domain = pyo.Reals  # fixed; HiGHS gives duals to a problem without integer columns only
        authority = model.authority
        authority.dual = pyo.Suffix(direction=pyo.Suffix.IMPORT)
        authority.rc = pyo.Suffix(direction=pyo.Suffix.IMPORT)
        highs(authority)
        multipliers = pyo.ComponentMap(authority.dual.items())
        multipliers.update((v, price) for v, price in authority.rc.items() if v.has_lb())
        assert set(map(id, multipliers)) == set(map(id, authority.multiplier_bound))
        for component, multiplier in multipliers.items():
            assert abs(multiplier) <= authority.multiplier_bound[component].upper + 1e-6, component.name
        price = abs(multipliers[authority.floor])
        if FLOORS[seed % len(FLOORS)] < 1:  # at the largest revenue any greater multiplier is as good
            closed_form = electric_bus.tariff_reaction(instance, load_of(chosen))["floor_multiplier"]
            assert price == pytest.approx(closed_form, abs=1e-6)
        largest = max(largest, price)
    assert largest > 0  # the floor did bind somewhere


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("name", INSTANCES)
def test_what_is_stated_is_complete_and_implied_bounds_hold(name, form):
    authority = electric_bus.build(INSTANCES[name], tariffs=form).authority
    rows = list(authority.component_data_objects(pyo.Constraint))
    variables = list(authority.component_data_objects(pyo.Var))
    bounded = [v for v in variables if v.has_lb() or v.has_ub()]
    assert set(map(id, authority.multiplier_bound)) == set(map(id, rows + bounded))
    assert set(map(id, authority.implied_bounds)) == set(map(id, variables))
    assert all(-low == high >= 0 and reason for low, high, reason in authority.multiplier_bound.values())
    for seed in range(5):
        model = electric_bus.build(
            with_floor(INSTANCES[name], 0.95, load_of(random_events(INSTANCES[name], seed))), form
        )
        plug_in(model, random_events(INSTANCES[name], seed))
        highs(model.authority)
        for variable, (lower, upper, _) in model.authority.implied_bounds.items():
            assert lower - 1e-7 <= variable.value <= upper + 1e-7, variable.name


# --- the table of the operator's methods


def leaders_answer(model: pyo.ConcreteModel, delta: dict[int, float]) -> float:
    """The operator alone, tariffs given: what it believes to pay."""
    for f in model.USED:
        model.authority.delta[f].fix(delta.get(f, 0.0))
    highs(model)
    for variable in [*model.u.values(), *model.x.values()]:
        variable.set_value(round(variable.value))
    return pyo.value(model.O1)


def test_leader_alone_and_nested_iterates_of_limassol():
    instance = INSTANCES["limassol"]
    model = electric_bus.build(instance)
    delta: dict[int, float] = {}
    iterates = []
    for _ in range(5):
        believed = leaders_answer(model, delta)
        delta = react(model, instance)["delta"]
        iterates.append((believed, electric_bus.summary(model)))
    believed, alone = iterates[0]
    assert believed == pytest.approx(393_914.13, abs=0.01)
    assert alone["O1"] == pytest.approx(455_785.28, abs=0.01)
    assert alone["O2"] == pytest.approx(34.254, abs=5e-4)
    assert alone["renewable_kwh_per_day"] == pytest.approx(208.35, abs=5e-3)
    assert alone["charging_usd_per_day"] == pytest.approx(120.638, abs=5e-4)
    history = [round(figures["O1"]) for _, figures in iterates]
    assert history == [455_785, 467_420, 454_241, 468_039, 454_241]
    nested = iterates[2][1]
    assert nested["O2"] == pytest.approx(37.897, abs=5e-4)
    assert nested["renewable_kwh_per_day"] == pytest.approx(231.65, abs=5e-3)
    assert nested["charging_usd_per_day"] == pytest.approx(119.792, abs=5e-4)


EXACT = {  # bus -> (site, start slot) of the bilevel optimum
    "bus01": ("site2", 38),
    "bus02": ("site2", 42),
    "bus03": ("site1", 36),
    "bus04": ("site2", 10),
    "bus05": ("site4", 36),
    "bus06": ("site4", 20),
    "bus07": ("site4", 38),
    "bus08": ("site4", 12),
    "bus09": ("site4", 18),
    "bus10": ("site1", 40),
    "bus11": ("site2", 40),
    "bus12": ("site2", 14),
}


@pytest.mark.parametrize("form", FORMS)
def test_figures_at_the_exact_decision_of_limassol(form):
    instance = INSTANCES["limassol"]
    model = electric_bus.build(instance, tariffs=form)
    chosen = [e for e in electric_bus.charging_events(instance) if EXACT[e.bus] == (e.site, e.start)]
    plug_in(model, chosen)
    highs(model.authority)
    figures = electric_bus.summary(model)
    assert figures["O1"] == pytest.approx(439_073.47, abs=0.01)
    assert figures["O2"] == pytest.approx(38.393, abs=5e-4)
    assert figures["renewable_kwh_per_day"] == pytest.approx(252.33, abs=5e-3)
    assert figures["charging_usd_per_day"] == pytest.approx(111.481, abs=5e-4)
    assert figures["open_sites"] == ["site1", "site2", "site4"]
    assert {bus: (a["site"], a["start_slot"]) for bus, a in figures["assignment"].items()} == EXACT
    assert figures["assignment"]["bus01"]["start_minute"] == 300 + 38 * 30
    assert len(figures["tariff_usd_per_kwh"]) == len(figures["load_kwh"]) == 48
    assert sum(figures["load_kwh"]) == pytest.approx(sum(energy for e in chosen for _, energy in e.energy_kwh))
    paid = sum(t * energy for t, energy in zip(figures["tariff_usd_per_kwh"], figures["load_kwh"], strict=True))
    assert paid == pytest.approx(figures["charging_usd_per_day"])
    assert all(
        t >= base - 1e-9
        for t, base in zip(figures["tariff_usd_per_kwh"], instance.base_tariff_usd_per_kwh, strict=True)
    )


# --- both forms, generated fleets, refusals


def test_both_forms_give_the_same_follower_optimum_and_operator_cost():
    for seed in range(4):
        chosen = random_events(INSTANCES["limassol"], seed)
        figures = []
        for form in FORMS:
            model = electric_bus.build(INSTANCES["limassol"], tariffs=form)
            plug_in(model, chosen)
            highs(model.authority)
            figures.append(electric_bus.summary(model))
        assert figures[0]["O1"] == pytest.approx(figures[1]["O1"], rel=1e-8)
        assert figures[0]["O2"] == pytest.approx(figures[1]["O2"], abs=1e-6)


def test_products_stay_binary_times_continuous():
    """d_f is an Expression: the follower's coefficients are linear in u, and no other product occurs."""
    authority = electric_bus.build(INSTANCES["limassol_small"]).authority
    for f, row in authority.cap.items():
        assert row.body.polynomial_degree() == 1, f
    assert authority.O2.expr.polynomial_degree() == 2
    assert authority.floor.body.polynomial_degree() == 2


@pytest.mark.parametrize("buses", [6, 24])
def test_generated_fleet_loads_builds_and_is_feasible(buses, tmp_path):
    instance = electric_bus.generate(buses, seed=1)
    path = tmp_path / "fleet.json"
    path.write_text(to_json(instance))
    assert json.loads(path.read_text())["problem"] == "electric_bus"
    assert load_instance(path) == instance == electric_bus.generate(buses, seed=1)
    assert instance != electric_bus.generate(buses, seed=2)
    model = electric_bus.build(load_instance(path))
    assert len(model.BUSES) == buses
    leaders_answer(model, {})
    assert react(model, instance)["feasible"]


@pytest.mark.parametrize("buses", [48, 96])
def test_large_fleets_can_be_generated(buses):
    for seed in range(3):
        assert len(electric_bus.generate(buses, seed).buses) == buses


@pytest.mark.parametrize("buses", [0, 4, 97])
def test_fleet_outside_the_range_is_refused(buses):
    with pytest.raises(ValueError, match=r"buses: .* outside 5\.\.96"):
        electric_bus.generate(buses, seed=1)


def test_refusals_name_the_argument():
    with pytest.raises(ValueError, match="tariffs: 'spot' is unknown; choose one of 'surcharge', 'poster'"):
        electric_bus.build(INSTANCES["limassol_small"], tariffs="spot")
    with pytest.raises(InstanceError, match="str is not an ElectricBusInstance"):
        electric_bus.build("limassol")
