"""``bilevolt solve --stance --follower-tolerance``."""

import json
from pathlib import Path

from typer.testing import CliRunner, Result

from bilevolt.cli.app import Exit, app

TIES = """
import bilevolt as bv
import pyomo.environ as pyo

def build():
    m = pyo.ConcreteModel()
    m.x = pyo.Var(bounds=(0, 4))
    m.L = bv.SubModel(fixed=[m.x])
    m.L.y = pyo.Var([1, 2], bounds=(0, 9))
    m.L.row = pyo.Constraint(expr=m.L.y[1] + m.L.y[2] >= m.x)
    m.L.cost = pyo.Objective(expr=m.L.y[1] + m.L.y[2])
    m.cost = pyo.Objective(expr=-m.x + 2 * m.L.y[1])
    return m
"""


def run(*arguments: object) -> Result:
    return CliRunner().invoke(app, [*map(str, arguments)])


def test_stances(tmp_path: Path) -> None:
    path, out = tmp_path / "ties.py", tmp_path / "found.json"
    path.write_text(TIES)
    done = run("solve", path, "--stance", "0.25", "--follower-tolerance", "0.1", "-o", out, "--json")
    assert done.exit_code == Exit.PROVEN
    found = json.loads(done.stdout)
    # -x at best, -x + 2.2 x at worst, x = 4
    assert abs(found["objective"] + 1.8) < 1e-4
    checked = run("verify", out)
    assert checked.exit_code == Exit.PROVEN and "stance               0.25" in checked.stdout
    assert run("solve", path, "--stance", "gloomy").exit_code == Exit.REFUSED
