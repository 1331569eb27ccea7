"""Figures of a tournament: a line for each competitor, its colour the reformulation's, its dash the solver's."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.axis import Axis
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import LogLocator, MaxNLocator, NullFormatter, PercentFormatter

from ..colours import colour
from . import profiles

if TYPE_CHECKING:
    from .results import Tournament

_WORDS = {"seconds_cpu": "CPU time (s)", "seconds_total": "time (s)", "nodes": "nodes"}
_RATIOS = {"seconds_cpu": "CPU time", "seconds_total": "time", "nodes": "nodes"}
_LEAST_SECONDS = 1e-3
_SHORT = 1e3
"""Range of a logarithmic axis below which it has more labels than the powers of ten."""
_MARKS = 3
"""Marks on a line."""
_LONG = 24
"""Entries of a legend beyond which it has two columns."""


def performance(results: "Tournament", measure: str) -> Figure:
    """Draw the performance profile: the share of problems that each proves within a factor of the fastest."""
    from .results import LEAST

    curves = profiles.performance_profile(results.costs(measure), LEAST[measure])
    end = max((at for steps in curves.values() for at, _ in steps), default=1.0)
    figure, axes = _frame(f"{_RATIOS[measure]} relative to the best", "proven, share of problems")
    axes.set_xscale("log", base=2)
    axes.set_xlim(1.0, max(2.0, end * 1.1))
    axes.xaxis.set_major_formatter("{x:g}")
    _draw_shares(axes, results, curves, 1.0)
    return _with_legend(figure, axes)


def data(results: "Tournament") -> Figure:
    """Draw the data profile: the share of problems for which there is a point near the best known, over time."""
    from .results import TARGET

    curves = profiles.data_profile(results.seconds_to_target())
    figure, axes = _frame("time (s)", f"point within {100 * TARGET:g} % of the best known")
    _log_seconds(axes, [at for steps in curves.values() for at, _ in steps])
    _draw_shares(axes, results, curves, axes.get_xlim()[0])
    return _with_legend(figure, axes)


def cactus(results: "Tournament", measure: str) -> Figure:
    """Draw how many problems each competitor proves, each within a cost."""
    curves = {label: steps for label, steps in profiles.cactus(results.costs(measure)).items() if steps}
    figure, axes = _frame("problems proven", f"{_WORDS[measure]} of each")
    for label, steps in curves.items():
        axes.plot(*_points(steps), label=label, markersize=3.5, lw=1.3, **results.style(label))
    axes.set_yscale("log")
    _label(axes.yaxis)
    axes.set_xlim(left=0)
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    return _with_legend(figure, axes)


def gap(results: "Tournament") -> Figure:
    """Draw the gap of best point and bound over time, its mean over the problems."""
    curves = results.gaps()
    figure, axes = _frame("time since the solver began (s)", "gap, mean over the problems")
    _log_seconds(axes, [at for steps in curves.values() for at, _ in steps])
    begin = axes.get_xlim()[0]
    for place, (label, steps) in enumerate(curves.items()):
        now = 1.0
        for at, value in steps:
            now = value if at <= begin else now
        shown = [(begin, now), *(step for step in steps if step[0] > begin)]
        _draw_steps(axes, shown, label, results.style(label), place, len(curves))
    axes.set_ylim(-0.02, 1.03)
    axes.yaxis.set_major_formatter(PercentFormatter(1.0))
    if not curves:
        axes.text(0.5, 0.5, "no solver tells it", transform=axes.transAxes, ha="center", color="0.45")
    return _with_legend(figure, axes)


def means(results: "Tournament", measure: str) -> Figure:
    """Draw the shifted geometric mean of each competitor, with how much it proves."""
    summary = results.summary(measure)
    summary = summary[summary["mean"].notna()].sort_values("mean", ascending=False)
    figure = Figure(figsize=(8, 1.2 + 0.3 * max(len(summary), 2)), layout="constrained")
    axes = figure.subplots()
    ways = {entry.task.label: entry.task.way for entry in results.entries}
    exact = {entry.task.label for entry in results.entries if entry.proves}
    places = range(len(summary))
    most = float(summary["mean"].max()) if len(summary) else 1.0
    for place, (_, line) in zip(places, summary.iterrows(), strict=True):
        axes.barh(place, line["mean"], height=0.65, color=colour(ways[line["competitor"]]))
        wrong = f", {line['wrong']} wrong" if line["wrong"] else ""
        what = "proven" if line["competitor"] in exact else "verified"
        said = f" {line['mean']:.3g}   {line[what]} of {line['rows'] - line['refused']} {what}{wrong}"
        axes.text(line["mean"], place, said, va="center", fontsize=8)
    axes.set_yticks(places, summary["competitor"], fontsize=9)
    axes.set_xlim(0, most * 1.6)
    axes.set_xlabel(f"{_WORDS[measure]}, shifted geometric mean")
    _plain(axes)
    axes.tick_params(axis="y", length=0)
    return figure


def _frame(across: str, up: str) -> tuple[Figure, Axes]:
    figure = Figure(figsize=(8.5, 4.6), layout="constrained")
    axes = figure.subplots()
    axes.set_xlabel(across)
    axes.set_ylabel(up)
    axes.grid(color="0.9")
    _plain(axes)
    return figure, axes


def _plain(axes: Axes) -> None:
    axes.set_axisbelow(True)
    axes.spines[["top", "right"]].set_visible(False)


def _log_seconds(axes: Axes, at: list[float]) -> None:
    positive = [seconds for seconds in at if seconds > 0]
    axes.set_xscale("log")
    axes.set_xlim(max(_LEAST_SECONDS, min(positive, default=0.01) / 1.5), max(positive, default=1.0) * 1.5)
    _label(axes.xaxis)


def _label(axis: Axis) -> None:
    """Label a logarithmic axis with plain numbers, enough of them also where it is short."""
    low, high = axis.get_view_interval()
    is_short = high < _SHORT * low
    axis.set_major_locator(LogLocator(subs=(1.0, 2.0, 5.0) if is_short else (1.0,), numticks=12))
    axis.set_major_formatter("{x:g}")
    axis.set_minor_formatter(NullFormatter())


def _draw_shares(axes: Axes, results: "Tournament", curves: Mapping[str, profiles.Steps], begin: float) -> None:
    for place, (label, steps) in enumerate(curves.items()):
        _draw_steps(axes, [(begin, 0.0), *steps], label, results.style(label), place, len(curves))
    axes.set_ylim(-0.02, 1.03)
    axes.yaxis.set_major_formatter(PercentFormatter(1.0))


def _draw_steps(
    axes: Axes, steps: profiles.Steps, label: str, style: Mapping[str, Any], place: int, count: int
) -> None:
    """Draw a step function up to the right end, its marks where no other one's are, so that equal ones are told.

    :param place: of the line among the ``count`` lines; later ones are thinner.
    """
    begin, end = steps[0][0], axes.get_xlim()[1]
    shares = [(mark + (place + 0.5) / count) / _MARKS for mark in range(_MARKS)]
    marks = [begin * (end / begin) ** share for share in shares]
    at, values = (np.array(part) for part in _points(steps))
    every = np.unique(np.r_[at, marks, end])
    heights = values[np.searchsorted(at, every, side="right") - 1]
    axes.step(
        every, heights, where="post", label=label, lw=2.6 - 1.4 * place / max(1, count - 1), markersize=5,
        markevery=np.flatnonzero(np.isin(every, marks)).tolist(), **style,
    )  # fmt: skip


def _points(steps: profiles.Steps) -> tuple[list[float], list[float]]:
    return [at for at, _ in steps], [value for _, value in steps]


def _with_legend(figure: Figure, axes: Axes) -> Figure:
    """Name the lines in the order in which they end, the highest first."""
    lines = sorted(axes.get_lines(), key=_end, reverse=True)
    if lines:
        figure.legend(
            lines, [str(line.get_label()) for line in lines], loc="outside right upper", frameon=False,
            fontsize=8, ncols=1 if len(lines) <= _LONG else 2, handlelength=3.2,
        )  # fmt: skip
    return figure


def _end(line: Line2D) -> float:
    return float(np.asarray(line.get_ydata())[-1])
