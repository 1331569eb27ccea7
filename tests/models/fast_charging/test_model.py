import math

import pyomo.environ as pyo
import pytest
from fast_charging_oracle import Slot, payments, profit, subsets
from sweeps import one_in, only

import bilevolt as bv
from bilevolt.errors import InstanceError
from bilevolt.levels.duality_gap import duality_gaps
from bilevolt.models import fast_charging
from bilevolt.models.fast_charging.grid import Grid

FULL, SMALL, MESHED = "ieee33_sioux_falls", "ieee33_small", "meshed_ieee33"
TABLE_4 = {  # $/kWh -> buses, profit that this instance is known to have
    1.35: ((25, 32), 6150.9),
    1.36: ((25, 32), 23_403.0),
    1.37: ((25, 32), 40_655.2),
    1.38: ((5, 25, 32), 58_509.7),
    1.39: ((5, 10, 25, 32), 84_187.2),
}
RADIAL_PAIRS = [
    ("strong_duality", "gurobi"), ("strong_duality", "highs"), ("bigm", "gurobi"),
    ("bigm", "highs"), ("sos1", "gurobi"), ("sos1", "scip"), ("indicator", "gurobi"),
]  # fmt: skip
MESHED_PAIRS = [("strong_duality", "highs"), ("sos1", "gurobi"), ("sos1", "scip"), ("indicator", "gurobi")]


@pytest.fixture(scope="module")
def full():
    return bv.load_instance(FULL)


@pytest.fixture(scope="module")
def oracle(full):
    """Subset of candidates -> least payment a year: all 32 subsets, two LPs for each of 24 slots."""
    stations = fast_charging.size_stations(full)
    return stations, {chosen: payments(full, stations, chosen) for chosen in subsets(stations)}


def best(instance, stations, paid, price):
    return max((profit(instance, stations, c, price, p), c) for c, p in paid.items() if p is not None)


def built(model):
    return tuple(bus for bus in model.CANDIDATES if model.U[bus].value > 0.5)


# --- the chain


def test_stations_come_from_traffic_and_queue(full):
    stations = fast_charging.size_stations(full)
    assert [round(s.inflow_vehicles, 1) for s in stations.values()] == [37283.6, 43034.8, 81676.5, 67003.3, 55493.1]
    assert [round(s.energy_kwh_per_day, 1) for s in stations.values()] == [1438.6, 1660.5, 3151.6, 2585.4, 2141.2]
    assert [s.queue_chargers for s in stations.values()] == [6, 6, 10, 9, 7]
    assert [s.chargers for s in stations.values()] == [6, 8, 10, 9, 7]
    for station in stations.values():
        assert station.rush_hour_wait_minutes <= 5 and station.obstacle is None
        assert max(station.load_kw) == pytest.approx(0.1022 * station.energy_kwh_per_day)
        assert sum(station.load_kw) == pytest.approx(station.energy_kwh_per_day)


@pytest.mark.parametrize(("years", "paper"), [(10, 139_255), (5, 225_713)])
def test_only_ten_years_give_the_papers_investment(full, years, paper):
    instance = full.model_copy(update={"lifetime_years": years})
    stations = fast_charging.size_stations(instance)
    yearly = instance.capital_recovery_factor * (stations[25].investment_usd + stations[32].investment_usd)
    assert yearly == pytest.approx(paper, abs=6)


def test_a_station_that_cannot_keep_the_wait_is_not_built_and_says_why(full):
    tight = full.charging.model_copy(update={"most_chargers": 8})
    instance = full.model_copy(update={"charging": tight})
    stations = fast_charging.size_stations(instance)
    assert {bus for bus, s in stations.items() if s.obstacle} == {20, 25}
    assert "bus 20" in stations[20].obstacle and "8 servers" in stations[20].obstacle
    model = fast_charging.build(instance)
    assert model.U[20].fixed and model.U[20].value == 0 and not model.U[5].fixed


