"""Figures of the fast-charging problem: a day in the grid with its prices, profits by selling price, scaling."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, MultipleLocator

from ...colours import SERIES, WAYS
from ...instances.fast_charging import FastChargingInstance

_BLUE, _RED, _GREEN, *_ = SERIES
_GREY = "0.45"


def draw(instance: FastChargingInstance, answers: Mapping[str, dict[str, Any]]) -> Figure:
    """Draw the day of the last answer (label -> ``models.fast_charging.summary``): prices, supply, shedding, stations.

    :raises ValueError: there is no answer.
    """
    if not answers:
        raise ValueError("there is no answer to draw; run a method that finds a point first")
    label, shown = list(answers.items())[-1]
    figure = Figure(figsize=(14, 9), layout="constrained")
    built = ", ".join(f"{bus} ({chargers} chargers)" for bus, chargers in shown["stations"].items()) or "none"
    figure.suptitle(
        rf"{instance.name}, {label}: stations at bus {built}; profit {shown['profit_usd']:,.0f} \$ a year", fontsize=12
    )
    axes = figure.subplots(2, 2)
    hours = instance.slot_hours * np.arange(instance.slots + 1)
    _draw_prices(figure, axes[0, 0], instance, shown, hours)
    _draw_supply(axes[0, 1], shown, hours)
    _draw_shedding(figure, axes[1, 0], instance, shown, hours)
    _draw_stations(axes[1, 1], shown, hours)
    for one in axes.flat:
        one.set_xlim(hours[0], hours[-1])
        one.xaxis.set_major_locator(MultipleLocator(3))
        one.set_xlabel("slot begins at (h)" if instance.slot_hours != 1 else "hour of the day")
    return figure


def _draw_prices(figure: Figure, axes: Axes, instance: FastChargingInstance, shown: dict[str, Any], hours: Any) -> None:
    axes.set_title("locational marginal price", loc="left")
    prices = shown.get("lmp_usd_per_kwh")
    if prices is None:
        axes.text(0.5, 0.5, "no prices in this answer", ha="center", va="center", transform=axes.transAxes)
        return
    _heat_map(figure, axes, np.array(list(prices.values())), hours, list(prices), r"\$/kWh", "viridis")
    _mark_stations(axes, list(prices), shown)


def _heat_map(
    figure: Figure, axes: Axes, values: Any, hours: Any, buses: Sequence[int], unit: str, colours: str
) -> None:
    """One row for each bus, one column for each slot."""
    mesh = axes.pcolormesh(hours, np.arange(len(buses) + 1), values, cmap=colours)
    figure.colorbar(mesh, ax=axes, label=unit, pad=0.02)
    step = max(1, round(len(buses) / 12))
    places = range(0, len(buses), step)
    axes.set_yticks([k + 0.5 for k in places], [str(buses[k]) for k in places])
    axes.invert_yaxis()
    axes.set_ylabel("bus")


def _mark_stations(axes: Axes, buses: Sequence[int], shown: dict[str, Any]) -> None:
    for bus in shown["stations"]:
        if bus in buses:
            axes.plot(-0.012, buses.index(bus) + 0.5, ">", color=_RED, ms=7, transform=axes.get_yaxis_transform(),
                      clip_on=False)  # fmt: skip


def _draw_supply(axes: Axes, shown: dict[str, Any], hours: Any) -> None:
    axes.set_title("supply, and what loads and stations would draw", loc="left")
    station = np.sum([shown["station_kw"][bus] for bus in shown["stations"]] or [np.zeros(len(hours) - 1)], axis=0)
    parts = {"grid": np.array(shown["grid_kw"])} | {g: np.array(kw) for g, kw in shown["generation_kw"].items()}
    total = np.zeros(len(hours) - 1)
    for (name, power), colour in zip(parts.items(), SERIES, strict=False):
        axes.stairs(total + power, hours, baseline=total, fill=True, color=colour, alpha=0.8, label=name)
        total = total + power
    axes.stairs(
        np.array(shown["demand_kw"]) + station, hours, color="black", lw=1.6, label="loads and stations", baseline=None
    )
    axes.stairs(shown["demand_kw"], hours, color="black", lw=1.2, ls=":", label="loads", baseline=None)
    axes.set_ylabel("power (kW)")
    axes.set_ylim(0, 1.3 * max(total.max(), max(np.array(shown["demand_kw"]) + station)))
    axes.legend(loc="upper left", ncols=3, frameon=False, fontsize=9)


def _draw_shedding(
    figure: Figure, axes: Axes, instance: FastChargingInstance, shown: dict[str, Any], hours: Any
) -> None:
    axes.set_title(f"load shedding ({shown['shed_kwh_per_day']:,.0f} kWh a day)", loc="left")
    buses = [bus.bus for bus in instance.buses]
    power = np.array([shown["shed_kw"].get(bus, np.zeros(len(hours) - 1)) for bus in buses])
    _heat_map(figure, axes, power, hours, buses, "kW", "magma_r")
    _mark_stations(axes, buses, shown)


def _draw_stations(axes: Axes, shown: dict[str, Any], hours: Any) -> None:
    axes.set_title("station demand (solid: built) and grid price", loc="left")
    for (bus, power), colour in zip(shown["station_kw"].items(), SERIES, strict=False):
        built = bus in shown["stations"]
        style: dict[str, Any] = {"lw": 2.0, "ls": "-"} if built else {"lw": 1.0, "ls": "--", "alpha": 0.8}
        axes.stairs(power, hours, baseline=None, color=colour, label=f"bus {bus}", **style)
    axes.set_ylabel("power (kW)")
    axes.set_ylim(bottom=0)
    axes.legend(loc="upper left", frameon=False, fontsize=9)
    price = axes.twinx()
    price.stairs(shown["grid_price_usd_per_kwh"], hours, baseline=None, color=_GREY, lw=1.2, ls=":")
    price.set_ylabel(r"grid price (\$/kWh), dotted", color=_GREY)
    price.tick_params(colors=_GREY)
    price.set_ylim(bottom=0)


def draw_profits(rows: Sequence[Mapping[str, Any]]) -> Figure:
    """Draw profit against selling price: exact, nested and the paper's (``None`` where there is none)."""
    figure = Figure(figsize=(8, 5), layout="constrained")
    axes = figure.subplots()
    prices = np.arange(len(rows))
    series = {
        "paper": ("paper_profit_usd", "0.75"),
        "exact": ("profit_usd", WAYS["exact"]),
        "nested heuristic": ("nested_profit_usd", WAYS["nested"]),
    }
    for k, (label, (key, shade)) in enumerate(series.items()):
        heights = [row[key] if row[key] is not None else np.nan for row in rows]
        bars = axes.bar(prices + (k - 1) * 0.27, heights, 0.27, color=shade, label=label)
        texts = ["" if np.isnan(height) else f"{height:,.0f}" for height in heights]
        axes.bar_label(bars, texts, fontsize=7.5, rotation=90, padding=3)
    built = [f"{{{', '.join(map(str, row['buses']))}}}" if row["buses"] else "none" for row in rows]
    axes.set_xticks(prices, [f"{row['sell_price_usd_per_kwh']:.2f}\n{at}" for row, at in zip(rows, built, strict=True)])
    axes.set_xlabel(r"selling price (\$/kWh), and the buses of the exact optimum")
    axes.set_ylabel(r"profit (\$ a year)")
    axes.yaxis.set_major_formatter(FuncFormatter(lambda usd, _: f"{usd:,.0f}"))
    axes.margins(y=0.2)
    axes.axhline(0, color="black", lw=0.8)
    axes.legend(loc="upper left", frameon=False)
    axes.spines[["top", "right"]].set_visible(False)
    return figure


