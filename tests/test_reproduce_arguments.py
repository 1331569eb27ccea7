"""All scripts that reproduce a paper take the same: INSTANCE --out DIR --time-limit SECONDS."""

import ast
from pathlib import Path

import pytest

SCRIPTS = sorted((Path(__file__).parent.parent / "scripts").glob("reproduce_*.py"))
PAPERS = {"network_pricing", "electric_bus", "fast_charging", "demand_response", "station_location"}


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: path.stem)
def test_the_arguments_are_the_same(script):
    tree = ast.parse(script.read_text(encoding="utf-8"))
    (main,) = (node for node in tree.body if isinstance(node, ast.FunctionDef) and node.name == "main")
    kinds = {
        argument.arg: kind
        for argument in main.args.args
        for kind in ("Argument", "Option")
        if argument.annotation is not None and f"typer.{kind}(" in ast.unparse(argument.annotation)
    }
    assert list(kinds.items())[:3] == [("instance", "Argument"), ("out", "Option"), ("time_limit", "Option")]
    assert "Argument" not in list(kinds.values())[1:]
    assert len(main.args.defaults) == len(main.args.args), "each has a default"


def test_there_is_one_for_each_paper():
    assert {script.stem.removeprefix("reproduce_") for script in SCRIPTS} >= PAPERS
