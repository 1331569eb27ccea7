r"""The short form of interdiction problems: the program is the follower's alone, the AUX file has costs and a budget.

With costs ``IC`` (one for each column, in order) and the budget ``IB``, MibS (``MibSModel::loadProblemData``) puts
before and after the program

.. math:: x_j \in \{0, 1\}, \qquad \sum_j c_j x_j \le B, \qquad y_j + u_j x_j \le u_j,

the leader's columns and row first, the follower's rows last, which is what the indices in ``LC`` and ``LR`` count. The
leader's objective is the program's with its sign changed, for "the MPS files in our test set have the lower-level
objective".
"""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from .lines import Where, text_of
from .table import Column, Table, TableRow

KEYS = ("IC", "IB")


def is_short(path: Path) -> bool:
    """Whether an AUX file is of the short form; in one with sections, names may be any words."""
    words = text_of(path).split()
    return any(key in words for key in KEYS) and not any(word.startswith("@") for word in words)


def expanded(table: Table, path: Path) -> Table:
    """Return the program of both levels.

    :param table: the follower's.
    :param path: of the AUX file.
    :raises InstanceError: costs or budget are missing, or a column cannot be interdicted by such a row.
    """
    where = Where(path)
    costs, budgets = _numbers(path, where)
    if len(costs) != len(table.columns):
        raise where.error(f"{len(costs)} IC for {len(table.columns)} columns of the program; each has one.")
    if len(budgets) != 1:
        raise where.error(f"{len(budgets)} IB; write the interdictor's budget once.")
    for column in table.columns:
        if column.upper is None or column.upper < 0 or column.lower is None or column.lower > 0:
            raise where.error(
                f"column {column.name!r} cannot be interdicted: 0 has to be in its bounds, and its upper bound finite."
            )
    n = len(table.columns)
    taken = {column.name for column in table.columns} | {row.name for row in table.rows}
    names = [_unused(f"interdict_{column.name}", taken) for column in table.columns]
    leaders = [Column(name, 0.0, 0.0, 1.0, integer=True) for name in names]
    followers = [replace(column, cost=-column.cost) for column in table.columns]
    budget = TableRow(_unused("budget", taken), None, budgets[0], dict(enumerate(costs)))
    kept = [replace(row, terms={n + k: a for k, a in row.terms.items()}) for row in table.rows]
    forbidden = [
        TableRow(_unused(f"closed_{column.name}", taken), None, column.upper, {k: column.upper or 0.0, n + k: 1.0})
        for k, column in enumerate(table.columns)
    ]
    return replace(
        table, offset=-table.offset, columns=[*leaders, *followers], rows=[budget, *kept, *forbidden], sets=[],
        switches={},
    )  # fmt: skip


def _numbers(path: Path, where: Where) -> tuple[list[float], list[float]]:
    """Return all costs and budgets."""
    found: dict[str, list[float]] = {key: [] for key in KEYS}
    words = _words(path, where)
    for key in words:
        if key in KEYS:
            number = next(words, None)
            if number is None:
                raise where.error(f"the file ends after {key}; it may be cut off.")
            found[key].append(where.finite(number))
    return found["IC"], found["IB"]


def _words(path: Path, where: Where) -> Iterator[str]:
    for number, line in enumerate(text_of(path).splitlines(), 1):
        where.line = number
        yield from line.split()


def _unused(name: str, taken: set[str]) -> str:
    while name in taken:
        name += "_"
    taken.add(name)
    return name
