"""Which reformulation on which solver: what was asked, or what "auto" makes of it.

"auto" chooses the reformulation first, by its Ms, and then a solver. There may be none that takes the result (beside
pairs that are branched on, HiGHS takes products of continuous variables, beside big-Ms it does not), or one that is
known to be slow at just this, see :meth:`.Solver.misgiving`. The next reformulations are looked at then, and one is
taken if nothing speaks against its solver.
"""

from dataclasses import dataclass, replace
from typing import Any

from ..errors import UnsupportedBySolverError
from ..levels.bilevel import Bilevel
from ..reformulations import LINEARIZATIONS, choose_reformulation, reformulate
from ..reformulations.registry import after
from ..reformulations.single_level import map_of
from ..request import Request
from ..solvers import objection
from ..solvers.base import Solver
from ..solvers.reading import Reading, read
from .separation import separate


@dataclass(frozen=True)
class Choice:
    """A single-level model and what was read of it, the reformulation's name, the solver, and why these two."""

    model: Any
    reading: Reading
    reformulation: str
    solver: Solver
    notes: tuple[str, ...]

    def instead_of(self, reason: str, against: str) -> "Choice":
        """Return the same with the reason for what was chosen first, and what speaks against it."""
        said = f"{self.reformulation} on {self.solver.name}, {against}"
        return replace(self, notes=(reason, said, *self.notes))


def choose_both(bilevel: Bilevel, request: Request) -> Choice:
    """Return the single-level model that is solved, and who solves it.

    :raises BilevoltError: the model cannot be treated correctly, or nobody takes it.
    """
    session = request.session()
    model, name, reason = choose_reformulation(
        bilevel, request.reformulation, request.big_m, request.cuts, session.features
    )
    reading, separated = separate(map_of(model), read(model))
    # where the reformulation is the user's, or uses the user's Ms, there is nothing to choose
    free = request.reformulation == "auto" and not (
        request.big_m is not None and "big_m" in LINEARIZATIONS[name].options
    )
    try:
        solver, why = session.choose(reading)
    except UnsupportedBySolverError:
        other = _another(bilevel, request, name) if free else None
        if other is None:
            raise
        return other.instead_of(reason, f"no solver that is here takes {name}")
    choice = Choice(model, reading, name, solver, tuple(filter(None, (reason, why, separated))))
    against = objection(solver, reading.needs)
    if against is None and request.solver == "auto":
        against = solver.misgiving(reading.needs)
    other = _another(bilevel, request, name) if free and against else None
    return other.instead_of(reason, f"not {name}: {against}") if other else choice


def _another(bilevel: Bilevel, request: Request, name: str) -> Choice | None:
    """Return the first of what "auto" tries after ``name`` with a solver that nothing speaks against."""
    session = request.session()
    for step in after(name):
        if session.features is not None and not all(session.features.get(feature) for feature in step.needs):
            continue
        model = reformulate(bilevel, step.name, cuts=request.cuts)
        reading, separated = separate(map_of(model), read(model))
        try:
            solver, why = session.choose(reading)
        except UnsupportedBySolverError:
            continue
        if objection(solver, reading.needs) is None and solver.misgiving(reading.needs) is None:
            return Choice(model, reading, step.name, solver, tuple(filter(None, (why, separated))))
    return None