def test_demand_may_be_given_without_roads(full):
    def candidates(**demand):
        return tuple(
            c.model_copy(update={"road_node": None} | {key: of_bus[c.bus] for key, of_bus in demand.items()})
            for c in full.candidates
        )

    stations = fast_charging.size_stations(full)
    for given in (
        {"inflow_vehicles": {bus: s.inflow_vehicles for bus, s in stations.items()}},
        {"energy_kwh_per_day": {bus: s.energy_kwh_per_day for bus, s in stations.items()}},
    ):
        update = {"candidates": candidates(**given), "road_network": None, "road_assignment": None}
        other = fast_charging.size_stations(full.model_copy(update=update))
        for bus, station in stations.items():
            assert other[bus].load_kw == pytest.approx(station.load_kw)
            assert other[bus].chargers == station.chargers


@pytest.mark.parametrize(
    ("update", "words"),
    [
        ({"road_network": "limassol"}, "not a|electric_bus"),
        ({"road_network": "atlantis"}, "atlantis"),
    ],
)
def test_a_road_network_that_does_not_fit_is_refused(full, update, words):
    with pytest.raises(InstanceError, match=words):
        fast_charging.build(full.model_copy(update=update))


def test_an_unknown_road_node_is_named(full):
    odd = (full.candidates[0].model_copy(update={"road_node": 99}), *full.candidates[1:])
    with pytest.raises(InstanceError, match=r"candidates\[0\].road_node: no traffic .* node 99"):
        fast_charging.build(full.model_copy(update={"candidates": odd}))


def test_another_problems_instance_is_refused():
    with pytest.raises(InstanceError, match="ElectricBusInstance is not a FastChargingInstance"):
        fast_charging.build(bv.load_instance("limassol_small"))


# --- the grid


@pytest.mark.parametrize("name", [SMALL, MESHED])
def test_flows_without_angles_are_those_with_angles(name):
    """Least cost of the model's follower equals that of DC-OPF with angles."""
    instance = bv.load_instance(name)
    model = fast_charging.build(instance)
    stations = fast_charging.size_stations(instance)
    for chosen in ((), (20,), (5, 25), (5, 10, 20, 25, 32)):
        for bus in model.CANDIDATES:
            model.U[bus].fix(int(bus in chosen))
        solver = pyo.SolverFactory("appsi_highs")
        pyo.assert_optimal_termination(solver.solve(model.operator))
        costs = [
            Slot(instance, t, instance.scenarios[0]).least_cost({b: stations[b].load_kw[t] for b in chosen})
            for t in range(instance.slots)
        ]
        assert 1000 * pyo.value(model.operator.cost) == pytest.approx(instance.slot_hours * sum(costs), rel=1e-7)


@pytest.mark.parametrize("name", [SMALL, MESHED])
def test_withdrawal_factors_obey_kirchhoffs_laws(name):
    grid = Grid(bv.load_instance(name))
    factors, line = grid.withdrawal_factors, {key: k for k, key in enumerate(grid.lines)}
    for k, bus in enumerate(grid.buses):
        for other in grid.buses:
            arriving = sum(factors[j, k] * ((b == other) - (a == other)) for (a, b), j in line.items())
            wanted = 0.0 if bus == grid.instance.grid_bus else float(other == bus) - float(other == 1)
            assert arriving == pytest.approx(wanted, abs=1e-9)
        for cycle in grid.cycles():
            assert sum(drop * factors[line[key], k] for key, drop in cycle) == pytest.approx(0, abs=1e-9)
    assert len(grid.cycles()) == len(grid.lines) - len(grid.buses) + 1


# --- price ranges


@pytest.mark.parametrize("name", only([MESHED], [SMALL, MESHED]))
def test_prices_stay_within_what_is_proven(name):
    """Least and largest optimal price, for decisions of all sizes, against the stated range."""
    instance = bv.load_instance(name)
    model = fast_charging.build(instance)
    stations, scenario = fast_charging.size_stations(instance), instance.scenarios[0]
    stated = {row.index(): bounds for row, bounds in model.operator.multiplier_bound.items()}
    assert len(stated) == len(model.BUSES) * instance.slots
    for t in range(instance.slots):
        slot = Slot(instance, t, scenario)
        for chosen in ((), (20,), (10, 25, 32), (5, 10, 20, 25, 32)):
            power = {bus: stations[bus].load_kw[t] for bus in chosen}
            for bus in (1, 5, 14, 20, 25, 32):
                lower, upper, _ = stated[bus, t, scenario.id]
                hours = instance.slot_hours
                assert hours * slot.least_payment(power, {bus: 1.0}) >= lower - 1e-5
                assert -hours * slot.least_payment(power, {bus: -1.0}) <= upper + 1e-5


