"""Quadratic forms: convex or not, and because of which term."""

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
from scipy.sparse import coo_array

from ..connectivity import connected_components

Terms = Mapping[tuple[int, int], float]
"""Coefficients of x_i x_j (i != j given once) and x_i^2, keyed by the ids of the two variables."""

EIGENVALUE_TOLERANCE = 1e-9
"""An eigenvalue above minus this times the largest absolute one of its block counts as not negative."""


def is_positive_semidefinite(terms: Terms, sign: float = 1.0) -> bool:
    """Whether sign * sum q_ij x_i x_j is convex.

    Variables joined by products form blocks; every block's eigenvalues are computed (dense), so that a
    separable objective with thousands of squares costs nothing.
    """
    if any(i == j and sign * q < 0 for (i, j), q in terms.items()):
        return False
    if all(i == j for i, j in terms):
        return True
    for _, matrix in blocks(terms, sign):
        eigenvalues = np.linalg.eigvalsh(matrix)
        if eigenvalues[0] < -EIGENVALUE_TOLERANCE * np.abs(eigenvalues).max():
            return False
    return True


def blocks(terms: Terms, sign: float = 1.0) -> Iterator[tuple[list[int], np.ndarray]]:
    """Yield (ids, dense symmetric matrix) of sign * sum q_ij x_i x_j, for each set of variables joined by products."""
    position: dict[int, int] = {}
    for pair in terms:
        for i in pair:
            position.setdefault(i, len(position))
    rows, columns, halves = [], [], []
    for (i, j), q in terms.items():
        rows += [position[i], position[j]]
        columns += [position[j], position[i]]
        halves += [sign * q / 2] * 2  # a square lands twice on the diagonal, so halves add up to q
    n = len(position)
    ids = list(position)
    matrix = coo_array((halves, (rows, columns)), shape=(n, n)).tocsr()
    count, labels = connected_components(n, rows, columns)
    order = np.argsort(labels, kind="stable")
    for members in np.split(order, np.cumsum(np.bincount(labels, minlength=count))[:-1]):
        yield [ids[k] for k in members], matrix[members, :][:, members].toarray()


def describe_term(terms: Terms, variables: Mapping[int, Any], sign: float | None = None) -> str:
    """Name one product or square; with a sign, one that speaks against convexity of sign * form."""
    wrong_squares = [i for (i, j), q in terms.items() if i == j and sign is not None and sign * q < 0]
    if wrong_squares:
        return f"square of '{variables[wrong_squares[0]].name}'"
    for i, j in terms:
        if i != j:
            return f"product of '{variables[i].name}' and '{variables[j].name}'"
    return f"square of '{variables[next(iter(terms))[0]].name}'"
