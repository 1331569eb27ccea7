r"""A convex quadratic form as a sum of weighted squares, each of as few variables as is found.

.. math:: x^\top Q x = \sum_k w_k \, (v_k^\top x)^2, \qquad w_k > 0

Tangents of the single squares give a much tighter outer approximation than tangents of the whole form: k squares with
m tangents each describe m^k linear pieces.

Variables are eliminated one by one, the least connected first ("completing the square", a sparse :math:`LDL^\top`), so
that a sum of squares of differences is found again as such. Where that leaves a remainder (a form that is singular
and badly scaled), the block is decomposed by eigenvectors instead, which are dense but safe.

Source: outer approximation of separable convex functions, e.g. H. Hijazi, P. Bonami, A. Ouorou, *An
outer-inner approximation for separable mixed-integer nonlinear programs*, INFORMS J. Comput. 26, 2014.
"""

from dataclasses import dataclass

import numpy as np

from ..quadratic import EIGENVALUE_TOLERANCE, Terms, blocks

SMALLEST_PIVOT = 1e-12
"""A diagonal entry below this times the block's largest counts as zero."""
LARGEST_REMAINDER = 1e-11
"""What may be left of a block after completing the squares, relative to its largest entry."""


@dataclass(frozen=True)
class Square:
    """``weight`` * (sum of coefficient * variable)^2, the variables by id."""

    weight: float
    factor: dict[int, float]


def sum_of_squares(terms: Terms, sign: float = 1.0) -> list[Square]:
    """Decompose sign * sum q_ij x_i x_j, which has to be convex (``quadratic.is_positive_semidefinite``)."""
    if all(i == j for i, j in terms):
        return [Square(sign * q, {i: 1.0}) for (i, _), q in terms.items() if q]
    squares = []
    for ids, matrix in blocks(terms, sign):
        found = _completed(matrix)
        if found is None:
            found = _by_eigenvectors(matrix)
        for weight, vector in found:
            factor = {i: float(v) for i, v in zip(ids, vector, strict=True) if v != 0.0}
            squares.append(Square(weight, factor))
    return squares


def _completed(matrix: np.ndarray) -> list[tuple[float, np.ndarray]] | None:
    """Return (weight, vector) of the completed squares; None if a remainder is left."""
    rest = matrix.copy()
    scale = np.abs(matrix).max()
    found: list[tuple[float, np.ndarray]] = []
    while True:
        pivots = np.flatnonzero(np.diag(rest) > SMALLEST_PIVOT * scale)
        if not pivots.size:
            return found if np.abs(rest).max() <= LARGEST_REMAINDER * scale else None
        degrees = np.count_nonzero(rest[pivots], axis=1)
        k = pivots[np.argmin(degrees)]
        weight = float(rest[k, k])
        vector = rest[k] / weight
        found.append((weight, vector))
        touched = np.flatnonzero(vector)
        rest[np.ix_(touched, touched)] -= weight * np.outer(vector[touched], vector[touched])
        rest[np.abs(rest) <= SMALLEST_PIVOT * scale] = 0.0
        rest[k, :] = rest[:, k] = 0.0


def _by_eigenvectors(matrix: np.ndarray) -> list[tuple[float, np.ndarray]]:
    eigenvalues, vectors = np.linalg.eigh(matrix)
    least = EIGENVALUE_TOLERANCE * np.abs(eigenvalues).max()
    return [(float(w), vectors[:, k]) for k, w in enumerate(eigenvalues) if w > least]
