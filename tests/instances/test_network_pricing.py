"""Schema of network pricing: what is refused, and the published format as it is."""

import json

import pytest
from typer.testing import CliRunner

import bilevolt as bv
from bilevolt.cli.app import app
from bilevolt.errors import InstanceError
from bilevolt.instances import parse_instance, to_json


@pytest.fixture
def document():
    return json.loads(to_json(bv.load_instance("tolls_grid")))


def published():
    """A file as it is published: o = 1, by 2 with tolls or straight to 3; the second way to 2 is parallel."""
    arcs = [(1, 2, 1.0, True), (2, 3, 1.0, False), (1, 3, 5.0, False), (1, 2, 3.5, False)]
    return {
        "problem": {
            "V": 3,
            "A": [{"src": a, "dst": b, "cost": c, "toll": t} for a, b, c, t in arcs],
            "K": [{"orig": 1, "dest": 3, "demand": 2.0, "index": 1}],
        }
    }


def test_the_published_format_is_read_and_solved_as_it_is(tmp_path):
    path = tmp_path / "g01-01.json"
    path.write_text(json.dumps(published()))
    instance = bv.load_instance(path)
    assert (instance.problem, instance.name) == ("network_pricing", "g01-01")
    assert instance.summary == "3 nodes, 4 arcs (1 tolled), 1 commodities"
    assert [arc.id for arc in instance.arcs] == ["1-2", "2-3", "1-3", "1-2.2"]
    assert parse_instance(to_json(instance), "again") == instance
    options = ["--solver", "highs", "--reformulation", "strong_duality", "--json"]
    result = CliRunner().invoke(app, ["solve", str(path), *options])
    assert result.exit_code == 0, result.output
    answer = json.loads(result.stdout)
    assert answer["status"] == "optimal" and answer["objective"] == pytest.approx(5)  # 2 x (4.5 - 2)


@pytest.mark.parametrize(
    "break_it, message",
    [
        (lambda p: p["A"][1].pop("cost"), r"KeyError\('cost'\).*every entry of A has src, dst, cost and toll"),
        (lambda p: p.update(K=[7]), "looks like a published network pricing file"),
        (lambda p: p.update(V="many"), "V is the number of nodes"),
        (lambda p: p["A"][0].update(cost=-1.0), r"arcs\[0\] \('1-2'\).cost: .*greater than or equal to 0"),
        (lambda p: p["A"][0].update(src=9), r"arcs\[0\] \('9-2'\).tail: unknown node '9'"),
        (lambda p: p["A"][0].update(toll="yes"), r"arcs\[0\] \('1-2'\).tolled: .*boolean"),
    ],
)
def test_a_broken_published_file_is_refused(break_it, message):
    data = published()
    break_it(data["problem"])
    with pytest.raises(InstanceError, match=message):
        parse_instance(json.dumps(data), "file.json")


def test_what_is_no_published_file_is_still_unknown():
    with pytest.raises(InstanceError, match=r"problem: {'V': 3} is unknown; write one of: .*network_pricing"):
        parse_instance('{"problem": {"V": 3}}', "file.json")


def put(*path, value):
    def change(document):
        here = document
        for key in path[:-1]:
            here = here[key]
        here[path[-1]] = value

    return change


def untolled(document):
    for arc in document["arcs"]:
        arc["tolled"] = False


def all_tolled(document):
    for arc in document["arcs"]:
        arc["tolled"] = True


@pytest.mark.parametrize(
    "change, message",
    [
        (put("nodes", 1, "id", value="001"), "nodes: id '001' occurs twice"),
        (put("arcs", 1, "id", value="001-002"), "arcs: id '001-002' occurs twice"),
        (put("arcs", 0, "head", value="001"), "leads from '001' to itself"),
        (put("arcs", 0, "head", value="x"), r"arcs\[0\] \('001-002'\).head: unknown node 'x'"),
        (put("commodities", 0, "origin", value="x"), r"commodities\[0\] \('k01'\).origin: unknown node 'x'"),
        (put("commodities", 0, "demand", value=0), "demand"),
        (untolled, "none may be tolled"),
        (all_tolled, r"no way from '\d+' to '\d+' without tolled arcs, so that any toll would be paid"),
    ],
)
def test_what_is_refused(document, change, message):
    change(document)
    with pytest.raises(InstanceError, match=message):
        parse_instance(json.dumps(document), "given")


def test_a_trip_to_where_it_begins_is_refused(document):
    document["commodities"][0]["destination"] = document["commodities"][0]["origin"]
    with pytest.raises(InstanceError, match="begins and ends at"):
        parse_instance(json.dumps(document), "given")
