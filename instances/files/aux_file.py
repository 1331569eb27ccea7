"""AUX files, which say what of a program is the lower level: by index, by name, or in sections (MibS, BOBILib).

Keys as MibS reads them (``MibSModel::readAuxiliaryData``): ``N``, ``M`` (how many), ``LC``, ``LR`` (a column, a row; an
index from 0 or a name), ``LO`` (objective, in the order of ``LC``), ``OS`` (1: minimised, -1: maximised), ``IC`` and
``IB`` (:mod:`.interdiction`); or sections ``@VARSBEGIN`` (name and objective), ``@CONSTRSBEGIN`` (names), with
``@NUMVARS``, ``@NUMCONSTRS``, ``@NAME``, ``@MPS``, ``@LP``.
Documented at https://coin-or.github.io/MibS/input.html; several spellings of the sections are in use.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from ...spelling import hint
from . import interdiction
from .lines import Where, text_of
from .table import Table

_TITLES = {"@NAME": "name", "@MPS": "partner", "@LP": "partner"}


@dataclass
class LowerLevel:
    """What of a program belongs to the lower level: column's index -> cost, and indices of rows (keys)."""

    costs: dict[int, float] = field(default_factory=dict)
    rows: dict[int, None] = field(default_factory=dict)
    maximize: bool = False
    name: str = ""
    partner: str = ""
    """Name of the program's file, where the AUX file says it."""


def partner_of(path: Path) -> str:
    """Return the name of the program's file that an AUX file gives; empty where it gives none."""
    return _Reader(path, None).read().partner


def read_aux(path: Path, table: Table) -> LowerLevel:
    """Read an AUX file.

    :param table: the program that it is about.
    :raises InstanceError: something is not understood, or does not fit the program; the message has the line.
    """
    return _Reader(path, table).read()


class _Reader:
    """Tokens, each with its line: line breaks mean nothing in an AUX file, but for names of instances and files."""

    def __init__(self, path: Path, table: Table | None) -> None:
        self.where = Where(path)
        self.lower = LowerLevel()
        self.column = {column.name: k for k, column in enumerate(table.columns)} if table else None
        self.row = {row.name: k for k, row in enumerate(table.rows)} if table else None
        self.count: dict[str, int] = {}
        self.listed: list[int] = []
        self.costs: list[float] = []
        self.sense: float | None = None

    def read(self) -> LowerLevel:
        tokens = self._tokens()
        for token in tokens:
            self._key(token, tokens)
        if self.costs or self.listed:
            if len(self.costs) != len(self.listed):
                raise self.where.error(
                    f"{len(self.listed)} LC for {len(self.costs)} LO; each lower-level variable has one, be it LO 0."
                )
            for column, cost in zip(self.listed, self.costs, strict=True):
                self._add(column, cost)
        for what, found in (("variables", len(self.lower.costs)), ("rows", len(self.lower.rows))):
            if self.count.get(what, found) != found and self.column is not None:
                raise self.where.error(
                    f"{found} lower-level {what} are listed, {self.count[what]} are announced; correct one of them."
                )
        if not self.lower.costs and self.column is not None:
            raise self.where.error("no lower-level variable is listed; write LC, or a section @VARSBEGIN.")
        return self.lower

    def _tokens(self) -> Iterator[str]:
        for number, line in enumerate(text_of(self.where.path).splitlines(), 1):
            self.where.line = number
            yield from line.split()

    def _next(self, key: str, tokens: Iterator[str]) -> str:
        found = next(tokens, None)
        if found is None:
            raise self.where.error(f"the file ends after {key}; it may be cut off.")
        return found

    def _key(self, key: str, tokens: Iterator[str]) -> None:
        if key in ("N", "@NUMVARS"):
            self._announce("variables", key, tokens)
        elif key == "M" or re.fullmatch(r"@NUMCONSTR?S?", key):
            self._announce("rows", key, tokens)
        elif key == "LC":
            self.listed.append(self._index("column", self._next(key, tokens), self.column, counted=True))
        elif key == "LR":
            self._add_row(self._next(key, tokens), counted=True)
        elif key == "LO":
            self.costs.append(self.where.finite(self._next(key, tokens)))
        elif key == "OS":
            self._sense(self._next(key, tokens))
        elif key in interdiction.KEYS:  # the program has them already
            self._next(key, tokens)
        elif key == "@VARSBEGIN":
            for name in self._section(tokens, r"@VARSEND", self.count.get("variables")):
                self._add(self._index("column", name, self.column), self.where.finite(self._next(name, tokens)))
        elif re.fullmatch(r"@CONSTR?S?BEGIN", key):
            for name in self._section(tokens, r"@CONSTR?S?END", self.count.get("rows")):
                self._add_row(name)
        elif key in _TITLES:
            setattr(self.lower, _TITLES[key], self._next(key, tokens))
        else:
            raise self.where.error(f"{key!r} is no key of an AUX file; write N, M, LC, LR, LO, OS or @ sections.")

    def _section(self, tokens: Iterator[str], end: str, count: int | None) -> Iterator[str]:
        """Yield the first token of each entry, up to the section's end; older files count, and write no end."""
        began, found = self.where.line, 0
        for token in tokens:
            if re.fullmatch(end, token):
                return
            if token.startswith("@"):
                if found == count:
                    self._key(token, tokens)
                    return
                raise self.where.error(f"{token} comes before the end of the section that begins in line {began}.")
            found += 1
            yield token
        if found != count:
            raise self.where.error(f"the section that begins in line {began} does not end; the file may be cut off.")

    def _announce(self, what: str, key: str, tokens: Iterator[str]) -> None:
        text = self._next(key, tokens)
        if not text.isdecimal():
            raise self.where.error(f"{key} {text!r}: write how many lower-level {what} there are.")
        if self.count.setdefault(what, int(text)) != int(text):
            raise self.where.error(f"{key} {text} contradicts the {self.count[what]} announced before; leave one.")

    def _sense(self, text: str) -> None:
        sense = self.where.number(text)
        if sense not in (1, -1) or self.sense not in (None, sense):
            raise self.where.error(f"OS {text}: write 1 (the lower level minimises) or -1 (it maximises), once.")
        self.sense, self.lower.maximize = sense, sense < 0

    def _index(self, what: str, text: str, known: dict[str, int] | None, counted: bool = False) -> int:
        """Return the index that a name means, or a number where things may be counted."""
        if known is None:
            return -1
        if counted and text.isdecimal() and known.get(text, int(text)) != int(text):
            raise self.where.error(
                f"{what} {text!r} is index {known[text]}, and another has index {text}: what is meant is open. Name "
                f"the {what} in a section, or give it another name."
            )
        if text in known:
            return known[text]
        if not (counted and text.isdecimal()):
            raise self.where.error(f"the program has no {what} {text!r}. {hint(text, list(known))}")
        if int(text) >= len(known):
            raise self.where.error(f"{what} {text}: the program has {len(known)}, with indices from 0.")
        return int(text)

    def _add(self, column: int, cost: float) -> None:
        if self.column is not None and column in self.lower.costs:
            name = list(self.column)[column]
            raise self.where.error(f"column {name!r} is listed twice; list each lower-level variable once.")
        self.lower.costs[column] = cost

    def _add_row(self, text: str, counted: bool = False) -> None:
        row = self._index("row", text, self.row, counted)
        if self.row is not None and row in self.lower.rows:
            raise self.where.error(f"row {text!r} is listed twice; list each lower-level row once.")
        self.lower.rows[row] = None
