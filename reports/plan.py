"""What a comparison or a tournament runs: methods, reformulations and solvers, checked before anything is built."""

from collections.abc import Mapping, Sequence
from itertools import product
from typing import Any, NamedTuple

from ..errors import ArgumentError
from ..heuristics import METHODS
from ..reformulations import LINEARIZATIONS
from ..request import Request, confirmer, shared, solver_name, used
from ..spelling import canonical


class Run(NamedTuple):
    """One way to treat a model; a heuristic has no reformulation."""

    method: str
    reformulation: str | None
    solver: str

    def arguments(self, given: Mapping[str, Any]) -> dict[str, Any]:
        """Return the arguments of ``solve``: this run's own, and those of ``given`` that it makes use of."""
        asked = self.reformulation or "auto"
        apt = used(given, self.method, asked)
        own = {"method": self.method, "reformulation": asked, "solver": self.solver}
        return own | {name: item for name, item in given.items() if name in apt}


def plan(
    reformulations: Sequence[str], solvers: Sequence[str], methods: Sequence[str], arguments: Mapping[str, Any]
) -> tuple[list[Run], dict[str, Any]]:
    """Return the runs, heuristics first, and the arguments of all of them with plain numbers.

    :param arguments: those of :func:`bilevolt.solve` that are no part of a run.
    :raises BilevoltError: an unknown name, a number out of range, or an argument that no run makes use of.
    """
    steps = [canonical("reformulation", name, ("auto", *LINEARIZATIONS)) for name in reformulations]
    named = [solver_name(name) for name in solvers]
    heuristics = [canonical("method", name, METHODS) for name in methods]
    runs = [Run(method, None, solver) for method, solver in product(heuristics, named)]
    runs += [Run("exact", step, solver) for step, solver in product(steps, named)]
    checked = {**arguments, **shared(arguments)}
    if "confirm" in checked:
        checked["confirm"] = confirmer(checked["confirm"], "auto")
    _refuse_unused(checked, runs)
    return runs, checked


def _refuse_unused(arguments: Mapping[str, Any], runs: Sequence[Run]) -> None:
    """Refuse arguments that no run makes use of."""
    known = set(Request.__dataclass_fields__) - {"method", "reformulation", "solver"}
    useful = set().union(*(used(known, run.method, run.reformulation or "auto") for run in runs))
    useless = sorted(name for name, item in arguments.items() if item is not None and name not in useful)
    if useless and runs:
        raise ArgumentError(
            f"{', '.join(map(repr, useless))}: used by none of the runs. Leave it out, or choose methods and "
            "reformulations that use it."
        )
