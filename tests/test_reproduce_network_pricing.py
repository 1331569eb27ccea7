"""The table of network pricing instances: rows are kept, not run again, and held against published ones."""

import importlib.util
import json
from pathlib import Path

import pytest
import typer
from network_pricing_oracle import small
from typer.testing import CliRunner

from bilevolt.instances import to_json

SCRIPT = Path(__file__).parent.parent / "scripts" / "reproduce_network_pricing.py"
ROW = {
    "name": "a", "solver": "highs", "status": "optimal", "objective": 100.0, "bound": 100.01, "proven": True,
    "verified": True, "earned_ties_against": 99.9999, "seconds": 1.0,
}  # fmt: skip


@pytest.fixture
def script():
    spec = importlib.util.spec_from_file_location("reproduce_network_pricing", SCRIPT)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def run(script, *arguments):
    app = typer.Typer()
    app.command()(script.main)
    return CliRunner().invoke(app, list(map(str, arguments)))


@pytest.fixture
def folder(tmp_path):
    """Two instances of one commodity that pays 5, the way around costs 9 and a tolled one 4; demand 1."""
    instance = small(("o", "z", 9, False), ("o", "z", 4, True))
    for name in ("one", "two"):
        (tmp_path / f"{name}.json").write_text(to_json(instance.model_copy(update={"name": name})))
    return tmp_path


def test_a_row_for_each_instance_and_none_is_run_again(script, folder, monkeypatch):
    result = run(script, folder, "--out", folder / "out", "--only", "o*,two", "--steps", 4, "--time-limit", 60)
    assert result.exit_code == 0, result.output
    file = folder / "out" / "network_pricing.jsonl"
    rows = list(map(json.loads, file.read_text().splitlines()))
    assert [row["name"] for row in rows] == ["one", "two"] and all(row["proven"] for row in rows)
    for row in rows:
        assert row["objective"] == pytest.approx(5.0) and row["earned_ties_against"] == pytest.approx(5.0, rel=1e-5)
        assert row["start"] <= 5.0 and 0 < row["search_seconds"] < row["seconds"]
    monkeypatch.setattr(script, "solve_row", lambda *_: pytest.fail("run again"))
    again = run(script, folder, "--out", folder / "out", "--only", "two")
    assert again.exit_code == 0 and "two" in again.output and "one" not in again.output
    assert len(file.read_text().splitlines()) == 2


@pytest.mark.parametrize(
    "change, best, message",
    [
        ({}, (100.0, 100.0), None),
        ({}, (None, None), None),
        ({"objective": None, "bound": None}, (100.0, 100.0), None),
        ({"verified": False}, (100.0, 100.0), "not verified"),
        ({"earned_ties_against": 99.0}, (100.0, 100.0), "earn 99.00 only"),
        ({}, (99.0, 99.5), "above the published bound 99.5"),
        ({}, (101.0, 101.0), "below the published revenue 101"),
    ],
)
def test_what_does_not_hold_is_said(script, change, best, message):
    published = {} if best[0] is None else {"a": dict(zip(("best_objective", "best_bound"), best, strict=True))}
    found = script.problems([ROW | change], published)
    assert (message in found[0] and len(found) == 1) if message else found == []
