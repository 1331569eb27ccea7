"""Figure of electric-bus charging: a map of lines, sites and assignments; tariffs and load over the day."""

from collections import Counter
from collections.abc import Mapping, Sequence
from math import ceil
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from ..instances.electric_bus import ElectricBusInstance, Site

_SITE_COLOURS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#7f6000", "#5e3c99")
_ANSWER_COLOURS = ("#7f7f7f", "#e08214", "#2166ac", "#1b7837", "#762a83", "#b2182b")
_SLIP = 0.09  # km between the arrows of buses that share a way


def draw(instance: ElectricBusInstance, answers: Mapping[str, dict[str, Any]]) -> Figure:
    """Draw the answers (label -> ``models.electric_bus.summary``); the map shows the last of them.

    :raises ValueError: there is no answer.
    """
    if not answers:
        raise ValueError("there is no answer to draw; run a method that finds a point first")
    label, shown = list(answers.items())[-1]
    figure = Figure(figsize=(14, 3.4 + 1.7 * len(answers)), layout="constrained")
    left, right = figure.subfigures(1, 2, width_ratios=[1, 1.05], wspace=0.02)
    _draw_map(left.subplots(), instance, shown, f"{instance.name}: sites and assignments, {label}")
    panels = right.subplots(1 + len(answers), 1, sharex=True, height_ratios=[1.5, *[1] * len(answers)])
    colours = {name: _ANSWER_COLOURS[k % len(_ANSWER_COLOURS)] for k, name in enumerate(answers)}
    hours = np.array([instance.slot_minute(slot) / 60 for slot in range(instance.slots + 1)])
    _draw_tariffs(panels[0], instance, answers, colours, hours)
    most = max(max(answer["load_kwh"]) for answer in answers.values())
    for axes, (name, answer) in zip(panels[1:], answers.items(), strict=True):
        _draw_load(axes, name, answer, instance.renewable_share, hours, colours[name])
        axes.set_ylim(0, 1.35 * most)
    _clock(panels[-1], hours)
    return figure


def _draw_map(axes: Axes, instance: ElectricBusInstance, shown: dict[str, Any], title: str) -> None:
    axes.set_title(title, loc="left")
    for line in instance.lines:
        (ax, ay), (bx, by) = line.a_km, line.b_km
        axes.plot([ax, bx], [ay, by], color="0.8", lw=1.2, zorder=1)
        axes.plot([ax, bx], [ay, by], "o", color="0.65", ms=3.5, zorder=2)
        tilt = np.degrees(np.arctan((by - ay) / (bx - ax))) if bx != ax else 90.0
        where = 0.35 * np.array(line.a_km) + 0.65 * np.array(line.b_km)
        axes.annotate(
            line.id, where, xytext=(0, 1), textcoords="offset points", fontsize=7, color="0.5", ha="center",
            va="bottom", rotation=tilt, rotation_mode="anchor",
        )  # fmt: skip
    _draw_assignments(axes, instance, shown)
    buses = Counter(chosen["site"] for chosen in shown["assignment"].values())
    for site, colour in _site_colours(instance).items():
        opened = site.id in shown["open_sites"]
        marker, size = ("D", 11) if site.charger == "fast" else ("s", 11)
        face = colour if opened else "white"
        axes.plot(*site.position_km, marker, ms=size, mec=colour, mfc=face, mew=1.8, zorder=5)
        text = f"{site.id}: {buses[site.id]} bus{'es' if buses[site.id] != 1 else ''}" if opened else f"{site.id}: closed"
        axes.annotate(
            text, site.position_km, xytext=(0, -11), textcoords="offset points", ha="center", va="top", fontsize=9,
            color=colour, weight="bold", zorder=6, bbox={"fc": "white", "ec": "none", "alpha": 0.75, "pad": 0.8},
        )  # fmt: skip
    axes.set_aspect("equal", adjustable="datalim")
    axes.margins(0.06, 0.1)
    axes.set_xlabel("x (km)")
    axes.set_ylabel("y (km)")
    axes.grid(color="0.94")
    axes.set_axisbelow(True)
    axes.legend(handles=_map_handles(), loc="upper center", bbox_to_anchor=(0.5, -0.09), ncols=3, frameon=False, fontsize=9)


