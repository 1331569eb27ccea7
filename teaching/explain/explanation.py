"""The document object: the steps, which of them to show, and what their formulas refer to."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

from ...errors import BilevoltError
from . import html, latex, markdown, text
from .document import Display, Grid, Item, Paragraph, Step
from .formula import BigSum, Data, Formula, IndexSet, Lookup, Symbol, Table, walk
from .legend import legend


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
        return (*self.steps, *legend(*self.references()))

    def to_markdown(self) -> str:
        """Return Markdown with LaTeX formulas."""
        return markdown.render(self.title, self.pages)

    def to_latex(self) -> str:
        """Return a LaTeX document, which needs ``article`` and ``amsmath`` only."""
        return latex.render(self.title, self.pages)

    def to_html(self) -> str:
        """Return an HTML page with MathML: no script, nothing from the network."""
        return html.render(self.title, self.pages)

    def to_text(self) -> str:
        """Return plain text."""
        return text.render(self.title, self.pages)

    def __str__(self) -> str:
        return self.to_text()

    def _repr_markdown_(self) -> str:
        return self.to_markdown()

    def _repr_html_(self) -> str:
        return html.body(self.title, self.pages)


def _formulas(item: Item) -> Iterator[Formula]:
    match item:
        case Paragraph(parts):
            yield from (part for part in parts if not isinstance(part, str))
        case Display(lines):
            yield from (line.formula for line in lines)
        case Grid(_, rows):
            yield from (cell for row in rows for cell in row if not isinstance(cell, str))
