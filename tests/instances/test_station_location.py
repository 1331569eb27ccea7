"""Schema of station location: what is refused, and by which name; the shipped instances."""

import json
from pathlib import Path

import networkx as nx
import pytest

import bilevolt as bv
from bilevolt.errors import InstanceError
from bilevolt.instances import parse_instance, to_json
from bilevolt.instances.station_location import StationLocationInstance

ZONES = [f"zone_0{k}" for k in range(1, 8)]


@pytest.fixture
def data():
    return json.loads(to_json(bv.load_instance("zone_small")))


def at(document, path, new):
    *parents, last = path
    for key in parents:
        document = document[key]
    document[last] = new


REFUSED = {
    "zero chargers allowed": (("most_chargers",), 0, r"most_chargers: .*greater than or equal to 1"),
    "negative cost": (("sites", 1, "land_per_charger"), -1.0, r"sites\[1\] \('s02'\).land_per_charger: .*"),
    "negative price": (("sites", 0, "price_per_kwh"), -0.1, r"sites\[0\] \('s01'\).price_per_kwh: "),
    "negative common cost": (("construction_per_station",), -5.0, "construction_per_station: "),
    "negative penalty": (("unmet_penalty",), -5.0, "unmet_penalty: "),
    "no EVs at a node": (("demands", 2, "vehicles_per_day"), 0, r"demands\[2\] \('d03'\).vehicles_per_day: "),
    "road without length": (("roads", 3, "length_km"), 0.0, r"roads\[3\].length_km: "),
    "reserve impossible": (("reserve",), 9.0, r"reserve: 9 x 65 EVs a day need a capacity of 585, all 6 sites with 4"),
    "coverage impossible": (("coverage_km",), 0.001, r"demands\[\d+\] \('d\d\d'\): unreachable, .* within 0.001 km"),
    "radius too short": (("service_radius_km",), 0.001, r"demands\[\d+\] \('d\d\d'\): unreachable"),
    "unknown node of a site": (("sites", 0, "node"), "n9999", r"sites\[0\] \('s01'\).node: unknown node 'n9999'"),
    "unknown node of a demand": (("demands", 0, "node"), "x", r"demands\[0\] \('d01'\).node: unknown node 'x'"),
    "unknown node of a road": (("roads", 0, "b"), "x", r"roads\[0\].b: unknown node 'x'"),
    "site twice": (("sites", 1, "id"), "s01", "sites: id 's01' occurs twice"),
    "misspelt field": (("reserv",), 1.4, "reserv: Extra inputs"),
    "not a number": (("reserve",), float("nan"), "reserve: "),
}


@pytest.mark.parametrize("case", REFUSED)
def test_refused_by_name(data, case):
    path, new, message = REFUSED[case]
    at(data, path, new)
    with pytest.raises(InstanceError, match=message):
        parse_instance(json.dumps(data), "given")


def test_a_demand_node_without_any_road_is_refused(data):
    data["nodes"].append({"id": "island", "position_km": [9.0, 9.0]})
    data["demands"][4]["node"] = "island"
    with pytest.raises(InstanceError, match=r"demands\[4\] \('d05'\): unreachable.*no road leads to any site"):
        parse_instance(json.dumps(data), "given")


@pytest.mark.parametrize("twice", [("n0000", "n0001"), ("n0001", "n0000")])
def test_a_road_that_occurs_twice_is_refused(data, twice):
    data["roads"] = [*data["roads"], {"a": twice[0], "b": twice[1], "length_km": 3.0}]
    with pytest.raises(InstanceError, match="roads: 'n0000 - n0001' occurs twice"):
        parse_instance(json.dumps(data), "given")


def test_a_road_to_itself_is_refused(data):
    data["roads"][0]["b"] = data["roads"][0]["a"]
    with pytest.raises(InstanceError, match=r"roads\[0\]: leads from '.*' to itself"):
        parse_instance(json.dumps(data), "given")


@pytest.mark.parametrize("name", [*ZONES, "city", "zone_small", "zone_ties"])
def test_shipped_instances_load_and_say_that_they_are_synthetic(name):
    instance = bv.load_instance(name)
    assert isinstance(instance, StationLocationInstance)
    assert instance.name == name
    assert instance.source.startswith("Synthetic")
    assert parse_instance(to_json(instance), name) == instance


def test_the_city_is_its_zones_with_more_roads():
    city, zones = bv.load_instance("city"), [bv.load_instance(name) for name in ZONES]
    assert city.vehicles_per_day == 1000 and len(city.sites) == 100
    assert [s for zone in zones for s in zone.sites] == list(city.sites)
    assert [d for zone in zones for d in zone.demands] == list(city.demands)
    within = {trip: km for zone in zones for trip, km in zone.trips_km.items()}
    assert all(city.trips_km[trip] <= km for trip, km in within.items())
    assert len(city.trips_km) > len(within)


@pytest.mark.parametrize("name", ["zone_03", "zone_small"])
def test_trips_are_the_shortest_ways_within_the_radius(name):
    """Compared with the matrix of all shortest ways, computed by another algorithm."""
    instance = bv.load_instance(name)
    ways = dict(nx.all_pairs_bellman_ford_path_length(instance.road_graph, weight="length_km"))
    expected = {
        (d.id, s.id): ways[d.node][s.node]
        for d in instance.demands
        for s in instance.sites
        if ways[d.node].get(s.node, 99) <= instance.service_radius_km
    }
    assert instance.trips_km == pytest.approx(expected, abs=1e-9)


def test_ties_are_zone_07_with_rounded_trips():
    exact, tied = bv.load_instance("zone_07"), bv.load_instance("zone_ties")
    assert set(exact.trips_km) == set(tied.trips_km)
    for trip, km in tied.trips_km.items():
        assert km % 0.5 == 0 and abs(km - exact.trips_km[trip]) <= 0.25 + 1e-9


def test_derived_figures():
    instance = bv.load_instance("zone_01")
    site = instance.sites[0]
    assert instance.kw_per_vehicle == pytest.approx(3.6)
    assert instance.station_cost() == 18 + 5 + 3
    assert instance.charger_cost(site) == pytest.approx(site.land_per_charger + 8 + 2)
    demand = next(d for d, s in instance.trips_km if s == site.id)
    assert instance.user_cost(demand, site) == pytest.approx(
        30 * site.price_per_kwh + 1.5 * instance.trips_km[demand, site.id]
    )
    assert "16 sites, 32 demand nodes, 165 EVs a day" in instance.summary


def test_files_are_in_the_writers_form():
    folder = Path(bv.instances.__file__).parent
    for name in [*ZONES, "city", "zone_small", "zone_ties"]:
        assert (folder / f"{name}.json").read_text("utf-8") == to_json(bv.load_instance(name))
