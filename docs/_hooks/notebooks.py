"""MkDocs hook: notebooks of ``scripts/`` with the outputs that are stored in them, on the pages that name them.

``<!-- notebook: bard.ipynb -->`` stands for the notebook's cells: its text as Markdown, its code, and below that what
the code gave. Outputs are put in once the page is HTML, so that nothing in them is taken for Markdown.
"""

import html
import json
import re
from functools import lru_cache
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parent.parent.parent / "scripts"
_PAGE = re.compile(r"<!-- notebook: ([\w.]+) -->")
_PLACE = re.compile(r'<div data-notebook="([\w.]+)" data-cell="(\d+)"></div>')
_TITLE = re.compile(r"\A# .*\n")  # the page has its own


def on_page_markdown(markdown: str, **_: Any) -> str:
    """Put a notebook's cells in place of its name."""
    return _PAGE.sub(lambda found: _as_markdown(found[1]), markdown)


def on_page_content(content: str, **_: Any) -> str:
    """Put the outputs where their cells are."""
    return _PLACE.sub(lambda found: _outputs(_cells(found[1])[int(found[2])]), content)


def _as_markdown(name: str) -> str:
    parts = []
    for position, cell in enumerate(_cells(name)):
        text = "".join(cell["source"])
        if cell["cell_type"] == "markdown":
            parts.append(_TITLE.sub("", text) if position == 0 else text)
        else:
            parts.append(f"```python\n{text}\n```")
            if cell["outputs"]:
                parts.append(f'<div data-notebook="{name}" data-cell="{position}"></div>')
    return "\n\n".join(parts)


@lru_cache
def _cells(name: str) -> list[dict[str, Any]]:
    cells: list[dict[str, Any]] = json.loads((FOLDER / name).read_text(encoding="utf-8"))["cells"]
    if not any(cell.get("outputs") for cell in cells):
        raise ValueError(f"scripts/{name} has no outputs; store them with scripts/run_notebooks.py.")
    return cells


def _outputs(cell: dict[str, Any]) -> str:
    """Return the outputs of a cell, text that comes in pieces as one."""
    shown, text = [], ""
    for output in cell["outputs"]:
        if output["output_type"] == "stream":
            text += "".join(output["text"])
            continue
        shown += [_text(text), _data(output["data"])]
        text = ""
    return "".join([*shown, _text(text)])


def _text(text: str) -> str:
    return f'<pre class="output">{html.escape(text.rstrip())}</pre>' if text else ""


def _data(data: dict[str, Any]) -> str:
    if "image/png" in data:
        picture = "".join(data["image/png"]).replace("\n", "")
        return f'<p><img alt="what the cell above draws" src="data:image/png;base64,{picture}"></p>'
    if "text/html" in data:
        return f'<div class="output">{"".join(data["text/html"])}</div>'
    return _text("".join(data["text/plain"]))
