"""``bilevolt explain``: the derivation of a model's single level, as a document."""

from collections.abc import Callable
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from . import console
from .options import BigM

if TYPE_CHECKING:
    from ..teaching.explain.explanation import Explanation


class Format(StrEnum):
    """What the document is written in."""

    md = "md"
    tex = "tex"
    html = "html"
    txt = "txt"


_WRITERS: dict[Format, Callable[["Explanation"], str]] = {
    Format.md: lambda document: document.to_markdown(),
    Format.tex: lambda document: document.to_latex(),
    Format.html: lambda document: document.to_html(),
    Format.txt: lambda document: document.to_text(),
}


def explain(
    target: Annotated[str, typer.Argument(help="An instance, a textbook problem, a .json, or FILE.py[:build].")],
    form: Annotated[
        Format | None, typer.Option("--format", help="Default: that of the name given with -o, else txt.")
    ] = None,
    step: Annotated[
        str | None, typer.Option(help="levels, kkt (or one of its steps), linearize, strong_duality, sizes, solution.")
    ] = None,
    reformulation: Annotated[str, typer.Option(help="auto, kkt, or a step (bilevolt list names them all).")] = "auto",
    big_m: BigM = None,
    solution: Annotated[
        Path | None, typer.Option(help="Show the numbers of what `solve -o FILE` wrote for this model.")
    ] = None,
    output: Annotated[Path | None, typer.Option("-o", "--output", help="Write to a file.")] = None,
) -> None:
    """Show how two levels become one, step by step, in the names of the model."""
    with console.refusals():
        from ..reports.targets import resolve
        from ..teaching.explain.explain import explain as derive
        from .files import read_solution

        console.refuse_unwritable(output)
        chosen = form or _of_name(output)
        found = resolve(target)
        answer = read_solution(solution, target)[0] if solution else None
        document = derive(found.build(), reformulation, solution=answer, big_m=big_m)
        text = _WRITERS[chosen](document.step(step) if step else document)
        if output:
            output.write_text(text, encoding="utf-8")
        else:
            print(text, end="")


def _of_name(output: Path | None) -> Format:
    """Return the format that a file's name asks for; plain text where it asks for none."""
    suffix = "" if output is None else output.suffix.removeprefix(".").lower()
    return Format(suffix) if suffix in Format.__members__ else Format.txt
