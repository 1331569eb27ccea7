"""Figures of the problems' own: problem -> function that draws an instance and its answers.

A problem adds its figure as one file and one line here.
"""

from collections.abc import Callable, Mapping
from typing import Any

from matplotlib.figure import Figure

from ..models.demand_response import figure as demand_response_figure
from ..models.electric_bus import figure as electric_bus_figure
from ..models.fast_charging import figure as fast_charging_figure
from ..models.station_location import figure as station_location_figure

#: (instance, label of an answer -> summary of the problem's module) -> figure.
Plot = Callable[[Any, Mapping[str, dict[str, Any]]], Figure]

PLOTS: dict[str, Plot] = {
    "demand_response": demand_response_figure.draw,
    "electric_bus": electric_bus_figure.draw,
    "fast_charging": fast_charging_figure.draw,
    "station_location": station_location_figure.draw,
}
