"""Components of graphs, beside SciPy's."""

import numpy as np
import pytest
from scipy.sparse import coo_array, csgraph

from bilevolt.connectivity import connected_components


@pytest.mark.parametrize(
    "nodes, edges, labels",
    [
        (0, [], []),
        (3, [], [0, 1, 2]),
        (3, [(1, 1)], [0, 1, 2]),
        (4, [(3, 1), (1, 3), (3, 1)], [0, 1, 2, 1]),
        (5, [(4, 0), (4, 1), (4, 2), (4, 3)], [0] * 5),  # a star whose hub comes last
        (6, [(5, 2), (2, 4), (0, 3)], [0, 1, 2, 0, 2, 2]),
    ],
)
def test_by_hand(nodes, edges, labels):
    first, second = [a for a, _ in edges], [b for _, b in edges]
    count, label = connected_components(nodes, first, second)
    assert (count, label.tolist()) == (len(set(labels)), labels)


@pytest.mark.parametrize("seed", range(40))
def test_like_scipys(seed):
    random = np.random.default_rng(seed)
    nodes = int(random.integers(1, 300))
    first, second = random.integers(0, nodes, (2, int(random.integers(0, 2 * nodes))))
    graph = coo_array((np.ones(first.size), (first, second)), shape=(nodes, nodes))
    count, label = csgraph.connected_components(graph, directed=False)
    found, own = connected_components(nodes, first, second)
    assert found == count and own.tolist() == label.tolist()


def test_a_long_path_in_any_order():
    order = np.random.default_rng(0).permutation(100_000)
    count, label = connected_components(order.size, order[:-1], order[1:])
    assert count == 1 and not label.any()
