"""What is slow to import stays away until it is used."""

import json
import subprocess
import sys

import pytest

_NAMES = """
import json, sys
{code}
print(json.dumps(sorted(sys.modules)), file=sys.stderr)
"""
_LIST = "from bilevolt.cli import app; app(['list'], standalone_mode=False)"
_SOLVE = "import bilevolt as bv; bv.solve(bv.models.textbook.build('bard511'), solver='highs')"
_UNUSED = ["scipy.stats", "scipy.integrate", "matplotlib", "pandas", "distributed", "dask"]


@pytest.mark.parametrize(
    "code, away",
    [
        (
            "import bilevolt; dir(bilevolt)",
            [*_UNUSED, "numpy", "scipy", "pyomo", "pao", "networkx", "pydantic", "rich", "typer"],
        ),
        (_LIST, _UNUSED),
        ("import pyomo.environ; " + _SOLVE, [*_UNUSED, "networkx", "rich", "typer"]),
    ],
    ids=["import", "list", "solve"],
)
def test_heavy_modules_stay_away(code, away, tmp_path):
    done = subprocess.run(
        [sys.executable, "-c", _NAMES.format(code=code)], capture_output=True, text=True, check=True, cwd=tmp_path
    )
    loaded = json.loads(done.stderr.splitlines()[-1])
    assert "bilevolt" in loaded and not set(away) & set(loaded)
