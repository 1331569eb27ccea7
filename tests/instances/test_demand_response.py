"""Demand-response instances: what is shipped, and how bad data are refused."""

import json
from typing import Any

import pytest

import bilevolt as bv
from bilevolt.errors import InstanceError
from bilevolt.instances import parse_instance, to_json
from bilevolt.instances.demand_response import DemandResponseInstance

SHIPPED = {"ev3": (3, 0), "ev8": (8, 0), "ev50_station10": (50, 0), "ev_station_binding": (4, 1)}


@pytest.fixture
def document() -> dict[str, Any]:
    return json.loads(to_json(bv.load_instance("ev8")))


def parse(document: dict[str, Any]) -> DemandResponseInstance:
    instance = parse_instance(json.dumps(document), "test")
    assert isinstance(instance, DemandResponseInstance)
    return instance


@pytest.mark.parametrize("name", SHIPPED)
def test_shipped(name: str) -> None:
    instance = bv.load_instance(name)
    assert isinstance(instance, DemandResponseInstance)
    evs, pooled = SHIPPED[name]
    assert (len(instance.evs), len(instance.pooled_stations())) == (evs, pooled)
    assert f"{evs} EVs" in instance.summary and instance.slots == 24


def test_text_and_back(document: dict[str, Any]) -> None:
    assert parse(document) == bv.load_instance("ev8")


def test_a_window_is_arrival_included_departure_excluded(document: dict[str, Any]) -> None:
    instance = parse(document)
    ev = instance.evs[2]
    window = instance.window(ev)
    assert instance.slot_hour(window[0]) == ev.arrival_h == 13
    assert instance.slot_hour(window[-1] + 1) == ev.departure_h == 24
    assert instance.delay_h(ev, window[0]) == 0


BAD_EVS = [
    ({"departure_h": 7.0}, "evs[3] ('ev3').departure_h: 7 is not after arrival_h 14"),
    ({"departure_h": 14.0}, "evs[3] ('ev3').departure_h: 14 is not after arrival_h 14"),
    ({"energy_kwh": 63.1}, "evs[3] ('ev3').energy_kwh: 63.1 kWh cannot be charged before departure"),
    ({"station": "station9"}, "evs[3] ('ev3').station: unknown station 'station9'; known: station0, station1"),
    ({"priority": "vip"}, "evs[3] ('ev3').priority: unknown priority 'vip'"),
    ({"power_kw": -7.0}, "evs[3] ('ev3').power_kw"),
    ({"energy_kwh": 0.0}, "evs[3] ('ev3').energy_kwh"),
    ({"arrival_h": 6.0}, "evs[3] ('ev3'): connected from 6 to 23 h, but the slots cover 8 to 32 h"),
    ({"departure_h": 33.0}, "evs[3] ('ev3'): connected from 14 to 33 h"),
    ({"arrival_h": 14.5}, "evs[3] ('ev3').arrival_h: 14.5 h is not at the beginning of a slot"),
    ({"id": "ev2"}, "evs: id 'ev2' occurs twice"),
]


@pytest.mark.parametrize(("change", "message"), BAD_EVS)
def test_a_bad_ev_is_named(document: dict[str, Any], change: dict[str, Any], message: str) -> None:
    document["evs"][3] |= change
    with pytest.raises(InstanceError) as error:
        parse(document)
    assert message in str(error.value)


BAD_FIELDS = [
    ({"price_factor_min": 2.5}, "price_factor_min: 2.5 is above price_factor_max 2"),
    ({"price_level_cap": 0.7}, "price_level_cap: 0.7 is below price_factor_min 0.8"),
    ({"base_load_kw": [1.0] * 23}, "base_load_kw: 23 values, base_price_usd_per_kwh has 24"),
    ({"slot_hours": 0.0}, "slot_hours"),
    ({"weights": {"revenue": 0.6, "variance": -0.3, "wait": 0.1}}, "weights.variance"),
]


@pytest.mark.parametrize(("change", "message"), BAD_FIELDS)
def test_a_bad_field_is_named(document: dict[str, Any], change: dict[str, Any], message: str) -> None:
    with pytest.raises(InstanceError) as error:
        parse(document | change)
    assert message in str(error.value)


def test_all_energy_of_a_full_window_is_possible(document: dict[str, Any]) -> None:
    document["evs"][3] |= {"energy_kwh": 63.0}  # 9 h at 7 kW
    assert parse(document).evs[3].energy_kwh == 63.0


def test_a_station_without_room_for_its_evs_is_named() -> None:
    document = json.loads(to_json(bv.load_instance("ev_station_binding")))
    document["stations"][0]["limit_kw"] = 7.0  # enough for each EV, not for the three
    with pytest.raises(InstanceError, match=r"stations\[0\] \('station0'\)\.limit_kw: 7 kW give at most"):
        parse(document)


def test_a_limit_that_cannot_bind_is_told_from_one_that_may(document: dict[str, Any]) -> None:
    instance = parse(document)
    together = max(
        sum(ev.power_kw for ev in instance.at_station(instance.stations[0]) if t in instance.window(ev))
        for t in range(instance.slots)
    )
    for limit, slots in ((together, 0), (together - 0.01, 1)):
        document["stations"][0]["limit_kw"] = limit
        assert bool(parse(document).binding_slots(parse(document).stations[0])) == bool(slots)
