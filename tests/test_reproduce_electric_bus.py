"""The study of the electric buses: the poster's table, its equations, JSON, and what does not hold is said."""

import importlib.util
import json
import sys
from pathlib import Path

import pyomo.environ as pyo
import pytest
import typer
from typer.testing import CliRunner

import bilevolt as bv
from bilevolt.models import electric_bus

SCRIPT = Path(__file__).parent.parent / "scripts" / "reproduce_electric_bus.py"


@pytest.fixture
def study(monkeypatch):
    spec = importlib.util.spec_from_file_location("reproduce_electric_bus", SCRIPT)
    module = importlib.util.module_from_spec(spec)
    monkeypatch.setitem(sys.modules, spec.name, module)  # dataclasses look their module up
    spec.loader.exec_module(module)
    return module


def run(study, *arguments):
    app = typer.Typer()
    app.command()(study.main)
    return CliRunner().invoke(app, list(arguments))


def test_the_small_instance_end_to_end(study, tmp_path):
    result = run(study, "limassol_small", "--out", str(tmp_path), "--time-limit", "120")
    assert result.exit_code == 0, result.output
    document = json.loads((tmp_path / "electric_bus.json").read_text("utf-8"))
    runs, answers = document["runs"], document["answers"]
    assert runs["exact"]["status"] == "optimal" and runs["exact"]["proven"]
    assert all(run["verified"] for run in runs.values())
    for name, answer in answers.items():
        assert answer["O1"] == pytest.approx(runs[name]["objective"])
        assert answer["O1"] >= answers["exact"]["O1"] * (1 - 1e-6)
    assert runs["leader alone"]["believed"] <= answers["leader alone"]["O1"]
    assert document["poster"]["exact"] == {
        "O1": 621606.66,
        "O2": 196.01,
        "renewable_kwh_per_day": 980.09,
        "charging_usd_per_day": 5.61,
    }
    for expected in ("628,878.92", "175.79", f"{answers['exact']['O1']:,.2f}", "authority.cap", "Not reproducible"):
        assert expected in result.output
    assert (tmp_path / "electric_bus.png").stat().st_size > 5000


def test_every_row_of_the_map_is_on_the_model_and_every_row_of_the_model_in_the_map(study):
    model = electric_bus.build(bv.load_instance("limassol_small"), tariffs="poster")
    named = {name for entry in study.EQUATIONS for name in entry.components}
    assert [name for name in sorted(named) if model.find_component(name) is None] == []
    rows = {row.name for row in model.component_objects((pyo.Constraint, pyo.Objective), descend_into=(bv.SubModel,))}
    assert {"open_site", "authority.rise"} <= rows <= named


@pytest.mark.parametrize(
    "change, expected",
    [
        ({}, None),
        ({"exact": {"proven": False, "status": "feasible"}}, "not proven optimal"),
        ({"nested": {"objective": 99.0}}, "nested is better than the proven optimum"),
        ({"leader alone": {"verified": False}}, "leader alone: feasible, not verified"),
    ],
)
def test_what_does_not_hold_is_said(study, change, expected):
    runs = {
        name: {"status": "feasible", "objective": 100.0, "bound": None, "verified": True, "proven": name == "exact"}
        for name in study.POSTER
    }
    for name, values in change.items():
        runs[name] |= values
    found = study.problems(runs)
    assert found == [] if expected is None else expected in " ".join(found)


def test_an_instance_of_another_system_is_refused(study):
    result = run(study, "zone_small")
    assert result.exit_code == 2 and "station_location" in result.output
