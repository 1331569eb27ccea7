"""MPS files, free or fixed (names without spaces), read strictly.

Own code, as solvers' readers are lenient: HiGHS 1.15 takes a coefficient ``abc`` for none without a word, and drops
entries below 1e-9, rows that are not defined, and second values with a warning.
Conventions where dialects differ: an integer column between MARKERs without any bound is binary (as in COIN-OR,
HiGHS, CPLEX); the objective's right-hand side is minus its constant; free rows after the objective are left out.
"""

import math
from collections.abc import Callable
from pathlib import Path
from typing import ClassVar

from .lines import INFINITE, Where, limit, text_of
from .table import Column, Table, TableRow

_SECTIONS = ("NAME", "OBJSENSE", "ROWS", "COLUMNS", "RHS", "RANGES", "BOUNDS", "ENDATA")
_NO_VALUE = ("FR", "MI", "PL", "BV")
_SENSES = {"MAX": True, "MAXIMIZE": True, "MIN": False, "MINIMIZE": False}
_FREE_ROW = -1


def read_mps(path: Path) -> Table:
    """Read an MPS file.

    :raises InstanceError: something is not understood, or would have to be guessed; the message has the line.
    """
    return _Reader(path).read()


class _Reader:
    """What is known of the file so far, and what each section does with a line's fields."""

    def __init__(self, path: Path) -> None:
        self.table = Table(path.name.removesuffix(".gz").removesuffix(path.suffix))
        self.where = Where(path)
        self.objective: str | None = None
        self.row: dict[str, int] = {}
        self.kind: dict[str, str] = {}
        self.column: dict[str, int] = {}
        self.integers = False
        self.right: dict[str, float] = {}
        self.ranges: dict[str, float] = {}
        self.bounded: dict[str, set[str]] = {}
        self.set_name: dict[str, str] = {}

    def read(self) -> Table:
        section, ended = "", False
        for number, line in enumerate(text_of(self.where.path).splitlines(), 1):
            self.where.line = number
            fields = line.split()
            if not fields or line.startswith("*"):
                continue
            if ended:
                raise self.where.error(f"{line.strip()!r} comes after ENDATA; take it out.")
            if self._is_header(line, fields):
                section = fields[0].upper()
                ended = section == "ENDATA"
                self._header(section, fields)
            elif section in self._lines:
                self._lines[section](self, fields)
            else:
                raise self.where.error(f"{line.strip()!r} is in no section that has lines; begin with ROWS.")
        if not ended:
            raise self.where.error("the file ends without ENDATA; it may be cut off, or is no MPS file.")
        if self.objective is None:
            raise self.where.error("there is no objective; write a row of type N.")
        self._sides()
        self._integer_bounds()
        return self.table

    def _is_header(self, line: str, fields: list[str]) -> bool:
        return not line[0].isspace() and (len(fields) == 1 or fields[0].upper() in ("NAME", "OBJSENSE"))

    def _header(self, section: str, fields: list[str]) -> None:
        if section not in _SECTIONS:
            raise self.where.error(
                f"section {fields[0]} is not read; two linear levels have {', '.join(_SECTIONS)} only. Write what it "
                "says as linear rows and integer columns."
            )
        if section == "NAME" and len(fields) > 1:
            self.table.name = fields[1]
        if section == "OBJSENSE" and len(fields) > 1:
            self._sense(fields[1:])

    def _sense(self, fields: list[str]) -> None:
        word = fields[0].upper()
        if len(fields) != 1 or word not in _SENSES:
            raise self.where.error(f"{' '.join(fields)!r} is no sense; write MIN or MAX.")
        self.table.maximize = _SENSES[word]

    def _rows(self, fields: list[str]) -> None:
        if len(fields) != 2 or fields[0].upper() not in "NLGE" or len(fields[0]) != 1:
            raise self.where.error(f"{' '.join(fields)!r} is no row; write N, L, G or E, and a name without spaces.")
        kind, name = fields[0].upper(), fields[1]
        if name in self.kind:
            raise self.where.error(f"row {name!r} is declared twice; give each row its own name.")
        self.kind[name] = kind
        if kind == "N":
            self.row[name] = _FREE_ROW
            self.objective = self.objective or name
        else:
            self.row[name] = len(self.table.rows)
            self.table.rows.append(TableRow(name))

    def _columns(self, fields: list[str]) -> None:
        if len(fields) >= 3 and fields[1].strip("'\"").upper() == "MARKER":
            self._marker(fields[2].strip("'\"").upper())
            return
        name, *pairs = fields
        if not pairs or len(pairs) % 2 or len(pairs) > 4:
            raise self.where.error(f"{' '.join(fields)!r}: write a column, then one or two rows, each with a number.")
        if name not in self.column:
            self.column[name] = len(self.table.columns)
            self.table.columns.append(Column(name, integer=self.integers))
            self.seen: set[str] = set()
        elif self.column[name] != len(self.table.columns) - 1:
            raise self.where.error(f"column {name!r} is interrupted by others; write its entries together.")
        column = self.table.columns[-1]
        for row, text in zip(pairs[::2], pairs[1::2], strict=True):
            number = self.where.finite(text)
            self._known_row(row)
            if row in self.seen:
                raise self.where.error(f"column {name!r} has two entries in row {row!r}; write their sum.")
            self.seen.add(row)
            if row == self.objective:
                column.cost = number
            elif self.row[row] != _FREE_ROW and number != 0.0:
                self.table.rows[self.row[row]].terms[self.column[name]] = number

    def _marker(self, kind: str) -> None:
        if kind not in ("INTORG", "INTEND"):
            raise self.where.error(
                f"marker {kind!r} is unknown; write 'INTORG' or 'INTEND' (special sets are not read)."
            )
        self.integers = kind == "INTORG"

    def _known_row(self, row: str) -> None:
        if row not in self.row:
            raise self.where.error(f"row {row!r} is not declared in ROWS; correct its spelling, or add it there.")

    def _right(self, fields: list[str]) -> None:
        self._per_row("RHS", self.right, fields)

    def _range(self, fields: list[str]) -> None:
        self._per_row("RANGES", self.ranges, fields)

    def _per_row(self, section: str, found: dict[str, float], fields: list[str]) -> None:
        """Take numbers of rows; the set's name before them may be left out."""
        if len(fields) % 2:
            self._only_set(section, fields[0])
            fields = fields[1:]
        if not fields:
            raise self.where.error(f"a line of {section} has a set's name, then rows, each with a number.")
        for row, text in zip(fields[::2], fields[1::2], strict=True):
            self._known_row(row)
            if row in found:
                raise self.where.error(f"row {row!r} has two numbers in {section}; leave one.")
            found[row] = self.where.finite(text)

    def _only_set(self, section: str, name: str) -> None:
        if self.set_name.setdefault(section, name) != name:
            raise self.where.error(
                f"{section} has a second set, {name!r} beside {self.set_name[section]!r}; leave the one that is meant."
            )

    def _bounds(self, fields: list[str]) -> None:
        kind, *rest = fields
        kind = kind.upper()
        wants = kind not in _NO_VALUE
        column = next((k for k in (1, 0) if len(rest) > k and rest[k] in self.column), None)
        if column is None:
            raise self.where.error(f"{' '.join(fields)!r}: no column of that name is in COLUMNS; correct its spelling.")
        if column == 1:
            self._only_set("BOUNDS", rest[0])
        values = rest[column + 1 :]
        if len(values) > 1 or (wants and not values):
            raise self.where.error(f"{' '.join(fields)!r}: write a type, a set's name, a column, and a number.")
        number = self.where.number(values[0]) if wants else 0.0
        self._bound(kind, self.table.columns[self.column[rest[column]]], number)

    def _bound(self, kind: str, column: Column, number: float) -> None:
        done = self.bounded.setdefault(column.name, set())
        sides = {"UP": "u", "UI": "u", "LO": "l", "LI": "l", "MI": "l", "PL": "u"}.get(kind, "lu")
        if kind not in ("UP", "UI", "LO", "LI", "FX", *_NO_VALUE):
            raise self.where.error(f"bound type {kind!r} is not read; write LO, UP, FX, FR, MI, PL, BV, LI or UI.")
        if done & set(sides):
            raise self.where.error(f"column {column.name!r} has two bounds on one side; leave the one that is meant.")
        done |= set(sides)
        if kind in ("UP", "UI"):
            self._possible(number > -INFINITE, column.name, kind)
            column.upper = limit(number)
        elif kind in ("LO", "LI"):
            self._possible(number < INFINITE, column.name, kind)
            column.lower = limit(number)
        elif kind == "FX":
            self._possible(abs(number) < INFINITE, column.name, kind)
            column.lower = column.upper = number
        elif kind == "BV":
            column.lower, column.upper = 0.0, 1.0
        elif kind in ("FR", "MI"):
            column.lower = None
        column.integer |= kind in ("BV", "LI", "UI")

    def _possible(self, holds: bool, name: str, kind: str) -> None:
        if not holds:
            raise self.where.error(f"column {name!r}: a bound of type {kind} cannot be infinite on that side.")

    def _integer_bounds(self) -> None:
        """Give integers without any bound their own; refuse what readers of MPS disagree about."""
        for column in self.table.columns:
            done = self.bounded.get(column.name, set())
            if column.integer and not done:
                column.upper = 1.0
            if column.upper is not None and column.upper < 0 and "l" not in done:
                raise self.where.error(
                    f"column {column.name!r} has a negative upper bound and no lower one: 0 for some readers, none "
                    "for others. Write its lower bound (LO or MI) in BOUNDS."
                )

    def _sides(self) -> None:
        """Give rows their sides; a range of R: of an E row towards the sign of R, of others |R| wide."""
        for row in self.table.rows:
            kind, right = self.kind[row.name], self.right.get(row.name, 0.0)
            row.lower = right if kind in "GE" else None
            row.upper = right if kind in "LE" else None
            if (width := self.ranges.get(row.name)) is not None:
                if kind == "L" or (kind == "E" and width < 0):
                    row.lower = right - math.fabs(width)
                else:
                    row.upper = right + math.fabs(width)
        for name in self.ranges:
            if self.row[name] == _FREE_ROW:
                raise self.where.error(f"RANGES: row {name!r} is of type N and has no range; take it out.")
        self.table.offset = -self.right.get(self.objective or "", 0.0)

    _lines: ClassVar[dict[str, Callable[["_Reader", list[str]], None]]] = {
        "OBJSENSE": _sense,
        "ROWS": _rows,
        "COLUMNS": _columns,
        "RHS": _right,
        "RANGES": _range,
        "BOUNDS": _bounds,
    }
