"""Figure of a sweep: a curve over one field; over two, a curve for each value of the second, or a map."""

from typing import TYPE_CHECKING

from matplotlib import colormaps
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from ..colours import SERIES
from ..solvers.status import Status

if TYPE_CHECKING:
    from .sweeping import Sweep

_CURVES = 8
"""Values of the second field up to which each has a curve."""


def draw(results: "Sweep", of: str) -> Figure:
    """Draw a figure of the problem over the fields; a circle without filling is a point that is not proven optimal."""
    figure = Figure(figsize=(7.5, 4.6), layout="constrained")
    axes = figure.subplots()
    axes.set_xlabel(_words(results.fields[0]))
    axes.grid(color="0.9")
    axes.set_axisbelow(True)
    axes.spines[["top", "right"]].set_visible(False)
    found = results.points(of)
    proven = [entry.row.status == Status.optimal for entry in results.entries]
    seconds = sorted({at[1] for at, _ in found if len(at) == 2})
    if len(seconds) > _CURVES:
        _map(figure, axes, found, results.fields[1], of)
        return figure
    axes.set_ylabel(_words(of))
    shades = colormaps["viridis"].resampled(max(2, len(seconds) + 1))
    for place, second in enumerate(seconds or [None]):
        own = [(at[0], item, sure) for (at, item), sure in zip(found, proven, strict=True)
               if item is not None and (second is None or at[1] == second)]  # fmt: skip
        colour = SERIES[0] if second is None else shades(place)
        axes.plot([x for x, _, _ in own], [y for _, y, _ in own], "-", color=colour, lw=1.5,
                  label=None if second is None else f"{second:g}")  # fmt: skip
        for sure in (True, False):
            x, y = [x for x, _, s in own if s is sure], [y for _, y, s in own if s is sure]
            axes.plot(x, y, "o", color=colour, mfc=colour if sure else "white", ms=4.5)
    _mark_missing(axes, [at[0] for at, item in found if item is None])
    if seconds:
        figure.legend(loc="outside right upper", title=_words(results.fields[1]), frameon=False, fontsize=8)
    return figure


def _mark_missing(axes: Axes, places: list[float]) -> None:
    """Show at the foot where there is no point."""
    if places:
        axes.plot(places, [0.02] * len(places), "x", color=SERIES[1], transform=axes.get_xaxis_transform())


def _map(figure: Figure, axes: Axes, found: list[tuple[tuple[float, ...], float | None]], second: str, of: str) -> None:
    """Draw a field of colours; white where there is no point."""
    across, up = sorted({at[0] for at, _ in found}), sorted({at[1] for at, _ in found})
    values = dict(found)
    grid = [[float("nan") if (item := values.get((x, y))) is None else item for x in across] for y in up]
    mesh = axes.pcolormesh(across, up, grid, cmap="viridis", shading="nearest")
    axes.set_ylabel(_words(second))
    axes.grid(False)
    figure.colorbar(mesh, ax=axes, label=_words(of))


def _words(name: str) -> str:
    return name.replace("_", " ")
