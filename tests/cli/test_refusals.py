"""The command line refuses bad input by name, with exit code 2, before any solve; and loses no answer."""

import json
import os
import re
import signal
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from bilevolt.cli.app import Exit, app
from bilevolt.heuristics import METHODS
from bilevolt.instances import load_instance, to_json
from bilevolt.solvers.base import Solver


def run(*arguments: object) -> Result:
    return CliRunner().invoke(app, list(map(str, arguments)))


@pytest.fixture
def no_solver(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object, **__: object) -> None:
        raise AssertionError("a solver was called")

    monkeypatch.setattr(Solver, "solve", fail)


FILES = {
    "broken.py": "import nothing_there",
    "raising.py": "def build():\n    return 1 / 0\n",
    "unset.py": """
import bilevolt as bv
import pyomo.environ as pyo

def build():
    m = pyo.ConcreteModel()
    m.p = pyo.Param(mutable=True)
    m.x = pyo.Var(bounds=(0, 8))
    m.cost = pyo.Objective(expr=m.p * m.x)
    m.L = bv.SubModel(fixed=[m.x])
    m.L.y = pyo.Var(bounds=(0, 8))
    m.L.cost = pyo.Objective(expr=m.L.y)
    m.L.row = pyo.Constraint(expr=m.L.y >= m.x)
    return m
""",
    "deep.json": "[" * 100_000,
    "list.json": "[1]",
    "half.json": '{"status": "optimal", "values": {"x": "1"}}',
    "file.txt": "",
}

REFUSED = [
    (["solve", "broken.py"], "broken.py, line 1: the import failed with ModuleNotFoundError"),
    (["solve", "raising.py"], "raising.py, line 2: build() failed with ZeroDivisionError"),
    (["explain", "raising.py"], "raising.py, line 2: build() failed with ZeroDivisionError"),
    (["compare", "broken.py"], "broken.py, line 1: the import failed"),
    (["solve", "unset.py"], "'cost' holds the Param 'p', which is unset"),
    (["solve", "deep.json"], "deep.json: nested too deeply"),
    (["verify", "deep.json"], "deep.json: nested too deeply"),
    (["explain", "bard511", "--solution", "deep.json"], "deep.json: nested too deeply"),
    (["verify", "list.json"], "list.json: [1] is given, where a Solution"),
    (["verify", "half.json"], "half.json: not a Solution"),
    (["verify", "half.json", "--tolerance", "0"], "tolerance=0.0 is out of range"),
    (["solve", "limassol_small", "--plot", "x.foo"], "x.foo: --plot: write a name that ends in"),
    (["solve", "limassol_small", "--plot", "x"], "x: --plot: write a name that ends in"),
    (["compare", "bard511", "--plot", "x.foo"], "x.foo: --plot: write a name that ends in"),
    (["solve", "bard511", "-o", "none/a.json"], "none/a.json: the folder does not exist"),
    (["solve", "bard511", "-o", "file.txt/a.json"], "file.txt/a.json: the folder does not exist"),
    (["solve", "bard511", "-o", "."], ". is a folder; give the path of a file"),
    (["solve", "limassol_small", "-o", "same.png", "--plot", "same.png"], "two outputs have the same path"),
    (["solve", "BARD511", "--solver", "Hihgs"], "solver 'Hihgs' is unknown. Did you mean highs?"),
    (["solve", "Bard5111"], "Did you mean bard511"),
    (["solve", "bard511", "--method", "nestde"], "method 'nestde' is unknown. Did you mean nested?"),
    (["solve", "bard511", "--reformulation", "sos2"], "reformulation 'sos2' is unknown. Did you mean sos1?"),
    (["solve", "bard511", "--method", "nested", "--big-m", "5"], "big_m=5.0 is not used by the heuristic 'nested'"),
    (["solve", "bard511", "--reformulation", "sos1", "--big-m", "5"], "big_m is not used by reformulation 'sos1'"),
    (["explain", "bard511", "--reformulation", "sos1", "--big-m", "5"], "big_m is not used by reformulation 'sos1'"),
    (["compare", "bard511", "--reformulation", "sos1", "--big-m", "5"], "'big_m': used by none of the runs"),
    (["solve", "bard511", "--big-m", "nan"], "big_m must be positive and finite"),
    (["solve", "bard511", "--rel-gap", "inf"], "rel_gap=inf is out of range"),
    (["solve", "bard511", "--rel-gap", "nan"], "Invalid value for '--rel-gap'"),
    (["compare", "bard511", "--time-limit", "nan"], "Invalid value for '--time-limit'"),
]


@pytest.mark.parametrize(("arguments", "message"), REFUSED, ids=lambda item: " ".join(item)[:60] if item else "")
def test_refused_before_any_solve(
    arguments: list[str], message: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, no_solver: None
) -> None:
    for name, text in FILES.items():
        (tmp_path / name).write_text(text)
    monkeypatch.chdir(tmp_path)
    result = run(*arguments)
    assert result.exit_code == Exit.REFUSED, result.output
    assert message in " ".join(result.stderr.replace("│", " ").split())
    assert "Traceback" not in result.output and isinstance(result.exception, SystemExit)
    assert sorted(path.name for path in tmp_path.iterdir() if path.is_file()) == sorted(FILES)


