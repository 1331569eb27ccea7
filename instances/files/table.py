"""A linear or mixed-integer program as a file has it: columns and rows in the file's order."""

from dataclasses import dataclass, field


@dataclass
class Column:
    """A variable; None is no bound."""

    name: str
    cost: float = 0.0
    lower: float | None = 0.0
    upper: float | None = None
    integer: bool = False


@dataclass
class TableRow:
    """``lower <= sum of coefficient * column <= upper``; ``terms``: column's index -> coefficient."""

    name: str
    lower: float | None = None
    upper: float | None = None
    terms: dict[int, float] = field(default_factory=dict)


@dataclass
class TableSet:
    """A special ordered set: indices of columns, in the order of their weights."""

    name: str
    level: int
    members: list[tuple[int, float]]


@dataclass
class Table:
    """All of a file: the objective is ``offset + sum of cost * column``.

    ``sets`` and ``switches`` (row's index -> column's index and value, at which the row holds) are written, not read.
    """

    name: str = ""
    maximize: bool = False
    offset: float = 0.0
    columns: list[Column] = field(default_factory=list)
    rows: list[TableRow] = field(default_factory=list)
    sets: list[TableSet] = field(default_factory=list)
    switches: dict[int, tuple[int, int]] = field(default_factory=dict)
