"""``bilevolt solve --start``: what arrives at ``solve``."""

import pytest
from typer.testing import CliRunner

from bilevolt import driver
from bilevolt.cli import app
from bilevolt.cli.console import Exit


@pytest.mark.parametrize(
    ("typed", "wanted"), [([], None), (["--start", "none"], False), (["--start", "nested"], "nested")]
)
def test_a_start_is_asked_for(typed, wanted, monkeypatch):
    asked, solve = [], driver.solve

    def noted(model, **arguments):
        asked.append(arguments["warm_start"])
        return solve(model, **arguments)

    monkeypatch.setattr(driver, "solve", noted)
    assert CliRunner().invoke(app, ["solve", "bard511", "--json", *typed]).exit_code == Exit.PROVEN
    assert asked == [wanted]


def test_an_unknown_start_is_refused():
    done = CliRunner().invoke(app, ["solve", "bard511", "--start", "luck"])
    assert done.exit_code == Exit.REFUSED and "nested" in done.output
