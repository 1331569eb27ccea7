"""More candidates than an instance has."""

import pytest

import bilevolt as bv
from bilevolt.errors import InstanceError
from bilevolt.models import fast_charging


def test_own_candidates_stay_and_others_are_at_buses_with_load():
    instance = bv.load_instance("ieee33_sioux_falls")
    more = fast_charging.with_candidates(instance, 20)
    buses = [candidate.bus for candidate in more.candidates]
    assert more.candidates[:5] == instance.candidates
    assert len(set(buses)) == 20
    assert set(buses) <= {bus.bus for bus in instance.buses if bus.load_kw > 0}
    assert more.charging.vehicles_per_day == pytest.approx(4 * instance.charging.vehicles_per_day)
    stations = fast_charging.size_stations(more)
    assert len(stations) == 20 and all(station.load_kw for station in stations.values())
    assert [c.bus for c in fast_charging.with_candidates(instance, 2).candidates] == buses[:2]


@pytest.mark.parametrize("count", [0, 33])
def test_counts_that_the_grid_has_not_are_refused(count):
    with pytest.raises(ValueError, match="from 1 to 32"):
        fast_charging.with_candidates(bv.load_instance("ieee33_sioux_falls"), count)


def test_without_roads_there_is_no_demand_for_more():
    instance = bv.load_instance("ieee33_sioux_falls")
    without = instance.model_copy(update={"road_network": None})
    with pytest.raises(InstanceError, match="has no road_network"):
        fast_charging.with_candidates(without, 8)
