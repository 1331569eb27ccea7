"""Which reformulation on which solver: what was asked, or what "auto" makes of it.

Where both are "auto", the reformulation is chosen first, and then a solver that takes it. That solver may be known to
be slow at just this (see :meth:`.Solver.misgiving`), or there is none; the next reformulations are looked at then, and
one is taken if nothing speaks against its solver.
"""

from dataclasses import dataclass, replace
from typing import Any

from ..errors import UnsupportedBySolverError
from ..levels.bilevel import Bilevel
from ..reformulations import choose_reformulation, reformulate
from ..reformulations.registry import after
from ..request import Request
from ..solvers.base import Solver
from ..solvers.reading import Reading, read


@dataclass(frozen=True)
class Choice:
    """A single-level model and what was read of it, the reformulation's name, the solver, and why these two."""

    model: Any
    reading: Reading
    reformulation: str
    solver: Solver
    notes: tuple[str, ...]


def choose_both(bilevel: Bilevel, request: Request) -> Choice:
    """Return the single-level model that is solved, and who solves it.

    :raises BilevoltError: the model cannot be treated correctly, or nobody takes it.
    """
    session = request.session()
    model, name, reason = choose_reformulation(
        bilevel, request.reformulation, request.big_m, request.cuts, session.features
    )
    reading = read(model)
    free = request.solver == "auto" and request.reformulation == "auto"
    try:
        solver, why = session.choose(reading)
        against = solver.misgiving(reading.needs)
    except UnsupportedBySolverError:
        other = _another(bilevel, request, name) if free else None
        if other is None:
            raise
        against = "no solver that is here takes it"
    else:
        other = _another(bilevel, request, name) if free and against else None
    if other is None:
        return Choice(model, reading, name, solver, tuple(note for note in (reason, why) if note))
    instead = f"{other.reformulation} on {other.solver.name}, not {name}: {against}"
    return replace(other, notes=(reason, instead, *other.notes))


def _another(bilevel: Bilevel, request: Request, name: str) -> Choice | None:
    """Return the first of what "auto" tries after ``name`` with a solver that nothing speaks against."""
    for step in after(name):
        model = reformulate(bilevel, step.name, cuts=request.cuts)
        reading = read(model)
        try:
            solver, why = request.session().choose(reading)
        except UnsupportedBySolverError:
            continue
        if solver.misgiving(reading.needs) is None:
            return Choice(model, reading, step.name, solver, (why,))
    return None
