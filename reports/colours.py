"""One colour for each way to treat a model, one dash for each solver: the same in every figure."""

from typing import Any

from ..heuristics import METHODS
from ..reformulations import LINEARIZATIONS
from ..solvers import SOLVERS
from .rivals import RIVALS

# The eight of Okabe and Ito, which people tell apart who do not see all colours, and darker or lighter ones.
_COLOURS = (
    "#000000", "#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#7f6000", "#5e3c99", "#b2182b",
    "#1b7837", "#8c510a", "#762a83", "#4d9221", "#2166ac", "#878787", "#e08214", "#35978f", "#c51b7d", "#f0e442",
)  # fmt: skip
_DASHES: tuple[Any, ...] = ("-", "--", "-.", ":", (0, (5, 1, 1, 1, 1, 1)), (0, (8, 2)), (0, (1, 3)), (0, (3, 4, 1, 4)))
_MARKERS = ("o", "s", "^", "D", "v", "P", "X", "*")


def style(way: str, solver: str) -> dict[str, Any]:
    """Return how a line is drawn: its colour is the reformulation's or heuristic's, its dash the solver's."""
    return {"color": colour(way), "linestyle": _DASHES[_place(solver) % len(_DASHES)]}


def colour(way: str) -> str:
    """Return the colour of a reformulation or heuristic; an unknown name has the last one."""
    known = ["auto", *LINEARIZATIONS, *METHODS, *(rival.reformulation for rival in RIVALS.values())]
    return _COLOURS[known.index(way) % len(_COLOURS)] if way in known else _COLOURS[-1]


def marker(solver: str) -> str:
    """Return the mark of a solver's points."""
    return _MARKERS[_place(solver) % len(_MARKERS)]


def _place(solver: str) -> int:
    known = [*SOLVERS, "auto"]
    return known.index(solver) if solver in known else len(known)
