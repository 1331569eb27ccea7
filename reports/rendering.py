"""The rows of a comparison as text: one set of cells, shown on the console, in LaTeX and in HTML."""

import base64
import io
from collections.abc import Callable, Iterable, Sequence
from html import escape
from typing import TYPE_CHECKING, Any

from ..quantities import NOISE
from .row import Row

if TYPE_CHECKING:
    from matplotlib.figure import Figure
    from rich.table import Table

_METHODS = {"leader_alone": "leader alone", "nested": "nested heuristic"}
_NOTHING = "–"
TEXTS = ("instance", "method", "reformulation", "solver", "status", "verified", "confirmed by")


def method_label(method: str) -> str:
    """Return a method as people call it.

    >>> method_label("leader_alone"), method_label("elephant_herding")
    ('leader alone', 'elephant herding')
    """
    return _METHODS.get(method, method.replace("_", " "))


def number(item: Any) -> str:
    """Return a figure as people read it: thousands separated from 1000 on, else six significant digits, noise as 0.

    >>> number(439073.4712), number(38.39312), number(None), number(True), number(-1.06581e-14)
    ('439,073.47', '38.3931', '–', 'yes', '0')
    """
    if item is None:
        return _NOTHING
    if isinstance(item, bool):
        return "yes" if item else "NO"
    if isinstance(item, str):
        return item
    if isinstance(item, int):
        return f"{item:,}"
    if abs(item) < NOISE:
        return "0"
    return f"{item:,.2f}" if 1000 <= abs(item) < 1e12 else f"{item:.6g}"


def gap(item: float | None) -> str:
    """Return a relative gap in per cent.

    >>> gap(0.0), gap(3e-9), gap(0.0123), gap(None)
    ('0 %', '<1e-4 %', '1.23 %', '–')
    """
    if item is None:
        return _NOTHING
    if item == 0:
        return "0 %"
    return "<1e-4 %" if item < 1e-6 else f"{100 * item:.3g} %"


def seconds(item: float | None) -> str:
    """Return a time in seconds, to a hundredth."""
    return _NOTHING if item is None else f"{item:.2f}"


def cells(rows: Sequence[Row]) -> tuple[list[str], list[list[str]]]:
    """Return headings and lines of the table; columns that would say nothing are left out."""
    figures = list(dict.fromkeys(name for row in rows for name in row.figures))
    # The objective is left out where a figure of the problem repeats it under its own name.
    repeated = any(all(_same(row.figures.get(name), row) for row in rows) for name in figures)
    columns: list[tuple[str, Callable[[Row], str]]] = [
        ("instance", lambda row: row.instance),
        ("method", lambda row: method_label(row.method)),
        ("reformulation", lambda row: row.reformulation or _NOTHING),
        ("solver", lambda row: row.solver or _NOTHING),
        *((name.replace("_", " "), lambda row, name=name: number(row.figures.get(name))) for name in figures),
        ("objective", lambda row: number(row.objective)),
        ("status", lambda row: row.status),
        ("bound", lambda row: number(row.bound)),
        ("gap", lambda row: gap(row.gap)),
        ("time (s)", lambda row: seconds(row.seconds_total)),
        ("verified", lambda row: "NO: culprit" if row.culprit else number(row.verified)),
        ("confirmed by", lambda row: row.confirmed_by or _NOTHING),
        ("rests on ties", lambda row: number(row.rests_on_ties)),
        ("note", lambda row: _note_number(rows, row)),
    ]
    unneeded = {"objective"} if repeated else set()
    if not any(row.confirmed_by for row in rows):
        unneeded.add("confirmed by")
    if not any(row.rests_on_ties for row in rows):
        unneeded.add("rests on ties")
    if len({row.instance for row in rows}) == 1:
        unneeded.add("instance")
    if not any(map(_note, rows)):
        unneeded.add("note")
    kept = [(heading, cell) for heading, cell in columns if heading not in unneeded]
    return [heading for heading, _ in kept], [[cell(row) for _, cell in kept] for row in rows]


def notes(rows: Sequence[Row]) -> list[str]:
    """Return the numbered notes that the table refers to."""
    texts = _distinct_notes(rows)
    return [f"[{position}] {text}" for position, text in enumerate(texts, start=1)]


