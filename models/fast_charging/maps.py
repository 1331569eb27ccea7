"""Maps of the fast-charging problem: the feeder and the road network, with candidates and stations on both.

The feeder is drawn as a tree from the grid's bus: along a row the longest way on, every lateral in a row of its own.
"""

from collections.abc import Iterator, Mapping
from itertools import count
from typing import Any

import networkx as nx
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.colors import Normalize
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from ...colours import SERIES
from ...errors import InstanceError
from ...instances.fast_charging import FastChargingInstance
from ...instances.loader import load_instance
from ...instances.road_network import RoadNetwork
from ..traffic import figure as traffic
from ..traffic.assignment import assign

_BUILT, _GENERATOR = SERIES[1:3]
_CANDIDATE = "white"
_COLOURS = "viridis_r"


def draw_feeder(instance: FastChargingInstance, answer: Mapping[str, Any]) -> Figure:
    """Draw the grid: lines by the greatest use of their limit, candidates, what is built, generators (Figure 3).

    :param answer: ``models.fast_charging.summary`` of a solved model of the instance.
    """
    figure = Figure(figsize=(12, 4.4), layout="constrained")
    axes = figure.subplots()
    places = feeder_positions(instance)
    colours = ScalarMappable(Normalize(0, 100), _COLOURS)
    peaks = answer["line_peak_kw"]
    for line in instance.lines:
        (x, y), (to_x, to_y) = places[line.from_bus], places[line.to_bus]
        if not line.in_service:
            axes.plot([x, to_x], [y, to_y], color="0.75", lw=0.8, ls=":", zorder=1)
            continue
        use = 100 * peaks[f"{line.from_bus}-{line.to_bus}"] / line.limit_kw
        width = 1.4 + 3.6 * min(use / 100, 1.0)
        axes.plot([x, to_x], [y, to_y], color=colours.to_rgba(use), lw=width, zorder=2)
    _draw_buses(axes, instance, answer, places)
    figure.colorbar(colours, ax=axes, label="greatest use of the line's limit (%)", pad=0.01)
    axes.set_title(f"{instance.name}: the grid", loc="left")
    axes.legend(handles=_handles(instance), loc="upper center", bbox_to_anchor=(0.5, 0.0), ncols=5, frameon=False)
    axes.margins(0.03, 0.2)
    axes.set_axis_off()
    return figure


def draw_roads(instance: FastChargingInstance, answer: Mapping[str, Any]) -> Figure | None:
    """Draw the road network with its flows and the candidates' nodes (Figure 4); None: the instance has no roads.

    :raises InstanceError: what the instance names as its road network is none.
    """
    if instance.road_network is None:
        return None
    roads = load_instance(instance.road_network)
    if not isinstance(roads, RoadNetwork):
        raise InstanceError(f"road_network: {instance.road_network!r} is no road network. Name one.")
    labels = {c.road_node: _label(c.bus, answer) for c in instance.candidates if c.road_node is not None}
    return traffic.draw(assign(roads, instance.road_assignment or "system_optimum"), labels)


def feeder_positions(instance: FastChargingInstance) -> dict[int, tuple[float, float]]:
    """Return bus -> (buses from the grid, row): row 0 is the longest way on, laterals go to rows that are free."""
    tree = nx.bfs_tree(instance.graph, instance.grid_bus)
    depth = nx.single_source_shortest_path_length(tree, instance.grid_bus)
    reach: dict[int, int] = {}
    for bus in reversed(list(nx.topological_sort(tree))):
        reach[bus] = max((reach[child] for child in tree.successors(bus)), default=depth[bus])
    row: dict[int, int] = {}
    taken: set[tuple[int, int]] = set()

    def place(start: int, parent_row: int) -> None:
        span = range(depth[start] - 1, reach[start] + 1)  # with room for the line that leads there
        at = next(r for r in _rows_near(parent_row) if not any((x, r) in taken for x in span))
        laterals, bus = [], start
        while True:
            row[bus] = at
            onwards = sorted(tree.successors(bus), key=lambda child: (-reach[child], child))
            laterals += [(child, at) for child in onwards[1:]]
            if not onwards:
                break
            bus = onwards[0]
        taken.update((x, at) for x in span)
        for child, of_parent in laterals:
            place(child, of_parent)

    place(instance.grid_bus, 0)
    return {bus: (float(depth[bus]), float(at)) for bus, at in row.items()}


def _rows_near(row: int) -> Iterator[int]:
    """Rows by distance, above before below."""
    yield row
    for away in count(1):
        yield row + away
        yield row - away


def _draw_buses(
    axes: Axes, instance: FastChargingInstance, answer: Mapping[str, Any], places: Mapping[int, tuple[float, float]]
) -> None:
    candidates = {candidate.bus for candidate in instance.candidates}
    for bus, (x, y) in places.items():
        built = bus in answer["stations"]
        if bus in candidates:
            axes.plot(x, y, "s", ms=15, mfc=_BUILT if built else _CANDIDATE, mec="black", mew=1.6, zorder=3)
        else:
            axes.plot(x, y, "o", ms=12, mfc="0.85", mec="0.4", mew=0.7, zorder=3)
        axes.annotate(str(bus), (x, y), ha="center", va="center", fontsize=8, color="white" if built else "black",
                      zorder=4)  # fmt: skip
        if bus in candidates:
            axes.annotate(_label(bus, answer), (x, y), xytext=(0, 11), textcoords="offset points", ha="center",
                          fontsize=8, zorder=5)  # fmt: skip
    for generator in instance.generators:
        x, y = places[generator.bus]
        axes.plot(x, y - 0.3, "^", ms=9, mfc=_GENERATOR, mec="black", mew=0.6, zorder=3)


def _label(bus: int, answer: Mapping[str, Any]) -> str:
    chargers = answer["stations"].get(bus)
    return f"bus {bus}: " + ("not built" if chargers is None else f"{chargers} chargers")


def _handles(instance: FastChargingInstance) -> list[Line2D]:
    plain: dict[str, Any] = {"ls": "", "mec": "black"}
    handles = [
        Line2D([], [], marker="s", ms=11, mfc=_BUILT, label="station", **plain),
        Line2D([], [], marker="s", ms=11, mfc=_CANDIDATE, label="candidate, not built", **plain),
    ]
    if instance.generators:
        handles.append(Line2D([], [], marker="^", ms=9, mfc=_GENERATOR, label="generator", **plain))
    if not all(line.in_service for line in instance.lines):
        handles.append(Line2D([], [], color="0.75", ls=":", label="open switch"))
    return handles
