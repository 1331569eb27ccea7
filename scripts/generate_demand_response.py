"""Write a synthetic demand-response instance, as in: generate_demand_response.py 20 --seed 7 --out ev20.json."""

from pathlib import Path
from typing import Annotated

import typer

from bilevolt.instances import to_json
from bilevolt.models.demand_response import generate


def main(
    evs: Annotated[int, typer.Argument(min=1, max=500, help="size of the fleet")],
    out: Annotated[Path, typer.Option(help="JSON file to write")],
    seed: Annotated[int, typer.Option(help="the same seed gives the same instance")] = 1,
    stations: Annotated[int | None, typer.Option(min=1, help="default: one for every five EVs")] = None,
    station_limit_kw: Annotated[float, typer.Option(min=1, help="of every station; a low one binds")] = 100.0,
    name: Annotated[str | None, typer.Option(help="name of the instance; default: from size and seed")] = None,
) -> None:
    """Generate an instance in the structure of ``ev50_station10`` and write it."""
    instance = generate(evs, seed, stations, station_limit_kw, name)
    out.write_text(to_json(instance), encoding="utf-8")
    typer.echo(f"{out}: {instance.summary}")


if __name__ == "__main__":
    typer.run(main)
