"""The demand-response model: proven optima, the reaction as an oracle, bounds, references, stations."""

import json
from typing import Any

import numpy as np
import pyomo.environ as pyo
import pytest
from sweeps import only

import bilevolt as bv
from bilevolt.errors import InstanceError
from bilevolt.instances import parse_instance, to_json
from bilevolt.instances.demand_response import DemandResponseInstance
from bilevolt.models import demand_response
from bilevolt.models.demand_response.reaction import TIE, charging_at_arrival, react
from bilevolt.models.demand_response.references import evaluate, mean_wait, normalisers
from bilevolt.models.demand_response.ties import optimistic, pessimistic
from bilevolt.reformulations import map_of

SOLVED = {"ev3": "gurobi", "ev8": "highs", "ev_station_binding": "scip"}
EV8 = -0.085745  # the optimum, which HiGHS and SCIP both have to prove


def instance_of(name: str) -> DemandResponseInstance:
    instance = bv.load_instance(name)
    assert isinstance(instance, DemandResponseInstance)
    return instance


@pytest.fixture(scope="module")
def solved() -> dict[str, tuple[Any, bv.Solution]]:
    """Ev3 by Gurobi's restricted licence, ev8 by HiGHS, the binding station by SCIP; each when first asked for."""

    class Solved(dict[str, tuple[Any, bv.Solution]]):
        def __missing__(self, name: str) -> tuple[Any, bv.Solution]:
            model = demand_response.build(bv.load_instance(name))
            self[name] = model, bv.solve(model, reformulation="bigm", solver=SOLVED[name])
            return self[name]

    return Solved()


@pytest.mark.long
def test_ev8_is_proven_by_highs(solved: dict[str, tuple[Any, bv.Solution]]) -> None:
    _, solution = solved["ev8"]
    assert solution.status == "optimal" and solution.certificate.globally_optimal
    assert solution.objective == pytest.approx(EV8, abs=2e-6)
    assert not solution.assumptions


@pytest.mark.long
def test_ev8_is_proven_by_scip() -> None:
    solution = bv.solve(demand_response.build(bv.load_instance("ev8")), reformulation="bigm", solver="scip")
    assert solution.status == "optimal" and solution.certificate.globally_optimal
    assert solution.objective == pytest.approx(EV8, abs=2e-6)


@pytest.mark.parametrize("name", only(["ev3"], SOLVED))
def test_the_summary_is_what_was_optimised(solved: dict[str, tuple[Any, bv.Solution]], name: str) -> None:
    model, solution = solved[name]
    assert solution.status == "optimal"
    summary = demand_response.summary(model)
    assert summary["objective"] == pytest.approx(solution.objective, abs=1e-6)
    assert summary["revenue_usd"] == pytest.approx(pyo.value(model.F1), abs=1e-6)
    assert summary["variance_kw2"] == pytest.approx(pyo.value(model.F2), rel=1e-6)
    assert summary["excess_wait_h"] == pytest.approx(pyo.value(model.F3), abs=1e-6)


@pytest.mark.parametrize("name", only(["ev3"], SOLVED))
def test_the_bill_is_revenue_and_energy_at_base_prices(solved: dict[str, tuple[Any, bv.Solution]], name: str) -> None:
    model, _ = solved[name]
    instance, summary = model.instance, demand_response.summary(model)
    power, prices = demand_response.power_of(model), demand_response.prices_of(model)
    base = np.array(instance.base_price_usd_per_kwh)
    assert summary["bill_usd"] == pytest.approx(float(prices @ power.sum(axis=0)), rel=1e-9)
    assert summary["bill_usd"] == pytest.approx(pyo.value(model.F1) + float(base @ power.sum(axis=0)), rel=1e-9)


@pytest.mark.parametrize("name", only(["ev3"], ["ev3", "ev8"]))
def test_the_optimum_is_the_optimistic_reaction_to_its_prices(
    solved: dict[str, tuple[Any, bv.Solution]], name: str
) -> None:
    model, solution = solved[name]
    instance, prices = model.instance, demand_response.prices_of(model)
    norms = normalisers(instance)
    values = {
        "optimistic": evaluate(instance, prices, optimistic(instance, prices, norms), norms)["objective"],
        "pessimistic": evaluate(instance, prices, pessimistic(instance, prices, norms), norms)["objective"],
        "earliest": evaluate(instance, prices, react(instance, prices), norms)["objective"],
    }
    assert values["optimistic"] == pytest.approx(solution.objective, abs=5e-6)
    assert values["pessimistic"] <= values["earliest"] <= values["optimistic"] + 1e-9
    for seed in range(20):
        drawn = evaluate(instance, prices, react(instance, prices, "random", seed), norms)["objective"]
        assert values["pessimistic"] - 1e-9 <= drawn <= values["optimistic"] + 1e-9


