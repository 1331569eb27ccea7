"""The colours of every figure: one for each way to treat a model, each status, and each part of a picture.

Whoever draws takes its colours here, so that a method looks the same in all figures. Any two of a group differ for
people with normal sight, and for those with deuteranopia or protanopia (the tests simulate both), and lines differ by
dashes, marks or widths besides. The first seven ways have the colours of Okabe and Ito; the others are from a random
search for the largest least distance in CIE Lab, over the three kinds of sight.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

EXACT = "exact"
#: a reformulation, heuristic or rival, by the name that tables have -> its colour; ``exact`` is any exact solve.
WAYS: Mapping[str, str] = {
    EXACT: "#000000",
    "bigm": "#0072b2",
    "sos1": "#d55e00",
    "branch": "#009e73",
    "strong_duality": "#cc79a7",
    "product": "#e69f00",
    "indicator": "#56b4e9",
    "nested": "#ad0408",
    "leader_alone": "#675372",
    "elephant_herding": "#5c00f7",
    "immune_ga": "#9bbf7f",
    "pso": "#26e1e9",
    "annealing": "#243ecd",
    "exchange": "#f09dae",
    "neighbourhood": "#6689ff",
    "alternating": "#acd768",
    "scholtes": "#42533c",
    "kkt+gdp(1e5)": "#451d00",
    "PAO FA": "#4f0f38",
    "PAO REG": "#5c0e64",
    "strong duality": "#0d5cc1",
}
#: what else is compared: a user's own point, no control at all, a paper's figure.
OTHERS = ("#72703b", "#070676")
#: solver -> its dashes and its mark.
SOLVERS: Mapping[str, tuple[Any, str]] = {
    "gurobi": ("-", "o"),
    "highs": ("--", "s"),
    "scip": ("-.", "^"),
    "xpress": (":", "D"),
    "cplex": ((0, (5, 1, 1, 1, 1, 1)), "v"),
    "copt": ((0, (8, 2)), "P"),
    "auto": ((0, (1, 3)), "X"),
}
_OTHER_SOLVER: tuple[Any, str] = ((0, (3, 4, 1, 4)), "*")

STATUSES: Mapping[str, str] = {
    "optimal": "#009e73",
    "feasible": "#e69f00",
    "infeasible": "#0072b2",
    "unbounded": "#0072b2",
    "infeasible_or_unbounded": "#0072b2",
    "no_solution": "#666666",
    "error": "#7a0403",
    "refused": "#c4c4c4",
}

# The parts of a picture of both levels.
REGION, FOLLOWER = "#c6dbef", "#eeeeee"
REACTION, REJECTED = "#0072b2", "#d55e00"
OPTIMUM, RELAXED = "#7a0403", "#009e73"
LEVEL = "#666666"
#: the same parts on a dark page.
IN_THE_DARK: Mapping[str, str] = {
    "follower": "#2b3036", "region": "#17456b", "reaction": "#56b4e9", "rejected": "#e69f00", "optimum": "#f5e663",
    "level": "#a6abb1",
}  # fmt: skip

#: things that are no ways to treat a model: sites, buses, steps.
SERIES = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#070676", "#ad0408")
#: a part that is as it should be, and one that costs.
FINE, COSTLY = "#56b4e9", "#ad0408"


def colour(way: str) -> str:
    """Return the colour of a reformulation, heuristic or rival; all unknown names share one."""
    return WAYS.get(EXACT if way == "auto" else way, OTHERS[0])


def style(way: str, solver: str) -> dict[str, Any]:
    """Return how a line is drawn: its colour is the reformulation's or heuristic's, dash and mark the solver's."""
    dashes, mark = SOLVERS.get(solver, _OTHER_SOLVER)
    return {"color": colour(way), "linestyle": dashes, "marker": mark}


def colours(labels: Iterable[str]) -> dict[str, str]:
    """Return label -> colour, for the labels of one figure: that of the way that a label names.

    >>> colours(["leader alone", "nested heuristic", "exact sos1 highs", "no control"])["no control"]
    '#72703b'
    """
    ways = {label: _way(label) for label in labels}
    unknown = [label for label, way in ways.items() if way is None]
    others = {label: OTHERS[place % len(OTHERS)] for place, label in enumerate(unknown)}
    return {label: others[label] if way is None else WAYS[way] for label, way in ways.items()}


def lines(labels: Sequence[str], widest: float = 4.2, thinnest: float = 1.6) -> dict[str, dict[str, Any]]:
    """Return label -> how its line is drawn; later ones are thinner, so that lines that coincide are all seen.

    A label that names a solver has that solver's dashes.
    """
    shown = colours(labels)
    step = (widest - thinnest) / max(1, len(shown) - 1)
    return {
        label: {"color": shade, "lw": thinnest + (len(shown) - 1 - place) * step, "ls": _dashes(label)}
        for place, (label, shade) in enumerate(shown.items())
    }


def _way(label: str) -> str | None:
    """Return the way that a label names; of several, a reformulation or heuristic rather than ``exact``."""
    named = [way for way in WAYS if f" {_words(way)} " in f" {_words(label)} "]
    return max(named, key=lambda way: (way != EXACT, len(way)), default=None)


def _dashes(label: str) -> Any:
    words = _words(label).split()
    return next((dashes for solver, (dashes, _) in SOLVERS.items() if solver in words), "-")


def _words(text: str) -> str:
    return " ".join(re.findall(r"[a-z0-9+]+", text.lower()))
