import copy
import json
from pathlib import Path

import pytest

from bilevolt.errors import InstanceError
from bilevolt.instances import list_instances, load_instance, to_json
from bilevolt.models.electric_bus import generate

SHIPPED = {
    "limassol": ("electric_bus", "12 buses, 4 sites, 48 slots of 30 min"),
    "limassol_small": ("electric_bus", "6 buses, 3 sites, 48 slots of 30 min"),
}


@pytest.fixture
def document() -> dict:
    return json.loads(to_json(load_instance("limassol_small")))


def write(folder: Path, document: object) -> Path:
    path = folder / "mine.json"
    path.write_text(json.dumps(document))
    return path


def test_shipped_instances_are_listed():
    listed = {info.name: (info.problem, info.summary) for info in list_instances()}
    assert {name: listed.get(name) for name in SHIPPED} == SHIPPED


@pytest.mark.parametrize("name", SHIPPED)
def test_text_reads_back_to_the_same_instance(name, tmp_path):
    instance = load_instance(name)
    path = tmp_path / "copy.json"
    path.write_text(to_json(instance))
    assert load_instance(path) == load_instance(str(path)) == instance


def test_the_small_instance_is_what_the_generator_makes():
    assert generate(6, 5, "limassol_small") == load_instance("limassol_small")


def test_instances_are_frozen():
    with pytest.raises(ValueError, match="frozen"):
        load_instance("limassol_small").slot_minutes = 15


def without(key):
    return lambda d: d.pop(key)


def put(*path_and_value):
    *path, last, value = path_and_value

    def change(document):
        here = document
        for key in path:
            here = here[key]
        here[last] = value

    return change


BAD = {
    "missing field": (without("renewable_share"), "renewable_share: Field required"),
    "unknown field": (put("buses", 0, "colour", "red"), r"buses\[0\] \('bus01'\).colour: Extra inputs"),
    "negative energy": (
        put("buses", 2, "need_kwh", -5.0),
        r"buses\[2\] \('bus03'\).need_kwh: .*greater than 0.*-5",
    ),
    "not a number": (put("sites", 1, "power_kw", "120"), r"sites\[1\] \('site2'\).power_kw: .*number"),
    "infinite": (put("reach_km", float("inf")), "reach_km: .*finite"),
    "share above 1": (put("renewable_share", 3, 1.5), r"renewable_share\[3\]: .*less than or equal to 1"),
    "wrong length": (put("renewable_share", [0.2] * 47), "renewable_share: 47 values, .* has 48"),
    "more than a day": (put("slot_minutes", 60), "48 slots of 60 minutes exceed a day"),
    "unknown line": (
        put("buses", 1, "line", "line99"),
        r"buses\[1\] \('bus02'\).line: unknown line 'line99'; known",
    ),
    "unknown terminal": (put("buses", 1, "terminal", "c"), r"buses\[1\] \('bus02'\).terminal: .*'a' or 'b'"),
    "twice": (put("sites", 1, "id", "site1"), "sites: id 'site1' occurs twice"),
    "closed window": (put("buses", 3, "free_until_minute", 0), r"\('bus04'\).free_until_minute: 0 is before"),
    "no sites": (put("sites", []), "sites: .*at least 1"),
    "out of reach": (
        put("lines", 4, "a_km", [90.0, 90.0]),
        r"\('bus05'\): no possible charging event \(site1: .* km away, reach_km is 7; site2: .*site3:",
    ),
    "too hungry": (put("buses", 5, "need_kwh", 500.0), r"\('bus06'\): no possible.*a block gives 120"),
    "no time": (
        lambda d: d["buses"][0].update(free_until_minute=d["buses"][0]["free_from_minute"]),
        r"buses\[0\] \('bus01'\): no possible.*no block of 2 slots starts between minutes",
    ),
}


@pytest.mark.parametrize(("change", "message"), BAD.values(), ids=BAD)
def test_bad_data_names_the_field_and_the_record(change, message, document, tmp_path):
    bad = copy.deepcopy(document)
    change(bad)
    with pytest.raises(InstanceError, match=message) as raised:
        load_instance(write(tmp_path, bad))
    assert "mine.json" in str(raised.value)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('{"problem": "electric_bus",', "not JSON at line 1, column"),
        ("[1, 2]", "problem: None is unknown; write one of: .*electric_bus"),
        ('{"name": "x"}', "problem: None is unknown"),
        ('{"problem": "trams"}', "problem: 'trams' is unknown"),
        ('{"problem": ["electric_bus"]}', "is unknown"),
        ('{"problem": "electric_bus"}', "buses: Field required"),
    ],
)
def test_unreadable_text(text, message, tmp_path):
    path = tmp_path / "mine.json"
    path.write_text(text)
    with pytest.raises(InstanceError, match=message):
        load_instance(path)


def test_bytes_that_are_not_utf8(tmp_path):
    path = tmp_path / "mine.json"
    path.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(InstanceError, match="cannot be read"):
        load_instance(path)


@pytest.mark.parametrize(
    ("name", "hint"),
    [("lima", "Did you mean .*limassol"), ("LIMASOL", "Did you mean limassol"), ("textbook", "one of .*limassol, lim"),
     ("", "one of .*limassol, lim")],
)  # fmt: skip
def test_an_unknown_name_lists_near_ones_or_all(name, hint):
    with pytest.raises(InstanceError, match=f"instance '{name}' is unknown.*{hint}.*ending with .json"):
        load_instance(name)


def test_names_are_matched_without_regard_to_case():
    assert load_instance("Limassol_SMALL") == load_instance("limassol_small")


def test_missing_file():
    with pytest.raises(InstanceError, match=r"nowhere/mine.json: cannot be read .*path"):
        load_instance("nowhere/mine.json")
