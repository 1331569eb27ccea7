"""``bilevolt tournament`` and ``bilevolt sweep``: what is printed and written, and the exit codes."""

import json

import pytest
from typer.testing import CliRunner

from bilevolt.cli.app import app
from bilevolt.models import textbook
from bilevolt.writing import write

FAST = ["--reformulations", "sos1", "--solvers", "gurobi"]


@pytest.fixture
def run(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return lambda *arguments: CliRunner().invoke(app, list(map(str, arguments)))


def test_a_tournament_writes_its_page_and_goes_on_from_its_ledger(run, tmp_path):
    done = run("tournament", "bard511", "moore", *FAST, "--ledger", "rows.jsonl")
    assert done.exit_code == 0, done.output
    assert "sos1 gurobi" in done.stdout and (tmp_path / "tournament.html").read_text().startswith("<!doctype html>")
    size = (tmp_path / "rows.jsonl").stat().st_size
    files = ["-o", "table.tex", "--by", "instance", "--plot", "gap.png", "--kind", "gap", "--json"]
    again = run("tournament", "bard511", "moore", *FAST, "--ledger", "rows.jsonl", *files)
    assert again.exit_code == 0 and (tmp_path / "rows.jsonl").stat().st_size == size
    rows = json.loads(again.stdout)["rows"]
    assert [(row["status"], row["known"]) for row in rows] == [("optimal", -12), ("refused", -22)]
    assert r"\toprule" in (tmp_path / "table.tex").read_text() and (tmp_path / "gap.png").exists()
    report = run("tournament", "--ledger", "rows.jsonl", "-o", "rows.csv")
    assert report.exit_code == 0 and len((tmp_path / "rows.csv").read_text().splitlines()) == 3


def test_a_tournament_of_files_of_the_field(run, tmp_path):
    """A pair is named by either of its files; one with the same name inside is told apart by where it lies."""
    write_pair(tmp_path / "one.mps", "bard511")
    write_pair(tmp_path / "two.mps", "gecco2013")
    (tmp_path / "far").mkdir()
    (tmp_path / "one.aux").rename(tmp_path / "far" / "one.aux")
    targets = ["one.mps:far/one.aux", "two.aux", "bard511"]
    done = run("tournament", *targets, *FAST, "--ledger", "rows.jsonl", "--json")
    assert done.exit_code == 0, done.output
    rows = json.loads(done.stdout)["rows"]
    assert [(row["status"], row["objective"]) for row in rows] == [
        ("optimal", pytest.approx(-12)), ("optimal", pytest.approx(12)), ("optimal", pytest.approx(-12))
    ]  # fmt: skip
    assert len({row["instance"] for row in rows}) == 3
    size = (tmp_path / "rows.jsonl").stat().st_size
    assert run("tournament", *targets, *FAST, "--ledger", "rows.jsonl").exit_code == 0
    assert (tmp_path / "rows.jsonl").stat().st_size == size


def write_pair(path, name):
    write(textbook.build(name), path, None, None)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "Name what is to be solved"), (["--ledger", "none.jsonl"], "no such file"),
        (["bard511", "--workers", "1", "--dask", "tcp://127.0.0.1:1"], "Give one of them"),
        (["bard511", "--kind", "pie"], "--kind 'pie' is unknown"), (["bard511", "--by", "me"], "--by 'me' is unknown"),
        (["bard511", "-o", "all.doc"], "--output"), (["bard5111"], "Did you mean bard511"),
        (["bard511", "--seeds", "2", "--solvers", "auto"], "takes none"),
    ],
)  # fmt: skip
def test_a_tournament_that_is_asked_wrongly(run, arguments, message):
    done = run("tournament", *arguments)
    assert done.exit_code == 2 and message in " ".join(done.output.split())


MODEL = """
import bilevolt as bv
import pyomo.environ as pyo

def build(slack=2.0):
    m = pyo.ConcreteModel()
    m.x = pyo.Var(bounds=(0, 8))
    m.y = pyo.Var(bounds=(0, 10))
    m.gain = pyo.Objective(expr=m.x - 4 * m.y, sense=pyo.maximize)
    m.L = bv.SubModel(fixed=[m.x])
    m.L.cost = pyo.Objective(expr=m.y)
    m.L.least = pyo.Constraint(expr=m.y >= m.x - slack)
    return m
"""


def test_a_sweep(run, tmp_path):
    (tmp_path / "mine.py").write_text(MODEL)
    files = ["--plot", "figure.svg", "-o", "rows.csv", "--json"]
    done = run("sweep", "mine.py", "--vary", "slack=1:3:1", "--solver", "gurobi", *files)
    assert done.exit_code == 0, done.output
    rows = json.loads(done.stdout)["rows"]
    assert [(row["slack"], row["objective"]) for row in rows] == [(k, pytest.approx(k)) for k in (1, 2, 3)]
    assert (tmp_path / "figure.svg").exists() and len((tmp_path / "rows.csv").read_text().splitlines()) == 4


@pytest.mark.parametrize("vary", [["slack"], ["=1"], ["slack="], ["slack=a"], ["slack=1", "slack=2"], ["other=1"]])
def test_a_sweep_that_is_asked_wrongly(run, tmp_path, vary):
    (tmp_path / "mine.py").write_text(MODEL)
    done = run("sweep", "mine.py", *(part for one in vary for part in ("--vary", one)))
    assert done.exit_code == 2 and done.stdout == ""
