"""What a document is made of: steps of paragraphs, displayed formulas and tables, which the renderers write."""

from dataclasses import dataclass

from .formula import Formula, Quantifier


@dataclass(frozen=True)
class Paragraph:
    """Text, with formulas in it; ``code`` is set in backquotes."""

    parts: tuple[str | Formula, ...]


def paragraph(*parts: str | Formula) -> Paragraph:
    """Return a paragraph of these parts."""
    return Paragraph(parts)


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
