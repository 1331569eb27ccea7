"""The examples in docstrings give what they say."""

import doctest
import importlib
import pkgutil
from types import ModuleType

import pytest
from pyomo.common.errors import DeferredImportError

import bilevolt

# Folders of the repository that lie beside the subpackages: the root is the package.
NO_PACKAGES = ("tests", "scripts", "docs", "build")


def modules() -> list[str]:
    """Names of all modules of bilevolt, without importing them."""
    found = ["bilevolt"]
    for name in pkgutil.walk_packages(bilevolt.__path__, "bilevolt."):
        if name.name.split(".")[1] not in NO_PACKAGES:
            found.append(name.name)
    return sorted(found)


def examples(module: ModuleType) -> int:
    return sum(len(test.examples) for test in doctest.DocTestFinder().find(module))


@pytest.mark.parametrize("name", modules())
def test_examples(name: str) -> None:
    try:
        assert doctest.testmod(importlib.import_module(name)).failed == 0
    except DeferredImportError as missing:
        pytest.skip(f"an optional dependency is not installed: {missing}")


def test_there_are_examples_in_subpackages() -> None:
    """A search that finds no module would make every test above pass."""
    found = modules()
    assert {"bilevolt.request", "bilevolt.reports.rendering", "bilevolt.solvers.status"} <= set(found)
    for name in ("bilevolt.reports.rendering", "bilevolt.solvers.status"):
        assert examples(importlib.import_module(name)) > 0
