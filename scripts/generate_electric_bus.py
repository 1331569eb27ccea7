"""Write a synthetic electric-bus instance, as in: generate_electric_bus.py 24 --seed 7 --out fleet24.json."""

from pathlib import Path
from typing import Annotated

import typer

from bilevolt.instances import to_json
from bilevolt.models.electric_bus import generate


def main(
    buses: Annotated[int, typer.Argument(min=5, max=96, help="size of the fleet")],
    out: Annotated[Path, typer.Option(help="JSON file to write")],
    seed: Annotated[int, typer.Option(help="the same seed gives the same instance")] = 1,
    name: Annotated[str | None, typer.Option(help="name of the instance; default: from size and seed")] = None,
) -> None:
    """Generate an instance in the structure of ``limassol`` and write it."""
    instance = generate(buses, seed, name)
    out.write_text(to_json(instance), encoding="utf-8")
    typer.echo(f"{out}: {instance.summary}")


if __name__ == "__main__":
    typer.run(main)
