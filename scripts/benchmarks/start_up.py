"""Start-up: a fresh process that lists what there is, and one that solves its first problem."""

import subprocess
import sys
from collections.abc import Iterator
from functools import partial

from .row import Row, in_turns

FIRST = "import bilevolt as bv; bv.solve(bv.models.textbook.build('bard_1998_721'), solver='highs')"


def rows(repeats: int) -> Iterator[Row]:
    """Yield both rows, in seconds."""
    tasks = {"start-up-list": (["-m", "bilevolt", "list"], 0.4), "start-up-first-solve": (["-c", FIRST], 0.9)}
    taken = in_turns(repeats, *(partial(_run, arguments) for arguments, _ in tasks.values()))
    for (name, (_, aim)), seconds in zip(tasks.items(), taken, strict=True):
        yield Row(name, "-", aim, seconds, None, "imports of Pyomo and PAO")


def _run(arguments: list[str]) -> None:
    subprocess.run([sys.executable, *arguments], check=True, stdout=subprocess.DEVNULL)
