"""``bilevolt plot``: what is written, and what is refused."""

from pathlib import Path

import pytest
from sweeps import only
from typer.testing import CliRunner

from bilevolt.cli.app import Exit, app

SIGNATURES = {".png": b"\x89PNG", ".svg": b"<?xml", ".pdf": b"%PDF"}


def run(*arguments: object):
    return CliRunner().invoke(app, ["plot", *map(str, arguments)])


@pytest.mark.parametrize("suffix", only([".png"], SIGNATURES))
def test_a_figure_is_written(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"picture{suffix}"
    result = run("bard511", "-o", path)
    assert result.exit_code == 0 and result.stdout.strip() == str(path)
    assert path.read_bytes().startswith(SIGNATURES[suffix])


def test_the_name_of_the_model_is_the_default(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert run("gecco2013").exit_code == 0
    assert (tmp_path / "gecco2013.png").exists()


def test_a_saved_solution_is_marked(tmp_path: Path) -> None:
    solution = tmp_path / "solution.json"
    solved = CliRunner().invoke(app, ["solve", "bard511", "-o", str(solution)])
    assert solved.exit_code == 0
    assert run("bard511", "--solution", solution, "-o", tmp_path / "picture.svg").exit_code == 0
    assert (tmp_path / "picture.svg").exists()
    assert run("bard511", "--solution", tmp_path / "picture.svg").exit_code == Exit.REFUSED


REFUSED = {
    "size": (["limassol_small"], "one variable of the leader"),
    "suffix": (["bard511", "-o", "picture.xyz"], "write a name that ends in"),
    "folder": (["bard511", "-o", "nowhere/picture.png"], "folder does not exist"),
    "name": (["bard5111"], "Did you mean"),
}


@pytest.mark.parametrize("case", REFUSED, ids=str)
def test_refusals_name_the_next_step(case: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    arguments, words = REFUSED[case]
    result = run(*arguments)
    assert result.exit_code == Exit.REFUSED and words in result.stderr
