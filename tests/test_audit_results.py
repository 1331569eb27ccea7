"""The audit of published results: a made-up table with rows that contradict each other."""

import importlib.util
import json
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

import bilevolt as bv
from bilevolt.instances import to_json
from bilevolt.models.network_pricing import build

SCRIPT = Path(__file__).parent.parent / "scripts" / "audit_results.py"


@pytest.fixture
def audit():
    spec = importlib.util.spec_from_file_location("audit_results", SCRIPT)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def folder(tmp_path):
    """Two instances, and a table in which the bound of one formulation is below what another attains."""
    best = {}
    for name in ("tolls_grid", "tolls_delaunay"):
        instance = bv.load_instance(name)
        (tmp_path / f"{name}.json").write_text(to_json(instance))
        best[name] = bv.solve(build(instance), reformulation="strong_duality", solver="highs").objective
    grid, delaunay = best["tolls_grid"], best["tolls_delaunay"]
    rows = [
        ("sound", "tolls_grid", 3, grid, grid * 1.00005, 0.005),
        ("wrong", "tolls_grid", 1, grid * 0.9, grid * 0.90005, 0.005),
        ("early", "tolls_grid", 9, grid * 0.8, grid * 1.2, 50),
        ("sound", "tolls_delaunay", 3, delaunay, delaunay, 0),
        ("wrong", "tolls_delaunay", 3, delaunay * 0.999999, delaunay, 0),
    ]
    (tmp_path / "results.txt").write_text("\n".join("\t".join(map(str, row)) for row in rows) + "\n")
    return tmp_path


def run(module, *arguments):
    app = typer.Typer()
    app.command()(module.main)
    return CliRunner().invoke(app, list(map(str, arguments)))


def test_the_wrong_row_is_refuted_and_no_other(audit, folder):
    out = folder / "found.json"
    result = run(audit, folder / "results.txt", "--instances", folder, "--out", out, "--steps", 20, "--seconds", 30)
    assert result.exit_code == 0, result.output
    assert [line.split("\t")[:2] for line in result.stdout.splitlines() if "\t" in line] == [["tolls_grid", "wrong"]]
    (record,) = json.loads(out.read_text())
    assert [formulation for formulation, _ in record["refutes"]] == ["wrong"]
    assert record["revenue_ties_against"] > record["refutes"][0][1]
    check = run(audit, "--check", out, "--instances", folder)
    assert check.exit_code == 0 and check.output.startswith("tolls_grid: earns ")


@pytest.mark.parametrize(
    "text",
    [
        '[{"instance": "tolls_grid", "tolls": {"001-005": 134.0}}]',
        '{"name": "tolls_grid", "tolls": {"001-005": 134.0}}\n',
    ],
    ids=["counterexamples", "rows"],
)
def test_a_search_begins_with_what_was_found_before(audit, folder, monkeypatch, text):
    seen = []
    monkeypatch.setattr(audit, "local_search", lambda *_, start, **__: seen.append(start) or start)
    (folder / "start.json").write_text(text)
    run(
        audit, folder / "results.txt", "--instances", folder, "--start", folder / "start.json", "--seconds", 0,
        "--out", folder / "found.json",
    )  # fmt: skip
    assert seen == [{"001-005": 134.0}]


@pytest.mark.parametrize(
    "falsify, message",
    [
        (lambda r, f: r.update(revenue_ties_against=2 * r["revenue_ties_against"]), "revenue_ties_against is"),
        (lambda r, f: r["ways"].update(k03=[]), "commodity k03: the way given is not a shortest one"),
        (lambda r, f: (f / "tolls_grid.json").write_text((f / "tolls_delaunay.json").read_text()), "sha256 differs"),
    ],
)
def test_a_falsified_counterexample_is_found_out(audit, folder, falsify, message):
    path = folder / "tolls_grid.json"
    record = audit.counterexample(bv.load_instance(path), path, {"001-005": 20.0, "002-003": 15.0})
    assert audit.recheck(record, folder) == []
    falsify(record, folder)
    (folder / "found.json").write_text(json.dumps([record]))
    result = run(audit, "--check", folder / "found.json", "--instances", folder)
    assert result.exit_code == 1 and message in result.output


def test_a_table_that_cannot_be_read_is_refused(audit, folder):
    (folder / "bad.csv").write_text("formulation,instance,seconds,objective,bound\nstd,g1,1,many,2\n")
    result = run(audit, folder / "bad.csv", "--instances", folder)
    assert result.exit_code == 2 and "bad.csv, line 2" in result.output
