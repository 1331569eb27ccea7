"""``plot``: the two levels on paper, for a leader with one variable and a follower with one or two.

What is drawn: the feasible set of both levels' rows, the follower's reaction to every decision (dashed where the
leader's rows reject it: what is left is the inducible region), the bilevel optimum, and the optimum of the high-point
relaxation, which is what the leader would like and the follower does not do.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from ...colours import FOLLOWER, LEVEL, OPTIMUM, REACTION, REGION, REJECTED, RELAXED
from ...solution import Solution
from .reaction_curve import FAR, Reply, reply
from .scene import Scene, scene_of, widened, y_limits

_POINT = 1e-6  # of the width of the picture: a shorter piece of the curve is a point
_JUMP = 1e-6  # of the height of the picture: a larger step between neighbouring decisions is a jump


def plot(model: Any, solution: Solution | None = None) -> Figure:
    """Draw a bilevel model.

    :param solution: of :func:`bilevolt.solve`; the model is solved if there is none (its values stay as they are).
    :returns: a ``matplotlib.figure.Figure`` (``.savefig("picture.png")``).
    :raises BilevoltError: the model has other sizes, uses ``dual_of``, or is none that bilevolt treats.
    """
    scene = scene_of(model, solution)
    small = scene.small
    y = small.follower.y
    figure = Figure(figsize=(7.6, 5.6) if len(y) == 1 else (15.5, 5.6), layout="constrained")
    panels = figure.subplots(1, 1 if len(y) == 1 else 3, squeeze=False)[0]
    for k, name in enumerate(y):
        _draw_reaction(panels[k], scene, k)
        _mark_points(panels[k], scene, (small.follower.x, name))
    if len(y) == 1:
        _draw_levels(panels[0], scene)
    else:
        _draw_slice(panels[2], scene)
    figure.suptitle(small.name, x=0.02, ha="left", weight="bold")
    columns = 2 if len(y) == 1 else 3
    figure.legend(handles=_handles(scene), loc="outside lower center", ncols=columns, frameon=False, fontsize=9)
    return figure


def _draw_reaction(axes: Axes, scene: Scene, k: int) -> None:
    """Draw the regions and the reaction curve of the follower's k-th variable over x."""
    x, y = scene.small.follower.x, scene.small.follower.y[k]
    axes.set(xlim=scene.limits[x], ylim=scene.limits[y], xlabel=x, ylabel=y)
    axes.spines[["top", "right"]].set_visible(False)
    height = scene.limits[y][1] - scene.limits[y][0]
    if scene.small.integer:
        for found in scene.replies:
            for corners, colour in ((found.feasible, FOLLOWER), (found.joint, REGION)):
                if len(corners):
                    bar: dict[str, Any] = {"color": colour, "lw": 9, "solid_capstyle": "butt", "zorder": 1}
                    axes.plot([found.x] * 2, _span(corners, k), **bar)
            for corners, colour in ((found.rejected, REJECTED), (found.accepted, REACTION)):
                if len(corners):
                    axes.plot([found.x] * 2, _span(corners, k), "o-", color=colour, ms=5, lw=2.5, zorder=4)
        return
    for part, colour in (("feasible", FOLLOWER), ("joint", REGION)):
        for run in _runs(scene.replies, part, k, np.inf):
            spans = np.array([_span(getattr(r, part), k) for r in run])
            axes.fill_between([r.x for r in run], spans[:, 0], spans[:, 1], color=colour, lw=0, zorder=1)
    for part, colour, style in (("rejected", REJECTED, "--"), ("accepted", REACTION, "-")):
        for run in _runs(scene.replies, part, k, _JUMP * height):
            spans = np.array([_span(getattr(r, part), k) for r in run])
            at = [r.x for r in run]
            single = at[-1] - at[0] < _POINT * (scene.limits[x][1] - scene.limits[x][0])
            if single or np.ptp(spans, axis=1).max() > _JUMP * height:
                axes.fill_between(at, spans[:, 0], spans[:, 1], color=colour, alpha=0.25, lw=0, zorder=3)
            for edge in spans.T:
                axes.plot(at, edge, style, marker="." if single else "", color=colour, lw=2.6, zorder=4)
            if single:
                axes.plot(at[:1] * 2, (spans.min(), spans.max()), style, color=colour, lw=2.6, zorder=4)


def _span(corners: np.ndarray, k: int) -> tuple[float, float]:
    return float(corners[:, k].min()), float(corners[:, k].max())


def _runs(replies: Sequence[Reply], part: str, k: int, jump: float) -> Iterator[list[Reply]]:
    """Split the decisions where the set is empty, and where it jumps between two that are as good as equal."""
    width = replies[-1].x - replies[0].x or 1.0
    run: list[Reply] = []
    for found in replies:
        if not len(getattr(found, part)):
            if run:
                yield run
            run = []
            continue
        if run:
            before, now = (np.array(_span(getattr(r, part), k)) for r in (run[-1], found))
            if found.x - run[-1].x < 1e-9 * width and np.abs(now - before).max() > max(jump, 1e-4 * jump):
                yield run
                run = []
        run.append(found)
    if run:
        yield run


