"""Figures of station location: a map with who charges where and each station's load, and how heuristics converge."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.collections import LineCollection
from matplotlib.colors import Normalize
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from ...colours import COSTLY, EXACT, FINE, WAYS, colours
from ...instances.station_location import StationLocationInstance

_COLOURS = "viridis_r"
_FULL = 0.999  # a station above this share of its capacity is full
_POINTS_PER_EV = 7.0  # area of a demand node's dot
_BARS = {"within spare power": FINE, "expansion": COSTLY}


def draw(instance: StationLocationInstance, answers: Mapping[str, dict[str, Any]]) -> Figure:
    """Draw a map for each answer (label -> ``models.station_location.summary``), and its stations' loads below.

    :raises ValueError: there is no answer.
    """
    if not answers:
        raise ValueError("there is no answer to draw; run a method that finds a point first")
    crowded = len(instance.sites) > 40
    width, height = (11.0, 14.0) if crowded else (7.4, 10.2)
    figure = Figure(figsize=(width * len(answers), height), layout="constrained")
    rows = figure.subplots(2, len(answers), squeeze=False, height_ratios=[2.4, 1])
    for k, (label, answer) in enumerate(answers.items()):
        _draw_map(rows[0, k], instance, answer, f"{instance.name}, {label}: {answer['cost']:,.1f} M", crowded)
        _draw_loads(rows[1, k], answer, crowded)
    norm = Normalize(0, 100)
    figure.colorbar(
        ScalarMappable(norm, _COLOURS), ax=list(rows[0]), label="use of daily capacity (%)", shrink=0.55, pad=0.01
    )
    most = max(axes.get_ylim()[1] for axes in rows[1])
    for axes in rows[1]:
        axes.set_ylim(0, most)
    columns = 6 if len(answers) > 1 else 3 if crowded else 2  # as many as the width has room for
    figure.legend(handles=_handles(), loc="outside lower center", ncols=columns, frameon=False)
    return figure


def draw_convergence(
    histories: Mapping[str, Sequence[Sequence[tuple[int, float]]]], exact: float | None, title: str = ""
) -> Figure:
    """Draw the best cost by evaluations: the mean of a method's runs, and between its best and its worst a band.

    :param histories: method -> its runs, each (evaluations, best cost so far) in order; costs do not rise.
    :param exact: the proven optimum.
    :raises ValueError: there is no run.
    """
    if not any(len(run) for runs in histories.values() for run in runs):
        raise ValueError("there is no run to draw; give a heuristic at least one seed")
    figure = Figure(figsize=(9, 5), layout="constrained")
    axes = figure.subplots()
    used: set[str] = set()
    for (method, runs), colour in zip(histories.items(), colours(histories).values(), strict=True):
        found = [np.array(run, dtype=float) for run in runs if len(run)]
        if not found:
            continue
        steps = np.unique(np.concatenate([run[:, 0] for run in found]))
        steps = steps[steps >= max(run[0, 0] for run in found)]
        costs = np.array([run[np.searchsorted(run[:, 0], steps, side="right") - 1, 1] for run in found])
        axes.fill_between(steps, costs.min(axis=0), costs.max(axis=0), step="post", color=colour, alpha=0.15, lw=0)
        label = f"{method.replace('_', ' ')}, {len(found)} runs"
        dashes = "--" if colour in used else "-"  # another form of a method that is drawn already
        axes.step(steps, costs.mean(axis=0), where="post", color=colour, lw=2, ls=dashes, label=label)
        used.add(colour)
    if exact is not None:
        axes.axhline(exact, color=WAYS[EXACT], lw=1.2, ls=":", label=f"optimum, proven: {exact:,.2f}")
    axes.set_xlabel("decisions evaluated")
    axes.set_ylabel("best cost so far (M): mean, best to worst run")
    axes.set_title(title, loc="left")
    axes.grid(color="0.93")
    axes.spines[["top", "right"]].set_visible(False)
    axes.legend(frameon=False)
    return figure


def _draw_map(axes: Axes, instance: StationLocationInstance, answer: dict[str, Any], title: str, crowded: bool) -> None:
    places = {node.id: np.array(node.position_km) for node in instance.nodes}
    demands = {demand.id: demand for demand in instance.demands}
    sites = {site.id: site for site in instance.sites}
    roads = [(places[road.a], places[road.b]) for road in instance.roads]
    axes.add_collection(LineCollection(roads, colors="0.92", linewidths=0.5 if crowded else 0.8, zorder=1))
    colours = ScalarMappable(Normalize(0, 1), _COLOURS)
    lines = [
        (places[demands[d].node], places[sites[i].node], amount, colours.to_rgba(answer["stations"][i]["utilisation"]))
        for d, i, amount in answer["assignment"]
    ]
    axes.add_collection(
        LineCollection(
            [(a, b) for a, b, _, _ in lines],
            colors=[colour for *_, colour in lines],
            linewidths=[0.5 + 0.25 * amount for _, _, amount, _ in lines],
            alpha=0.8,
            zorder=2,
        )
    )
    xy = np.array([places[demand.node] for demand in instance.demands])
    vehicles = np.array([demand.vehicles_per_day for demand in instance.demands])
    scale = 0.5 if crowded else 1.0
    area = scale * _POINTS_PER_EV * vehicles
    axes.scatter(xy[:, 0], xy[:, 1], s=area, color="0.55", edgecolors="white", linewidths=0.6, zorder=3)
    for site, data in sites.items():
        _draw_site(axes, places[data.node], site, answer["stations"].get(site), colours, crowded)
    axes.set_title(title, loc="left")
    axes.set_aspect("equal", adjustable="datalim")
    axes.margins(0.07, 0.11)  # room for the names above the topmost sites
    axes.set_xlabel("x (km, schematic)")
    axes.set_ylabel("y (km, schematic)")
    axes.spines[["top", "right"]].set_visible(False)


def _draw_site(
    axes: Axes, at: np.ndarray, name: str, station: Mapping[str, Any] | None, colours: ScalarMappable, crowded: bool
) -> None:
    if station is None:
        axes.plot(*at, "s", ms=5 if crowded else 8, mfc="white", mec="0.45", mew=1.0, zorder=4)
        return
    full = station["utilisation"] > _FULL
    axes.plot(
        *at, "s", ms=10 if crowded else 17, mfc=colours.to_rgba(station["utilisation"]),
        mec=COSTLY if full else "black", mew=2.0 if full else 1.0, zorder=5,
    )  # fmt: skip
    dark = station["utilisation"] > 0.45
    axes.annotate(
        str(station["chargers"]), tuple(at), ha="center", va="center", fontsize=7 if crowded else 10,
        color="white" if dark else "black", weight="bold", zorder=6,
    )  # fmt: skip
    axes.annotate(
        name, tuple(at), xytext=(0, 8 if crowded else 12), textcoords="offset points", ha="center", va="bottom",
        fontsize=6 if crowded else 8.5, zorder=7, bbox={"fc": "white", "ec": "none", "alpha": 0.7, "pad": 0.4},
    )  # fmt: skip


def _draw_loads(axes: Axes, answer: dict[str, Any], crowded: bool) -> None:
    """Draw peak load by station, split at the spare power, and the spare power itself."""
    names = list(answer["stations"])
    load = np.array([answer["stations"][name]["load_kw"] for name in names])
    spare = np.array([answer["stations"][name]["spare_kw"] for name in names])
    where = np.arange(len(names))
    within = np.minimum(load, spare)
    axes.bar(where, within, color=_BARS["within spare power"])
    axes.bar(where, load - within, bottom=within, color=_BARS["expansion"])
    axes.hlines(spare, where - 0.42, where + 0.42, color="black", lw=1.4)
    axes.set_xticks(where, names, rotation=90, fontsize=6 if crowded else 8.5)
    axes.set_ylabel("peak load (kW)")
    axes.set_xlim(-0.6, len(names) - 0.4)
    axes.grid(axis="y", color="0.92")
    axes.set_axisbelow(True)
    axes.spines[["top", "right"]].set_visible(False)


def _handles() -> list[Any]:
    plain: dict[str, Any] = {"ls": ""}
    return [
        Line2D([], [], marker="o", ms=7, mfc="0.55", mec="white", label="demand node (area: EVs)", **plain),
        Line2D([], [], marker="s", ms=10, mfc="0.75", mec="black", label="station with its chargers", **plain),
        Line2D([], [], marker="s", ms=10, mfc="0.75", mec=COSTLY, mew=2, label="full station", **plain),
        Line2D([], [], marker="s", ms=6, mfc="white", mec="0.45", label="site without a station", **plain),
        Line2D([], [], color=_BARS["within spare power"], lw=7, label="load within spare power (line: spare)"),
        Line2D([], [], color=_BARS["expansion"], lw=7, label="load that needs expansion"),
    ]
