"""Who solves a single-level Pyomo model: Gurobi, HiGHS, SCIP, and optional solvers, behind one interface.

A new solver is one file with a subclass of `Solver`, and one line in `SOLVERS`.
"""

from collections.abc import Collection
from typing import Any

from pyomo.core.base.block import BlockData

from .. import lean_scipy  # before any solver's file imports SciPy
from ..errors import SolverUnavailableError, UnsupportedBySolverError
from ..spelling import canonical
from .base import Solver
from .copt import Copt
from .cplex import Cplex
from .features import Features, Needs, Size
from .gurobi import Gurobi
from .highs import Highs
from .pyomo_solver import PREFIX, adopt, is_pyomo_solver, named
from .reading import Reading, needs_of, read
from .records import SolverResult
from .scip import Scip
from .status import Status
from .xpress import Xpress

__all__ = [
    "SOLVERS",
    "Features",
    "Needs",
    "Size",
    "Solver",
    "SolverResult",
    "Status",
    "choose",
    "get_solver",
    "needs_of",
    "objection",
    "solver_name",
    "table",
]

SOLVERS: dict[str, Solver] = {solver.name: solver for solver in (Gurobi(), Highs(), Scip(), Xpress(), Cplex(), Copt())}
"""Solvers by name, in the order in which `choose` asks them. Optional ones come last: whether they are installed
changes only what no other takes."""


def get_solver(name: str) -> Solver:
    """Return the solver of that name, in upper or lower case; ``pyomo:NAME`` is one that Pyomo knows.

    :raises SolverUnavailableError: no solver has that name; the message lists those that exist.
    """
    if isinstance(name, str) and name.startswith(PREFIX):
        return named(name)
    return SOLVERS[canonical("solver", name, SOLVERS, SolverUnavailableError)]


def solver_name(given: object, what: str = "solver") -> str:
    """Return the name of a solver, or "auto"; a solver object of Pyomo's gets one.

    :param what: the argument, for the message.
    :raises SolverUnavailableError: there is no such solver.
    """
    if is_pyomo_solver(given):
        return adopt(given)
    if isinstance(given, str) and given.startswith(PREFIX):
        return named(given).name
    return canonical(what, given, ("auto", *SOLVERS), SolverUnavailableError)


def choose(model: BlockData | Reading, *, exclude: Collection[str] = ()) -> tuple[Solver, str]:
    """Apply the `auto` rule: the first of `SOLVERS` that is there, supports the model, and whose licence it fits.

    :param model: a model, or what was read of it (which the solver then need not read again).
    :returns: the solver, and a sentence that says why it and none before it.
    :raises UnsupportedBySolverError: none is left; the message has every solver's reason.
    """
    needs = read(model).needs
    passed_over: list[str] = []
    for solver in SOLVERS.values():
        reason = objection(solver, needs, exclude)
        if reason is None:
            why = f"{solver.name} takes the model ({needs.size})"
            return solver, "; ".join([why, *passed_over]) + "."
        passed_over.append(f"not {solver.name}: {reason}")
    raise UnsupportedBySolverError(f"No solver takes the model ({needs.size}): {'; '.join(passed_over)}.")


def table() -> list[dict[str, Any]]:
    """One row per solver: name, version, available (True or the reason why not), and its features."""
    return [
        {
            "solver": solver.name,
            "version": solver.version(),
            "available": solver.available() or True,
            **solver.features.as_dict(),
        }
        for solver in SOLVERS.values()
    ]


def objection(solver: Solver, needs: Needs, exclude: Collection[str] = ()) -> str | None:
    """Say why a solver does not take a model with these needs; None where it does."""
    if solver.name in exclude:
        return "excluded"
    if (reason := solver.available()) is not None:
        return reason
    if missing := solver.features.missing(needs):
        return "does not support " + ", ".join(f"{name} ({needs.because[name]})" for name in missing)
    return solver.misfit(needs)
