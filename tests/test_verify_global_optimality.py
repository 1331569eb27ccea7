"""``scripts/verify_global_optimality.py``: one line each, and the exit code."""

import importlib.util
import os
import signal
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from bilevolt.models import textbook
from bilevolt.verification.proofs.search import Search

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


def test_half_of_the_catalogue() -> None:
    """The other half, and the instances, are left to the script itself; no second is to decide here."""
    half = textbook.NAMES[::2]
    done = run(*half, "--time-limit", "100000")
    assert done.exit_code == 0, done.stdout
    assert done.stdout.endswith(f"{len(half)} of {len(half)} hold\n")


def test_progress_is_on_stderr() -> None:
    done = run("bard511")
    assert "1/1 bard511, 0 s: solving" in done.stderr and "solving" not in done.stdout


def test_ctrl_c_ends_it_with_the_line_of_what_was_reached(monkeypatch: pytest.MonkeyPatch) -> None:
    visit = Search._visit

    def visited(self: Search, *arguments: Any) -> Any:
        if self.nodes == 7:
            os.kill(os.getpid(), signal.SIGINT)
        return visit(self, *arguments)

    monkeypatch.setattr(Search, "_visit", visited)
    done = run("bard511", "conejo2016", "pao2")
    assert done.exit_code == 130, done.stdout
    lines = done.stdout.splitlines()
    assert lines[1].startswith("conejo2016") and "OPEN      interrupted; stopped after 7 nodes" in lines[1]
    assert lines[2] == "interrupted at 2 of 3; 1 hold so far" and len(lines) == 3


def test_what_is_open_does_not_hold() -> None:
    done = run("dempe_2002_p25", "conejo2016", "--node-limit", "5")
    assert done.exit_code == 1 and "OPEN" in done.stdout and done.stdout.endswith("1 of 2 hold\n")
