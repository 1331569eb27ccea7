"""How a search went: the best point and the bound over time, as the solvers' callbacks tell them."""

import warnings
from collections.abc import Callable
from math import isfinite
from time import perf_counter

Mark = tuple[float, float | None, float | None]
"""Seconds since the solver began, the objective of its best point, its proven bound; None where there is none."""

INFINITE = 1e20
"""What SCIP calls infinite: no objective and no bound."""

GROWTH, LEAST = 1.02, 1e-3
"""A bound is noted again after that many times as long, plus so many seconds: hours come to some hundred marks."""


Watch = Callable[[Mark], None]
"""Who is told, while a solver runs, where its search stands."""

TELL_EVERY, TELL_SHARE = 2.0, 0.05
"""Seconds between two times that it is told, and their least share of the time that has passed."""


class Trace:
    """Marks of one run of a solver, a new one when the best point improves or, now and then, when the bound does.

    :param watch: told now and then where the search stands; never of a search that is over before the first time.
    """

    def __init__(self, watch: Watch | None = None) -> None:
        self.begin = perf_counter()
        self.watch, self.next_told = watch, TELL_EVERY
        self.marks: list[Mark] = []
        self.root_bound: float | None = None
        """The last bound before the search branched."""

    def note(self, nodes: float, incumbent: float, bound: float) -> None:
        """Note where a search stands, of which a solver's callback tells; infinite: there is no point, or no bound."""
        known = _finite(bound)
        if nodes <= 1 and known is not None:
            self.root_bound = known
        self._add(_finite(incumbent), known, final=False)
        if self.watch is not None:
            self._tell(self.watch, _finite(incumbent), known)

    def end(self, nodes: int | None, incumbent: float | None, bound: float | None) -> None:
        """Note how the search ended; one of a single node ends with its root's bound."""
        known = None if bound is None else _finite(bound)
        if known is not None and nodes is not None and nodes <= 1:
            self.root_bound = known
        self._add(None if incumbent is None else _finite(incumbent), known, final=True)

    def _tell(self, watch: Watch, incumbent: float | None, bound: float | None) -> None:
        seconds = perf_counter() - self.begin
        if seconds < self.next_told:
            return
        self.next_told = seconds + max(TELL_EVERY, TELL_SHARE * seconds)
        try:
            watch((seconds, incumbent, bound))
        except Exception as error:  # through a solver's callback it would end the search, or be lost, as solvers differ
            self.watch = None
            warnings.warn(f"progress is not told any more: {error!r}", RuntimeWarning, stacklevel=2)

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


def mapped_watch(watch: Watch | None, change: Callable[[float], float]) -> Watch | None:
    """Return who is told marks whose objectives and bounds are changed."""
    return None if watch is None else lambda mark: watch(mapped([mark], change)[0])


def line(solver: str, mark: Mark) -> str:
    """Return where a search stands, in a line; the gap is relative to the best point, as that of a solution.

    >>> line("highs", (12.3, -40.0, -50.0)), line("scip", (4.0, None, 3.25))
    ('highs, 12 s: best -40, bound -50, gap 25 %', 'scip, 4 s: no point yet, bound 3.25')
    """
    seconds, incumbent, bound = mark
    told = ["no point yet" if incumbent is None else f"best {incumbent:.8g}"]
    if bound is not None:
        told.append(f"bound {bound:.8g}")
    if incumbent is not None and bound is not None:
        told.append(f"gap {round(100 * abs(incumbent - bound) / max(1.0, abs(incumbent)), 6):.3g} %")
    return f"{solver}, {seconds:.0f} s: {', '.join(told)}"


def _finite(given: float) -> float | None:
    return given if isfinite(given) and abs(given) < INFINITE else None
