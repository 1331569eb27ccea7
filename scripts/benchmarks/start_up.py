"""Start-up: fresh processes that list what there is, and that solve their first problem."""

import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial

from .row import Row, in_turns

FIRST = "import bilevolt as bv; bv.solve(bv.models.textbook.build('bard_1998_721'), solver='highs')"
OWN = """
import pyomo.environ as pyo
import bilevolt as bv

model = pyo.ConcreteModel()
model.x, model.y = pyo.Var(bounds=(0, 10)), pyo.Var(bounds=(0, 10))
model.cost = pyo.Objective(expr=model.x - 4 * model.y)
model.L = bv.SubModel(fixed=[model.x])
model.L.cost = pyo.Objective(expr=model.y)
model.L.rows = pyo.ConstraintList()
for row in (model.x + model.y >= 3, 2 * model.x - model.y >= 0, -3 * model.x + 2 * model.y >= -4):
    model.L.rows.add(row)
bv.solve(model, solver="highs")
"""


@dataclass(frozen=True)
class _Process:
    """A process that is started: Python's arguments, the seconds aimed at, and what takes most of them."""

    arguments: tuple[str, ...]
    aim: float
    bound_by: str


_PROCESSES = {
    "start-up-help": _Process(("-m", "bilevolt", "--help"), 0.4, "imports of Typer and Rich"),
    "start-up-list": _Process(("-m", "bilevolt", "list"), 0.4, "imports of Typer, Rich, and Pydantic by Typer"),
    "start-up-list-all": _Process(
        ("-m", "bilevolt", "list", "--json"), 0.4, "imports of the solvers and Pyomo; every instance is checked"
    ),
    "start-up-first-solve": _Process(("-c", FIRST), 0.9, "imports of NumPy, pyomo.core and SciPy's sparse arrays"),
    "start-up-own-model": _Process(("-c", OWN), 0.9, "the same, and all of Pyomo, which the script imports"),
}


def rows(repeats: int) -> Iterator[Row]:
    """Yield a row of each, in seconds."""
    tasks = [partial(_run, process.arguments) for process in _PROCESSES.values()]
    in_turns(1, *tasks)  # compiles what is not
    for (name, process), seconds in zip(_PROCESSES.items(), in_turns(repeats, *tasks), strict=True):
        yield Row(name, "-", process.aim, seconds, None, process.bound_by)


def _run(arguments: tuple[str, ...]) -> None:
    """Run with compiled modules in their caches, as after any first run, whatever this shell says."""
    kept = {name: setting for name, setting in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    subprocess.run([sys.executable, *arguments], check=True, stdout=subprocess.DEVNULL, env=kept)