def rich_table(rows: Sequence[Row], title: str | None = None, transposed: bool = False) -> "Table":
    """Return the table for the console; transposed (for narrow windows), a row becomes a column."""
    from rich import box
    from rich.table import Table
    from rich.text import Text

    headings, lines = cells(rows)
    styles = ["bold red" if row.culprit else "" for row in rows]
    table = Table(title=title, box=box.SIMPLE_HEAD, pad_edge=False, collapse_padding=True, title_justify="left")
    if transposed:
        at = headings.index("method")
        table.add_column(headings.pop(at), overflow="fold")
        for line, style in zip(lines, styles, strict=True):
            table.add_column(line.pop(at), style=style, justify="right", overflow="fold")
        for heading, texts in zip(headings, zip(*lines, strict=True), strict=True):
            table.add_row(heading, *map(Text, texts))
        return table
    for heading in headings:
        table.add_column(heading, justify="left" if heading in TEXTS else "right", overflow="fold")
    for line, style in zip(lines, styles, strict=True):
        table.add_row(*map(Text, line), style=style)
    return table


def html_table(rows: Sequence[Row]) -> str:
    """Return table and notes in HTML, to stand in a page or a notebook."""
    headings, lines = cells(rows)
    body = "\n".join(
        f"<tr{' class=culprit' if row.culprit else ''}>{_html_cells('td', line)}</tr>"
        for row, line in zip(rows, lines, strict=True)
    )
    remarks = "\n".join(f"<p>{escape(note)}</p>" for note in notes(rows))
    return f"""<table>
<thead><tr>{_html_cells("th", headings)}</tr></thead>
<tbody>
{body}
</tbody>
</table>
{remarks}"""


def latex(rows: Sequence[Row]) -> str:
    """Return the table as a LaTeX ``tabular`` with the rules of booktabs, the notes as comments above it."""
    headings, lines = cells(rows)
    body = [" & ".join(map(latex_escape, line)) + r" \\" for line in lines]
    return "\n".join(
        [
            *(f"% {' '.join(note.split())}" for note in notes(rows)),
            r"\begin{tabular}{" + "l" * len(headings) + "}",
            r"\toprule",
            " & ".join(map(latex_escape, headings)) + r" \\",
            r"\midrule",
            *body,
            r"\bottomrule",
            r"\end{tabular}",
            "",
        ]
    )


def html(rows: Sequence[Row], figure: "Figure") -> str:
    """Return a page that needs no other file: table, notes, figure."""
    picture = io.BytesIO()
    figure.savefig(picture, format="png", dpi=110)
    image = base64.b64encode(picture.getvalue()).decode()
    return f"""<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>bilevolt: comparison</title><style>
body {{ font-family: sans-serif; margin: 2em; }} table {{ border-collapse: collapse; }}
th, td {{ padding: .25em .7em; text-align: left; border-bottom: 1px solid #ccc; }} img {{ max-width: 100%; }}
.culprit {{ color: #b00020; font-weight: bold; }}
</style></head><body>
{html_table(rows)}
<img alt="time and gap of every row" src="data:image/png;base64,{image}">
</body></html>
"""


def _same(figure: float | str | None, row: Row) -> bool:
    if row.objective is None or not row.figures:
        return True
    return isinstance(figure, float) and abs(figure - row.objective) <= 1e-9 * (1 + abs(row.objective))


def _note(row: Row) -> str:
    parts = (f"culprit: {row.culprit}" if row.culprit else None, row.reason, row.remark)
    return "; ".join(part for part in parts if part)


def _distinct_notes(rows: Iterable[Row]) -> list[str]:
    return list(dict.fromkeys(text for text in map(_note, rows) if text))


def _note_number(rows: Sequence[Row], row: Row) -> str:
    text = _note(row)
    return f"[{_distinct_notes(rows).index(text) + 1}]" if text else ""


def _html_cells(tag: str, texts: Iterable[str]) -> str:
    return "".join(f"<{tag}>{escape(text)}</{tag}>" for text in texts)


def latex_escape(text: str) -> str:
    """Return a text with what LaTeX reads as a command made plain."""
    special = str.maketrans(
        {"\\": r"\textbackslash{}", "–": "--", "~": r"\textasciitilde{}", "^": r"\textasciicircum{}", "<": r"$<$",
         **{character: f"\\{character}" for character in "&%$#_{}"}}
    )  # fmt: skip
    return text.translate(special)
