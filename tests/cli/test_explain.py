"""``bilevolt explain``: formats, steps, files, and what is refused."""

from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from bilevolt.cli.app import app

MODEL = """
import bilevolt as bv
import pyomo.environ as pyo

def build():
    m = pyo.ConcreteModel(name="mine")
    m.x = pyo.Var(bounds=(0, 8))
    m.L = bv.SubModel(fixed=[m.x])
    m.L.y = pyo.Var(bounds=(0, 10))
    m.L.cost = pyo.Objective(expr=m.L.y)
    m.L.least = pyo.Constraint(expr=m.L.y - m.x >= -2)
    m.cost = pyo.Objective(expr=m.x - 4 * m.L.y)
    return m
"""


def run(*arguments: object) -> Result:
    return CliRunner().invoke(app, ["explain", *map(str, arguments)])


BEGINNINGS = [
    ("txt", "bard511: from two levels to one\n====="),
    ("md", "# bard511: from two levels to one\n"),
    ("tex", "\\documentclass[a4paper,fleqn]{article}\n"),
    ("html", "<!DOCTYPE html>\n"),
]


@pytest.mark.parametrize("form, beginning", BEGINNINGS)
def test_each_format_goes_to_stdout_or_to_a_file(form: str, beginning: str, tmp_path: Path) -> None:
    shown = run("bard511", "--format", form)
    assert shown.exit_code == 0
    assert shown.stdout.startswith(beginning)
    path = tmp_path / f"it.{form}"
    assert run("bard511", "-o", path).exit_code == 0  # the name says the format
    assert path.read_text(encoding="utf-8") == shown.stdout


STEPS = [
    ("kkt", ["The follower's Lagrangian", "Complementarity\n"], ["made linear", "written"]),
    ("linearize", ["Complementarity made linear", "λ^u_c1 <="], ["Lagrangian"]),
    ("stationarity", ["1 - λ^u_c1 + λ^u_c2 + λ^u_c3 - 2*λ^u_c4 - λ^l_y = 0"], ["Lagrangian\n"]),
    ("strong_duality", ["L: y ="], ["made linear"]),
]


@pytest.mark.parametrize("step, there, absent", STEPS)
def test_a_step_alone(step: str, there: list[str], absent: list[str]) -> None:
    result = run("bard511", "--step", step)
    assert result.exit_code == 0
    assert all(text in result.stdout for text in there)
    assert not any(text in result.stdout for text in absent)


def test_a_users_file_and_a_given_m(tmp_path: Path) -> None:
    path = tmp_path / "mine.py"
    path.write_text(MODEL)
    result = run(path, "--reformulation", "bigm", "--big-m", 40, "--step", "levels")
    assert result.exit_code == 0
    assert "least: y - x >= -2" in result.stdout


def test_the_numbers_of_a_saved_solution(tmp_path: Path) -> None:
    path = tmp_path / "solution.json"
    assert CliRunner().invoke(app, ["solve", "bard511", "-o", str(path)]).exit_code == 0
    result = run("bard511", "--solution", path, "--step", "solution")
    assert result.exit_code == 0
    assert "At the solution (optimal)" in result.stdout
    assert "leader's objective" in result.stdout


REFUSED: list[tuple[list[Any], str]] = [
    (["nowhere"], "instance or textbook problem 'nowhere' is unknown"),
    (["bard511", "--step", "nonsense"], "choose one of levels, kkt"),
    (["bard511", "--reformulation", "nonsense"], "is unknown"),
    (["bard511", "-o", "/no/such/folder/it.html"], "folder does not exist"),
    (["moore"], "integer"),
]


@pytest.mark.parametrize("arguments, message", REFUSED, ids=[entry[1] for entry in REFUSED])
def test_what_cannot_be_explained_is_refused(arguments: list[Any], message: str) -> None:
    result = run(*arguments)
    assert result.exit_code == 2
    assert message in result.stderr
    assert result.stdout == ""
