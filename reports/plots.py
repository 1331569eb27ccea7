"""Figures of the problems' own: problem -> function that draws an instance and its answers.

A problem adds its figure as one file and one line here.
"""

from collections.abc import Callable, Mapping
from typing import Any

from matplotlib.figure import Figure

from . import electric_bus_figure

#: (instance, label of an answer -> summary of the problem's module) -> figure.
Plot = Callable[[Any, Mapping[str, dict[str, Any]]], Figure]

PLOTS: dict[str, Plot] = {
    "electric_bus": electric_bus_figure.draw,
}
