"""Run the notebooks of this folder and store their outputs: run_notebooks.py [NAME...]; without names, all.

What is stored is what the site shows: pictures with few colours, and of an output in several forms the richest one.
"""

import base64
import io
import tempfile
from pathlib import Path
from typing import Annotated, Any

import nbformat
import typer
from nbclient import NotebookClient
from PIL import Image

HERE = Path(__file__).parent
WIDEST = 1000  # pixels
FORMS = ("image/png", "text/html", "text/markdown", "text/plain")  # the first that an output has is kept


def store(path: Path) -> None:
    """Run one notebook from top to bottom in an empty folder, and write it with its outputs."""
    notebook = nbformat.read(path, as_version=4)
    with tempfile.TemporaryDirectory() as folder:
        NotebookClient(notebook, timeout=600, kernel_name="python3", resources={"metadata": {"path": folder}}).execute()
    notebook.metadata = {key: notebook.metadata[key] for key in ("kernelspec", "language_info")}
    notebook.metadata["language_info"] = {"name": "python"}
    for cell in notebook.cells:
        cell.metadata = {}
        for output in cell.get("outputs", []):
            if "data" in output:
                form = next(form for form in FORMS if form in output["data"])
                shown = output["data"][form]
                output["data"] = {form: _small(shown) if form == "image/png" else shown}
                output["metadata"] = {}
    nbformat.validate(notebook)
    nbformat.write(notebook, path)


def _small(picture: str) -> str:
    with Image.open(io.BytesIO(base64.b64decode(picture))) as image:
        small = image.convert("RGB")
        small.thumbnail((WIDEST, 4 * WIDEST))
        written = io.BytesIO()
        small.quantize(64, dither=Image.Dither.NONE).save(written, "PNG", optimize=True)
    return base64.b64encode(written.getvalue()).decode()


def main(names: Annotated[list[str] | None, typer.Argument(help="such as bard")] = None) -> None:
    """Run and store."""
    known: dict[str, Any] = {path.stem: path for path in sorted(HERE.glob("*.ipynb"))}
    for name in names or known:
        if name not in known:
            raise typer.BadParameter(f"{name}: unknown; there are {', '.join(known)}")
        store(known[name])
        typer.echo(f"{known[name].name}: {known[name].stat().st_size / 1024:.0f} kB")


if __name__ == "__main__":
    typer.run(main)
