r"""The reaction of a follower with one or two variables to a leader with one, exactly, point by point.

At a decision x the follower solves a convex QP in at most two variables,

.. math:: R(x) = \arg\min_y \tfrac12 y^\top Q y + c(x)^\top y \quad \text{s.t.} \quad A(x) y + b(x) \ge 0

whose optima are among the minima over the intersections of at most two rows: few enough to try them all. Between two
decisions with different active rows the point of change is found by bisection: kinks and jumps are where they are.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations, pairwise

import numpy as np

from ..polynomials import Polynomial

FAR = 1e5
"""Beyond it a follower's variable counts as unbounded."""

_AS_GOOD = 1e-7  # much more than _INSIDE, or a corner that is out by a rounding error would be the only optimum
_INSIDE = 1e-11
_ACTIVE = 1e-10  # a row is active this near on both sides of a kink, which is found so exactly
_SAMPLES = 201
_CHANGES = 8  # most changes that are looked for between two samples
_BISECTIONS = 45


@dataclass(frozen=True)
class LinearRow:
    """``constant(x) + sum coefficients_j(x) y_j >= 0``."""

    name: str
    constant: Polynomial
    coefficients: tuple[Polynomial, ...]


@dataclass(frozen=True)
class SmallFollower:
    """A follower in ``y`` (one or two variables) that sees the leader's ``x``, and the leader's rows beside it."""

    x: str
    y: tuple[str, ...]
    hessian: np.ndarray
    gradient: tuple[Polynomial, ...]
    rows: tuple[LinearRow, ...]
    leader_rows: tuple[LinearRow, ...]


@dataclass(frozen=True)
class Reply:
    """What the follower does at ``x``: the corners of its feasible set, of that of both levels, and of its optima.

    ``accepted`` are the corners of the optima that the leader's rows admit. Sets are arrays (corner, variable); empty
    where there is no such point. ``active`` numbers the rows that are active at optima.
    """

    x: float
    feasible: np.ndarray
    joint: np.ndarray
    optimal: np.ndarray
    accepted: np.ndarray
    active: frozenset[int]

    @property
    def rejected(self) -> np.ndarray:
        """The optima, where the leader's rows do not admit all of them; else empty."""
        same = self.optimal.shape == self.accepted.shape and np.allclose(self.optimal, self.accepted)
        return self.optimal[:0] if same else self.optimal


def reply(follower: SmallFollower, x: float) -> Reply:
    """Solve the follower at x."""
    n = len(follower.y)
    own, leader = (_numbers(rows, follower.x, x, n) for rows in (follower.rows, follower.leader_rows))
    c = np.array([g.at({follower.x: x}) for g in follower.gradient])
    box = np.vstack([np.hstack([np.full((n, 1), FAR), s * np.eye(n)]) for s in (1.0, -1.0)])
    rows, both = np.vstack([own, box]), np.vstack([own, leader, box])
    feasible, joint = corners(rows), corners(both)
    candidates = _minima(follower.hessian, c, rows)
    optimal = accepted = np.empty((0, n))
    if len(candidates):
        value = _objective(follower.hessian, c, candidates)
        best = value.min()
        limit = best + _AS_GOOD * (1 + abs(best))
        # All optima of a convex QP have the same Q y; near a kink a point that is none is as good to a tolerance.
        slope = follower.hessian @ candidates[value.argmin()]
        optimal = candidates[(value <= limit) & _same(follower.hessian, candidates, slope)]
        if np.abs(optimal).max() >= 0.999 * FAR and not _bounded(follower.hessian, c, optimal, best):
            optimal = np.empty((0, n))  # unbounded: there is no reply
        else:
            inside = _minima(follower.hessian, c, both)
            as_good = _objective(follower.hessian, c, inside) <= limit
            accepted = inside[as_good & _same(follower.hessian, inside, slope)]
    slack = own[:, :1] + own[:, 1:] @ optimal.T
    scale = 1.0 + np.abs(own[:, :1]) + np.abs(own[:, 1:]) @ np.abs(optimal.T)
    active = frozenset(np.flatnonzero((np.abs(slack) <= _ACTIVE * scale).any(axis=1)).tolist())
    return Reply(x, feasible, joint, optimal, accepted, active)


def curve(follower: SmallFollower, lower: float, upper: float, values: Sequence[float] | None = None) -> list[Reply]:
    """Solve the follower over an interval, with the points where the curve changes found to 1e-12 of its length.

    :param values: the only values that x may take (an integer leader); no points between are sought.
    """
    if values is not None:
        return [reply(follower, x) for x in values]
    replies = [reply(follower, x) for x in np.linspace(lower, upper, _SAMPLES)]
    found = replies[:1]
    for before, after in pairwise(replies):
        for _ in range(_CHANGES):
            if _piece(before) == _piece(after):
                break
            last, before = _change(follower, before, after)
            found += [last, before]
        found.append(after)
    return found


