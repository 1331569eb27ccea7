"""The benchmark: what a row says, and that its peers answer as ours does; nothing here is timed."""

import json
import sys
from functools import partial
from pathlib import Path

import pytest
from typer import Typer
from typer.testing import CliRunner

import bilevolt as bv

sys.path.insert(0, str(Path(__file__).parents[1] / "scripts"))  # as for a script that is run

import bench
from benchmarks import fast_charging, hand_over, lazy_bus
from benchmarks.row import Row, in_turns


@pytest.mark.parametrize(
    ("ours", "peer", "aim", "met"), [(2.0, 1.0, 2.0, True), (2.1, 1.0, 2.0, False), (0.3, None, 0.25, False)]
)
def test_an_aim_is_a_ratio_or_seconds(ours, peer, aim, met):
    row = Row("name", "peer", aim, ours, peer, "what bounds it")
    assert row.met is met and row.as_dict()["met"] is met
    assert ("missed: what bounds it" in bench.line(row)) is not met


def test_tasks_take_turns():
    order = []
    in_turns(2, lambda: order.append("a"), lambda: order.append("b"))
    assert order == ["a", "b", "a", "b"]


def test_the_lazy_milp_finds_the_optimum_of_the_bilevel_model():
    found = lazy_bus.solve(bv.load_instance("limassol_small"))
    model = bv.models.electric_bus.build(bv.load_instance("limassol_small"))
    assert found.objective == pytest.approx(bv.solve(model, solver="highs").objective, rel=1e-6)


def test_the_bare_lps_are_the_follower_at_each_decision():
    model = bv.models.fast_charging.build(bv.load_instance("ieee33_small"))
    lps = fast_charging.Enumeration(model)
    assert len(lps.solve()) == 2**lps.candidates
    bv.solve(model, solver="highs")
    at = sum(2 ** (lps.candidates - 1 - k) * round(u.value) for k, u in enumerate(model.U.values()))
    (follower,) = bv.reformulations.read_levels(model).followers
    assert lps.solve()[at] == pytest.approx(follower.objective(), rel=1e-6)


def test_rows_are_written(tmp_path, monkeypatch):
    tiny = partial(hand_over.rows, instance="ieee33_small")
    monkeypatch.setattr(bench, "subjects", lambda long: {"hand-over": tiny, "other": None})
    app = Typer()
    app.command()(bench.main)
    out = tmp_path / "bench.json"
    assert CliRunner().invoke(app, ["--only", "hand-over", "--repeats", "1", "--out", str(out)]).exit_code == 0
    written = json.loads(out.read_text())
    assert [row["row"] for row in written["rows"]] == ["hand-over-highs", "hand-over-scip", "hand-over-reading"]
    assert all(row["ours"] > 0 and row["peer"] > 0 and row["bound_by"] for row in written["rows"])


def test_an_unknown_subject_is_refused():
    app = Typer()
    app.command()(bench.main)
    result = CliRunner().invoke(app, ["--only", "nothing"])
    assert result.exit_code == 2 and "nothing" in result.output


def test_a_gap_has_no_seconds():
    row = Row("city", "peer", 0.02, 0.03, None, "the bound", unit="")
    assert bench.line(row) == "city: 0.03; aim 0.02 missed: the bound"
