"""Shipped instances of the fast-charging problem load; bad data are refused with field, value and what to do."""

import json
from pathlib import Path

import pytest

from bilevolt.errors import InstanceError
from bilevolt.instances import list_instances, load_instance, to_json
from bilevolt.instances.fast_charging import FastChargingInstance

SHIPPED = {
    "ieee33_sioux_falls": "33 buses (radial), 5 candidates, 24 slots of 1 h, 1 scenario",
    "ieee33_small": "33 buses (radial), 5 candidates, 3 slots of 8 h, 1 scenario",
    "meshed_ieee33": "33 buses (meshed), 5 candidates, 3 slots of 8 h, 1 scenario",
}


@pytest.fixture
def document() -> dict:
    return json.loads(to_json(load_instance("ieee33_small")))


def load(folder: Path, document: dict) -> FastChargingInstance:
    path = folder / "mine.json"
    path.write_text(json.dumps(document))
    return load_instance(path)


@pytest.mark.parametrize("name", SHIPPED)
def test_shipped_instance_is_listed_and_reads_back(name, tmp_path):
    instance = load_instance(name)
    assert {info.name: info.summary for info in list_instances()}[name] == SHIPPED[name]
    assert load(tmp_path, json.loads(to_json(instance))) == instance
    assert "calibrated" in instance.source.lower()


def test_the_day_of_the_full_instance():
    instance = load_instance("ieee33_sioux_falls")
    assert sum(bus.load_kw for bus in instance.buses) == 3715
    assert instance.capital_recovery_factor == pytest.approx(0.1627454, abs=1e-7)
    assert len(instance.lines) == 37 and len(instance.lines_in_service) == 32
    assert {line.limit_kw for line in instance.lines_in_service if line.key != (19, 20)} == {3000}
    (scenario,) = instance.scenarios
    assert instance.load_kw(instance.buses[1], 17, scenario) == 100
    assert instance.price_usd_per_kwh(0, scenario) == pytest.approx(0.7 * 0.6114101241)


def test_factors_of_a_scenario_multiply(document, tmp_path):
    document["scenarios"] = [
        {"id": "low", "weight": 0.25},
        {"id": "high", "weight": 0.75, "load_factor": [1, 2, 1], "price_factor": [1, 1, 3]},
    ]
    instance = load(tmp_path, document)
    low, high = instance.scenarios
    assert instance.load_kw(instance.buses[1], 1, high) == 2 * instance.load_kw(instance.buses[1], 1, low)
    assert instance.price_usd_per_kwh(2, high) == 3 * instance.price_usd_per_kwh(2, low)


def put(*path_and_value):
    *path, last, value = path_and_value

    def change(document):
        here = document
        for key in path:
            here = here[key]
        here[last] = value

    return change


def open_line(document):
    del document["lines"][16]  # 17-18


BAD = [
    (put("grid_price_usd_per_kwh", [0.4, 0.5]), "grid_price_usd_per_kwh: 2 values, load_profile has 3"),
    (put("charging", "trip_weight", [1.0]), "charging.trip_weight: 1 values, load_profile has 3"),
    (put("charging", "trip_weight", [0, 0, 0]), "charging.trip_weight: all weights are 0"),
    (put("scenarios", 0, "load_factor", [1.0]), r"scenarios\[0\].load_factor: 1 values"),
    (put("scenarios", 0, "weight", 0.5), "the weights sum to 0.5"),
    (put("scenarios", [{"id": "a", "weight": 0.5}] * 2), "scenarios: id 'a' occurs twice"),
    (put("slot_hours", 9.0), "3 slots of 9 h exceed a day"),
    (put("buses", 4, "bus", 4), "buses: bus 4 occurs twice"),
    (put("grid_bus", 77), "grid_bus: bus 77 is not in buses"),
    (put("candidates", 1, "bus", 77), r"candidates\[1\].bus: bus 77 is not in buses"),
    (put("candidates", 1, "bus", 5), r"candidates\[1\] \(bus 5\): a second candidate"),
    (put("generators", 0, "bus", 77), r"generators\[0\].bus \('DG1'\): bus 77"),
    (put("generators", 1, "id", "DG1"), "generators: id 'DG1' occurs twice"),
    (put("generators", 0, "limit_kw", -1.0), r"generators\[0\] \('DG1'\).limit_kw: .* greater than 0"),
    (put("lines", 3, "to_bus", 4), r"lines\[3\]: from bus 4 to itself"),
    (put("lines", 3, "to_bus", 3), r"lines\[3\]: a second line between buses 3 and 4"),
    (put("lines", 3, "limit_kw", 0.0), r"lines\[3\].limit_kw"),
    (open_line, "no line in service leads from grid_bus 1 to bus 18"),
    (put("candidates", 0, "road_node", None), r"candidates\[0\] \(bus 5\): gives no demand; give road_node"),
    (put("candidates", 0, "inflow_vehicles", 5.0), "gives road_node and inflow_vehicles; give road_node"),
    (put("road_assignment", None), "road_assignment: goes with road_network"),
    (put("road_network", None), "there is no road_network"),
    (put("charging", "most_chargers", 2), "most_chargers: below least_chargers"),
    (put("charging", "mu", 2), "charging.mu: Extra inputs"),
]


@pytest.mark.parametrize(("change", "message"), BAD, ids=[message[:40] for _, message in BAD])
def test_bad_data_name_the_field(change, message, document, tmp_path):
    change(document)
    with pytest.raises(InstanceError, match=message):
        load(tmp_path, document)


def test_candidates_must_give_the_same_kind_of_demand(document, tmp_path):
    document["road_network"] = document["road_assignment"] = None
    for candidate in document["candidates"]:
        candidate.update(road_node=None, inflow_vehicles=100.0)
    load(tmp_path, document)
    document["candidates"][2].update(inflow_vehicles=None, energy_kwh_per_day=900.0)
    with pytest.raises(InstanceError, match=r"candidates\[2\].*another kind of demand"):
        load(tmp_path, document)
