"""The study of station location: its figures, its JSON, and what is left of it after an interrupt."""

import importlib.util
import json
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

SCRIPT = Path(__file__).parent.parent / "scripts" / "reproduce_station_location.py"
QUICK = ["--seeds", "2", "--evaluations", "60", "--second", "bigm:highs:auto", "--confirm", "scip"]


@pytest.fixture
def study():
    spec = importlib.util.spec_from_file_location("reproduce_station_location", SCRIPT)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def run(study, *arguments):
    app = typer.Typer()
    app.command()(study.main)
    return CliRunner().invoke(app, list(arguments))


@pytest.mark.long
def test_a_zone_end_to_end(study, tmp_path):
    result = run(study, "zone_small", "--out", str(tmp_path), *QUICK)
    assert result.exit_code == 0, result.output
    document = json.loads((tmp_path / "station_location.json").read_text("utf-8"))
    assert document["complete"] is True
    (zone,) = document["zones"]
    assert zone["exact"]["proven"] and zone["second"]["proven"]
    assert zone["exact"]["confirmed_by"] == "scip (sos1)" and zone["second"]["confirmed_by"] is None
    assert zone["second"]["objective"] == pytest.approx(zone["exact"]["objective"], abs=1e-4)
    assert zone["believed"] < zone["exact"]["objective"] + 1e-6 <= zone["got"] + 2e-6
    for method in study.METHODS:
        runs = zone["heuristics"][method]
        assert len(runs["costs"]) == 2
        assert runs["best"] >= zone["exact"]["objective"] - 1e-3
        assert runs["mean_gap"] == pytest.approx(runs["mean"] / zone["exact"]["objective"] - 1)
        costs = [cost for run in runs["histories"] for _, cost in run]
        assert min(costs) == pytest.approx(runs["best"]) and all(run[-1][0] == 60 for run in runs["histories"])
        assert runs["claims"]["load_kw"] <= runs["claims"]["substation_kw"] + 1e-6
    for name in ("zone_small", "zone_small_convergence"):
        assert (tmp_path / f"{name}.png").stat().st_size > 5000
    for expected in (
        "Table 1",
        "M/M/s wait",
        "the text's claims and ours",
        "12 to 15",
        "zone_small, exact",
        "2491",
        "optimum confirmed by scip",
    ):
        assert expected in result.output


@pytest.mark.long
def test_an_interrupt_leaves_what_was_done(study, tmp_path, monkeypatch):
    honest = study.run_heuristic

    def interrupted(instance, method, *rest):
        if method == "pso":
            raise KeyboardInterrupt
        return honest(instance, method, *rest)

    monkeypatch.setattr(study, "run_heuristic", interrupted)
    result = run(study, "zone_small", "--out", str(tmp_path), *QUICK)
    assert result.exit_code == 130
    assert "stopped (KeyboardInterrupt" in result.output
    document = json.loads((tmp_path / "station_location.json").read_text("utf-8"))
    assert document["complete"] is False
    assert document["zones"][0]["exact"]["proven"] and "immune_ga" in document["zones"][0]["heuristics"]


@pytest.mark.parametrize(
    "second, cost, expected",
    [
        ({"proven": True, "objective": 101.0}, 100.0, "the reformulations differ"),
        ({"proven": True, "objective": 100.0}, 99.0, "is below the optimum"),
        ({"proven": False, "objective": 90.0}, 100.0, None),
        (None, 100.0, None),
    ],
)
def test_what_does_not_hold_is_said(study, second, cost, expected):
    exact = {"proven": True, "objective": 100.0, "status": "optimal", "gap": 0.0}
    row = {"zone": "a", "exact": exact, "second": second, "heuristics": {"pso": {"costs": [cost, 120.0]}}}
    found = study.problems([row])
    assert found == [] if expected is None else expected in found[0]


def test_an_unproven_zone_is_said(study):
    exact = {"proven": False, "objective": 100.0, "status": "feasible", "gap": 0.01}
    assert "not proven optimal" in study.problems([{"zone": "a", "exact": exact, "second": None, "heuristics": {}}])[0]
