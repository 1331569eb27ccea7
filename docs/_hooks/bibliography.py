"""MkDocs hook: the page of sources is collected from the docstrings, where each method names its own.

A source is the paragraph that begins with ``Source:`` (or ``Sources:``, ``Source of the ...:``) in a docstring; works
are separated by semicolons.
"""

import ast
import re
from collections import defaultdict
from functools import cache
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parent.parent.parent
MARKER = "<!-- collected from docstrings -->"
_PARAGRAPH = re.compile(r"(?:^|\s)Sources?(?: of [^:.]{1,40})?:\s+([A-Z].*?)(?=\n\s*\n|\Z)", re.DOTALL)
_APART = ("tests", "scripts", "docs", "build")
_YEAR = re.compile(r"\b(1[89]|20)\d\d\b")
_WORK = re.compile(r"[A-Z].*?\*[^*]+\*.*?\b(?:19|20)\d\d\b")  # authors, *title*, where, year; not what is said of it


@cache
def works(root: Path = ROOT) -> dict[str, list[str]]:
    """Return each work that a docstring of the package names, with the files that name it, by author."""
    found: dict[str, list[str]] = defaultdict(list)
    for path in sorted(root.rglob("*.py")):
        relative = path.relative_to(root)
        if relative.parts[0] in _APART or relative.parts[0].startswith("."):
            continue
        source = path.read_text(encoding="utf-8")
        if "Source" not in source:
            continue
        for text in _docstrings(ast.parse(source)):
            for paragraph in _PARAGRAPH.findall(text):
                for work in _split(paragraph):
                    if relative.as_posix() not in found[work]:
                        found[work].append(relative.as_posix())
    return dict(sorted(found.items(), key=lambda entry: (_surname(entry[0]), entry[0])))


def _docstrings(tree: ast.Module) -> list[str]:
    kinds = (ast.Module, ast.ClassDef, ast.FunctionDef)
    return [ast.get_docstring(node) or "" for node in ast.walk(tree) if isinstance(node, kinds)]


def _split(paragraph: str) -> list[str]:
    """Return the works of a paragraph: the parts between semicolons; what has no year belongs to the one before."""
    parts: list[str] = []
    for part in re.sub(r"\s+", " ", paragraph.strip()).split("; "):
        if parts and not _YEAR.search(part):
            parts[-1] += f"; {part}"
        else:
            parts.append(part)
    found = (_WORK.search(part) for part in parts)
    return [part[0] for part in found if part]


def _surname(work: str) -> str:
    return re.split(r",| and | et al", work)[0].split()[-1].casefold()


def on_page_markdown(markdown: str, **_: Any) -> str:
    """Put the list in place of the marker."""
    if MARKER not in markdown:
        return markdown
    lines = [f"- {work}. {', '.join(f'`{file}`' for file in files)}" for work, files in works().items()]
    return markdown.replace(MARKER, "\n".join(lines))
