"""``scripts/verify_global_optimality.py``: one line each, and the exit code."""

import importlib.util
from pathlib import Path

from typer.testing import CliRunner, Result

SCRIPT = Path(__file__).parents[1] / "scripts" / "verify_global_optimality.py"


def run(*arguments: str) -> Result:
    spec = importlib.util.spec_from_file_location("verify_global_optimality", SCRIPT)
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return CliRunner().invoke(module.app, arguments)


def test_what_is_proven_has_a_line_each() -> None:
    done = run("bard511", "jointc1_infeasible", "moore", "pao2")
    lines = done.stdout.splitlines()
    assert done.exit_code == 0 and lines[-1] == "4 of 4 hold"
    assert "proven    F* -12, exact gap 0" in lines[0] and "infeasible" in lines[1] and "refused" in lines[2]


def test_what_is_open_does_not_hold() -> None:
    done = run("dempe_2002_p25", "conejo2016", "--node-limit", "5")
    assert done.exit_code == 1 and "OPEN" in done.stdout and done.stdout.endswith("1 of 2 hold\n")