@pytest.mark.parametrize("name", only(["ev3"], SOLVED))
def test_followers_reach_the_cost_of_the_closed_form(solved: dict[str, tuple[Any, bv.Solution]], name: str) -> None:
    model, solution = solved[name]
    instance, prices = model.instance, demand_response.prices_of(model)
    for ties in ("earliest", "latest", "random"):
        power = react(instance, prices, ties)
        costs = {ev.id: users_cost(instance, ev, prices, power[k]) for k, ev in enumerate(instance.evs)}
        pools = {station.id: [ev.id for ev in instance.at_station(station)] for station in instance.pooled_stations()}
        for follower, cost in solution.lower_objectives.items():
            key = follower.split("[")[1].split("]")[0]
            own = pools.get(key, [key])
            needed = sum(ev.energy_kwh for ev in instance.evs if ev.id in own)
            assert cost == pytest.approx(sum(costs[i] for i in own), abs=2 * TIE * needed)


def users_cost(instance: DemandResponseInstance, ev: Any, prices: np.ndarray, power: np.ndarray) -> float:
    eps = instance.delay_price(ev)
    return sum((prices[t] + eps * instance.delay_h(ev, t)) * power[t] for t in instance.window(ev))


@pytest.mark.parametrize("name", ["ev3", "ev8", "ev50_station10", "ev_station_binding"])
@pytest.mark.parametrize("ties", ["earliest", "latest", "random"])
def test_reactions_are_feasible(name: str, ties: Any) -> None:
    instance = instance_of(name)
    prices = np.random.default_rng(3).uniform(0.1, 0.3, instance.slots)
    for power in (react(instance, prices, ties), charging_at_arrival(instance)):
        for k, ev in enumerate(instance.evs):
            inside = set(instance.window(ev))
            assert power[k].sum() == pytest.approx(ev.energy_kwh, rel=1e-7)
            assert power[k].min() >= -1e-9 and power[k].max() <= ev.power_kw + 1e-9
            assert all(power[k][t] == 0 for t in range(instance.slots) if t not in inside)
        for station in instance.stations:
            rows = [k for k, ev in enumerate(instance.evs) if ev.station == station.id]
            assert power[rows].sum(axis=0).max() <= station.limit_kw + 1e-6


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("ev8", (36.639, 125.02844565972224, 3.027446741193841, 1.61395079755545)),
        ("ev50_station10", (228.139, 5077.0928164930565, 2.1412608501367654, 1.6028815273151995)),
    ],
)
def test_normalisers_come_from_the_references(name: str, expected: tuple[float, ...]) -> None:
    norms = normalisers(instance_of(name))
    found = norms.revenue_usd, norms.variance_kw2, norms.wait_h, norms.least_wait_h
    assert found == pytest.approx(expected, rel=1e-9)


@pytest.mark.parametrize(("name", "reaction"), [("ev8", -0.2279), ("ev50_station10", -0.2381)])
def test_objectives_of_the_references(name: str, reaction: float) -> None:
    instance = instance_of(name)
    base = np.array(instance.base_price_usd_per_kwh)
    uncontrolled = evaluate(instance, base, charging_at_arrival(instance))
    assert uncontrolled["objective"] == pytest.approx(-0.3, abs=1e-12)
    assert evaluate(instance, base, react(instance, base))["objective"] == pytest.approx(reaction, abs=5e-5)
    assert mean_wait(instance, react(instance, base)) > mean_wait(instance, charging_at_arrival(instance))


def test_revenue_becomes_linear_and_every_m_is_proven() -> None:
    model = demand_response.build(bv.load_instance("ev_station_binding"))
    single = bv.reformulate(model, "bigm")  # without big_m: refuses if an M is missing
    products = map_of(single).products
    assert products and all(p.first is p.second and p.first.parent_component() is model.L for p in products)
    assert "revenue" in map_of(single).steps


@pytest.mark.parametrize("width", [1.0, 0.1])
@pytest.mark.parametrize("name", ["ev3", "ev_station_binding"])
def test_bounds_hold_for_an_optimal_dual_solution_at_any_prices(name: str, width: float) -> None:
    """Solve each follower's dual LP restricted to the bounds: strong duality has to survive."""
    instance = instance_of(name)
    generator = np.random.default_rng(7)
    model = demand_response.build(instance)
    low = np.array([model.DP[t].lb for t in model.SLOTS])
    high = np.array([model.DP[t].ub for t in model.SLOTS])
    for _ in range(6):
        prices = low + (high - low) * generator.uniform(size=instance.slots)
        for t in model.SLOTS:
            model.DP[t].setlb(prices[t] - width * (prices[t] - low[t]))
            model.DP[t].setub(prices[t] + width * (high[t] - prices[t]))
            model.DP[t].fix(prices[t])
        model.restate_bounds(model)
        single = bv.reformulate(model, "strong_duality")
        single.leader.rows.deactivate()
        single.leader.objective.set_value(0.0 * model.DP[0] + 0.0 * next(iter(model.P.values())))
        result = bv.solvers.get_solver("highs").solve(single)
        assert result.status == "optimal", f"an optimal dual solution was cut off at {prices}"
        model.DP.unfix()
        for t in model.SLOTS:
            model.DP[t].setlb(low[t])
            model.DP[t].setub(high[t])


