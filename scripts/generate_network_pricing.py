"""Write a synthetic network pricing instance: generate_network_pricing.py grid 25 6 --seed 7 --out tolls.json."""

from pathlib import Path
from typing import Annotated

import typer

from bilevolt.instances import to_json
from bilevolt.models.network_pricing import generate


def main(
    kind: Annotated[str, typer.Argument(help="grid, delaunay or voronoi")],
    nodes: Annotated[int, typer.Argument(min=9, help="of the network, about")],
    commodities: Annotated[int, typer.Argument(min=1, help="pairs of nodes with traffic")],
    out: Annotated[Path, typer.Option(help="JSON file to write")],
    seed: Annotated[int, typer.Option(help="the same seed gives the same instance")] = 1,
    tolled_share: Annotated[float, typer.Option(help="of the arcs that may be tolled")] = 0.2,
    name: Annotated[str | None, typer.Option(help="name of the instance; default: from sizes and seed")] = None,
) -> None:
    """Generate an instance in the structure of the published ones and write it."""
    instance = generate(kind, nodes, commodities, seed, tolled_share=tolled_share, name=name)
    out.write_text(to_json(instance), encoding="utf-8")
    typer.echo(f"{out}: {instance.summary}")


if __name__ == "__main__":
    typer.run(main)
