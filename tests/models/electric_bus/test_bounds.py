"""Where the revenue floor binds: the authority's multipliers come up to their proven bounds, which cut off nothing.

In ``limassol`` the floor is inert, and no bound of the authority is near. Here each is attained, or nearly so: a bound
that were half as large would cut off the optimum.
"""

from itertools import product

import pytest
from scipy.optimize import linprog

import bilevolt
from bilevolt.instances.electric_bus import Bus, ElectricBusInstance, Line, Site
from bilevolt.models import electric_bus
from bilevolt.models.electric_bus.authority import authority_bounds
from bilevolt.models.electric_bus.events import charging_events

SLOT = 60  # minutes; 10 kW give 10 kWh in a slot


def fleet(needs, floor, base, share, block=1):
    """Buses at one terminal, as many sites right there: any bus, any site, any block of slots."""
    numbers = range(len(needs))
    return ElectricBusInstance(
        problem="electric_bus",
        name="floor",
        source="Made by hand, for this test.",
        start_minute=0,
        slot_minutes=SLOT,
        service_days=1,
        reach_km=1,
        detour_factor=1,
        deadhead_speed_kmh=20,
        deadhead_usd_per_km=0,
        consumption_kwh_per_km=0,
        least_charge_kwh=0,
        deviation_price_kwh=10,
        deviation_cap_usd_per_kwh_per_kwh=0.01,
        revenue_floor_usd_per_day=floor,
        base_tariff_usd_per_kwh=base,
        renewable_share=share,
        lines=(Line(id="line", a_km=(0, 0), b_km=(0, 0)),),
        sites=tuple(
            Site(id=f"site{i}", charger="slow", position_km=(0, 0), power_kw=10, block_slots=block, cost_usd=0.01)
            for i in numbers
        ),
        buses=tuple(
            Bus(
                id=f"bus{i}", line="line", terminal="a", kind="late", free_from_minute=0,
                free_until_minute=SLOT * (len(base) - 1), need_kwh=needs[i],
            )
            for i in numbers
        ),
    )  # fmt: skip


FLEETS = {
    # Slot 0 costs 1 $ at base tariffs, raised to the floor by mu = 10 / 10 - 0.2 = M; slot 1 costs 3 $.
    "one bus": fleet((10,), 1.5, (0.1, 0.3), (0.2, 0.6)),
    # 10 kWh in a slot are raised to their cap first, then 8 kWh in another: mu = 10 / 8 - 0.2 = M.
    "two buses": fleet((10, 8), 3.2, (0.1, 0.1, 0.5), (0.2, 0.2, 0.2)),
    # 10 kWh and then 4: mu = 10 / 4 - 0.2 = M, and the first slot's cap is worth all of its bound, 15.
    "block of two slots": fleet((14,), 2.45, (0.1, 0.1, 0.3, 0.3), (0.2,) * 4, block=2),
}


def authority(instance, load):
    """Solve the authority's LP over the surcharges with scipy; return mu, the caps' and zeros' multipliers, the bill.

    None where the floor cannot be reached.
    """
    share, base, slots = instance.renewable_share, instance.base_tariff_usd_per_kwh, range(instance.slots)
    kappa, price = instance.deviation_cap_usd_per_kwh_per_kwh, instance.deviation_price_kwh
    d = [load.get(f, 0.0) for f in slots]
    bill = sum(base[f] * d[f] for f in slots)
    found = linprog(
        [price - share[f] * d[f] for f in slots],
        A_ub=[[-energy for energy in d]],
        b_ub=[bill - instance.revenue_floor_usd_per_day],
        bounds=[(0, kappa * energy if energy else None) for energy in d],  # one side of an empty range has the price
    )
    if not found.success:
        return None
    paid = bill + sum(surcharge * energy for energy, surcharge in zip(d, found.x, strict=True))
    return -float(found.ineqlin.marginals[0]), -found.upper.marginals, found.lower.marginals, paid


def timetables(instance):
    """Yield every decision of the operator as (events, load): one event a bus, one bus a block."""
    events = charging_events(instance)
    for chosen in product(*([e for e in events if e.bus == bus.id] for bus in instance.buses)):
        if len({(e.site, e.start) for e in chosen}) == len(chosen):
            load = {}
            for event in chosen:
                for slot, energy in event.energy_kwh:
                    load[slot] = load.get(slot, 0.0) + energy
            yield chosen, load


def enumerated(instance):
    """Return the operator's least cost and mu there, and mu of every feasible timetable."""
    costs, sites = [], {site.id: site.cost_usd for site in instance.sites}
    for chosen, load in timetables(instance):
        reaction = authority(instance, load)
        if reaction is not None:
            cost = reaction[3] + sum(sites[site] for site in {event.site for event in chosen})
            costs.append((cost, reaction[0]))
    return (*min(costs), [mu for _, mu in costs])


@pytest.mark.parametrize("name", FLEETS)
def test_true_multipliers_are_within_the_bounds_and_reach_more_than_half_of_them(name):
    instance = FLEETS[name]
    bounds = authority_bounds(instance, charging_events(instance))
    _, at_optimum, of_floor = enumerated(instance)
    assert max(of_floor) == pytest.approx(at_optimum) == pytest.approx(bounds.floor)
    assert bounds.floor > 0
    shares = {"cap": [], "zero": []}
    for _, load in timetables(instance):
        _, caps, zeros, _ = authority(instance, load)
        for f, most in bounds.cap.items():
            assert 0 <= caps[f] <= most + 1e-9 and 0 <= zeros[f] <= bounds.zero + 1e-9
            shares["cap"].append(caps[f] / most if most else 0.0)
            shares["zero"].append(zeros[f] / bounds.zero)
    assert max(shares["zero"]) == pytest.approx(1)
    if name == "block of two slots":
        assert max(shares["cap"]) == pytest.approx(1)


@pytest.mark.parametrize("tariffs", ["surcharge", "poster"])
@pytest.mark.parametrize("name", FLEETS)
def test_the_optimum_is_that_of_all_timetables(name, tariffs):
    instance = FLEETS[name]
    cost, _, _ = enumerated(instance)
    solution = bilevolt.solve(electric_bus.build(instance, tariffs=tariffs), reformulation="bigm", solver="highs")
    assert solution.status == "optimal", solution.notes
    assert solution.objective == pytest.approx(cost, rel=1e-6)
    assert solution.certificate.globally_optimal
