"""Names and tables whose objects are imported when they are asked for."""

import subprocess
import sys

import pytest

import bilevolt as bv
from bilevolt import lazily


def table():
    return lazily.LazyTable("bilevolt", {"number": "quantities:number", "gone": "quantities:gone", "x": "nowhere:x"})


def test_names_are_there_before_their_modules():
    assert list(table()) == ["number", "gone", "x"] and len(table()) == 3
    assert "x" in table() and "y" not in table()


def test_an_object_is_looked_up_once():
    from bilevolt.quantities import number

    names = table()
    assert names["number"] is names["number"] is number


@pytest.mark.parametrize(
    "name, error, said", [("y", KeyError, "y"), ("gone", AttributeError, "gone"), ("x", ImportError, "nowhere")]
)
def test_what_is_not_there_says_so(name, error, said):
    with pytest.raises(error, match=said):
        table()[name]


def test_an_entry_can_be_added_replaced_and_removed():
    names = table()
    names["y"], names["number"] = 1, 2
    assert (names["y"], names["number"], list(names)) == (1, 2, ["number", "gone", "x", "y"])
    del names["y"], names["number"]
    assert list(names) == ["gone", "x"] and "number" not in names


@pytest.mark.parametrize("package", [bv.heuristics, bv.instances], ids=lambda package: package.__name__)
def test_every_public_name_can_be_imported(package):
    """In a process of its own, where nothing else has imported it before."""
    code = f"import {package.__name__} as p\nfor name in p.__all__: getattr(p, name)"
    subprocess.run([sys.executable, "-c", code], check=True)


def test_a_name_that_is_not_public_is_refused():
    with pytest.raises(AttributeError, match=r"'bilevolt\.instances' has no attribute 'nothing'"):
        bv.instances.nothing  # noqa: B018