def test_where_stations_alone_can_fill_a_line_nothing_is_claimed(full):
    lines = tuple(line.model_copy(update={"limit_kw": 300.0}) if line.key == (19, 20) else line for line in full.lines)
    model = fast_charging.build(full.model_copy(update={"lines": lines}))
    free = {row.index()[:2] for row in model.operator.balance.values()}
    free -= {row.index()[:2] for row in model.operator.multiplier_bound}
    assert free == {(bus, 17) for bus in (20, 21, 22)}  # 322 kW of the station at bus 20, in the rush hour only
    with pytest.raises(bv.errors.BilevoltError, match="balance"):
        bv.solve(model, reformulation="strong_duality", solver="highs")


# --- the optimum


@pytest.mark.long
@pytest.mark.parametrize("price", TABLE_4)
def test_table_4_is_reached_proven_and_confirmed_by_all_subsets(full, oracle, price):
    model = fast_charging.build(full, sell_price=price)
    solution = bv.solve(model, reformulation="strong_duality", solver="highs")
    buses, profit_usd = TABLE_4[price]
    assert solution.status == "optimal" and solution.certificate.globally_optimal
    assert built(model) == buses
    assert solution.objective == pytest.approx(profit_usd, abs=1)
    true, subset = best(full, *oracle, price)
    assert subset == buses and solution.objective == pytest.approx(true, abs=0.05)


@pytest.mark.long
@pytest.mark.parametrize(("reformulation", "solver", "price"), [("sos1", "scip", 1.38), ("bigm", "highs", 1.39)])
def test_other_reformulations_agree_on_the_full_day(full, oracle, reformulation, solver, price):
    model = fast_charging.build(full, sell_price=price)
    solution = bv.solve(model, reformulation=reformulation, solver=solver, cuts="strong_duality")
    assert solution.status == "optimal" and built(model) == TABLE_4[price][0]
    assert solution.objective == pytest.approx(best(full, *oracle, price)[0], abs=0.05)


@pytest.mark.parametrize(("name", "pairs"), one_in(2, [(MESHED, MESHED_PAIRS), (SMALL, RADIAL_PAIRS)]))
def test_every_reformulation_finds_the_best_subset(name, pairs):
    instance = bv.load_instance(name)
    stations = fast_charging.size_stations(instance)
    paid = {chosen: payments(instance, stations, chosen) for chosen in subsets(stations)}
    true, subset = best(instance, stations, paid, instance.sell_price_usd_per_kwh)
    assert subset and len(subset) < len(stations)
    model = fast_charging.build(instance)
    for reformulation, solver in pairs:
        solution = bv.solve(model, reformulation=reformulation, solver=solver)
        assert solution.status == "optimal", (reformulation, solver, solution.notes)
        assert solution.objective == pytest.approx(true, rel=2e-6), (reformulation, solver)
        assert built(model) == subset


def test_table_4_is_reached_and_proven_at_one_price(full):
    solution = bv.solve(
        model := fast_charging.build(full, sell_price=1.38), reformulation="strong_duality", solver="highs"
    )
    assert solution.status == "optimal" and solution.certificate.globally_optimal
    assert (built(model), solution.objective) == (TABLE_4[1.38][0], pytest.approx(TABLE_4[1.38][1], abs=1))


def test_small_instance_fits_gurobis_restricted_licence():
    solution = bv.solve(fast_charging.build(bv.load_instance(SMALL)))
    assert (solution.solver, solution.status) == ("gurobi", "optimal")


def test_nested_heuristic_runs_and_does_not_beat_the_optimum():
    model = fast_charging.build(bv.load_instance(SMALL), sell_price=1.56)
    nested = bv.solve(model, method="nested", solver="highs")
    exact = bv.solve(model, reformulation="strong_duality", solver="highs")
    assert nested.status == "feasible" and nested.certificate.bilevel_feasible
    assert nested.history and nested.objective <= exact.objective * (1 + 1e-6)


