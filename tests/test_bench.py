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
from benchmarks import demand_response, fast_charging, hand_over, lazy_bus, sizes
from benchmarks.row import Row, in_turns

from bilevolt.solvers.interrupt import stop_requested, stoppable


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


def test_sizes_are_held_against_the_smallest(monkeypatch):
    monkeypatch.setattr(sizes, "_in_a_fresh_process", sizes.measured)
    monkeypatch.setattr(sizes, "STEPS", ("sos1",))
    first, second = sizes.rows(1, "ieee33_small", counts=(1, 2))
    assert (first.name, second.name) == ("sizes-sos1-24h", "sizes-sos1-48h")
    assert first.ratio == pytest.approx(1)
    assert second.peer == pytest.approx(first.ours * second.detail["pairs"] / first.detail["pairs"])
    assert second.detail["pairs"] > first.detail["pairs"] > 0 and second.detail["entries"] > first.detail["entries"]
    assert all(second.detail[part] > 0 for part in ("build", "transformation", "reading", "arrays", "highs"))


def test_an_unknown_subject_is_refused():
    app = Typer()
    app.command()(bench.main)
    result = CliRunner().invoke(app, ["--only", "nothing"])
    assert result.exit_code == 2 and "nothing" in result.output


@pytest.mark.parametrize(
    ("objective", "bound", "open_share"),
    [(-0.13, -0.12, 0.01 / 0.12), (-0.12, -0.12, 0.0), (None, -0.12, 1.0), (-0.13, None, 1.0)],
)
def test_what_is_open_of_the_attainable_gain(objective, bound, open_share):
    assert demand_response.share(objective, bound, -0.24) == pytest.approx(open_share)


def test_a_row_says_what_is_open_of_ours_and_of_the_peer(monkeypatch):
    asked = []

    def run(instance, idle, limit, arguments):
        asked.append((instance.name, pytest.approx(idle), limit, arguments))
        return 0.2 if arguments else 0.06, {"bound": -0.1}

    monkeypatch.setattr(demand_response, "_run", run)
    (row,) = demand_response.rows("ev3", (60.0,))
    peer = {"cuts": None, "warm_start": False}
    assert asked == [("ev3", asked[0][1].expected, 60.0, given) for given in ({}, peer)]
    assert (row.ours, row.detail) == (0.06, {"bound": -0.1, "peer_bound": -0.1, "peer_share": 0.2})
    assert "0.06 of the attainable gain; aim 0.05 of the attainable gain missed" in bench.line(row)


def test_seconds_of_the_processor_end_in_a_request_to_stop():
    with stoppable(), demand_response.stopped_after(0.01):
        while not stop_requested():
            pass


def test_a_gap_has_no_seconds():
    row = Row("city", "peer", 0.02, 0.03, None, "the bound", unit="")
    assert bench.line(row) == "city: 0.03; aim 0.02 missed: the bound"
