"""Seconds of the processor, ours beside peers, in JSON: bench.py --only electric-bus --out bench.json.

Ours and the peer run in turns in this process, and a row has the medians. The whole takes some minutes; ``--long`` adds
fleets of 48 and 96 buses, 100 scenarios, 10 and 20 candidates, all zones and the city, demand response of 50 vehicles
(four runs, 25 minutes of the processor), and how time and memory grow up to a million entries (``sizes``).
"""

import json
import os
import platform
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Annotated

import typer
from benchmarks import (
    demand_response,
    electric_bus,
    fast_charging,
    hand_over,
    heuristics,
    sizes,
    start_up,
    station_location,
    transformation,
)
from benchmarks.row import Row

import bilevolt as bv

Subject = Callable[[int], Iterator[Row]]


def subjects(long: bool) -> dict[str, Subject]:
    """Return what is measured, by name."""
    network = "ieee33_sioux_falls"
    return {
        "hand-over": partial(hand_over.rows, instance=network),
        "transformation": partial(transformation.rows, instance=network),
        "electric-bus": partial(electric_bus.rows, fleets=("limassol", 24, *((48, 96) if long else ()))),
        "fast-charging": partial(
            fast_charging.rows,
            instance=network,
            counts=(1, 5, 20, *((100,) if long else ())),
            candidates=(10, 20) if long else (),
        ),
        "heuristic": partial(heuristics.rows, instance="limassol", evaluations=8000),
        "station-location": partial(
            station_location.rows,
            zones=station_location.ZONES if long else ("zone_02", "zone_03"),
            city_seconds=(120.0, 600.0) if long else (),
        ),
        "start-up": start_up.rows,
        **({"demand-response": _demand_response} if long else {}),
        **({"sizes": partial(sizes.rows, instance=network, counts=(1, 4, 10, 56))} if long else {}),
    }


def _demand_response(_: int) -> Iterator[Row]:
    return demand_response.rows("ev50_station10", (120.0, 600.0))


def main(
    repeats: Annotated[int, typer.Option(help="of each measurement; the median counts")] = 3,
    only: Annotated[str | None, typer.Option(help="one subject: " + ", ".join(subjects(True)))] = None,
    long: Annotated[bool, typer.Option("--long", help="the largest sizes too")] = False,
    out: Annotated[Path | None, typer.Option(help="JSON file; printed otherwise")] = None,
) -> None:
    """Measure, print a line for each row, and write JSON."""
    chosen = subjects(long)
    if only is not None:
        if only not in chosen:
            raise typer.BadParameter(f"{only!r} is none of {', '.join(chosen)}", param_hint="--only")
        chosen = {only: chosen[only]}
    rows = []
    for measure in chosen.values():
        for row in measure(repeats):
            rows.append(row.as_dict())
            typer.echo(line(row), err=True)
    found = {
        "date": datetime.now(UTC).date().isoformat(), "python": platform.python_version(), "version": bv.__version__,
        "machine": f"{os.cpu_count()} cores, {platform.machine()}", "repeats": repeats, "rows": rows,
    }  # fmt: skip
    text = json.dumps(found, indent=1) + "\n"
    if out is None:
        typer.echo(text)
    else:
        out.write_text(text, encoding="utf-8")


def line(row: Row) -> str:
    """Return a row as a line of text."""
    unit = row.unit and f" {row.unit}"
    peer = "" if row.peer is None else f", {row.peer_name} {row.peer:.3g}{unit}, ratio {row.ratio:.3g}"
    aim = f"{row.aim:.3g}" + (unit if row.peer is None else "")
    return f"{row.name}: {row.ours:.3g}{unit}{peer}; aim {aim} {'met' if row.met else 'missed: ' + row.bound_by}"


if __name__ == "__main__":
    typer.run(main)