def test_selling_price_is_an_argument_or_a_field(full):
    by_field = full.model_copy(update={"sell_price_usd_per_kwh": 1.37})
    for model in (fast_charging.build(full, sell_price=1.37), fast_charging.build(by_field)):
        assert pyo.value(model.sell_price) == 1.37
    assert pyo.value(fast_charging.build(full).sell_price) == 1.35


# --- scenarios


def test_each_slot_of_each_scenario_is_a_block_of_its_own():
    instance = fast_charging.with_scenarios(bv.load_instance(SMALL), 4)
    single = bv.reformulate(fast_charging.build(instance), "kkt")
    assert len(list(duality_gaps(bv.reformulations.map_of(single).conditions))) == 3 * 4


def test_optimum_over_scenarios_is_confirmed_by_all_subsets():
    instance = fast_charging.with_scenarios(bv.load_instance(SMALL), 3, seed=2)
    instance = instance.model_copy(update={"candidates": instance.candidates[2:]})
    stations = fast_charging.size_stations(instance)
    paid = {chosen: payments(instance, stations, chosen) for chosen in subsets(stations)}
    true, subset = best(instance, stations, paid, instance.sell_price_usd_per_kwh)
    model = fast_charging.build(instance)
    solution = bv.solve(model, reformulation="strong_duality", solver="highs")
    assert solution.objective == pytest.approx(true, rel=1e-6) and built(model) == subset


def test_generator_is_seeded_and_keeps_the_mean(full):
    many = fast_charging.with_scenarios(full, 400, seed=5)
    assert many == fast_charging.with_scenarios(full, 400, seed=5)
    assert many != fast_charging.with_scenarios(full, 400, seed=6)
    assert math.fsum(s.weight for s in many.scenarios) == pytest.approx(1)
    for factor in ("load_factor", "price_factor"):
        values = [value for s in many.scenarios for value in getattr(s, factor)]
        assert min(values) > 0.7 and max(values) < 1.4
        assert sum(values) / len(values) == pytest.approx(1, abs=0.01)
    assert type(many).model_validate(many.model_dump()) == many
    assert [s.weight for s in fast_charging.with_scenarios(full, 1).scenarios] == [1.0]


@pytest.mark.parametrize(
    "arguments", [{"count": 0}, {"count": 3, "load_deviation": -1}, {"count": 3, "price_deviation": -1}]
)
def test_generator_refuses_nonsense(full, arguments):
    with pytest.raises(ValueError, match="count >= 1 and deviations >= 0"):
        fast_charging.with_scenarios(full, **arguments)


# --- the report


@pytest.mark.parametrize("count", [1, 3])
def test_figures_of_the_summary_belong_together(count):
    instance = fast_charging.with_scenarios(bv.load_instance(SMALL), count)
    model = fast_charging.build(instance)
    assert fast_charging.build(instance).U[5].value is None
    solution = bv.solve(model, reformulation="strong_duality", solver="highs")
    shown = fast_charging.summary(model)
    assert shown["profit_usd"] == pytest.approx(solution.objective)
    assert shown["profit_usd"] == pytest.approx(shown["revenue_usd"] - shown["purchase_usd"] - shown["investment_usd"])
    cost = shown["operator_usd_per_day"]
    assert cost["total"] == pytest.approx(cost["grid"] + cost["generation"] + cost["shedding"])
    slots = range(instance.slots)
    paid = sum(shown["station_kw"][i][t] * shown["lmp_usd_per_kwh"][i][t] for i in shown["stations"] for t in slots)
    assert shown["purchase_usd"] == pytest.approx(365 * instance.slot_hours * paid)
    for t in slots:
        supply = shown["grid_kw"][t] + sum(kw[t] for kw in shown["generation_kw"].values())
        supply += sum(kw[t] for kw in shown["shed_kw"].values())
        drawn = shown["demand_kw"][t] + sum(shown["station_kw"][i][t] for i in shown["stations"])
        assert supply == pytest.approx(drawn)
