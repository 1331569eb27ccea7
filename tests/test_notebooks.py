"""The notebooks of ``scripts/`` run from top to bottom; their own assertions are the test. Outputs are stored."""

import re
import sys
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient

ROOT = Path(__file__).parent.parent
SCRIPTS = ROOT / "scripts"
NOTEBOOKS = ["bard.ipynb", "lmp.ipynb", "wrong_big_m.ipynb"]
LARGEST = 60_000  # bytes, with pictures


def kinds(cell):
    """What a cell shows, in order; text that comes in pieces is one, and of several forms the stored one counts."""
    shown = []
    for output in cell.outputs:
        forms = ("image/png", "text/html", "text/plain")
        kind = next((form for form in forms if form in output.get("data", {})), output.output_type)
        if shown[-1:] != [kind]:
            shown.append(kind)
    return shown


@pytest.mark.long
@pytest.mark.parametrize("name", NOTEBOOKS)
def test_a_notebook_runs_and_shows_what_is_stored(name, tmp_path):
    notebook = nbformat.read(SCRIPTS / name, as_version=4)
    cells = [cell for cell in notebook.cells if cell.cell_type == "code"]
    stored = [kinds(cell) for cell in cells]
    client = NotebookClient(notebook, timeout=120, kernel_name="python3", resources={"metadata": {"path": tmp_path}})
    client.execute()
    assert all(cell.execution_count for cell in cells)
    assert not any(output.output_type == "error" for cell in cells for output in cell.outputs)
    shown = {kind for cell in cells for output in cell.outputs for kind in output.get("data", {})}
    assert "image/png" in shown  # the figure is drawn, not only named
    assert [kinds(cell) for cell in cells] == stored


@pytest.mark.parametrize("name", NOTEBOOKS)
def test_what_is_stored_is_a_whole_run_and_small(name):
    notebook = nbformat.read(SCRIPTS / name, as_version=4)
    nbformat.validate(notebook)
    counts = [cell.execution_count for cell in notebook.cells if cell.cell_type == "code"]
    assert counts == list(range(1, len(counts) + 1)), "scripts/run_notebooks.py runs and stores them"
    assert (SCRIPTS / name).stat().st_size < LARGEST


@pytest.mark.parametrize("name", NOTEBOOKS)
def test_the_site_has_a_page_of_it(name, monkeypatch):
    monkeypatch.syspath_prepend(str(ROOT / "docs" / "_hooks"))
    monkeypatch.delitem(sys.modules, "notebooks", raising=False)
    import notebooks

    page = (ROOT / "docs" / f"notebook_{Path(name).stem}.md").read_text(encoding="utf-8")
    markdown = notebooks.on_page_markdown(page)
    cells = nbformat.read(SCRIPTS / name, as_version=4).cells
    assert len(re.findall(r"^# ", markdown.split("```")[0], re.MULTILINE)) == 1, "one title"
    for cell in cells[1:]:
        assert cell.source in markdown
    content = notebooks.on_page_content(markdown)
    assert "data-notebook" not in content and content.count("data:image/png;base64,") >= 1
    assert content.count('<pre class="output">') >= 1


def test_every_notebook_is_run():
    assert sorted(path.name for path in SCRIPTS.glob("*.ipynb")) == NOTEBOOKS
