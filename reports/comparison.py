"""What ``compare`` returns: rows, also as a DataFrame, table, JSON, CSV, LaTeX, HTML and figure."""

import json
import math
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from . import rendering
from .row import COLUMNS, Row

if TYPE_CHECKING:
    from matplotlib.figure import Figure
    from pandas import DataFrame
    from rich.table import Table


@dataclass
class Comparison:
    """The rows of a comparison, in the order in which they were run.

    ``settings`` are the limits and tolerances that all runs shared; ``interrupted``: Ctrl-C ended the
    comparison, and ``rows`` are those that were finished.
    """

    rows: list[Row]
    settings: dict[str, Any] = field(default_factory=dict)
    interrupted: bool = False

    @property
    def culprits(self) -> list[Row]:
        """The rows whose answer is refuted by another row or by its own check."""
        return [row for row in self.rows if row.culprit]

    @property
    def answers(self) -> dict[str, dict[str, Any]]:
        """The problem's figures by what tells the rows apart: the method, or else method and solver."""
        rows = [row for row in self.rows if row.summary]
        methods = [row.method for row in rows]
        short = len(set(methods)) == len(methods)
        return {rendering.method_label(row.method) if short else row.label: row.summary for row in rows}

    @property
    def frame(self) -> "DataFrame":
        """The rows as a pandas DataFrame; counts are nullable integers."""
        import pandas as pd

        columns = [*COLUMNS, *self._figures()]
        frame = pd.DataFrame([row.to_dict() for row in self.rows], columns=columns)
        counts = ("nodes", "variables", "constraints", "binaries", "sos", "pairs")
        return frame.astype(dict.fromkeys(counts, "Int64"))

    def notes(self) -> list[str]:
        """Return what does not fit in a table, a line for each row: culprits, reasons of refusal, remarks."""
        return rendering.notes(self.rows)

    def table(self, title: str | None = None, transposed: bool = False) -> "Table":
        """Return a table for the console (``rich.print``); transposed, rows become columns."""
        return rendering.rich_table(self.rows, title, transposed)

    def to_json(self, path: str | Path | None = None, indent: int | None = 2) -> str:
        """Return settings and rows as JSON (infinite is null); also write it, if there is a path."""
        rows = [{name: _finite(item) for name, item in row.to_dict().items()} for row in self.rows]
        document = {"interrupted": self.interrupted, "settings": self.settings, "rows": rows}
        return _written(json.dumps(document, indent=indent), path)

    def to_csv(self, path: str | Path | None = None) -> str:
        """Return the rows as CSV; also write it, if there is a path."""
        return _written(self.frame.to_csv(index=False), path)

    def to_latex(self, path: str | Path | None = None) -> str:
        """Return the table in LaTeX (package booktabs); also write it, if there is a path."""
        return _written(rendering.latex(self.rows), path)

    def to_html(self, path: str | Path | None = None) -> str:
        """Return a page with table, notes and figure, in one file; also write it, if there is a path."""
        return _written(rendering.html(self.rows, self.plot()), path)

    def plot(self, path: str | Path | None = None) -> "Figure":
        """Return a figure of time and gap, a line for each row; also save it, if there is a path."""
        from .time_and_gap import draw

        figure = draw(self.rows)
        if path is not None:
            figure.savefig(path, dpi=150)
        return figure

    def _figures(self) -> list[str]:
        """Return the names of the problem's figures that are no columns of every problem's rows."""
        return list(dict.fromkeys(name for row in self.rows for name in row.figures if name not in COLUMNS))


def _finite(item: Any) -> Any:
    return None if isinstance(item, float) and not math.isfinite(item) else item


def _written(text: str, path: str | Path | None) -> str:
    if path is not None:
        Path(path).write_text(text, encoding="utf-8")
    return text
