"""Write a synthetic station location instance, as in: generate_station_location.py 10 20 --seed 7 --out town.json."""

from pathlib import Path
from typing import Annotated

import typer

from bilevolt.instances import to_json
from bilevolt.models.station_location import generate


def main(
    sites: Annotated[int, typer.Argument(min=1, help="candidate sites")],
    demands: Annotated[int, typer.Argument(min=1, help="demand nodes")],
    out: Annotated[Path, typer.Option(help="JSON file to write")],
    seed: Annotated[int, typer.Option(help="the same seed gives the same instance")] = 1,
    most_chargers: Annotated[int, typer.Option(min=1, help="chargers that a site can hold")] = 8,
    distance_step_km: Annotated[float, typer.Option(help="to which trips are rounded; 0.5 makes ties")] = 0.001,
    name: Annotated[str | None, typer.Option(help="name of the instance; default: from sizes and seed")] = None,
) -> None:
    """Generate an instance in the structure of ``zone_01`` and write it."""
    instance = generate(sites, demands, seed, most_chargers=most_chargers, distance_step_km=distance_step_km, name=name)
    out.write_text(to_json(instance), encoding="utf-8")
    typer.echo(f"{out}: {instance.summary}")


if __name__ == "__main__":
    typer.run(main)