def draw_scaling(rows: Sequence[Mapping[str, Any]]) -> Figure:
    """Draw seconds by step, and peak memory, against the number of scenarios (both logarithmic)."""
    figure = Figure(figsize=(10, 4.5), layout="constrained")
    times, memory = figure.subplots(1, 2)
    counts = [row["scenarios"] for row in rows]
    for step, colour in zip(("build", "reformulate", "solve", "verify"), SERIES, strict=False):
        times.plot(counts, [row["seconds"][step] for row in rows], "o-", color=colour, label=step)
    total = [row["total_seconds"] for row in rows]
    times.plot(counts, total, "s-", color="black", label="total")
    times.plot(counts, [total[0] * count / counts[0] for count in counts], ":", color=_GREY, label="linear")
    times.set_ylabel("seconds")
    memory.plot(counts, [row["peak_memory_mb"] for row in rows], "s-", color="black")
    memory.set_ylabel("peak memory (MB)")
    memory.set_ylim(bottom=0)
    times.set_yscale("log")
    for axes in (times, memory):
        axes.set_xscale("log")
        axes.set_xticks(counts, [str(count) for count in counts])
        axes.minorticks_off()
        axes.set_xlabel("scenarios of one day")
        axes.grid(color="0.92")
        axes.spines[["top", "right"]].set_visible(False)
    times.legend(frameon=False, ncols=2, fontsize=9)
    return figure
