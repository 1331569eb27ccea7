"""Figure of a comparison: how long every row took, and which gap it left."""

from collections.abc import Sequence

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import NullFormatter

from ..colours import STATUSES
from .row import REFUSED, Row

_LEAST_GAP = 1e-9  # a smaller gap is drawn there, so that a logarithmic axis can show it


def draw(rows: Sequence[Row]) -> Figure:
    """Draw a line for each row, coloured by status: total seconds on the left, on the right its gap if any has one."""
    figure = Figure(figsize=(11, 1.9 + 0.3 * max(len(rows), 2)), layout="constrained")
    with_gaps = any(row.gap is not None for row in rows)  # else that half would be empty
    widths = [3, 2] if with_gaps else [1]
    times, *gaps = figure.subplots(1, len(widths), sharey=True, width_ratios=widths, squeeze=False)[0]
    places = range(len(rows))
    several = len({row.instance for row in rows}) > 1
    times.set_yticks(places, [f"{row.instance}: {row.label}" if several else row.label for row in rows], fontsize=9)
    times.set_ylim(max(len(rows), 1) - 0.5, -0.5)
    _draw_times(times, rows)
    for axes in gaps:
        _draw_gaps(axes, rows)
    for axes in (times, *gaps):
        axes.grid(axis="x", color="0.9")
        axes.set_axisbelow(True)
        axes.spines[["top", "right"]].set_visible(False)
        axes.tick_params(axis="y", length=0)
    shown = [status for status in STATUSES if any(_status(row) == status for row in rows)]
    handles = [Line2D([], [], marker="s", ls="", color=STATUSES[status], label=status) for status in shown]
    figure.legend(handles=handles, loc="outside upper center", ncols=max(1, len(handles)), frameon=False)
    return figure


def _status(row: Row) -> str:
    return "error" if row.culprit else row.status


def _draw_times(axes: Axes, rows: Sequence[Row]) -> None:
    ran = [
        (place, row, row.seconds_total) for place, row in enumerate(rows) if row.seconds_total and row.reason is None
    ]
    least = min((seconds for *_, seconds in ran), default=0.1)
    most = max((seconds for *_, seconds in ran), default=1.0)
    axes.set_xscale("log")
    axes.set_xlim(least / 2, most * (2 * most / least) ** 0.35)  # a third more than the longest bar, for its label
    axes.set_xlabel("total time (s)")
    axes.xaxis.set_major_formatter("{x:g}")
    axes.xaxis.set_minor_formatter(NullFormatter())
    for place, row, seconds in ran:
        axes.barh(place, seconds, height=0.6, color=STATUSES[_status(row)])
        label = f" {seconds:.3g} s{', culprit' if row.culprit else ''}"
        axes.text(seconds, place, label, va="center", fontsize=8)
    for place, row in enumerate(rows):
        if row.reason is not None:
            axes.text(least / 1.9, place, REFUSED, va="center", fontsize=8, color="0.45", style="italic")


def _draw_gaps(axes: Axes, rows: Sequence[Row]) -> None:
    axes.set_xscale("log")
    axes.set_xlim(_LEAST_GAP / 2, 20)
    axes.set_xticks([1e-9, 1e-6, 1e-3, 1], ["0", r"$10^{-6}$", r"$10^{-3}$", "1"])
    axes.minorticks_off()
    axes.set_xlabel("relative gap")
    for place, row in enumerate(rows):
        if row.gap is not None:
            axes.plot(max(row.gap, _LEAST_GAP), place, "o", color=STATUSES[_status(row)], clip_on=False)
        elif row.reason is None:
            axes.text(_LEAST_GAP, place, "no bound", va="center", fontsize=8, color="0.45", style="italic")
