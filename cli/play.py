"""``bilevolt play``: a page in which the leader's decision is moved, for a model with one variable of the leader."""

from pathlib import Path
from typing import Annotated

import typer

from . import console


def play(
    target: Annotated[str, typer.Argument(help="An instance, a textbook problem, a .json, or FILE.py[:build].")],
    output: Annotated[
        Path | None,
        typer.Option("-o", "--output", help="Write .html. Default: the model's name, as .html, here."),
    ] = None,
) -> None:
    """Make a page with a slider for the leader's decision: the follower's optimum, active rows, multipliers move."""
    with console.refusals():
        from ..errors import BilevoltError
        from ..reports.targets import resolve
        from ..teaching.play.page import play as make

        found = resolve(target)
        path = output or Path(f"{found.name.replace(':', '_')}.html")
        console.refuse_unwritable(path)
        if path.suffix.lower() not in (".html", ".htm"):
            raise BilevoltError(f"{path}: --output: write a name that ends in .html.")
        with console.progress() as say:
            say(f"{found.name}: asking the follower")
            make(found.build()).to_html(path)
        print(path)
