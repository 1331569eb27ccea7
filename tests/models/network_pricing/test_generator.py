"""Generated instances: reproducible, of the kind asked for, never without a free way."""

import networkx as nx
import pytest

import bilevolt as bv
from bilevolt.errors import ArgumentError
from bilevolt.models.network_pricing import generate


@pytest.mark.parametrize(
    "name, arguments", [("tolls_grid", ("grid", 16, 5, 3)), ("tolls_delaunay", ("delaunay", 12, 5, 4))]
)
def test_shipped_instances_are_what_the_generator_makes(name, arguments):
    assert generate(*arguments, name=name) == bv.load_instance(name)


@pytest.mark.parametrize("kind, nodes", [("grid", 30), ("delaunay", 30), ("voronoi", 40)])
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_structure(kind, nodes, seed):
    instance = generate(kind, nodes, 6, seed)
    assert instance == generate(kind, nodes, 6, seed) != generate(kind, nodes, 6, seed + 10)
    assert len(instance.commodities) == 6
    assert len(instance.tolled) / len(instance.arcs) > 0.1 and len(instance.tolled) <= 2 * round(
        0.1 * len(instance.arcs)
    )
    free = nx.Graph((arc.tail, arc.head) for arc in instance.arcs if not arc.tolled)
    assert nx.is_connected(free) and len(free) == len(instance.nodes)
    pairs = {(arc.tail, arc.head): arc for arc in instance.arcs}
    assert all(pairs[arc.head, arc.tail].cost == arc.cost for arc in instance.arcs)


@pytest.mark.parametrize(
    "arguments, message",
    [
        (("ring", 12, 4, 1), "kind='ring' is unknown; there are: grid, delaunay, voronoi"),
        (("grid", 4, 4, 1), "at least 9 nodes"),
        (("grid", 12, 0, 1), "1 commodity"),
        (("grid", 9, 100, 1), "72 pairs of nodes only"),
    ],
)
def test_what_is_refused(arguments, message):
    with pytest.raises(ArgumentError, match=message):
        generate(*arguments)
