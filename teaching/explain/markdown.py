"""Markdown, with LaTeX formulas between dollars, as notebooks, GitHub and mkdocs show them."""

from collections.abc import Sequence

from .document import Display, Grid, Item, Paragraph, Step
from .formula import Formula
from .latex import MATH, displayed

_LABEL = r" && \text{%s}"


def render(title: str, steps: Sequence[Step]) -> str:
    """Return the document in Markdown."""
    out = [f"# {title}"]
    for number, step in enumerate(steps, 1):
        out += [f"## {number}. {step.title}", *map(_item, step.items)]
    return "\n\n".join(out) + "\n"


def _item(item: Item) -> str:
    match item:
        case Paragraph(parts):
            return "".join(map(_inline, parts))
        case Display(lines):
            return f"$$\n\\begin{{aligned}}\n{displayed(lines, _LABEL)}\n\\end{{aligned}}\n$$"
        case Grid(header, rows):
            return "\n".join([_row(header), _row(["---"] * len(header)), *map(_row, rows)])


def _row(cells: Sequence[str | Formula]) -> str:
    return f"| {' | '.join(_inline(cell).replace('|', chr(92) + '|') for cell in cells)} |"


def _inline(part: str | Formula) -> str:
    return part if isinstance(part, str) else f"${MATH.show(part)}$"
