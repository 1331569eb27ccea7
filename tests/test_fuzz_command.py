"""The fuzzer's command: a short run, its exit codes and table, an interrupt."""

import json
import sys
from pathlib import Path

import pytest
from sweeps import only
from typer import Typer
from typer.testing import CliRunner

SCRIPTS = Path(__file__).parents[1] / "scripts"
sys.path.insert(0, str(SCRIPTS))  # as for a script that is run: its own folder comes first

import fuzz  # noqa: E402
from fuzzing.verdict import Claim  # noqa: E402


def run(*arguments):
    app = Typer()
    app.command()(fuzz.main)
    return CliRunner().invoke(app, list(arguments))


@pytest.mark.parametrize("runs", only([30], [30, 150]))
def test_a_short_run_finds_nothing_wrong(runs, tmp_path):
    asked = ["--pairs", str(runs), "--seed", "1", "--per-problem", "6", "--seconds", "300"]
    result = run(*asked, "--json", "--out", str(tmp_path))
    assert result.exit_code == 0, result.output
    summary = json.loads(result.stdout)
    assert summary["runs"] == runs and not summary["findings"] and len(summary["pairs"]) == 28
    counts = {o: sum(pair.get(o, 0) for pair in summary["pairs"].values()) for o in fuzz.OUTCOMES}
    assert counts["right"] >= runs // 2 and counts["wrong"] == 0 and counts["open"] <= runs // 10, counts


class Lying:
    """In place of the worker: everything is infeasible."""

    def claim(self, problem, *rest):
        return Claim("infeasible")

    def stop(self):
        pass


def test_exit_code_and_table_where_something_is_wrong(tmp_path, monkeypatch):
    monkeypatch.setattr(fuzz, "Worker", Lying)
    result = run("--pairs", "6", "--per-problem", "2", "--seed", "1", "--shrink-seconds", "0.2", "--out", str(tmp_path))
    assert result.exit_code == 1, result.output
    assert "infeasible, but optimal" in result.stdout and "6 runs" in result.stdout
    written = sorted(tmp_path.glob("*.py"))
    assert written and all(str(path) in result.stdout for path in written)
    assert run("--solvers", "simplex").exit_code == 2


def test_an_interrupt_keeps_the_summary(tmp_path, monkeypatch):
    class Interrupted(Lying):
        asked = 0

        def claim(self, problem, *rest):
            Interrupted.asked += 1
            if Interrupted.asked == 3:
                raise KeyboardInterrupt
            return Claim("no_solution")

    monkeypatch.setattr(fuzz, "Worker", Interrupted)
    result = run("--seconds", "60", "--seed", "1", "--out", str(tmp_path))
    assert result.exit_code == 0 and "2 runs" in result.stdout and "interrupted" in result.output
