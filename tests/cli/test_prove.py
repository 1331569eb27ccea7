"""``bilevolt prove``, and ``bilevolt verify`` of its file."""

import json
from pathlib import Path

from typer.testing import CliRunner, Result

from bilevolt.cli.app import Exit, app


def run(*arguments: object) -> Result:
    return CliRunner().invoke(app, [*map(str, arguments)])


def test_a_proof_is_written_and_verified(tmp_path: Path) -> None:
    path = tmp_path / "proof.json"
    done = run("prove", "bard511", "-o", path)
    assert done.exit_code == Exit.PROVEN and "every bilevel feasible point has F >= -12" in done.stdout
    assert run("verify", path, "--model", "bard511").exit_code == Exit.PROVEN
    assert json.loads(run("verify", path, "--json").stdout)["bound"] == "-12"
    done = run("verify", path, "--model", "pao1")
    assert done.exit_code == Exit.FAILED and "about another problem than pao1" in done.stdout


def test_a_changed_proof_is_rejected(tmp_path: Path) -> None:
    path = tmp_path / "proof.json"
    run("prove", "bard511", "-o", path)
    path.write_text(json.dumps(json.loads(path.read_text()) | {"bound": -11}))
    done = run("verify", path)
    assert done.exit_code == Exit.FAILED and "rejected: the proof is rejected" in done.stdout


def test_an_open_proof_is_unproven_and_writes_nothing(tmp_path: Path) -> None:
    path = tmp_path / "proof.json"
    done = run("prove", "conejo2016", "--node-limit", 2, "-o", path)
    assert done.exit_code == Exit.UNPROVEN and "open, nothing is proven" in done.stdout and not path.exists()


def test_a_follower_with_integers_is_refused() -> None:
    assert run("prove", "moore").exit_code == Exit.REFUSED
