"""The study of the fast-charging stations: its tables, its JSON, its pictures."""

import importlib.util
import json
from pathlib import Path

import typer
from matplotlib.figure import Figure
from typer.testing import CliRunner

SCRIPT = Path(__file__).parent.parent / "scripts" / "reproduce_fast_charging.py"


def test_the_small_instance_end_to_end(tmp_path, monkeypatch):
    saved = []
    monkeypatch.setattr(Figure, "savefig", lambda figure, path, dpi: saved.append(path.name))  # drawing takes seconds
    spec = importlib.util.spec_from_file_location("reproduce_fast_charging", SCRIPT)
    study = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(study)
    app = typer.Typer()
    app.command()(study.main)
    result = CliRunner().invoke(app, ["ieee33_small", "--out", str(tmp_path), "--prices", "1.35"])
    assert result.exit_code == 0, result.output
    document = json.loads((tmp_path / "fast_charging.json").read_text("utf-8"))
    (row,) = document["table_4"]
    assert row["proven"] and row["nested_profit_usd"] <= row["profit_usd"] + 1e-3
    for title in ("Table I:", "Table II:", "Table III", "Table IV", "the day, slot by slot"):
        assert title in result.output
    assert saved == [f"fast_charging_{name}.png" for name in ("figure3_feeder", "figure4_roads", "day", "profits")]
