"""``bilevolt plot``: the two levels on paper, for a model with one variable of the leader."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from . import console

if TYPE_CHECKING:
    from ..solution import Solution


def plot(
    target: Annotated[str, typer.Argument(help="An instance, a textbook problem, a .json, or FILE.py[:build].")],
    output: Annotated[
        Path | None,
        typer.Option("-o", "--output", help="Write .png, .pdf or .svg. Default: the model's name, as .png, here."),
    ] = None,
    solution: Annotated[
        Path | None, typer.Option(help="Mark what `solve -o FILE` wrote for this model, instead of solving it.")
    ] = None,
) -> None:
    """Draw regions, the follower's reaction and the optima of a small model (one leader's variable, one follower)."""
    with console.refusals():
        from ..reports.targets import resolve
        from ..teaching.draw.picture import plot as draw
        from .files import read_solution, refuse_figure_name

        found = resolve(target)
        path = output or Path(f"{found.name.replace(':', '_')}.png")
        console.refuse_unwritable(path)
        refuse_figure_name(path, "--output")
        known: Solution | None = read_solution(solution, target)[0] if solution else None
        with console.progress() as say:
            say(f"{found.name}: drawing")
            draw(found.build(), known).savefig(path, dpi=150)
        print(path)