def _draw_assignments(axes: Axes, instance: ElectricBusInstance, shown: dict[str, Any]) -> None:
    """Draw an arrow from the terminal of every bus to its site; those that would coincide lie side by side."""
    colours = {site.id: (site, colour) for site, colour in _site_colours(instance).items()}
    lines = {line.id: line for line in instance.lines}
    drawn: Counter[tuple[Any, str]] = Counter()
    for bus in instance.buses:
        chosen = shown["assignment"].get(bus.id)
        if chosen is None:
            continue
        site, colour = colours[chosen["site"]]
        line = lines[bus.line]
        terminal = line.a_km if bus.terminal == "a" else line.b_km
        start, end = np.array(terminal), np.array(site.position_km)
        way = end - start
        across = np.array([-way[1], way[0]]) / max(float(np.hypot(*way)), 1e-9)
        shift = across * _SLIP * drawn[terminal, site.id]
        drawn[terminal, site.id] += 1
        arrow = {"arrowstyle": "-|>", "color": colour, "lw": 1.4, "shrinkA": 3, "shrinkB": 8}
        axes.annotate("", end + shift, start + shift, arrowprops=arrow, zorder=4)


def _map_handles() -> list[Line2D]:
    plain = {"ls": "", "color": "0.3"}
    return [
        Line2D([], [], color="0.8", marker="o", mfc="0.65", mec="0.65", ms=4, label="bus line, terminals"),
        Line2D([], [], color="0.3", marker=">", ms=5, label="bus charges at site"),
        Line2D([], [], marker="D", ms=8, label="fast charger, open", **plain),
        Line2D([], [], marker="s", ms=8, label="slow charger, open", **plain),
        Line2D([], [], marker="D", ms=8, mfc="white", label="closed (hollow)", **plain),
    ]


def _site_colours(instance: ElectricBusInstance) -> dict[Site, str]:
    return {site: _SITE_COLOURS[k % len(_SITE_COLOURS)] for k, site in enumerate(instance.sites)}


def _draw_tariffs(
    axes: Axes,
    instance: ElectricBusInstance,
    answers: Mapping[str, dict[str, Any]],
    colours: Mapping[str, str],
    hours: np.ndarray,
) -> None:
    axes.set_title("Tariff ($/kWh)", loc="left", fontsize=10)
    widths = np.linspace(4.5, 1.5, len(answers))  # the later lines are thinner, so that equal ones stay visible
    for (name, answer), width in zip(answers.items(), widths, strict=True):
        axes.stairs(answer["tariff_usd_per_kwh"], hours, color=colours[name], lw=width, label=name, baseline=None)
    axes.stairs(
        instance.base_tariff_usd_per_kwh, hours, color="black", lw=1, ls=":", label="base tariff", baseline=None
    )
    axes.margins(y=0.15)
    axes.grid(color="0.94")
    axes.legend(loc="lower right", bbox_to_anchor=(1, 1), ncols=len(answers) + 1, frameon=False, fontsize=9)
    axes.spines[["top", "right"]].set_visible(False)


def _draw_load(
    axes: Axes, name: str, answer: dict[str, Any], share: Sequence[float], hours: np.ndarray, colour: str
) -> None:
    axes.stairs(answer["load_kwh"], hours, fill=True, color=colour, alpha=0.85)
    renewable = answer["renewable_kwh_per_day"]
    figures = f"O1 {answer['O1']:,.0f} $,  charging {answer['charging_usd_per_day']:.2f} $/day,  renewable {renewable:.1f} kWh/day"
    axes.set_title(f"Load per slot (kWh), {name}:  {figures}", loc="left", fontsize=9)
    axes.spines[["top"]].set_visible(False)
    axes.grid(axis="x", color="0.94")
    axes.set_axisbelow(True)
    green = axes.twinx()
    green.stairs(np.array(share) * 100, hours, color="#4d9221", lw=1.2, ls="--", baseline=None)
    green.set_ylim(0, 100)
    green.set_yticks([0, 50, 100])
    green.set_ylabel("renewable\nshare (%)", color="#4d9221", fontsize=8)
    green.tick_params(colors="#4d9221", labelsize=8)
    green.spines[["top"]].set_visible(False)


def _clock(axes: Axes, hours: np.ndarray) -> None:
    first, last = ceil(hours[0] / 3) * 3, int(hours[-1])
    ticks = range(first, last + 1, 3)
    axes.set_xticks(list(ticks), [f"{hour % 24:02d}:00" for hour in ticks])
    axes.set_xlim(hours[0], hours[-1])
    axes.set_xlabel("time of day")
