"""Valid inequalities of demand response: optimal responses, found by enumeration or an LP, satisfy all of them."""

import numpy as np
import pytest
from pyomo.core.expr.visitor import identify_variables
from scipy.optimize import linprog

import bilevolt as bv
from bilevolt.instances.demand_response import DemandResponseInstance
from bilevolt.models import demand_response
from bilevolt.models.demand_response.cuts import Comparable, Row
from bilevolt.models.demand_response.reaction import react

SEEDS = range(6)


def prices(instance: DemandResponseInstance, random: np.random.Generator) -> np.ndarray:
    """Prices whose differences are often those of the delay, so that vehicles are indifferent."""
    base = np.array(instance.base_price_usd_per_kwh)
    steps = random.choice([-0.006, -0.0042, -0.0024, 0.0, 0.003], size=instance.slots).cumsum()
    return np.clip(base.mean() + steps, 0.8 * base, 2 * base)


def shares(instance: DemandResponseInstance, power: np.ndarray) -> np.ndarray:
    return power / np.array([ev.power_kw for ev in instance.evs])[:, None]


def rows(group: Comparable, x: np.ndarray, price: np.ndarray, instance: DemandResponseInstance) -> dict[str, list[Row]]:
    base = np.array(instance.base_price_usd_per_kwh)
    own = x[group.positions]
    return {
        "pairs": list(group.pairs(own)),
        "triples": list(group.triples(own)),
        "moves": list(group.moves(own, price, 0.8 * base, 2 * base)),
    }


def excess(row: Row, x: np.ndarray, price: np.ndarray) -> float:
    return sum(w * x[k, t] for k, t, w in row.shares) + sum(w * price[t] for t, w in row.prices) - row.limit


@pytest.mark.parametrize("seed", SEEDS)
def test_rows_cut_off_what_they_are_made_for_and_no_optimal_response(seed: int) -> None:
    random = np.random.default_rng(seed)
    instance = demand_response.generate(9, seed)
    group = Comparable(instance, list(range(9)))
    reactions = []
    for _ in range(40):
        price = prices(instance, random)
        power = react(instance, price, "random", int(random.integers(1 << 30)))
        reactions.append((shares(instance, power), price))
    found = dict.fromkeys(("pairs", "triples", "moves"), 0)
    for k in range(6):  # each vehicle at prices of its own, or a mean of reactions
        several = [reactions[int(m)] for m in random.integers(40, size=9)]
        x = np.array([several[i][0][i] for i in range(9)]) if k % 2 else 0.5 * (several[0][0] + several[1][0])
        price = several[2][1]
        for kind, some in rows(group, x, price, instance).items():
            found[kind] += len(some)
            for row in some:
                assert excess(row, x, price) > 1e-6, kind
                assert max(excess(row, *reaction) for reaction in reactions) <= 1e-5, kind
    assert all(found.values()), found


@pytest.mark.parametrize("seed", SEEDS)
def test_vehicles_that_share_a_station_are_comparable(seed: int) -> None:
    """Their joint LP at random prices, whose limit binds; single moves may pay there, and are not looked at."""
    random = np.random.default_rng(seed)
    instance = demand_response.generate(5, seed, stations=1, station_limit_kw=18.0)
    assert instance.pooled_stations()
    group = Comparable(instance, list(range(5)))
    reactions = []
    for _ in range(12):
        price = prices(instance, random) + random.uniform(0, 1e-4, instance.slots)
        reactions.append(shares(instance, pooled(instance, price)))
    for k in range(6):
        x = np.array([reactions[int(m)][i] for i, m in enumerate(random.integers(12, size=5))])
        for row in (*group.pairs(x), *(group.triples(x) if k else ())):
            assert max(excess(row, reaction, np.zeros(24)) for reaction in reactions) <= 1e-5


def pooled(instance: DemandResponseInstance, price: np.ndarray) -> np.ndarray:
    cells = [(k, ev, t) for k, ev in enumerate(instance.evs) for t in instance.window(ev)]
    cost = [price[t] + instance.delay_price(ev) * instance.delay_h(ev, t) for _, ev, t in cells]
    energy, limit = np.zeros((5, len(cells))), np.zeros((instance.slots, len(cells)))
    for column, (k, _, t) in enumerate(cells):
        energy[k, column] = limit[t, column] = 1.0
    found = linprog(
        cost, A_ub=limit, b_ub=np.full(instance.slots, instance.stations[0].limit_kw), A_eq=energy,
        b_eq=[ev.energy_kwh for ev in instance.evs], bounds=[(0, ev.power_kw) for _, ev, _ in cells],
    )  # fmt: skip
    power = np.zeros((5, instance.slots))
    power[[k for k, _, _ in cells], [t for _, _, t in cells]] = found.x
    return power


def test_of_two_equal_windows_the_patient_vehicle_never_leads() -> None:
    """By hand: windows 0..2, e = 1 and 2 slots; the impatient one has slots 0 and 1 before the other has any."""
    instance = bv.load_instance("ev3")
    assert isinstance(instance, DemandResponseInstance)
    first, second = (
        instance.evs[0].model_copy(
            update={"id": key, "priority": cls, "arrival_h": 8.0, "departure_h": 11.0, "energy_kwh": e, "power_kw": 7.0}
        )
        for key, cls, e in (("a", "patient", 7.0), ("b", "urgent", 14.0))
    )
    group = Comparable(instance.model_copy(update={"evs": (first, second)}), [0, 1])
    x = np.zeros((2, instance.slots))
    x[0, 0], x[1, 1], x[1, 2] = 1.0, 1.0, 1.0
    (row,) = group.pairs(x)
    assert row.limit == 0
    assert set(row.shares) == {(0, 0, 1.0), (1, 0, -1.0)}


def test_the_optimum_with_the_rows_is_that_without_them() -> None:
    answer = bv.solve(demand_response.build(bv.load_instance("ev3")), solver="highs")
    assert (str(answer.status), answer.objective) == ("optimal", pytest.approx(-0.115137, abs=2e-6)), "cuts=None too"
    assert "separators added 3 rows in 4 rounds" in answer.notes
    assert not answer.assumptions


def test_a_vehicle_whose_power_is_not_its_own_is_left_out() -> None:
    model = demand_response.build(bv.load_instance("ev3"))
    low = {t: lower for t, (lower, _) in ((t, model.DP[t].bounds) for t in model.SLOTS)}
    for i, t in model.CHARGING:  # in its last slots, which cost most: a move to the first one gains
        model.P[i, t].set_value(7.0 if t == max(slot for key, slot in model.CHARGING if key == i) else 0.0)
    for t in model.SLOTS:
        model.DP[t].set_value(low[t] + 0.01 * t, skip_validation=True)

    def cut() -> set[str]:
        rows = model.order.separator(model.order)
        return {v.index()[0] for row in rows for v in identify_variables(row) if v.parent_component() is model.P}

    every = {ev.id for ev in model.instance.evs}
    assert cut() == every
    first, second, _ = sorted(every)
    model.P[next(cell for cell in model.CHARGING if cell[0] == first)].fix(0)
    model.P[next(cell for cell in model.CHARGING if cell[0] == second)].setub(3)
    assert cut() == every - {first, second}
