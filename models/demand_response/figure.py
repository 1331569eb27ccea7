"""Figures of demand response: prices, load profiles, waits, and how the methods got there (the paper's 1 to 4)."""

from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from ...colours import colours, lines
from ...instances.demand_response import DemandResponseInstance

Answers = Mapping[str, dict[str, Any]]

_SIZE = (9.0, 4.6)


def draw(instance: DemandResponseInstance, answers: Answers) -> Figure:
    """Draw prices, load and waits of the answers (name -> ``models.demand_response.summary``) in one figure.

    :raises ValueError: there is no answer.
    """
    _require(answers)
    figure = Figure(figsize=(11, 12), layout="constrained")
    prices, load, waits = figure.subplots(3, 1)
    _draw_prices(prices, instance, answers)
    _draw_load(load, instance, answers)
    _draw_waits(waits, answers)
    return figure


def price_figure(instance: DemandResponseInstance, answers: Answers) -> Figure:
    """Figure 1: prices over the day, their bounds and the base price."""
    figure, axes = _figure(answers)
    _draw_prices(axes, instance, answers)
    return figure


def load_figure(instance: DemandResponseInstance, answers: Answers) -> Figure:
    """Figure 2: load over the day, the other load shaded."""
    figure, axes = _figure(answers)
    _draw_load(axes, instance, answers)
    return figure


def wait_figure(answers: Answers) -> Figure:
    """Figure 3: share of the EVs that have begun to charge within so many hours of arrival."""
    figure, axes = _figure(answers)
    _draw_waits(axes, answers)
    return figure


def convergence_figure(
    histories: Mapping[str, Sequence[tuple[float, float]]], levels: Mapping[str, float], step: str = "iteration"
) -> Figure:
    """Figure 4: best objective by iteration, and levels to compare with (references, incumbent, bound).

    :param histories: method -> (step, objective).
    :param levels: name -> objective.
    :raises ValueError: there is no history.
    """
    figure, axes = _figure(histories)
    for name, colour in colours(histories).items():
        points = histories[name]
        steps, values = zip(*points, strict=True)
        axes.step(steps, values, where="post", color=colour, lw=1.8, label=name)
        axes.plot(steps[-1], values[-1], "o", color=colour, ms=4)
    last = max(step for points in histories.values() for step, _ in points)
    heights = _spread(list(levels.values()), axes)
    for (name, level), height in zip(levels.items(), heights, strict=True):
        axes.axhline(level, color="0.45", lw=1, ls="--", zorder=1)
        axes.annotate(
            f"{name} {level:.4f}", (last, level), xytext=(last * 1.02, height), fontsize=8.5, color="0.25",
            va="center", annotation_clip=False,
        )  # fmt: skip
    axes.set_xlim(0, last * 1.01)
    axes.set_xlabel(step)
    axes.set_ylabel("objective (higher is better)")
    axes.set_title("best objective found, the users' reaction exact", loc="left")
    _finish(axes, outside=False)
    return figure


def _draw_prices(axes: Axes, instance: DemandResponseInstance, answers: Answers) -> None:
    hours, base = _hours(instance), np.array(instance.base_price_usd_per_kwh)
    low, high = instance.price_factor_min * base, instance.price_factor_max * base
    axes.stairs(high, hours, baseline=low, fill=True, color="0.94", label="allowed")
    drawn: list[list[float]] = [base.tolist()]
    axes.stairs(base, hours, baseline=None, color="black", lw=1.2, ls=":", label="base price")
    for name, answer in answers.items():
        prices = answer["price_usd_per_kwh"]
        if any(np.allclose(prices, other) for other in drawn):
            continue  # charging at arrival and the reaction to the base price pay that
        drawn.append(prices)
        axes.stairs(prices, hours, baseline=None, label=name, **lines(list(answers))[name])
    axes.set_ylabel(r"price (\$/kWh)")
    axes.set_title("prices", loc="left")
    axes.set_ylim(0.9 * low.min(), max(max(prices) for prices in drawn) * 1.12)
    _clock(axes, hours)
    _finish(axes)


def _draw_load(axes: Axes, instance: DemandResponseInstance, answers: Answers) -> None:
    hours = _hours(instance)
    axes.stairs(instance.base_load_kw, hours, fill=True, color="0.9", label="other load")
    for name, drawn in lines(list(answers)).items():
        axes.stairs(answers[name]["load_kw"], hours, baseline=None, label=name, **drawn)
    mean = next(iter(answers.values()))["mean_kw"]
    axes.axhline(mean, color="0.5", lw=0.9, ls=":", label="mean load")
    axes.set_ylabel("load (kW)")
    axes.set_title("load", loc="left")
    axes.set_ylim(bottom=0)
    _clock(axes, hours)
    _finish(axes)


def _draw_waits(axes: Axes, answers: Answers) -> None:
    for name, drawn in lines(list(answers)).items():
        waits = np.sort(list(answers[name]["start_h"].values()))
        label = f"{name} (mean {waits.mean():.2f} h)"
        axes.ecdf(waits, label=label, **drawn)
    axes.set_xlabel("hours from arrival to the first charging")
    axes.set_ylabel("share of the EVs")
    axes.set_ylim(0, 1.03)
    axes.set_xlim(left=-0.1)
    axes.set_title("waits", loc="left")
    _finish(axes)


def _require(answers: Mapping[str, Any]) -> None:
    if not answers:
        raise ValueError("there is no answer to draw; run a method that finds a point first")


def _figure(answers: Mapping[str, Any]) -> tuple[Figure, Axes]:
    _require(answers)
    figure = Figure(figsize=_SIZE, layout="constrained")
    return figure, figure.subplots()


def _hours(instance: DemandResponseInstance) -> np.ndarray:
    return np.array([instance.slot_hour(slot) for slot in range(instance.slots + 1)])


def _clock(axes: Axes, hours: np.ndarray) -> None:
    ticks = np.arange(np.ceil(hours[0] / 2) * 2, hours[-1] + 1e-9, 2)
    axes.set_xticks(ticks, [f"{int(hour) % 24:02d}" for hour in ticks])
    axes.set_xlim(hours[0], hours[-1])
    axes.set_xlabel("hour of the day")


def _spread(levels: list[float], axes: Axes) -> list[float]:
    """Return heights for labels of levels, moved apart where they would overlap."""
    low, high = axes.get_ylim()
    low, high = min(low, *levels), max(high, *levels)
    axes.set_ylim(low - 0.04 * (high - low), high + 0.04 * (high - low))
    least = 0.05 * (high - low)
    heights = dict(enumerate(levels))
    order = sorted(heights, key=heights.__getitem__)
    for lower, upper in pairwise(order):
        heights[upper] = max(heights[upper], heights[lower] + least)
    return list(heights.values())


def _finish(axes: Axes, outside: bool = True) -> None:
    axes.grid(color="0.93")
    axes.set_axisbelow(True)
    axes.spines[["top", "right"]].set_visible(False)
    place: dict[str, Any] = {"loc": "upper left", "bbox_to_anchor": (1.0, 1.0)} if outside else {"loc": "lower right"}
    axes.legend(frameon=False, fontsize=9, **place)
