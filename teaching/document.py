"""The document object: steps of paragraphs, displayed formulas and tables, which the renderers turn into text."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

from ..errors import BilevoltError
from .formula import (
    BigSum,
    Data,
    Formula,
    IndexSet,
    Lookup,
    Quantifier,
    Symbol,
    Table,
    walk,
)


@dataclass(frozen=True)
class Paragraph:
    """Text, with formulas in it; ``code`` is set in backquotes."""

    parts: tuple[str | Formula, ...]


@dataclass(frozen=True)
class Line:
    """One displayed formula: the name of the row, the formula, its quantifiers."""

    label: str
    formula: Formula
    quantifiers: tuple[Quantifier, ...] = ()


@dataclass(frozen=True)
class Display:
    """Formulas under one another."""

    lines: tuple[Line, ...]


@dataclass(frozen=True)
class Grid:
    """A table; cells are text or formulas."""

    header: tuple[str, ...]
    rows: tuple[tuple[str | Formula, ...], ...]


Item = Paragraph | Display | Grid


@dataclass(frozen=True)
class Step:
    """One step of the derivation: ``key`` and ``group`` select it."""

    key: str
    group: str
    title: str
    items: tuple[Item, ...]


@dataclass(frozen=True)
class Explanation:
    """How two levels become one, step by step; in Markdown, LaTeX, HTML (MathML) and plain text."""

    title: str
    steps: tuple[Step, ...]

    @property
    def keys(self) -> list[str]:
        """What :meth:`step` takes: names of steps and of groups of steps."""
        return list(dict.fromkeys(key for step in self.steps for key in (step.group, step.key)))

    def step(self, key: str) -> "Explanation":
        """Return the explanation with one step, or one group of steps ("kkt"), only.

        :raises BilevoltError: there is no such step.
        """
        chosen = tuple(step for step in self.steps if key in (step.key, step.group))
        if not chosen:
            raise BilevoltError(f"step {key!r} is unknown; choose one of {', '.join(self.keys)}.")
        return replace(self, steps=chosen)

    def formulas(self) -> Iterator[Formula]:
        """Yield all formulas, with those inside them."""
        for step in self.steps:
            for item in step.items:
                for formula in _formulas(item):
                    yield from walk(formula)

    def references(self) -> tuple[list[Table], list[IndexSet]]:
        """Return the data tables and index sets that the formulas refer to, in order of appearance."""
        tables: dict[int, Table] = {}
        sets: dict[int, IndexSet] = {}
        quantified = (
            q for s in self.steps for i in s.items if isinstance(i, Display) for li in i.lines for q in li.quantifiers
        )
        for quantifier in quantified:
            sets.setdefault(id(quantifier.over), quantifier.over)
        for formula in self.formulas():
            match formula:
                case Data(table):
                    tables.setdefault(id(table), table)
                case Symbol(_, index):
                    looked_up = (i.table for i in index if isinstance(i, Lookup))
                    tables.update((id(table), table) for table in looked_up)
                case BigSum(over):
                    sets.update((id(q.over), q.over) for q in over)
        return list(tables.values()), list(sets.values())

    @property
    def pages(self) -> tuple[Step, ...]:
        """The steps, and the data and sets that their formulas refer to."""
        from .legend import legend

        return (*self.steps, *legend(*self.references()))

    def to_markdown(self) -> str:
        """Return Markdown with LaTeX formulas."""
        from .markdown import render

        return render(self)

    def to_latex(self) -> str:
        """Return a LaTeX document, which needs ``article`` and ``amsmath`` only."""
        from .latex import render

        return render(self)

    def to_html(self) -> str:
        """Return an HTML page with MathML: no script, nothing from the network."""
        from .html import render

        return render(self)

    def to_text(self) -> str:
        """Return plain text."""
        from .text import render

        return render(self)

    def __str__(self) -> str:
        return self.to_text()

    def _repr_markdown_(self) -> str:
        return self.to_markdown()

    def _repr_html_(self) -> str:
        from .html import body

        return body(self)


def _formulas(item: Item) -> Iterator[Formula]:
    match item:
        case Paragraph(parts):
            yield from (part for part in parts if not isinstance(part, str))
        case Display(lines):
            yield from (line.formula for line in lines)
        case Grid(_, rows):
            yield from (cell for row in rows for cell in row if not isinstance(cell, str))
