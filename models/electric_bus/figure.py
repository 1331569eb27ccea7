"""Figure of electric-bus charging: a map of lines, sites and assignments; tariffs and load over the day."""

from collections import Counter
from collections.abc import Mapping, Sequence
from math import ceil
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from ...colours import SERIES, colours, lines
from ...instances.electric_bus import ElectricBusInstance, Site

# Direction of a name from its site (rad) -> offset in points, alignment.
_SIDES = {
    -np.pi / 2: ((0.0, -10.0), "center", "top"),
    np.pi / 2: ((0.0, 10.0), "center", "bottom"),
    0.0: ((11.0, 0.0), "left", "center"),
    np.pi: ((-11.0, 0.0), "right", "center"),
}
_SLIP = 0.09  # km between the arrows of buses that share a way


Point = tuple[float, float]


def draw(instance: ElectricBusInstance, answers: Mapping[str, dict[str, Any]]) -> Figure:
    """Draw the answers (label -> ``models.electric_bus.summary``); the map shows the last of them.

    :raises ValueError: there is no answer.
    """
    if not answers:
        raise ValueError("there is no answer to draw; run a method that finds a point first")
    label, shown = list(answers.items())[-1]
    figure = Figure(figsize=(15, 9), layout="constrained")
    (left, right) = figure.subfigures(1, 2, squeeze=False, width_ratios=[1.15, 1], wspace=0.03)[0]
    plan, tariffs = left.subplots(2, 1, height_ratios=[1.35, 1])
    shown_in = colours(answers)
    hours = np.array([instance.slot_minute(slot) / 60 for slot in range(instance.slots + 1)])
    _draw_map(plan, instance, shown, f"{instance.name}: sites and assignments ({label})")
    _draw_tariffs(tariffs, instance, answers, hours)
    _clock(tariffs, hours)
    panels = np.atleast_1d(right.subplots(len(answers), 1, sharex=True))
    most = max(max(answer["load_kwh"]) for answer in answers.values())
    for axes, (name, answer) in zip(panels, answers.items(), strict=True):
        _draw_load(axes, name, answer, instance.renewable_share, hours, shown_in[name])
        axes.set_ylim(0, 1.1 * most)
    _clock(panels[-1], hours)
    return figure


def _draw_map(axes: Axes, instance: ElectricBusInstance, shown: dict[str, Any], title: str) -> None:
    axes.set_title(title, loc="left")
    for line in instance.lines:
        axes.plot(
            *zip(line.a_km, line.b_km, strict=True),
            "-o",
            color="0.78",
            mfc="0.6",
            mec="0.6",
            ms=4,
            lw=1.2,
            zorder=1,
        )
    _draw_line_names(axes, instance)
    _draw_assignments(axes, instance, shown)
    ways = _ways(instance, shown)
    for site, colour in _site_colours(instance).items():
        opened = site.id in shown["open_sites"]
        marker = "D" if site.charger == "fast" else "s"
        face = colour if opened else "white"
        axes.plot(*site.position_km, marker, ms=11, mec=colour, mfc=face, mew=1.8, zorder=5)
        starts = [start for start, end in ways.values() if end is site]
        buses = f"{len(starts)} bus{'es' if len(starts) != 1 else ''}" if opened else "closed"
        offset, ha, va = _free_side(starts, site)
        axes.annotate(
            f"{site.id}\n{buses}", site.position_km, xytext=offset, textcoords="offset points", ha=ha, va=va,
            fontsize=9, color=colour, weight="bold", zorder=6,
            bbox={"fc": "white", "ec": "none", "alpha": 0.75, "pad": 0.8},
        )  # fmt: skip
    axes.set_aspect("equal", adjustable="box")
    axes.margins(0.14, 0.12)
    axes.set_xlabel("x (km)")
    axes.set_ylabel("y (km)")
    axes.grid(color="0.94")
    axes.set_axisbelow(True)
    axes.legend(
        handles=_map_handles(),
        loc="lower center",
        bbox_to_anchor=(0.5, -0.33),
        ncols=3,
        frameon=False,
        fontsize=9,
    )


def _draw_line_names(axes: Axes, instance: ElectricBusInstance) -> None:
    """Write each line's name along it, where it is farthest from sites and from the names before."""
    taken = [np.array(site.position_km) for site in instance.sites]
    for line in instance.lines:
        start, end = np.array(line.a_km), np.array(line.b_km)
        choices = [start + share * (end - start) for share in np.linspace(0.2, 0.8, 13)]
        where = max(choices, key=lambda point: min(float(np.hypot(*(point - other))) for other in taken))
        taken.append(where)
        way = end - start if end[0] >= start[0] else start - end
        tilt = float(np.degrees(np.arctan2(way[1], way[0])))
        axes.annotate(
            line.id, where, xytext=(0, 1), textcoords="offset points", fontsize=7.5, color="0.45",
            ha="center", va="bottom", rotation=tilt, rotation_mode="anchor", zorder=3,
        )  # fmt: skip