def test_bounds_are_of_the_order_statistic() -> None:
    model = demand_response.build(bv.load_instance("ev3"))
    instance = model.instance
    ev = instance.evs[0]  # 15.2 kWh at 7 kW: two slots and a part of the third
    net = [sorted(b[k] + instance.delay_price(ev) * instance.delay_h(ev, t) for t, b in box(model, ev)) for k in (0, 1)]
    charging = model.vehicle[ev.id].charging
    least, most, reason = charging.multiplier_bound[charging.energy[ev.id]]
    assert (least, most) == pytest.approx((net[0][2], net[1][2]))
    assert "order statistic 3" in reason


def box(model: Any, ev: Any) -> list[tuple[int, tuple[float, float]]]:
    return [(t, model.DP[t].bounds) for t in model.instance.window(ev)]


@pytest.mark.long
def test_evs_of_a_station_that_binds_are_one_follower(solved: dict[str, tuple[Any, bv.Solution]]) -> None:
    model, solution = solved["ev_station_binding"]
    assert set(solution.lower_objectives) == {"pool[station0].charging", "vehicle[ev3].charging"}
    assert demand_response.summary(model)["station_peak_kw"]["station0"] == pytest.approx(10, abs=1e-6)
    prices = [p for name, p in solution.multipliers.items() if name.startswith("pool[station0].charging.limit")]
    assert min(prices) < -1e-4 and max(prices) <= 1e-9  # a limit's price, for a minimising follower


@pytest.mark.parametrize(("limit", "pooled"), [(21.0, False), (9.0, True)])
def test_stations_are_pooled_unless_their_limit_cannot_bind(limit: float, pooled: bool) -> None:
    document = json.loads(to_json(bv.load_instance("ev3")))  # three EVs of 7 kW at one station
    document["stations"][0]["limit_kw"] = limit
    model = demand_response.build(parse_instance(json.dumps(document), "test"))
    assert (len(model.pool), len(model.vehicle)) == ((1, 0) if pooled else (0, 3))
    assert bool(len(model.station_limit)) != pooled  # checked by the leader where it cannot bind


def test_ties_of_pooled_evs_have_no_closed_form() -> None:
    instance = instance_of("ev_station_binding")
    with pytest.raises(InstanceError, match="station0 may bind"):
        optimistic(instance, instance.base_price_usd_per_kwh)


def test_an_instance_of_another_problem_is_refused() -> None:
    with pytest.raises(InstanceError, match="not a DemandResponseInstance"):
        demand_response.build(bv.load_instance("limassol"))


def test_generator_repeats_and_scales() -> None:
    assert demand_response.generate(20, 7) == demand_response.generate(20, 7)
    assert demand_response.generate(20, 7) != demand_response.generate(20, 8)
    instance = demand_response.generate(20, 7)
    assert len(instance.evs) == 20 and len(instance.stations) == 4
    shipped = instance_of("ev3")
    assert demand_response.generate(3, 3, stations=1).evs == shipped.evs
    with pytest.raises(InstanceError, match="raise station_limit_kw"):
        demand_response.generate(10, 1, station_limit_kw=7)
    with pytest.raises(ValueError, match=r"outside 1\.\.500"):
        demand_response.generate(0, 1)


def test_a_grid_connection_is_one_row_of_the_leader(solved: dict[str, tuple[Any, bv.Solution]]) -> None:
    """The paper's (15), as the page writes it."""
    free, solution = solved["ev3"]
    load = instance_of("ev3").base_load_kw
    charged = {t: pyo.value(free.L[t]) - load[t] for t in free.L}
    limit = 0.9 * max(charged.values())
    model = demand_response.build(instance_of("ev3"))
    model.connection = pyo.Constraint(list(model.L), rule=lambda m, t: m.L[t] - load[t] <= limit)
    limited = bv.solve(model, reformulation="bigm", solver="gurobi")
    assert limited.status == "optimal" and limited.certificate.bilevel_feasible
    assert limited.objective < solution.objective
    assert max(pyo.value(model.L[t]) - load[t] for t in model.L) <= limit + 1e-6
