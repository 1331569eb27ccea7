"""``bilevolt list``: names without imports of what is named, and one kind in detail."""

import json

import pytest
from typer.testing import CliRunner

from bilevolt.cli.app import app
from bilevolt.cli.listing import Kind
from bilevolt.heuristics import METHODS
from bilevolt.instances import list_instances, shipped
from bilevolt.models import textbook
from bilevolt.reformulations import LINEARIZATIONS
from bilevolt.request import EXACT
from bilevolt.solvers import SOLVERS

NAMES = {
    Kind.instances: [info.name for info in list_instances()],
    Kind.textbook: list(textbook.NAMES),
    Kind.solvers: list(SOLVERS),
    Kind.reformulations: ["auto", *LINEARIZATIONS],
    Kind.methods: [*EXACT, *METHODS],
}


def listed(*arguments):
    result = CliRunner().invoke(app, ["list", *arguments])
    assert result.exit_code == 0, result.output
    return result.stdout


def test_all_names_are_there():
    words = listed().replace(",", " ").split()
    assert not {name for names in NAMES.values() for name in names} - set(words)
    assert not {info.problem for info in list_instances()} - set(words)


@pytest.mark.parametrize("kind", Kind)
def test_a_kind_in_detail(kind):
    text = listed(kind)
    rows = {line.split()[0]: line for line in text.splitlines() if line.strip()}
    assert not set(NAMES[kind]) - set(rows)
    if kind in (Kind.methods, Kind.reformulations):  # a sentence of each, as people read it
        assert not [name for name in NAMES[kind] if not rows[name].rstrip().endswith(".")]
        assert ":math:" not in text and "`" not in text


@pytest.mark.parametrize("kind", Kind)
def test_a_kind_as_json(kind):
    document = json.loads(listed(kind, "--json"))
    assert list(document) == [kind]
    names = [item if isinstance(item, str) else item.get("name", item.get("solver")) for item in document[kind]]
    assert names == NAMES[kind]


def test_details_say_more():
    assert "12 buses, 4 sites" in listed("instances")
    assert "Bard 1998 Ex 5.1.1" in listed("textbook")
    assert "quadratic_constraints" in listed("solvers")


def test_another_kind_is_refused():
    result = CliRunner().invoke(app, ["list", "everything"])
    assert result.exit_code == 2


def test_a_collection_of_other_data_is_no_instance():
    assert "textbook" not in shipped.instances()