def _change(follower: SmallFollower, before: Reply, after: Reply) -> tuple[Reply, Reply]:
    """Return the replies on either side of the first change between two decisions."""
    for _ in range(_BISECTIONS):
        middle = reply(follower, (before.x + after.x) / 2)
        if _piece(middle) == _piece(before):
            before = middle
        else:
            after = middle
    return before, after


def _piece(found: Reply) -> tuple[frozenset[int], tuple[bool, ...]]:
    """Return what tells pieces of the curve apart: active rows, and which sets are empty."""
    parts = (found.feasible, found.joint, found.optimal, found.accepted, found.rejected)
    return found.active, tuple(len(part) > 0 for part in parts)


def _numbers(rows: Sequence[LinearRow], name: str, x: float, n: int) -> np.ndarray:
    at = {name: x}
    numbers = [[row.constant.at(at), *(a.at(at) for a in row.coefficients)] for row in rows]
    return np.array(numbers, dtype=float).reshape(len(rows), n + 1)


def _objective(hessian: np.ndarray, c: np.ndarray, points: np.ndarray) -> np.ndarray:
    return 0.5 * np.einsum("ki,ij,kj->k", points, hessian, points) + points @ c


def _same(hessian: np.ndarray, points: np.ndarray, slope: np.ndarray) -> np.ndarray:
    """Tell which points have this Q y."""
    return np.abs(points @ hessian - slope).max(axis=1, initial=0.0) <= _AS_GOOD * (1 + np.abs(slope).max())


def _bounded(hessian: np.ndarray, c: np.ndarray, optimal: np.ndarray, best: float) -> bool:
    """Whether optima on the box are there because all points are as good, and not because better ones lie beyond."""
    inner = optimal * 0.5
    return bool(np.allclose(_objective(hessian, c, inner), best, rtol=1e-6, atol=1e-6)) or bool(
        (np.abs(optimal).max(axis=1) < 0.999 * FAR).any()
    )


def corners(rows: np.ndarray) -> np.ndarray:
    """Return the corners of ``rows >= 0``."""
    n = rows.shape[1] - 1
    return _feasible(np.array([p for s in combinations(rows, n) if (p := _meet(np.array(s))) is not None]), rows)


def _minima(hessian: np.ndarray, c: np.ndarray, rows: np.ndarray) -> np.ndarray:
    """Return the feasible points that are the only minimum over an intersection of rows: all corners of all optima."""
    n = len(c)
    found = []
    for size in range(n + 1) if hessian.any() else [n]:
        for subset in combinations(rows, size):
            chosen = np.array(subset).reshape(size, n + 1)
            point = _meet(chosen) if size == n else _stationary(hessian, c, chosen)
            if point is not None:
                found.append(point)
    return _feasible(np.array(found), rows)


def _meet(rows: np.ndarray) -> np.ndarray | None:
    """Return the one point on all of these n rows."""
    a = rows[:, 1:]
    written_out = len(a) == 2  # much faster than LAPACK, and asked thousands of times
    determinant = a[0, 0] * a[1, 1] - a[0, 1] * a[1, 0] if written_out else np.linalg.det(a)
    if abs(determinant) <= 1e-12 * max(1e-300, float(np.abs(a).max()) ** len(a)):
        return None
    return -np.linalg.solve(a, rows[:, 0])


def _stationary(hessian: np.ndarray, c: np.ndarray, rows: np.ndarray) -> np.ndarray | None:
    """Return the minimum of the objective over fewer than n rows as equations, if it is the only one."""
    n, m = len(c), len(rows)
    system = np.zeros((n + m, n + m))
    system[:n, :n], system[n:, :n], system[:n, n:] = hessian, rows[:, 1:], rows[:, 1:].T
    if np.linalg.matrix_rank(system) < n + m:
        return None
    return np.linalg.solve(system, np.r_[-c, -rows[:, 0]])[:n]


def _feasible(points: np.ndarray, rows: np.ndarray) -> np.ndarray:
    n = rows.shape[1] - 1
    points = points.reshape(-1, n)
    scale = 1.0 + np.abs(rows[:, :1]) + np.abs(rows[:, 1:]) @ np.abs(points.T)
    slack = rows[:, :1] + rows[:, 1:] @ points.T
    inside = points[(slack >= -_INSIDE * scale).all(axis=0)]
    return np.unique(np.round(inside, 12), axis=0)