def _mark_points(axes: Axes, scene: Scene, names: tuple[str, str]) -> None:
    for point, marker, colour, size in ((scene.relaxed, "o", RELAXED, 11), (scene.best, "*", OPTIMUM, 17)):
        if point:
            at = [point[name] for name in names]
            if marker == "o" and scene.best and np.allclose(at, [scene.best[name] for name in names], atol=1e-6):
                size = 23  # around the star that is in the same place
            face = "white" if marker == "o" else colour
            axes.plot(*([v] for v in at), marker, ms=size, mec=colour, mfc=face, mew=2, zorder=6, clip_on=False)


def _draw_levels(axes: Axes, scene: Scene) -> None:
    """Draw the leader's objective: its level lines through the two optima, and the way that it improves."""
    x, y = scene.small.follower.x, scene.small.follower.y[0]
    values = sorted({round(scene.small.objective.at(p), 9) for p in (scene.best, scene.relaxed) if p})
    if not values or not scene.small.objective.names:
        return
    grid = np.meshgrid(np.linspace(*scene.limits[x], 300), np.linspace(*scene.limits[y], 300))
    at = np.vectorize(lambda a, b: scene.small.objective.at({x: a, y: b}))(*grid)
    lines = axes.contour(*grid, at, levels=values, colors=LEVEL, linewidths=1.0, linestyles="dotted", zorder=2)
    axes.clabel(lines, fmt="%.5g", fontsize=8)


def _draw_slice(axes: Axes, scene: Scene) -> None:
    """Draw the follower's problem at the leader's best decision, in the plane of its two variables."""
    follower = scene.small.follower
    one, two = follower.y
    axes.spines[["top", "right"]].set_visible(False)
    axes.set(xlabel=one, ylabel=two)
    if not scene.best:
        axes.set_title("no decision to look at", fontsize=10)
        return
    found = reply(follower, scene.best[follower.x])
    axes.set_title(f"the follower at {follower.x} = {found.x:.4g}", fontsize=10)
    limits = [y_limits([found], k, [scene.best[name]]) for k, name in enumerate(follower.y)]
    bounded = found.feasible[(np.abs(found.feasible) < 0.9 * FAR).all(axis=1)]
    for k in range(2):
        seen = np.r_[limits[k], bounded[:, k]] if len(bounded) else np.array(limits[k])
        limits[k] = widened(float(seen.min()), float(seen.max()))
    axes.set(xlim=limits[0], ylim=limits[1])
    for corners, colour in ((found.feasible, FOLLOWER), (found.joint, REGION)):
        if len(corners) > 2:
            axes.fill(*_around(corners).T, color=colour, zorder=1)
    for corners, colour, style in ((found.rejected, REJECTED, "--"), (found.accepted, REACTION, "-")):
        if len(corners) == 1:
            axes.plot(*corners.T, "o", color=colour, ms=6, zorder=4)
        elif len(corners) == 2:
            axes.plot(*corners.T, style, color=colour, lw=2.6, zorder=4)
        elif len(corners):
            axes.fill(*_around(corners).T, color=colour, alpha=0.3, zorder=3)
    _mark_points(axes, replace(scene, relaxed={}), (one, two))
    grid = np.meshgrid(np.linspace(*limits[0], 200), np.linspace(*limits[1], 200))
    value = scene.small.follower_objective.at(scene.best)
    objective = scene.small.follower_objective
    at = np.vectorize(lambda a, b: objective.at({**scene.best, one: a, two: b}))(*grid)
    if np.ptp(at) > 1e-9:
        step = np.ptp(at) / 6
        levels = [value + k * step for k in range(-6, 7) if at.min() < value + k * step < at.max()]
        lines = axes.contour(*grid, at, levels=levels, colors=LEVEL, linewidths=0.9, linestyles="dotted", zorder=2)
        axes.clabel(lines, fmt="f = %.4g", fontsize=8)


def _around(corners: np.ndarray) -> np.ndarray:
    """Return the corners of a convex set in the order around it."""
    towards = corners - corners.mean(axis=0)
    return corners[np.argsort(np.arctan2(towards[:, 1], towards[:, 0]))]


def _handles(scene: Scene) -> list[Any]:
    marker: dict[str, Any] = {"ls": "", "mew": 2}
    handles: list[Any] = []
    if any(len(r.feasible) and not np.array_equal(r.feasible, r.joint) for r in scene.replies):
        handles.append(Patch(color=FOLLOWER, label="follower's rows hold"))
    handles.append(Patch(color=REGION, label="rows of both levels hold"))
    if any(len(r.accepted) for r in scene.replies):
        handles.append(Line2D([], [], color=REACTION, lw=2.6, label="inducible region: the follower's reaction"))
    if any(len(r.rejected) for r in scene.replies):
        handles.append(Line2D([], [], color=REJECTED, lw=2.6, ls="--", label="reaction, rejected by the leader's rows"))
    star, ring = ("*" if scene.best else ""), ("o" if scene.relaxed else "")
    handles.append(Line2D([], [], marker=star, ms=14, mec=OPTIMUM, mfc=OPTIMUM, label=scene.best_text, **marker))
    handles.append(Line2D([], [], marker=ring, ms=9, mec=RELAXED, mfc="white", label=scene.relaxed_text, **marker))
    return handles
