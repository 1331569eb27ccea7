"""A tournament as a page of HTML that needs no other file: tables, figures, every row, and where it was run."""

import base64
import io
from collections.abc import Iterable, Mapping
from html import escape
from typing import TYPE_CHECKING, Any

import matplotlib

from ..reports import rendering

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from .results import Tournament

_FIGURES = {
    "performance": "Performance profile: the share of problems proven within a factor of the fastest",
    "data": "Data profile: the share of problems with a point near the best known",
    "cactus": "Cactus: problems proven, each within a time",
    "gap": "Gap of best point and bound over time, mean over the problems",
    "means": "Shifted geometric means; a row without a proof counts with the time limit",
}
_STYLE = """
body { font: 15px/1.45 system-ui, sans-serif; margin: 2em auto; max-width: 78em; padding: 0 1em; color: #1a1a1a; }
table { border-collapse: collapse; margin: .6em 0 1.4em; font-size: .9em; }
th, td { padding: .2em .8em .2em 0; text-align: left; border-bottom: 1px solid #ddd; }
td.number, th.number { text-align: right; font-variant-numeric: tabular-nums; }
.culprit { color: #b00020; font-weight: bold; } .refused { color: #777; }
figure { margin: 1.2em 0; } figcaption { font-weight: 600; margin-bottom: .3em; } img { max-width: 100%; }
.wide { overflow-x: auto; }
"""
_SUMMARY = ("competitor", "rows", "refused", "proven", "verified", "wrong", "mean", "seconds")


def page(results: "Tournament") -> str:
    """Return the page."""
    notes = "\n".join(f"<p>{escape(note)}</p>" for note in results.notes())
    shown = [(text, results.plot(kind=kind)) for kind, text in _FIGURES.items()] if results.rows else []
    figures = "\n".join(_figure(text, figure) for text, figure in shown)
    instances = len({row.instance for row in results.rows})
    ended = " Interrupted: these are the rows so far." if results.interrupted else ""
    said = f"{len(results.rows)} rows, {instances} models, {len(results.culprits)} refuted answers.{ended}"
    limits = ", ".join(f"{name.replace('_', ' ')} {item}" for name, item in results.settings.items())
    return f"""<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>bilevolt: tournament</title><style>{_STYLE}</style></head><body>
<h1>Tournament</h1>
<p>{escape(said)} {escape(limits)}.</p>
<h2>Competitors</h2>
<p>mean: shifted geometric mean of CPU seconds over what the competitor applies to.</p>
{_summary(results)}
{figures}
<h2>Rows</h2>
<div class="wide">{_rows(results)}</div>
<h2>Notes</h2>
{notes or "<p>none</p>"}
<h2>Where they were run</h2>
{_environments(results.environments)}
</body></html>
"""


def _summary(results: "Tournament") -> str:
    lines = results.summary().to_dict("records") if results.rows else []
    return _table(_SUMMARY, ([rendering.number(_plain(line[name])) for name in _SUMMARY] for line in lines), {0})


def _rows(results: "Tournament") -> str:
    headings, lines = rendering.cells(results.rows)
    known = any(entry.known is not None for entry in results.entries)
    seeds = any(row.seed is not None for row in results.rows)
    marks = ["culprit" if row.culprit else "refused" if not e.applies else "" for row, e in
             zip(results.rows, results.entries, strict=True)]  # fmt: skip
    for line, entry in zip(lines, results.entries, strict=True):
        line += [rendering.number(entry.known)] if known else []
        line += [rendering.number(entry.task.seed)] if seeds else []
    headings = [*headings, *["known optimum"] * known, *["seed"] * seeds]
    texts = {k for k, name in enumerate(headings) if name in rendering.TEXTS or name == "note"}
    return _table(headings, lines, texts, marks)


def _table(headings: Iterable[str], lines: Iterable[list[str]], texts: set[int], marks: list[str] | None = None) -> str:
    lines = list(lines)

    def cells(tag: str, line: Iterable[str]) -> str:
        kinds = ("" if place in texts else ' class="number"' for place, _ in enumerate(line))
        return "".join(f"<{tag}{kind}>{escape(text)}</{tag}>" for kind, text in zip(kinds, line, strict=True))

    head = cells("th", list(headings))
    classes = [f' class="{mark}"' if mark else "" for mark in marks or [""] * len(lines)]
    body = "\n".join(f"<tr{kind}>{cells('td', line)}</tr>" for kind, line in zip(classes, lines, strict=True))
    return f"<table>\n<thead><tr>{head}</tr></thead>\n<tbody>\n{body}\n</tbody>\n</table>"


def _environments(environments: Mapping[str, Mapping[str, Any]]) -> str:
    parts = []
    for one in environments.values():
        lines = [[name.replace("_", " "), _text(item)] for name, item in one.items() if item not in (None, {})]
        parts.append(_table(("what", "is"), lines, {0, 1}))
    return "\n".join(parts)


def _text(item: Any) -> str:
    if isinstance(item, Mapping):
        return ", ".join(f"{name} {value}" for name, value in item.items() if value is not None)
    return str(item)


def _plain(item: Any) -> Any:
    """Return a cell of a DataFrame as a number of Python's; None for NaN."""
    if isinstance(item, str):
        return item
    number = item.item() if hasattr(item, "item") else item
    return None if number is None or number != number else number


def _figure(text: str, figure: "Figure") -> str:
    """Return a figure as an image within the page: a drawing of lines, sharp at every size."""
    drawn = io.StringIO()
    with matplotlib.rc_context({"svg.hashsalt": text}):
        figure.savefig(drawn, format="svg", metadata={"Date": None})
    image = base64.b64encode(drawn.getvalue().encode()).decode()
    return (
        f'<figure><figcaption>{escape(text)}</figcaption>\n<img alt="{escape(text)}" '
        f'src="data:image/svg+xml;base64,{image}"></figure>'
    )
