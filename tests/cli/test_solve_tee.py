"""``bilevolt solve --tee``: the solver's own log on stdout, and never among JSON."""

import pytest
from typer.testing import CliRunner

from bilevolt.cli.app import app


@pytest.mark.parametrize(("option", "shown"), [(["--tee"], True), ([], False)])
def test_the_log_is_shown_where_it_is_asked_for(option, shown, capfd):
    found = CliRunner().invoke(app, ["solve", "bard511", "--solver", "highs", "--reformulation", "bigm", *option])
    assert found.exit_code == 0
    assert ("Solving report" in capfd.readouterr().out + found.stdout) == shown


def test_json_stays_json():
    found = CliRunner().invoke(app, ["solve", "bard511", "--tee", "--json"])
    assert found.exit_code == 2 and "--tee prints logs to stdout" in found.output
