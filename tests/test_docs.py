"""The code on the pages of ``docs/`` runs, and prints what the pages say.

On each page, ``python`` blocks run from top to bottom in one namespace and an empty folder; a ``text`` block right
after one is its output. Lines ``$ bilevolt ...`` of ``console`` blocks run there, too, and have to succeed. Slow ones
are marked in the line before, with a reason: ``<!-- not run: needs ten minutes -->``; output that may differ:
``<!-- not compared: depends on the solver's version -->``.
"""

import ast
import contextlib
import io
import re
import shlex
from dataclasses import dataclass
from itertools import zip_longest
from pathlib import Path

import pytest
from sweeps import only
from typer.testing import CliRunner

from bilevolt.cli.app import app

ROOT = Path(__file__).parent.parent
PAGES = sorted((ROOT / "docs").glob("*.md"))
# Their code takes seconds.
DEAR = {"solvers", "experiments", "demand_response", "fast_charging", "cli", "electric_bus", "teaching", "grader"}
BLOCK = re.compile(
    r"(?:^<!-- (?P<mark>not run|not compared): (?P<reason>.+?) -->\n+)?^```(?P<language>\w+)\n(?P<code>.*?)^```$",
    re.MULTILINE | re.DOTALL,
)


@dataclass
class Block:
    language: str
    code: str
    mark: str | None
    reason: str | None
    start: int
    end: int


def blocks(page: Path) -> list[Block]:
    text = page.read_text(encoding="utf-8")
    return [
        Block(m["language"], m["code"], m["mark"], m["reason"], m.start("language"), m.end())
        for m in BLOCK.finditer(text)
    ]


def between(page: Path, first: Block, second: Block) -> str:
    return page.read_text(encoding="utf-8")[first.end : second.start].strip("`\n ")


@pytest.mark.parametrize("page", only([page for page in PAGES if page.stem not in DEAR], PAGES), ids=lambda p: p.stem)
def test_the_code_of_a_page_runs(page, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    namespace: dict[str, object] = {"__name__": f"docs.{page.stem}"}
    found = blocks(page)
    unrun = []
    for block, after in zip_longest(found, found[1:]):
        if block.mark == "not run":
            unrun.append(block.reason)
            if block.language == "python":
                ast.parse(block.code)
        elif block.language == "python":
            shown = io.StringIO()
            with contextlib.redirect_stdout(shown):
                exec(compile(block.code, f"{page.name}", "exec"), namespace)
            is_output = after is not None and after.language == "text" and after.mark is None
            if is_output and not between(page, block, after):
                assert lines(shown.getvalue()) == lines(after.code)
        elif block.language == "console":
            for command in re.findall(r"^\$ bilevolt (.*)$", block.code, re.MULTILINE):
                result = CliRunner().invoke(app, shlex.split(command))
                assert result.exit_code == 0, f"bilevolt {command}\n{result.output}"
    if unrun and len(unrun) == len(found):
        pytest.skip("; ".join(unrun))


def lines(text: str) -> list[str]:
    return [line.rstrip() for line in text.strip().splitlines()]


def test_every_block_is_seen():
    """A fence that the pattern misses would be code that is never run."""
    for page in PAGES:
        fences = re.findall(r"^ *```(\w*)", page.read_text(encoding="utf-8"), re.MULTILINE)
        opening = [language for language in fences if language in ("python", "console", "text")]
        assert len(fences) % 2 == 0, page.name
        assert len([b for b in blocks(page) if b.language in ("python", "console", "text")]) == len(opening), page.name


def test_navigation_and_pages_are_the_same():
    navigation = re.findall(r"^ +- .+: (\w+\.md)$", (ROOT / "mkdocs.yml").read_text(encoding="utf-8"), re.MULTILINE)
    assert len(set(navigation)) == len(navigation)
    assert set(navigation) == {page.name for page in PAGES}


def test_links_between_pages_lead_somewhere():
    names = {page.name for page in PAGES}
    for page in PAGES:
        for target in re.findall(r"\]\(([^)#:\s]+\.md)(?:#[^)]*)?\)", page.read_text(encoding="utf-8")):
            assert target in names, f"{page.name} links to {target}"


PICTURE = re.compile(r"!\[([^\]]*)\]\(([^)]+)\)")
LARGEST_PICTURE = 120_000  # bytes


def test_pictures_are_there_small_and_described():
    pages = [*PAGES, ROOT / "README.md"]
    found = [(page, *picture) for page in pages for picture in PICTURE.findall(page.read_text(encoding="utf-8"))]
    for page, description, target in found:
        assert 1000 < (page.parent / target).stat().st_size < LARGEST_PICTURE, target
        assert len(description) > 20, f"{page.name}: {target} has no description"
    stored = {path.name for path in (ROOT / "docs" / "figures").iterdir()}
    assert stored == {Path(target).name for _, _, target in found}, "each stored picture is shown"


def test_the_gallery_shows_the_commands_that_draw_it():
    script = ast.parse((ROOT / "scripts" / "draw_gallery.py").read_text(encoding="utf-8"))
    (commands,) = (
        ast.literal_eval(node.value)
        for node in script.body
        if isinstance(node, ast.AnnAssign) and ast.unparse(node.target) == "COMMANDS"
    )
    page = (ROOT / "docs" / "gallery.md").read_text(encoding="utf-8")
    for name, (verb, *rest) in commands.items():
        to_file = "-o" if verb == "plot" else "--plot"
        assert f"bilevolt {verb} {shlex.join(rest)} {to_file} {name}.png\n" in page


def test_the_bibliography_has_the_sources_of_the_docstrings(monkeypatch):
    monkeypatch.syspath_prepend(str(ROOT / "docs" / "_hooks"))
    import bibliography

    works = bibliography.works()
    (big_m,) = (work for work in works if work.startswith("J. Fortuny-Amat and B. McCarl, *A representation"))
    assert big_m.endswith("1981")
    assert {"reformulations/bigm.py", "reformulations/indicator.py"} <= set(works[big_m])
    assert len(works) > 40
    assert bibliography.on_page_markdown("a page without it") == "a page without it"
    assert big_m in bibliography.on_page_markdown(f"# Sources\n\n{bibliography.MARKER}\n")


SECTION = re.compile(
    r"^\s*(Args|Arguments|Parameters|Returns|Yields|Raises|Attributes|Keyword Args):\s*$", re.MULTILINE
)


def docstrings(tree: ast.AST) -> list[str]:
    kinds = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)
    return [ast.get_docstring(node) or "" for node in ast.walk(tree) if isinstance(node, kinds)]


def test_docstrings_are_in_the_one_dialect_that_the_documentation_reads():
    """``:param x:``; sections of another dialect would be shown as running text."""
    assert SECTION.search("What it does.\n\nRaises:\n    ValueError: always.")
    assert "docstring_style: sphinx" in (ROOT / "mkdocs.yml").read_text(encoding="utf-8")
    sources = [p for p in ROOT.rglob("*.py") if not {".venv", "build", "dist"} & set(p.relative_to(ROOT).parts)]
    assert len(sources) > 100
    found = {
        str(path.relative_to(ROOT))
        for path in sources
        if SECTION.search(source := path.read_text(encoding="utf-8"))  # parsing all of them would take seconds
        for text in docstrings(ast.parse(source))
        if SECTION.search(text)
    }
    assert not found
