"""Map of network pricing: the network, tolls by colour, traffic by width; beside it, what each commodity pays."""

from collections.abc import Mapping
from typing import Any

import networkx as nx
import numpy as np
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.collections import LineCollection
from matplotlib.colors import Normalize
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from ...colours import COSTLY
from ...instances.network_pricing import NetworkPricingInstance
from .distances import Distances
from .reaction import routes, shaded

_COLOURS = "viridis_r"
_FREE = "0.55"
_ASIDE = 0.035  # share of an arc's length by which it is drawn beside its opposite
_TOLL_AT = 0.38  # share of the arc's length where its toll is written, so that opposite ones are apart
_WIDEST = 7.0
_CROWDED = 40  # nodes, or commodities, above which nothing is named
_BARS = {"cost without tolls": "0.7", "tolls paid": COSTLY}


def draw(instance: NetworkPricingInstance, answers: Mapping[str, dict[str, Any]]) -> Figure:
    """Draw a map for each answer (label -> ``models.network_pricing.summary``), and what commodities pay below.

    :raises ValueError: there is no answer.
    """
    if not answers:
        raise ValueError("there is no answer to draw; run a method that finds a point first")
    figure = Figure(figsize=(7.6 * len(answers), 9.6), layout="constrained")
    rows = figure.subplots(2, len(answers), squeeze=False, height_ratios=[2.2, 1])
    greatest = max(max(answer["tolls"].values(), default=0.0) for answer in answers.values())
    norm = Normalize(0, max(greatest, 1e-9))
    for k, (label, answer) in enumerate(answers.items()):
        tolls = shaded({a: max(0.0, toll) for a, toll in answer["tolls"].items()})
        _draw_map(rows[0, k], instance, tolls, norm)
        rows[0, k].set_title(f"{instance.name}, {label}: revenue {answer['revenue']:,.1f}", loc="left")
        _draw_bills(rows[1, k], instance, tolls)
    figure.colorbar(ScalarMappable(norm, _COLOURS), ax=list(rows[0]), label="toll (money per unit)", shrink=0.6)
    figure.legend(handles=_handles(), loc="outside lower center", ncols=3, frameon=False)
    return figure


def _draw_map(axes: Axes, instance: NetworkPricingInstance, tolls: Mapping[str, float], norm: Normalize) -> None:
    places = _places(instance)
    traffic = dict.fromkeys((arc.id for arc in instance.arcs), 0.0)
    found = routes(instance, tolls, number=float)
    for commodity in instance.commodities:
        for arc in found[commodity.id].arcs:
            traffic[arc] += commodity.demand
    most = max(traffic.values())
    colours = ScalarMappable(norm, _COLOURS)
    for tolled in (False, True):  # tolled arcs on top
        arcs = [arc for arc in instance.arcs if arc.tolled == tolled]
        lines = [_beside(places[arc.tail], places[arc.head]) for arc in arcs]
        widths = [0.6 + _WIDEST * traffic[arc.id] / most for arc in arcs]
        shown = colours.to_rgba(np.array([tolls.get(arc.id, 0.0) for arc in arcs])) if tolled else _FREE
        style = "solid" if tolled else ["solid" if traffic[arc.id] else "dotted" for arc in arcs]
        axes.add_collection(LineCollection(lines, colors=shown, linewidths=widths, linestyles=style, zorder=1 + tolled))
    xy = np.array(list(places.values()))
    axes.scatter(xy[:, 0], xy[:, 1], s=26, color="white", edgecolors="0.3", linewidths=0.8, zorder=4)
    if len(instance.nodes) <= _CROWDED:
        _name_tolls(axes, instance, places, traffic, tolls)
        for commodity in instance.commodities:
            for end, mark in ((commodity.origin, "▷"), (commodity.destination, "■")):
                axes.annotate(
                    f"{mark} {commodity.id}", tuple(places[end]), xytext=(5, 6 if mark == "▷" else -11), fontsize=7.5,
                    textcoords="offset points", zorder=6, bbox={"fc": "white", "ec": "none", "alpha": 0.75, "pad": 0.4},
                )  # fmt: skip
    axes.set_aspect("equal", adjustable="datalim")
    axes.margins(0.08)
    axes.set_axis_off()


def _name_tolls(
    axes: Axes,
    instance: NetworkPricingInstance,
    places: Mapping[str, np.ndarray],
    traffic: Mapping[str, float],
    tolls: Mapping[str, float],
) -> None:
    """Write the toll beside the arcs that someone pays it on."""
    for arc in instance.tolled:
        if traffic[arc.id] and tolls.get(arc.id, 0.0) > 0:
            tail, head = _beside(places[arc.tail], places[arc.head])
            at = tail + _TOLL_AT * (head - tail)
            axes.annotate(
                f"{tolls[arc.id]:.1f}", tuple(at), fontsize=7.5, ha="center", va="center", zorder=5,
                bbox={"fc": "white", "ec": "0.6", "lw": 0.4, "alpha": 0.9, "pad": 0.8},
            )  # fmt: skip


def _places(instance: NetworkPricingInstance) -> dict[str, np.ndarray]:
    """Return where the nodes are: their positions, or, where one has none, a layout by the arcs' costs."""
    given = {node.id: node.position_km for node in instance.nodes}
    if all(place is not None for place in given.values()):
        return {node: np.array(place) for node, place in given.items()}
    graph = nx.Graph()
    graph.add_nodes_from(given)
    graph.add_weighted_edges_from((arc.tail, arc.head, arc.cost + 1e-6) for arc in instance.arcs)
    return {node: np.asarray(place) for node, place in nx.kamada_kawai_layout(graph, weight="weight").items()}


def _beside(tail: np.ndarray, head: np.ndarray) -> np.ndarray:
    """Return an arc's ends, a little to the right, so that its opposite has its own line."""
    along = head - tail
    aside = _ASIDE * np.array([along[1], -along[0]])
    return np.array([tail + aside, head + aside])


def _draw_bills(axes: Axes, instance: NetworkPricingInstance, tolls: Mapping[str, float]) -> None:
    found, distances = routes(instance, tolls, number=float), Distances(instance)
    where = np.arange(len(instance.commodities))
    paid = np.array([found[k.id].paid for k in instance.commodities])
    cost = np.array([found[k.id].cost for k in instance.commodities])
    axes.bar(where, cost - paid, color=_BARS["cost without tolls"])
    axes.bar(where, paid, bottom=cost - paid, color=_BARS["tolls paid"])
    axes.hlines([distances.alternative(k) for k in instance.commodities], where - 0.42, where + 0.42, "black", lw=1.4)
    crowded = len(instance.commodities) > _CROWDED
    axes.set_xticks(where, [k.id for k in instance.commodities], rotation=90, fontsize=5 if crowded else 8)
    axes.set_ylabel("cost (money per unit)")
    axes.spines[["top", "right"]].set_visible(False)


def _handles() -> list[Any]:
    lines = [
        Line2D([], [], color="#31688e", lw=4, label="tolled arc (colour: toll, width: traffic)"),
        Line2D([], [], color=_FREE, lw=4, label="arc without toll (dotted: unused)"),
        Line2D([], [], color="black", lw=1.4, label="cost of avoiding all tolls"),
    ]
    return lines + [Line2D([], [], color=colour, lw=7, label=label) for label, colour in _BARS.items()]
