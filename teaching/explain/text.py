"""Plain text: formulas much as one would type them, with Greek multipliers."""

import textwrap
from collections.abc import Sequence

from .document import Display, Grid, Item, Line, Paragraph, Step
from .formula import Name
from .printer import Printer, plain_number

_COLUMNS = 110
_INDENT = "    "
_SIGNS = {"without": "\\"}
_WORDS = {"real": "reals", "integer": "integers", "min": "min ", "max": "max "}


class TextPrinter(Printer):
    """``sum{t in T} 2*P[t] <= λ^u_limit``."""

    fraction = "%s/%s"
    power = "%s^%s"
    big_sum = "sum{%s} %s"
    times = "*"
    signs = _SIGNS
    draws_bars = False

    def number(self, value: float) -> str:
        """Write a number."""
        return plain_number(value)

    def symbol(self, name: Name, index: Sequence[str]) -> str:
        """Write a symbol with its indices in brackets."""
        shown = f"{name.sign}_{name.label}" if name.head else name.label
        return f"{shown}[{', '.join(index)}]" if index else shown

    def label(self, text: str) -> str:
        """Write a name as it is."""
        return text

    def words(self, text: str) -> str:
        """Write notation as it is."""
        return _WORDS.get(text, text)


PLAIN = TextPrinter()


def render(title: str, steps: Sequence[Step]) -> str:
    """Return the document in plain text."""
    out = [title, "=" * len(title), ""]
    for number, step in enumerate(steps, 1):
        heading = f"{number}. {step.title}"
        out += [heading, "-" * len(heading)]
        for item in step.items:
            out += [*_item(item), ""]
    return "\n".join(out).rstrip() + "\n"


def _item(item: Item) -> list[str]:
    match item:
        case Paragraph(parts):
            return textwrap.wrap("".join(map(PLAIN.inline, parts)), _COLUMNS)
        case Display(lines):
            width = max(len(line.label) for line in lines) + 2
            return [text for line in lines for text in _line(line, width)]
        case Grid(header, rows):
            return _grid([header, *([PLAIN.inline(cell) for cell in row] for row in rows)])


def _line(line: Line, width: int) -> list[str]:
    (first, _), *rest = PLAIN.lines(line.formula, PLAIN)
    label = f"{line.label}:" if line.label else ""
    shown = [f"{_INDENT}{label:<{width}}{first.strip()}"]
    shown += [f"{_INDENT}{'':<{width + 4 * (1 + depth)}}{text.strip()}" for text, depth in rest]
    if line.quantifiers:
        where = f"   for all {PLAIN.quantifiers(line.quantifiers)}"
        if len(shown[-1]) + len(where) <= _COLUMNS:
            shown[-1] += where
        else:
            shown.append(f"{_INDENT}{'':<{width + 4}}{where.strip()}")
    return shown


def _grid(rows: Sequence[Sequence[str]]) -> list[str]:
    widths = [min(70, max(map(len, column))) for column in zip(*rows, strict=True)]
    left = sum(widths[:-1]) + 2 * (len(widths) - 1)
    lines = []
    for k, row in enumerate(rows):
        cells = [cell.ljust(width) for cell, width in zip(row[:-1], widths, strict=False)]
        first, *rest = textwrap.wrap(row[-1], max(40, _COLUMNS - left)) or [""]
        lines.append((_INDENT + "  ".join([*cells, first])).rstrip())
        lines += [_INDENT + " " * left + text for text in rest]
        if k == 0:
            lines.append(_INDENT + "  ".join("-" * width for width in widths))
    return lines
