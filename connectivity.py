"""The parts of an undirected graph that hang together.

SciPy's function does the same, but the import of its package loads ``scipy.sparse.linalg`` and ``scipy.linalg``: a
tenth of the time in which a first model is solved, for nothing else that a solve needs.
"""

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray


def connected_components(nodes: int, first: ArrayLike, second: ArrayLike) -> tuple[int, NDArray[np.int64]]:
    """Return how many components a graph has, and which each node is in; they are numbered by their first nodes.

    Each node's root is the least that it is known to hang together with. In each round the larger root of an edge's two
    joins the least root that it shares an edge with. A root that no other joined then has a smaller one beside it, and
    goes in the next round: so at most about twice the logarithm of the nodes are needed.

    Source: Shiloach and Vishkin, An O(log n) parallel connectivity algorithm, Journal of Algorithms 3 (1982).

    :param nodes: their number.
    :param first: one end of each edge.
    :param second: the other end; an edge may occur several times, and join a node with itself.
    """
    root: NDArray[np.int64] = np.arange(nodes)
    ends: NDArray[Any] = np.array([first, second], dtype=np.int64).reshape(2, -1)
    while True:
        ends = root[ends]
        ends = ends[:, ends[0] != ends[1]]
        if not ends.size:
            break
        np.minimum.at(root, ends.max(axis=0), ends.min(axis=0))
        while (root[root] < root).any():
            root = root[root]
    roots, label = np.unique(root, return_inverse=True)
    return len(roots), label
