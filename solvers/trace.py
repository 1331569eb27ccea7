"""How a search went: the best point and the bound over time, as the solvers' callbacks tell them."""

from collections.abc import Callable
from math import isfinite
from time import perf_counter

Mark = tuple[float, float | None, float | None]
"""Seconds since the solver began, the objective of its best point, its proven bound; None where there is none."""

INFINITE = 1e20
"""What SCIP calls infinite: no objective and no bound."""

GROWTH, LEAST = 1.02, 1e-3
"""A bound is noted again after that many times as long, plus so many seconds: hours come to some hundred marks."""


class Trace:
    """Marks of one run of a solver, a new one when the best point improves or, now and then, when the bound does."""

    def __init__(self) -> None:
        self.begin = perf_counter()
        self.marks: list[Mark] = []
        self.root_bound: float | None = None
        """The last bound before the search branched."""

    def note(self, nodes: float, incumbent: float, bound: float) -> None:
        """Note where a search stands, of which a solver's callback tells; infinite: there is no point, or no bound."""
        known = _finite(bound)
        if nodes <= 1 and known is not None:
            self.root_bound = known
        self._add(_finite(incumbent), known, final=False)

    def end(self, nodes: int | None, incumbent: float | None, bound: float | None) -> None:
        """Note how the search ended; one of a single node ends with its root's bound."""
        known = None if bound is None else _finite(bound)
        if known is not None and nodes is not None and nodes <= 1:
            self.root_bound = known
        self._add(None if incumbent is None else _finite(incumbent), known, final=True)

    def _add(self, incumbent: float | None, bound: float | None, *, final: bool) -> None:
        seconds = perf_counter() - self.begin
        last = self.marks[-1] if self.marks else (0.0, None, None)
        if not final and (incumbent is None or (last[1] is not None and incumbent == last[1])):
            if bound == last[2] or seconds < GROWTH * last[0] + LEAST:
                return
            incumbent = last[1]
        if final or (incumbent, bound) != last[1:]:
            self.marks.append((seconds, incumbent, bound))


def mapped(marks: list[Mark], change: Callable[[float], float]) -> list[Mark]:
    """Return marks whose objectives and bounds are changed: scaled back, or of the other sense."""
    return [
        (seconds, None if found is None else change(found), None if bound is None else change(bound))
        for seconds, found, bound in marks
    ]


def _finite(given: float) -> float | None:
    return given if isfinite(given) and abs(given) < INFINITE else None
