import copy
import json

import pytest

from bilevolt.errors import InstanceError
from bilevolt.instances import load_instance, read_tntp, to_json

NET = """<NUMBER OF ZONES> 2
<FIRST THRU NODE> 3
<NUMBER OF LINKS> 3
<END OF METADATA>

~ init term capacity length time b power speed toll type ;
1 3 100.5 1 2.5 0.15 4 0 0 1 ;
3 2 200 1 0 0 0 0 0 1 ;
1 2 300 1 9 0.15 1 0 0 1;
"""
TRIPS = """<NUMBER OF ZONES> 2
<TOTAL OD FLOW> 7.5
<END OF METADATA>

Origin 1
    1 :  0.0;   2 :  7.5;
Origin 2
    1 : 0.0;
"""


@pytest.fixture
def tntp(tmp_path):
    def read(net: str = NET, trips: str = TRIPS):
        (tmp_path / "town_net.tntp").write_text(net)
        (tmp_path / "town_trips.tntp").write_text(trips)
        return read_tntp(tmp_path / "town_net.tntp", tmp_path / "town_trips.tntp", source="made for this test")

    return read


def test_sioux_falls_is_shipped():
    network = load_instance("sioux_falls")
    assert network.summary == "24 nodes, 76 links, 528 origin-destination pairs"
    assert sum(trips.flow for trips in network.demand) == 360600
    assert "LeBlanc" in network.source and network.time_unit == "0.01 h"


def test_text_reads_back_to_the_same_network(tmp_path):
    network = load_instance("sioux_falls")
    (tmp_path / "copy.json").write_text(to_json(network))
    assert load_instance(tmp_path / "copy.json") == network


def test_tntp(tntp):
    network = tntp()
    assert network.name == "town" and network.centroids == (1, 2) and network.nodes == (1, 2, 3)
    assert [tuple(link.model_dump().values()) for link in network.links] == [
        (1, 3, 2.5, 100.5, 0.15, 4),
        (3, 2, 0, 200, 0, 0),
        (1, 2, 9, 300, 0.15, 1),
    ]
    assert [tuple(trips.model_dump().values()) for trips in network.demand] == [(1, 2, 7.5)]


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("1 3 100.5 1 2.5", "1 3 0 1 2.5", r"links\[0\].capacity: .*greater than 0.*0.0"),
        ("1 3 100.5", "1 x 100.5", "town_net.tntp, line 7: .*is no link"),
        ("1 3 100.5 1 2.5 0.15 4 0 0 1 ;", "1 3 100.5", "line 7: .*is no link"),
        ("3 2 200", "3 3 200", r"links\[1\]: starts and ends at node 3"),
        ("<FIRST THRU NODE> 3", "<FIRST THRU NODE> three", "FIRST THRU NODE> is 'three'"),
        ("2 :  7.5", "2 :  -7.5", r"demand\[0\].flow: .*greater than or equal to 0.*-7.5"),
        ("2 :  7.5", "8 :  7.5", r"demand\[0\].to_node: no link touches node 8"),
        ("2 :  7.5", "2 :  many", "town_trips.tntp, line 6: 'many' is not a number"),
        ("Origin 1", "Source 1", "line 5: .*is no list of trips"),
        ("Origin 1\n", "", "line 5: .*is no list of trips"),
        ("1 :  0.0;   2 :  7.5;", "2 :  7.5", "line 6: .*is no list of trips"),
    ],
)
def test_bad_tntp_is_refused(tntp, old, new, message):
    assert old in NET + TRIPS
    with pytest.raises(InstanceError, match=message):
        tntp(NET.replace(old, new), TRIPS.replace(old, new))


def test_a_missing_file_is_said(tmp_path):
    with pytest.raises(InstanceError, match=r"absent\.tntp: cannot be read"):
        read_tntp(tmp_path / "absent.tntp", tmp_path / "trips.tntp", source="none")


BAD = {
    "negative demand": (("demand", 4, "flow"), -100.0, r"demand\[4\].flow: .*greater than or equal to 0.*-100"),
    "zero capacity": (("links", 7, "capacity"), 0.0, r"links\[7\].capacity: .*greater than 0"),
    "negative time": (("links", 7, "free_flow_time"), -1.0, r"links\[7\].free_flow_time: .*-1"),
    "power between 0 and 1": (("links", 2, "power"), 0.5, r"links\[2\].power: .*infinitely fast.*0.5"),
    "unknown node": (("demand", 0, "to_node"), 99, r"demand\[0\].to_node: no link touches node 99"),
    "pair twice": (("demand", 1, "to_node"), 2, "the pair 1 to 2 occurs twice"),
    "centroid without a link": (("centroids",), [30], r"centroids\[0\]: no link touches node 30"),
    "node is a text": (("links", 0, "from_node"), "1", r"links\[0\].from_node: .*integer"),
}


@pytest.mark.parametrize(("path", "value", "message"), BAD.values(), ids=BAD)
def test_bad_data_are_refused(tmp_path, path, value, message):
    document = copy.deepcopy(json.loads(to_json(load_instance("sioux_falls"))))
    *outer, last = path
    here = document
    for key in outer:
        here = here[key]
    here[last] = value
    (tmp_path / "bad.json").write_text(json.dumps(document))
    with pytest.raises(InstanceError, match=message):
        load_instance(tmp_path / "bad.json")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda places: places.pop(), "places: node 24 has a place or links, not both"),
        (lambda places: places.append({"node": 99, "x": 0, "y": 0}), "places: node 99 has a place or links"),
        (lambda places: places.append(places[0]), "places: node 1 occurs twice"),
    ],
)
def test_places_are_of_all_nodes_once(tmp_path, change, message):
    document = json.loads(to_json(load_instance("sioux_falls")))
    change(document["places"])
    (tmp_path / "roads.json").write_text(json.dumps(document))
    with pytest.raises(InstanceError, match=message):
        load_instance(tmp_path / "roads.json")
