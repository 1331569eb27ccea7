"""``bilevolt break-m``: is there a better point that a big-M cuts off?"""

import json
from typing import Annotated

import typer

from . import console
from .console import Exit
from .options import Json


def break_m(
    target: Annotated[str, typer.Argument(help="An instance, a textbook problem, a .json, or FILE.py[:build].")],
    m: Annotated[float, typer.Option("--m", help="The number in every pair, for multiplier and slack.")],
    solver: Annotated[str, typer.Option(help="auto, or the solver of the model with M.")] = "auto",
    node_limit: Annotated[int, typer.Option(min=1, help="Nodes of each exact search for a better point.")] = 2000,
    time_limit: Annotated[float | None, typer.Option(min=0, help="Seconds, for each solve.")] = None,
    as_json: Json = False,
) -> None:
    """Look for a better bilevel feasible point that M cuts off; exit code 1 if there is one, 3 if none is found."""
    with console.refusals():
        from ..reports.targets import resolve
        from ..verification import break_big_m

        found = resolve(target)
        with console.progress() as say:
            say(f"{found.name}: looking for a point that M = {m:g} cuts off")
            result = break_big_m(found.build(), m, solver=solver, node_limit=node_limit, time_limit=time_limit)
        if as_json:
            print(json.dumps(console.finite(result.to_dict() | {"target": found.spec}), indent=2))
        else:
            print(f"model               {found.name}\n{result.report()}")
    if result.interrupted:
        raise typer.Exit(Exit.INTERRUPTED)
    raise typer.Exit(Exit.FAILED if result.broken else Exit.UNPROVEN)
