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
_CLI = "import sys; sys.argv = ['bilevolt', {}]\nfrom bilevolt.cli import main\ntry: main()\nexcept SystemExit: pass"
_SOLVE = "import bilevolt as bv; bv.solve(bv.models.textbook.build('bard511'), solver='highs')"
_UNUSED = ["scipy.stats", "scipy.integrate", "matplotlib", "pandas", "distributed", "dask"]
_MODELS = ["numpy", "scipy", "pyomo", "pao", "networkx"]
_SELDOM = ["networkx", "rich", "typer", "bilevolt.heuristics.nested", "bilevolt.decomposition.search"]


def run(code, folder):
    """Return the names of all modules that are there after code has run in a process of its own, and its prints."""
    done = subprocess.run(
        [sys.executable, "-c", _NAMES.format(code=code)], capture_output=True, text=True, check=True, cwd=folder
    )
    names = json.loads(done.stderr.splitlines()[-1])
    assert "bilevolt" in names
    return names, done.stdout


@pytest.mark.parametrize(
    "code, away",
    [
        (
            "import bilevolt; dir(bilevolt)",
            [*_UNUSED, *_MODELS, "pydantic", "rich", "typer"],
        ),
        (_CLI.format("'--help'"), [*_UNUSED, *_MODELS, "pydantic"]),
        (_CLI.format("'list'"), [*_UNUSED, *_MODELS, "bilevolt.instances.base"]),
        (_CLI.format("'list', 'solvers'"), [*_UNUSED, "pao", "networkx", "bilevolt.levels"]),
        (_CLI.format("'solve', 'bard511', '--solver', 'highs'"), [*_UNUSED, "networkx", "pao", "scipy.linalg"]),
        ("import pyomo.environ; " + _SOLVE, [*_UNUSED, *_SELDOM, "pao", "scipy.linalg"]),
        (_SOLVE, [*_UNUSED, *_SELDOM, "pao", "pyomo.environ", "scipy.linalg", "bilevolt.instances.base"]),
    ],
    ids=["import", "help", "list", "list-solvers", "solve-command", "solve", "solve-alone"],
)
def test_heavy_modules_stay_away(code, away, tmp_path):
    names, _ = run(code, tmp_path)
    assert not set(away) & set(names)


@pytest.mark.parametrize("words, completed", [("bilevolt so", "solve"), ("bilevolt list re", "reformulations")])
def test_completion_loads_no_more_than_the_help(words, completed, tmp_path):
    """A shell starts the program at every TAB."""
    asked = {"_BILEVOLT_COMPLETE": "complete_bash", "COMP_WORDS": words, "COMP_CWORD": str(words.count(" "))}
    code = f"import os; os.environ |= {asked!r}\n" + _CLI.format("")
    names, printed = run(code, tmp_path)
    assert printed.split() == [completed]
    assert not {*_UNUSED, *_MODELS} & set(names)
