"""``bilevolt write``, and ``solve`` and ``verify`` with files that others read and write."""

import json

import pytest
from typer.testing import CliRunner, Result

from bilevolt.cli.app import Exit, app


def run(*arguments: object) -> Result:
    return CliRunner().invoke(app, [*map(str, arguments)])


def test_a_pair_is_written_solved_and_its_point_verified(tmp_path) -> None:
    program, aux, point, saved = (tmp_path / name for name in ("b.mps", "b.aux", "b.sol", "b.json"))
    done = run("write", "bard511", "-o", program)
    assert done.exit_code == Exit.PROVEN and done.stdout.startswith(f"two levels: {program} and {aux} (leader: 1 var")
    assert run("solve", program, "-o", point, "--solver", "highs").exit_code == Exit.PROVEN
    assert point.read_text().splitlines()[:2] == ["# bilevolt: optimal", "=obj= -12.0"]
    assert run("verify", point, "--target", program).exit_code == Exit.PROVEN
    elsewhere = tmp_path / "lower.txt"
    aux.rename(elsewhere)
    done = run("solve", program, "--aux", elsewhere, "-o", saved, "--json")
    assert json.loads(done.stdout)["objective"] == pytest.approx(-12)
    assert json.loads(saved.read_text())["target"] == f"{program}:{elsewhere}"
    assert run("verify", saved).exit_code == Exit.PROVEN


SOL = {
    "a worse claim": ("=obj= -13\nx 4\ny 4\n", Exit.FAILED, ""),
    "not the follower's answer": ("x 3\ny 4\n", Exit.FAILED, ""),
    "no pair": ("x 4\ny\n", Exit.REFUSED, "line 2: 'y': write a variable and its value"),
    "no number": ("x four\n", Exit.REFUSED, "line 1: 'four' is no number"),
    "twice": ("x 4\nx 4\n", Exit.REFUSED, "line 2: 'x' has two values"),
    "a stranger": ("x 4\nz 4\n", Exit.REFUSED, "the model has no variable 'z'"),
    "empty": ("# nothing\n", Exit.REFUSED, "there is no point to check"),
}


@pytest.mark.parametrize(("text", "code", "message"), SOL.values(), ids=SOL)
def test_points_are_checked(text, code, message, tmp_path) -> None:
    program, point = tmp_path / "b.mps", tmp_path / "b.sol"
    run("write", "bard511", "-o", program)
    point.write_text(text)
    done = run("verify", point, "--target", program)
    assert done.exit_code == code and message in done.stderr


def test_what_is_not_written_is_refused(tmp_path) -> None:
    done = run("write", "toll_1", "-o", tmp_path / "t.mps")
    assert done.exit_code == Exit.REFUSED and "is not linear in the variables of both levels" in done.stderr
    point = tmp_path / "p.sol"
    point.write_text("x 1\n")
    assert "name the model with --target" in run("verify", point).stderr
