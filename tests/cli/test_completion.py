"""Shells complete commands and options."""

import pytest
from typer.testing import CliRunner

from bilevolt.cli.app import app


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_the_script_is_shown(shell, monkeypatch):
    monkeypatch.setenv("_TYPER_COMPLETE_TEST_DISABLE_SHELL_DETECTION", "1")
    result = CliRunner().invoke(app, ["--show-completion", shell], prog_name="bilevolt")
    assert result.exit_code == 0 and "_BILEVOLT_COMPLETE" in result.output


@pytest.mark.parametrize(
    ("typed", "offered"), [("bilevolt pl", ["plot", "play"]), ("bilevolt solve --refo", ["--reformulation"])]
)
def test_words_are_completed(typed, offered, monkeypatch):
    monkeypatch.setenv("_BILEVOLT_COMPLETE", "complete_bash")
    monkeypatch.setenv("COMP_WORDS", typed)
    monkeypatch.setenv("COMP_CWORD", str(len(typed.split()) - 1))
    result = CliRunner().invoke(app, [], prog_name="bilevolt")
    assert result.output.split() == offered