@pytest.mark.parametrize("exists", [False, True])
def test_a_file_that_may_not_be_written(exists: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "a.json"
    if exists:
        path.write_text("before")
    locked = path if exists else tmp_path
    monkeypatch.setattr(os, "access", lambda where, mode: not (mode == os.W_OK and Path(where) == locked))
    result = run("solve", "bard511", "-o", path)
    assert result.exit_code == Exit.REFUSED and "cannot be written" in result.stderr
    assert path.exists() == exists


NUMBERS: dict[str, tuple[str, Any, str]] = {
    "30 digits": ("lifetime_years", 10**29, "lifetime_years: .*less than or equal to 200"),
    "too long": ("lifetime_years", 201, "lifetime_years: .*less than or equal to 200"),
    "NaN": ("interest_rate", float("nan"), "interest_rate: .*"),
    "Infinity": ("voltage_kv", float("inf"), "voltage_kv: .*finite"),
    "integer NaN": ("lifetime_years", float("nan"), "lifetime_years: .*"),
    "no rate": ("interest_rate", 1e-300, "interest_rate: .*greater than or equal to 0.000001"),
    "beyond reason": ("voltage_kv", 1e30, "voltage_kv: a number beyond 1e"),
}


@pytest.mark.parametrize("case", NUMBERS)
def test_numbers_of_an_instance_that_cannot_be_meant(case: str, tmp_path: Path, no_solver: None) -> None:
    field, number, message = NUMBERS[case]
    document = json.loads(to_json(load_instance("ieee33_small")))
    assert field in document
    document[field] = number
    path = tmp_path / "mine.json"
    path.write_text(json.dumps(document))
    result = run("solve", path)
    assert result.exit_code == Exit.REFUSED and "Traceback" not in result.output
    assert re.search(message, " ".join(result.stderr.split())), result.stderr


def test_names_in_any_case(tmp_path: Path) -> None:
    path = tmp_path / "answer.json"
    result = run("solve", "BARD511", "--solver", "SCIP", "--reformulation", "Sos1", "--method", "EXACT", "-o", path)
    assert result.exit_code == Exit.PROVEN
    document = json.loads(path.read_text())
    assert (document["target"], document["solver"], document["reformulation"]) == ("bard511", "scip", "sos1")
    result = run("compare", "Gecco2013", "--methods", "NESTED,Exact", "--solvers", "SciP", "--json")
    assert [row["method"] for row in json.loads(result.stdout)["rows"]] == ["nested", "exact"]


def test_a_station_location_has_its_own_picture(tmp_path: Path) -> None:
    path = tmp_path / "map.png"
    assert run("solve", "zone_small", "--method", "nested", "--solver", "highs", "--plot", path).exit_code == 0
    assert path.read_bytes().startswith(b"\x89PNG") and path.stat().st_size > 20_000


# Interrupted ----------------------------------------------------------------------------------------------------------


@pytest.fixture(params=[signal.SIGINT, signal.SIGTERM])
def stopped(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Make ``scholtes`` the nested heuristic, with a signal just before its first end."""
    left = [request.param]

    def heuristic(*arguments: Any, **keywords: Any) -> Any:
        result = METHODS["nested"](*arguments, **keywords)
        while left:
            os.kill(os.getpid(), left.pop())
        return result

    monkeypatch.setitem(METHODS, "scholtes", heuristic)


def test_what_an_interrupted_solve_found_is_written(stopped: None, tmp_path: Path) -> None:
    answer, figure = tmp_path / "answer.json", tmp_path / "map.png"
    result = run("solve", "zone_small", "--method", "scholtes", "--solver", "highs", "-o", answer, "--plot", figure)
    assert result.exit_code == Exit.INTERRUPTED
    document = json.loads(answer.read_text())
    assert document["interrupted"] is True and document["status"] == "feasible" and document["values"]
    assert figure.read_bytes().startswith(b"\x89PNG")
    assert "bilevel feasible     yes" in result.stdout
    assert run("verify", answer).exit_code == Exit.PROVEN


@pytest.mark.parametrize("target", ["zone_small", "gecco2013"])
def test_the_rows_of_an_interrupted_comparison_are_written(stopped: None, target: str, tmp_path: Path) -> None:
    rows, figure = tmp_path / "rows.json", tmp_path / "figure.png"
    result = run(
        "compare", target, "--methods", "leader_alone,scholtes,nested", "-o", rows, "--plot", figure
    )  # fmt: skip
    assert result.exit_code == Exit.INTERRUPTED
    document = json.loads(rows.read_text())
    assert document["interrupted"] is True
    assert [row["method"] for row in document["rows"]] == ["leader_alone", "scholtes"]
    assert figure.read_bytes().startswith(b"\x89PNG")


def test_a_comparison_without_rows_is_written_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def stub(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("bilevolt.reports.subject.solve", stub)
    for suffix in (".json", ".csv", ".tex", ".html"):
        rows = tmp_path / f"rows{suffix}"
        result = run("compare", "bard511", "-o", rows, "--plot", tmp_path / f"figure{suffix}.png")
        assert result.exit_code == Exit.INTERRUPTED and result.exception.__class__ is SystemExit
        assert rows.exists() and (tmp_path / f"figure{suffix}.png").exists()
