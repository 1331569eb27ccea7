"""The names that editors complete are those of the registries."""

import ast
from inspect import signature
from pathlib import Path
from typing import get_args, get_type_hints

import pytest

import bilevolt as bv
from bilevolt import option_names
from bilevolt.heuristics import METHODS
from bilevolt.levels.submodel_type import SubModel as TypedSubModel
from bilevolt.reformulations import LINEARIZATIONS
from bilevolt.reformulations.asking import CUTS
from bilevolt.reports.rivals import RIVALS
from bilevolt.request import EXACT
from bilevolt.solvers import SOLVERS
from bilevolt.stances import asked

REGISTRIES = {
    "Linearization": LINEARIZATIONS,
    "Reformulation": ("auto", *LINEARIZATIONS),
    "SingleLevelForm": ("kkt", *LINEARIZATIONS),
    "Heuristic": METHODS,
    "Method": (*EXACT, *METHODS),
    "SolverName": ("auto", *SOLVERS),
    "StanceName": asked.NAMES,
    "RivalName": RIVALS,
    "Cuts": [cut for cut in CUTS if cut is not None],
}


def completed(annotation):
    """The names in a union of Literals, also inside a Sequence or a Mapping."""
    if isinstance(annotation, str):
        return [annotation]
    return [name for part in get_args(annotation) for name in completed(part)]


@pytest.mark.parametrize("name", REGISTRIES)
def test_the_names_are_those_of_the_registry(name):
    annotation = getattr(option_names, name)
    assert sorted(completed(annotation)) == sorted(REGISTRIES[name])
    assert str in get_args(annotation)  # open: a new step needs its registry only


@pytest.mark.parametrize(
    ("function", "arguments"),
    [
        (bv.solve, ("method", "reformulation", "solver", "cuts", "warm_start", "confirm", "stance")),
        (bv.reformulate, ("reformulation", "cuts")),
        (bv.compare, ("reformulations", "solvers", "methods", "confirm")),
        (bv.tournament, ("reformulations", "solvers", "methods", "rivals")),
        (bv.sweep, ("reformulation", "solver", "method")),
        (bv.write, ("reformulation",)),
        (bv.explain, ("reformulation", "cuts")),
    ],
    ids=lambda given: getattr(given, "__name__", ""),
)
def test_public_functions_offer_the_names(function, arguments):
    hints = get_type_hints(function)
    assert [name for name in arguments if not completed(hints[name])] == []


def test_the_typed_submodel_takes_what_paos_own_takes():
    keywords = [name for name in signature(TypedSubModel.__init__).parameters if name != "self"]
    defaults = {"fixed": None, "name": "follower", "doc": "of the test", "concrete": False, "dense": True}
    assert keywords == list(defaults)
    assert bv.SubModel(**defaults).doc == "of the test"
    with pytest.raises(ValueError, match="fixd"):
        bv.SubModel(fixd=None)


def test_type_checkers_see_every_public_name():
    tree = ast.parse(Path(bv.__file__).read_text(encoding="utf-8"))
    imports = [node for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)]
    shown = [alias.name for node in imports for alias in node.names if alias.asname == alias.name]
    assert sorted(shown) == sorted(bv.__all__)
