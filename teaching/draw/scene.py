"""What a picture of a small model shows: replies to decisions, points worth marking, and the ranges of the axes."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ...driver import solve
from ...levels.reading import read_levels
from ...solution import Solution
from ...solvers.status import Status
from .reaction_curve import FAR, Reply, curve
from .small_model import SmallModel, crossings, high_point, small_model


@dataclass(frozen=True)
class Scene:
    """All that a picture of a small model is drawn from; ``limits`` are the ranges of the variables."""

    small: SmallModel
    replies: list[Reply]
    best: dict[str, float]
    relaxed: dict[str, float]
    best_text: str
    relaxed_text: str
    limits: dict[str, tuple[float, float]]


def scene_of(model: Any, solution: Solution | None = None) -> Scene:
    """Ask the follower at many decisions, and the high-point relaxation for its optimum.

    :param solution: of :func:`bilevolt.solve`; the model is solved if there is none (its values stay as they are).
    :raises BilevoltError: the model has other sizes, uses ``dual_of``, or is none that bilevolt treats.
    """
    bilevel = read_levels(model)
    small = small_model(bilevel)
    if solution is None:
        with bilevel.kept_values():
            solution = solve(model)
    found = solution.status in (Status.optimal, Status.feasible)
    best = {name: solution.values[name] for name in (small.follower.x, *small.follower.y)} if found else {}
    status, relaxed = high_point(bilevel)
    best_text = f"bilevel optimum: {_number(solution.objective)}" if found else f"no bilevel optimum: {solution.status}"
    if solution.status is Status.feasible:
        best_text = f"bilevel feasible point: {_number(solution.objective)}"
    relaxed_text = (
        f"optimum of the high-point relaxation: {_number(small.objective.at(relaxed))}"
        if relaxed
        else f"high-point relaxation: {status}"
    )
    points = [p for p in (best, relaxed) if p]
    lower, upper = _x_limits(small, points)
    values = np.arange(np.ceil(lower), np.floor(upper) + 1).tolist() if small.integer else None
    replies = curve(small.follower, lower, upper, values)
    seen = [r.x for r in replies if len(r.feasible)] + [p[small.follower.x] for p in points]
    limits = {small.follower.x: widened(min(seen, default=lower), max(seen, default=upper))}
    for k, name in enumerate(small.follower.y):
        limits[name] = y_limits(replies, k, [p[name] for p in points])
    return Scene(small, replies, best, relaxed, best_text, relaxed_text, limits)


def _number(number: float | None) -> str:
    return "none" if number is None else f"{round(number, 9) + 0.0:.5g}"


def _x_limits(small: SmallModel, points: Sequence[dict[str, float]]) -> tuple[float, float]:
    """Return the range of x: its bounds, or where the rows of both levels meet and the points to be shown are."""
    interesting = [p[small.follower.x] for p in points] + crossings(small.follower)[:, 0].tolist()
    lower, upper = small.x_bounds
    interesting += [bound for bound in (lower, upper) if bound is not None and abs(bound) < FAR]
    left, right = (min(interesting), max(interesting)) if interesting else (0.0, 1.0)
    far = lower is None or upper is None or upper - lower > 10 * (right - left)
    margin = max(1.0, 0.25 * (right - left)) if far else 0.0
    wide = (left - margin, right + margin)
    return (
        wide[0] if lower is None or lower < wide[0] else lower,
        wide[1] if upper is None or upper > wide[1] else upper,
    )


def y_limits(replies: Sequence[Reply], k: int, marked: Sequence[float]) -> tuple[float, float]:
    """Return the range of a follower's variable: what is bounded of its reaction and of the joint region."""
    parts = [s[:, k] for r in replies for s in (r.joint, r.optimal)]
    values = np.concatenate([*parts, np.array(marked, dtype=float)]) if parts else np.array(marked, dtype=float)
    inner = values[np.abs(values) < 0.9 * FAR]
    if not len(inner):
        return -1.0, 1.0
    open_ended = bool((np.abs(values) >= 0.9 * FAR).any())
    return widened(float(inner.min()), float(inner.max()), 0.25 if open_ended else 0.06)


def widened(lower: float, upper: float, share: float = 0.05) -> tuple[float, float]:
    """Return an interval with some room on both sides."""
    margin = share * (upper - lower) or 1.0
    return lower - margin, upper + margin
