"""Greedy assignment: the nearest open station with room; its estimate against the users' true reaction."""

import pytest
from station_location_oracle import react

import bilevolt as bv
from bilevolt.models.station_location import build, generate, greedy_estimate
from bilevolt.models.station_location.greedy import greedy_loads

INSTANCE = bv.load_instance("zone_small")


def test_with_room_everywhere_each_goes_to_the_nearest():
    chargers = {site.id: 99 for site in INSTANCE.sites}
    load, unserved = greedy_loads(INSTANCE, chargers)
    expected = dict.fromkeys(chargers, 0.0)
    for demand in INSTANCE.demands:
        nearest = min((km, i) for (d, i), km in INSTANCE.trips_km.items() if d == demand.id)[1]
        expected[nearest] += demand.vehicles_per_day
    assert load == expected and unserved == 0


def test_no_more_than_the_room_and_nobody_is_lost():
    chargers = {site.id: k % 2 for k, site in enumerate(INSTANCE.sites)}
    load, unserved = greedy_loads(INSTANCE, chargers)
    assert all(load[i] <= 8 * chargers[i] for i in load)
    assert sum(load.values()) + unserved == pytest.approx(INSTANCE.vehicles_per_day)
    assert unserved > 0


def test_with_one_price_and_room_everywhere_the_estimate_is_exact():
    """Then users go to the nearest station too."""
    instance = generate(3, 4, 1, most_chargers=4)
    sites = tuple(site.model_copy(update={"price_per_kwh": 1.2}) for site in instance.sites)
    instance = instance.model_copy(update={"sites": sites})
    chargers = dict.fromkeys((site.id for site in sites), 4)
    estimate = greedy_estimate(instance)({f"R[{i}]": n for i, n in chargers.items()})
    assert estimate == pytest.approx(react(instance, chargers).cost, abs=1e-6)


def test_annealing_with_it_reports_the_users_true_reaction():
    solution = bv.solve(
        build(INSTANCE),
        method="annealing",
        solver="highs",
        method_options={"seed": 1, "evaluations": 100, "estimate": greedy_estimate(INSTANCE)},
    )
    counts = {site.id: round(solution.values[f"R[{site.id}]"]) for site in INSTANCE.sites}
    assert solution.objective == pytest.approx(react(INSTANCE, counts).cost, abs=1e-4)
