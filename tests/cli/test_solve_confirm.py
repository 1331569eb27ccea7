"""``bilevolt solve --confirm``."""

from pathlib import Path

from typer.testing import CliRunner, Result

from bilevolt.cli.app import Exit, app

BELIEVED = """
import bilevolt as bv
import pyomo.environ as pyo
from bilevolt.models import textbook

def build():
    model = textbook.build("pineda")
    model.cuts = bv.ValidInequalities(reason="believed")
    model.cuts.cap = pyo.Constraint(expr=model.xR <= 1.5)
    return model
"""


def run(*arguments: object) -> Result:
    return CliRunner().invoke(app, [*map(str, arguments)])


def test_a_confirmed_optimum() -> None:
    done = run("solve", "bard511", "--solver", "highs", "--confirm", "scip")
    assert done.exit_code == Exit.PROVEN and "confirmed by         scip (sos1): nothing better found" in done.stdout


def test_a_refuted_optimum_fails(tmp_path: Path) -> None:
    path = tmp_path / "believed.py"
    path.write_text(BELIEVED)
    assert run("solve", path, "--solver", "highs").exit_code == Exit.PROVEN
    done = run("solve", path, "--solver", "highs", "--confirm", "scip")
    assert done.exit_code == Exit.FAILED and "refuted by           scip (sos1): objective 102, verified" in done.stdout


def test_the_same_solver_is_refused() -> None:
    assert run("solve", "bard511", "--solver", "scip", "--confirm", "scip").exit_code == Exit.REFUSED
