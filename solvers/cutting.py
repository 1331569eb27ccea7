"""Rows that are written while a solver searches: asked for at the points of its relaxations, in its callbacks.

A *cutter* says which rows a point violates. They need not follow from the model, as long as one of its optima satisfies
them all; so a solver that is given one leaves out every reduction that keeps just some optimum of the model. What a
cutter raises may not cross native code: it is kept, the search ends, and it is raised then.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

import numpy as np

from .interrupt import stop_requested
from .program import Array

VIOLATION = 1e-6
"""By how much a row must be violated, relative to 1 + its largest term at the point; what is less is tolerance."""
IDLE = 200
"""After so many points in a row without a row, the cutter is asked no more."""


@dataclass(frozen=True)
class Cut:
    """``lower <= weights @ x[columns] <= upper``."""

    columns: Array
    weights: Array
    lower: float
    upper: float

    def is_violated(self, x: Array) -> bool:
        """Whether a point violates it, and by more than a tolerance."""
        terms = self.weights * x[self.columns]
        body = float(terms.sum())
        size = 1.0 + float(np.abs(terms).max(initial=0.0))
        return max(self.lower - body, body - self.upper) > VIOLATION * size


Cutter = Callable[[Array], Sequence[Cut]]
"""Point -> rows that it violates."""


def scaled(cutter: Cutter, column: Array) -> Cutter:
    """Return the cutter of a program whose columns are scaled, ``x = column * x'``; rows get a largest entry near 1."""

    def cut(point: Array) -> list[Cut]:
        return [_scaled(found, column) for found in cutter(point * column)]

    return cut


def _scaled(cut: Cut, column: Array) -> Cut:
    weights = cut.weights * column[cut.columns]
    largest = np.abs(weights).max(initial=0.0)
    factor = float(np.exp2(-np.round(np.log2(largest)))) if largest > 0 else 1.0
    return Cut(cut.columns, weights * factor, cut.lower * factor, cut.upper * factor)


@dataclass(eq=False)
class Asking:
    """One search's questions to a cutter; ``added`` counts the rows that it got."""

    cutter: Cutter
    added: int = 0
    raised: BaseException | None = None
    _idle: int = field(default=0, repr=False)

    def at(self, point: Iterable[float]) -> list[Cut]:
        """Return rows that a point violates; none once the search has to end, or nothing has come for long."""
        if self.raised is not None or self._idle >= IDLE or stop_requested():
            return []
        x = np.fromiter(point, dtype=float)
        try:
            cuts = [cut for cut in self.cutter(x) if cut.is_violated(x)]
        except BaseException as error:
            self.raised = error
            return []
        self._idle = 0 if cuts else self._idle + 1
        self.added += len(cuts)
        return cuts

    def end(self) -> None:
        """Raise what the cutter raised."""
        if self.raised is not None:
            raise self.raised
