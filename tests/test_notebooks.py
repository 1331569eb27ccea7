"""The notebooks of ``scripts/`` run from top to bottom; their own assertions are the test, and no output is kept."""

from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient

SCRIPTS = Path(__file__).parent.parent / "scripts"
NOTEBOOKS = ["bard.ipynb", "lmp.ipynb", "wrong_big_m.ipynb"]


@pytest.mark.parametrize("name", NOTEBOOKS)
def test_a_notebook_runs(name, tmp_path):
    notebook = nbformat.read(SCRIPTS / name, as_version=4)
    client = NotebookClient(notebook, timeout=120, kernel_name="python3", resources={"metadata": {"path": tmp_path}})
    client.execute()
    cells = [cell for cell in notebook.cells if cell.cell_type == "code"]
    assert all(cell.execution_count for cell in cells)
    assert not any(output.output_type == "error" for cell in cells for output in cell.outputs)
    shown = {kind for cell in cells for output in cell.outputs for kind in output.get("data", {})}
    assert "image/png" in shown  # the figure is drawn, not only named


@pytest.mark.parametrize("name", NOTEBOOKS)
def test_no_output_is_kept(name):
    notebook = nbformat.read(SCRIPTS / name, as_version=4)
    nbformat.validate(notebook)
    assert all(not cell.outputs and cell.execution_count is None for cell in notebook.cells if cell.cell_type == "code")


def test_every_notebook_is_run():
    assert sorted(path.name for path in SCRIPTS.glob("*.ipynb")) == NOTEBOOKS
