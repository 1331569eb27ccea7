"""Solution files (.sol): the objective, then a variable and its value per line, as in MIPLIB."""

import math
from collections.abc import Mapping
from pathlib import Path

from .lines import Where, text_of
from .words import word

_OBJECTIVE = "=obj="


def write_sol(path: Path, objective: float | None, values: Mapping[str, float], comment: str = "") -> None:
    """Write a solution file.

    :param comment: one line, such as what made the solution.
    """
    lines = [f"# {comment}"] if comment else []
    lines += [] if objective is None else [f"{_OBJECTIVE} {objective!r}"]
    lines += [f"{word(name)} {number!r}" for name, number in values.items()]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")


def read_sol(path: Path) -> tuple[float | None, dict[str, float]]:
    """Return the objective, None where it is not said, and the values; comments begin with ``#``.

    :raises InstanceError: a line is neither; the message has its number.
    """
    where, objective, values = Where(path), None, {}
    for number_of_line, line in enumerate(text_of(path).splitlines(), 1):
        where.line = number_of_line
        fields = line.split("#")[0].split()
        if not fields:
            continue
        if len(fields) != 2:
            raise where.error(f"{line.strip()!r}: write a variable and its value, or {_OBJECTIVE} and the objective.")
        number = where.number(fields[1])
        if math.isinf(number):
            raise where.error(f"{line.strip()!r} is infinite; a point has a number for every variable.")
        if fields[0] == _OBJECTIVE:
            objective = number
        elif fields[0] in values:
            raise where.error(f"{fields[0]!r} has two values; leave one.")
        else:
            values[fields[0]] = number
    return objective, values