def _ways(instance: ElectricBusInstance, shown: dict[str, Any]) -> dict[str, tuple[Point, Site]]:
    """Return bus -> (its terminal, its site)."""
    lines = {line.id: line for line in instance.lines}
    sites = {site.id: site for site in instance.sites}
    terminals = {bus.id: getattr(lines[bus.line], f"{bus.terminal}_km") for bus in instance.buses}
    return {bus: (terminals[bus], sites[chosen["site"]]) for bus, chosen in shown["assignment"].items()}


def _draw_assignments(axes: Axes, instance: ElectricBusInstance, shown: dict[str, Any]) -> None:
    """Draw an arrow from every bus's terminal to its site; those that coincide lie side by side."""
    of_site = _site_colours(instance)
    drawn: Counter[tuple[Point, Site]] = Counter()
    for terminal, site in _ways(instance, shown).values():
        start, end = np.array(terminal), np.array(site.position_km)
        way = end - start
        across = np.array([-way[1], way[0]]) / max(float(np.hypot(*way)), 1e-9)
        shift = across * _SLIP * drawn[terminal, site]
        drawn[terminal, site] += 1
        arrow = {"arrowstyle": "-|>", "color": of_site[site], "lw": 1.4, "shrinkA": 3, "shrinkB": 8}
        axes.annotate("", tuple(end + shift), tuple(start + shift), arrowprops=arrow, zorder=4)


def _free_side(starts: Sequence[Point], site: Site) -> tuple[tuple[float, float], str, str]:
    """Return offset and alignment of a site's name on the side that is farthest from its arrows."""
    arrows = [np.arctan2(y - site.position_km[1], x - site.position_km[0]) for x, y in starts]

    def distance(side: float) -> float:
        return min((abs(np.angle(np.exp(1j * (side - arrow)))) for arrow in arrows), default=0.0)

    return _SIDES[max(_SIDES, key=distance)]


def _map_handles() -> list[Line2D]:
    plain: dict[str, Any] = {"ls": "", "color": "0.3"}
    return [
        Line2D([], [], color="0.8", marker="o", mfc="0.65", mec="0.65", ms=4, label="bus line, terminals"),
        Line2D([], [], color="0.3", marker=">", ms=5, label="bus charges at site"),
        Line2D([], [], marker="D", ms=8, label="fast charger, open", **plain),
        Line2D([], [], marker="s", ms=8, label="slow charger, open", **plain),
        Line2D([], [], marker="D", ms=8, mfc="white", label="closed (hollow)", **plain),
    ]


def _site_colours(instance: ElectricBusInstance) -> dict[Site, str]:
    return {site: SERIES[k % len(SERIES)] for k, site in enumerate(instance.sites)}


def _draw_tariffs(
    axes: Axes,
    instance: ElectricBusInstance,
    answers: Mapping[str, dict[str, Any]],
    hours: np.ndarray,
) -> None:
    axes.set_title("tariffs over the day", loc="left")
    axes.set_ylabel(r"tariff (\$/kWh)")
    for name, drawn in lines(list(answers)).items():
        axes.stairs(answers[name]["tariff_usd_per_kwh"], hours, label=name, baseline=None, **drawn)
    axes.stairs(
        instance.base_tariff_usd_per_kwh,
        hours,
        color="black",
        lw=1,
        ls=":",
        label="base tariff",
        baseline=None,
    )
    axes.margins(y=0.15)
    axes.grid(color="0.94")
    axes.set_axisbelow(True)
    axes.legend(loc="upper left", frameon=False, fontsize=9)
    axes.spines[["top", "right"]].set_visible(False)


def _draw_load(
    axes: Axes, name: str, answer: dict[str, Any], share: Sequence[float], hours: np.ndarray, colour: str
) -> None:
    axes.stairs(answer["load_kwh"], hours, fill=True, color=colour, alpha=0.85)
    figures = (
        rf"{answer['O1']:,.0f} \$ (O1), charging {answer['charging_usd_per_day']:.2f} \$/day, "
        f"renewable {answer['renewable_kwh_per_day']:.1f} kWh/day"
    )
    axes.set_title(name, loc="left", weight="bold", color=colour, fontsize=11)
    axes.set_title(figures, loc="right", fontsize=9)
    axes.set_ylabel("load per slot (kWh)")
    axes.spines[["top"]].set_visible(False)
    axes.grid(axis="x", color="0.94")
    axes.set_axisbelow(True)
    green = axes.twinx()
    green.stairs(np.array(share) * 100, hours, color="#009e73", lw=1.2, ls="--", baseline=None)
    green.set_ylim(0, 100)
    green.set_yticks([0, 50, 100])
    green.set_ylabel("renewable share (%)", color="#009e73")
    green.tick_params(colors="#009e73", labelsize=9)
    green.spines[["top"]].set_visible(False)


def _clock(axes: Axes, hours: np.ndarray) -> None:
    first, last = ceil(hours[0] / 3) * 3, int(hours[-1])
    ticks = range(first, last + 1, 3)
    axes.set_xticks(list(ticks), [f"{hour % 24:02d}:00" for hour in ticks])
    axes.set_xlim(hours[0], hours[-1])
    axes.set_xlabel("time of day")
