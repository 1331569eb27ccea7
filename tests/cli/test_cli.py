"""The command line: what is printed, what is written, and the exit codes."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

import bilevolt
from bilevolt.cli.app import Exit, app
from bilevolt.cli.outcome import exit_code
from bilevolt.reports import Comparison, Row
from bilevolt.solution import Solution
from bilevolt.solvers import SOLVERS
from bilevolt.solvers.status import Status
from bilevolt.verification import Certificate

MODEL = """
import bilevolt as bv
import pyomo.environ as pyo

def build():
    m = pyo.ConcreteModel()
    m.x = pyo.Var(bounds=(0, 8))
    m.y = pyo.Var(bounds=(0, 10))
    m.cost = pyo.Objective(expr=m.x - 4 * m.y)
    m.L = bv.SubModel(fixed=[m.x])
    m.L.cost = pyo.Objective(expr=m.y)
    m.L.least = pyo.Constraint(expr=m.y >= m.x - 2)
    return m

def other():
    m = build()
    m.cap = pyo.Constraint(expr=m.x <= 3)
    return m

def empty():
    return pyo.ConcreteModel()

def number():
    return 3

def sized(size):
    return build()
"""


@pytest.fixture
def user_file(tmp_path: Path) -> Path:
    path = tmp_path / "mine.py"
    path.write_text(MODEL)
    return path


def run(*arguments: object) -> Result:
    return CliRunner().invoke(app, list(map(str, arguments)))


def solved(*arguments: object) -> dict[str, Any]:
    result = run("solve", *arguments, "--json")
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)


def test_list_names_everything() -> None:
    known = json.loads(run("list", "--json").stdout)
    assert "limassol" in {item["name"] for item in known["instances"]}
    assert set(SOLVERS) == {item["solver"] for item in known["solvers"]}
    assert {"auto", "sos1", "bigm"} <= set(known["reformulations"])
    assert {"exact", "nested", "leader_alone"} <= set(known["methods"])
    text = run("list")
    assert text.exit_code == 0 and "limassol" in text.stdout and "bard511" in text.stdout


def test_solve_prints_the_answer_and_its_check() -> None:
    result = run("solve", "bard511", "--solver", "scip", "--reformulation", "sos1")
    assert result.exit_code == Exit.PROVEN
    for words in ("optimal", "-12", "x = 4", "bilevel feasible     yes"):
        assert words in result.stdout


def test_json_is_all_of_stdout_and_progress_is_on_stderr() -> None:
    result = run("solve", "bard511", "--solver", "scip", "--json")
    assert json.loads(result.stdout)["objective"] == pytest.approx(-12)
    assert "bard511: solving with scip" in result.stderr


def test_a_users_file(user_file: Path) -> None:
    assert solved(user_file, "--solver", "scip")["objective"] == pytest.approx(8 - 4 * 6)
    assert solved(f"{user_file}:other", "--solver", "scip")["objective"] == pytest.approx(3 - 4 * 1)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["solve", "bard_1983"], ["bard_1983", "Did you mean"]),
        (["solve", "missing.py"], ["missing.py", "no such file"]),
        (["solve", "sioux_falls"], ["'road_network'", "24 nodes", "no bilevel problem", "electric_bus"]),
        (["solve", "missing.json"], ["missing.json"]),
        (["solve", "{file}:nothing"], ["no function 'nothing'", "build"]),
        (["solve", "{file}:number"], ["returned int"]),
        (["solve", "{file}:sized"], ["sized(size)"]),
        (["solve", "{file}:empty"], ["no active SubModel"]),
        (["solve", "bard511", "--workers", "2", "--reformulation", "bigm"], ["executor=2", "pso", "Leave it out"]),
        (["prove", "moore"], ["integer variable"]),
        (["solve", "moore", "--confirm", "scip"], ["column_and_constraint", "Leave it out"]),
        (["solve", "bard511", "--solver", "baron"], ["baron", "highs"]),
        (["solve", "bard511", "--reformulation", "sos2"], ["sos2", "sos1"]),
        (["solve", "bard511", "--method", "luck"], ["luck", "nested"]),
        (["solve", "bard511", "--plot", "{folder}/a.png"], ["no figure", "electric_bus", "station_location"]),
        (["solve", "bard511", "-o", "{folder}/none/a.json"], ["folder does not exist"]),
        (["compare", "bard511", "--solvers", "highs,baron"], ["baron"]),
        (["compare", "bard511", "-o", "{folder}/a.docx"], [".docx", ".html"]),
        (["compare", "moore"], []),
        (["verify", "{file}"], ["not JSON"]),
        (["verify", "{folder}/none.json"], ["none.json"]),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else None,
)
def test_what_is_refused_exits_2_with_a_message(user_file: Path, arguments: list[str], words: list[str]) -> None:
    result = run(*(part.format(file=user_file, folder=user_file.parent) for part in arguments))
    assert result.exit_code == Exit.REFUSED, result.output
    for word in words:
        assert word in " ".join(result.stderr.split())
    assert "Traceback" not in result.output


def test_verify_reads_what_solve_wrote(tmp_path: Path, user_file: Path) -> None:
    path = tmp_path / "solution.json"
    assert run("solve", user_file, "--solver", "scip", "-o", path).exit_code == 0
    result = run("verify", path)
    assert result.exit_code == Exit.PROVEN and "bilevel feasible     yes" in result.stdout
    assert run("verify", path, "--target", f"{user_file}:other").exit_code == Exit.FAILED

    document = json.loads(path.read_text())
    document["values"]["y"] += 1
    path.write_text(json.dumps(document))
    result = run("verify", path, "--json")
    assert result.exit_code == Exit.FAILED
    assert json.loads(result.stdout)["bilevel_feasible"] is False


def test_verify_needs_a_point_and_a_target(tmp_path: Path) -> None:
    path = tmp_path / "solution.json"
    path.write_text(json.dumps(solved("jointc1_infeasible", "--solver", "scip")))
    assert "no point to check" in run("verify", path).stderr
    document = solved("bard511", "--solver", "scip")
    del document["target"]
    path.write_text(json.dumps(document))
    assert "--target" in run("verify", path).stderr
    assert run("verify", path, "--target", "bard511").exit_code == 0


def test_compare_prints_a_row_for_every_pair() -> None:
    result = run(
        "compare",
        "bard511",
        "--solvers",
        "scip,highs",
        "--reformulations",
        "sos1,bigm",
        "--big-m",
        100,
        "--json",
    )
    rows = json.loads(result.stdout)["rows"]
    assert [(row["reformulation"], row["solver"], row["status"]) for row in rows] == [
        ("sos1", "scip", "optimal"),
        ("sos1", "highs", "refused"),
        ("bigm", "scip", "optimal"),
        ("bigm", "highs", "optimal"),
    ]
    assert result.exit_code == Exit.PROVEN


@pytest.mark.long
def test_compare_of_a_problem_is_leader_alone_nested_exact(tmp_path: Path) -> None:
    figure, page = tmp_path / "figure.png", tmp_path / "rows.csv"
    result = run("compare", "limassol_small", "--plot", figure, "-o", page, "--json")
    assert result.exit_code == Exit.PROVEN, result.output
    rows = json.loads(result.stdout)["rows"]
    assert [row["method"] for row in rows] == ["leader_alone", "nested", "exact"]
    assert rows[2]["status"] == "optimal" and rows[2]["solver"] == "highs"
    assert all(row["verified"] for row in rows)
    assert rows[2]["O1"] < rows[1]["O1"] < rows[0]["O1"]
    for row in rows:
        assert row["O1"] == pytest.approx(row["objective"])
        assert {"O2", "renewable_kwh_per_day", "charging_usd_per_day"} <= set(row)
    assert figure.read_bytes().startswith(b"\x89PNG")
    assert len(page.read_text().splitlines()) == 4


def test_targets_of_the_same_name_are_kept_apart(user_file: Path, tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    twin = tmp_path / "elsewhere" / user_file.name
    twin.write_text(MODEL.replace("(0, 8)", "(0, 4)"))
    result = run("compare", user_file, twin, "--solver", "scip", "--json")
    objectives = {row["instance"]: row["objective"] for row in json.loads(result.stdout)["rows"]}
    assert objectives == {f"{user_file}:build": pytest.approx(-16), f"{twin}:build": pytest.approx(-4)}


@pytest.mark.parametrize(
    ("method", "status", "verified", "code"),
    [
        ("exact", "optimal", True, 0),
        ("exact", "infeasible", None, 0),
        ("exact", "unbounded", None, 0),
        ("exact", "infeasible_or_unbounded", None, 0),
        ("nested", "feasible", True, 0),
        ("exact", "feasible", True, 3),
        ("column_and_constraint", "feasible", True, 3),  # what "exact" is called for followers with integers
        ("exact", "no_solution", None, 3),
        ("nested", "no_solution", None, 3),
        ("exact", "error", None, 1),
        ("exact", "optimal", False, 1),
        ("nested", "feasible", False, 1),
    ],
)
def test_exit_code(method: str, status: str, verified: bool | None, code: int) -> None:
    assert exit_code(method, status, verified) == code


def test_solve_exits_with_the_code_of_its_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    stopped = Solution(Status.feasible, 1.0, certificate=Certificate(True), notes=["time limit reached"])
    monkeypatch.setattr("bilevolt.driver.solve", lambda *_, **__: stopped)
    assert run("solve", "bard511").exit_code == Exit.UNPROVEN
    stopped.interrupted = True
    assert run("solve", "bard511").exit_code == Exit.INTERRUPTED


def test_ctrl_c_in_solve_exits_130(monkeypatch: pytest.MonkeyPatch) -> None:
    def stub(*_: object, **__: object) -> Solution:
        raise KeyboardInterrupt

    monkeypatch.setattr("bilevolt.driver.solve", stub)
    result = run("solve", "bard511")
    assert result.exit_code == Exit.INTERRUPTED and "interrupted" in result.stderr


@pytest.mark.parametrize(
    ("rows", "interrupted", "code"),
    [
        ([{"status": "optimal", "verified": True}, {"reason": "no"}], False, 0),
        ([{"status": "optimal", "verified": True}, {"status": "feasible", "verified": True}], False, 3),
        ([{"status": "optimal", "verified": True, "culprit": "worse"}, {"status": "no_solution"}], False, 1),
        ([{"reason": "no"}], False, 2),
        ([{"status": "optimal", "verified": True}], True, 130),
        ([], True, 130),
    ],
)
def test_compare_exits_with_the_worst_code(
    monkeypatch: pytest.MonkeyPatch, rows: list[dict[str, Any]], interrupted: bool, code: int
) -> None:
    comparison = Comparison([Row("toy", "exact", "sos1", "scip", **row) for row in rows], interrupted=interrupted)
    monkeypatch.setattr("bilevolt.reports.compare", lambda *_, **__: comparison)
    assert run("compare", "bard511").exit_code == code


def test_help_is_fast_because_no_solver_or_pyomo_is_imported() -> None:
    heavy = ("pyomo", "gurobipy", "pandas", "matplotlib")
    program = f"import sys, bilevolt.cli; print([name for name in {heavy} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, cwd="/")
    assert done.stdout.strip() == "[]"


def test_exit_codes_are_in_the_help() -> None:
    text = " ".join(run("--help").stdout.split())
    assert all(f" {code} " in text for code in (0, 1, 2, 3, 130))


def test_names_keep_their_brackets() -> None:
    result = run("solve", "ev3", "--method", "leader_alone")
    assert "objective of vehicle[ev0].charging" in result.stdout


@pytest.mark.parametrize(
    "command", [[sys.executable, "-m", "bilevolt"], [str(Path(sys.executable).parent / "bilevolt")]]
)
def test_the_version_is_that_of_the_package(command: list[str]) -> None:
    done = subprocess.run([*command, "--version"], capture_output=True, text=True, check=True, cwd="/")
    assert done.stdout == f"bilevolt {bilevolt.__version__}\n"


def test_the_module_is_the_command_line() -> None:
    done = subprocess.run([sys.executable, "-m", "bilevolt", "list", "--json"], capture_output=True, text=True, cwd="/")
    assert done.returncode == 0 and "limassol" in done.stdout and not done.stderr
