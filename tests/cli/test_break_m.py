"""``bilevolt break-m``."""

import json

from typer.testing import CliRunner, Result

from bilevolt.cli.app import Exit, app


def run(*arguments: object) -> Result:
    return CliRunner().invoke(app, [*map(str, arguments)])


def test_a_broken_m_fails_and_names_the_pair() -> None:
    done = run("break-m", "pineda", "--m", 50)
    assert done.exit_code == Exit.FAILED
    assert done.stdout.splitlines()[1:] == [
        "with M = 50         optimal, objective 51.5 at xR = 1.5, L.xR = 50",
        "cut off             objective 102 at xR = 2, L.xR = 100",
        "found by            nested, verified",
        "exceeds M           slack of L.xR.lower is 100, 50 too large",
        "this point needs    M >= 100",
        "broken",
    ]


def test_an_m_that_is_not_broken_is_unproven() -> None:
    done = run("break-m", "pineda", "--m", 200, "--json")
    data = json.loads(done.stdout)
    assert done.exit_code == Exit.UNPROVEN and data["broken"] is False and data["objective"] == 102


def test_what_is_no_m_is_refused() -> None:
    assert run("break-m", "pineda", "--m", 0).exit_code == Exit.REFUSED
    assert run("break-m", "pineda").exit_code == Exit.REFUSED
