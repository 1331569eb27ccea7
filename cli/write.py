"""``bilevolt write``: a model as files that other programs read."""

from pathlib import Path
from typing import Annotated

import typer

from . import console
from .options import BigM


def write(
    target: Annotated[str, typer.Argument(help="An instance, a textbook problem, a file (see solve).")],
    output: Annotated[
        Path,
        typer.Option("-o", "--output", help="x.mps with x.aux for two levels; .mps, .lp, .nl for the single level."),
    ],
    reformulation: Annotated[
        str | None, typer.Option(help="Write the single level, made by this step; without it, both levels.")
    ] = None,
    big_m: BigM = None,
) -> None:
    """Write both levels (MPS with an AUX file, as MibS and BOBILib have them), or the single level."""
    with console.refusals():
        from ..reports.targets import resolve
        from ..writing import write as write_files

        console.refuse_unwritable(output)
        found = resolve(target)
        said = write_files(found.build(), output, reformulation, big_m)
    print("\n".join(said))
