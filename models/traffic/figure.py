"""Pictures of a road network: what each link carries, and which nodes matter."""

from collections.abc import Mapping

import networkx as nx
import numpy as np
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.colors import Normalize
from matplotlib.figure import Figure
from matplotlib.patches import FancyArrowPatch

from ...colours import SERIES
from ...instances.road_network import RoadNetwork
from .assignment import Assignment

Points = dict[int, np.ndarray]

_COLOURS = "viridis_r"
_WIDEST = 4.5  # points, of the link with the greatest flow
_APART = 0.018  # of the picture, between the two directions
_CLEAR = 0.022  # of the picture, between a node and the arrows at it
_LAYOUT_SEED = 1


def draw(assignment: Assignment, marked: Mapping[int, str] | None = None) -> Figure:
    """Draw the flows of an assignment: width by flow, colour by flow over capacity; each direction keeps to its right.

    :param marked: node -> label, of nodes that are to be seen first.
    """
    figure = Figure(figsize=(8.6, 8.6), layout="constrained")
    axes = figure.subplots()
    draw_on(axes, assignment, marked or {})
    network = assignment.network
    name = assignment.objective.replace("_", " ")
    total = f"total travel time {assignment.total_travel_time:,.0f}"
    unit = f"{network.time_unit} x {network.flow_unit}"
    axes.set_title(f"{network.name}, {name}: {total}\n({unit})", loc="left", fontsize=11)
    figure.colorbar(_scale(assignment), ax=axes, label="flow over capacity", shrink=0.5, pad=0.01)
    return figure


def draw_on(axes: Axes, assignment: Assignment, marked: Mapping[int, str]) -> None:
    """Draw the network, its flows and the marked nodes on axes of a figure."""
    network, places = assignment.network, positions(assignment.network)
    colours = _scale(assignment)
    widest = max(float(assignment.flows.max()), 1e-12)
    for link, flow, ratio in zip(network.links, assignment.flows, _ratios(assignment), strict=True):
        start, end = places[link.from_node], places[link.to_node]
        along = (end - start) / max(float(np.linalg.norm(end - start)), 1e-12)
        aside = 0.5 * _APART * np.array([along[1], -along[0]])
        axes.add_patch(
            FancyArrowPatch(
                tuple(start + _CLEAR * along + aside), tuple(end - _CLEAR * along + aside), arrowstyle="-|>",
                mutation_scale=8, shrinkA=0, shrinkB=0, lw=0.6 + _WIDEST * float(flow) / widest,
                color=colours.to_rgba(ratio), zorder=2,
            )
        )  # fmt: skip
    for node, at in places.items():
        known = node in marked
        axes.plot(*at, "o", ms=19 if known else 13, mfc=SERIES[1] if known else "white", mec="black", mew=0.9, zorder=4)
        axes.annotate(
            str(node), tuple(at), ha="center", va="center", fontsize=9 if known else 8,
            color="white" if known else "black", weight="bold" if known else "normal", zorder=5,
        )  # fmt: skip
        if known:
            axes.annotate(
                marked[node], tuple(at), xytext=(12, 11), textcoords="offset points", fontsize=8.5, zorder=6,
                bbox={"fc": "white", "ec": "0.7", "alpha": 0.9, "pad": 1.5},
            )  # fmt: skip
    axes.set_aspect("equal", adjustable="datalim")
    axes.margins(0.06)
    axes.set_axis_off()


def positions(network: RoadNetwork) -> Points:
    """Return node -> point of the unit square: its place, or one that keeps linked nodes near where there is none."""
    if network.places:
        given = {place.node: (place.x, place.y) for place in network.places}
    else:
        roads = nx.Graph((link.from_node, link.to_node) for link in network.links)
        given = nx.spring_layout(roads, seed=_LAYOUT_SEED, iterations=200)
    corners = np.array(list(given.values()), dtype=float)
    low, span = corners.min(axis=0), np.ptp(corners, axis=0)
    return {node: (np.array(at) - low) / np.where(span > 0, span, 1.0) for node, at in given.items()}


def _ratios(assignment: Assignment) -> np.ndarray:
    return assignment.flows / np.array([link.capacity for link in assignment.network.links])


def _scale(assignment: Assignment) -> ScalarMappable:
    return ScalarMappable(Normalize(0, max(1.0, float(_ratios(assignment).max()))), _COLOURS)
