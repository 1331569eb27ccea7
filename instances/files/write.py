"""A problem with two linear levels as a pair of files: MPS, and AUX by name."""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from .mps_writer import kind, write_mps
from .table import Column, Table, TableRow

if TYPE_CHECKING:
    from ..linear_bilevel import LinearBilevelInstance


def write_pair(instance: "LinearBilevelInstance", path: Path) -> tuple[Path, ...]:
    """Write ``path`` (.mps) and the AUX file beside it; return both paths.

    A follower that maximises is written with its objective negated, as AUX files by name have no sense.
    """
    beside = path.with_suffix(".aux")
    table = _table(instance)
    write_mps(table, path)
    beside.write_text("\n".join(_aux(instance, table, path.name)) + "\n", encoding="utf-8")
    return path, beside


def _table(instance: "LinearBilevelInstance") -> Table:
    index = {variable.name: k for k, variable in enumerate(instance.variables)}
    return Table(
        name=instance.name,
        maximize=instance.sense == "maximize",
        offset=instance.offset,
        columns=[Column(v.name, v.cost, v.lower, v.upper, v.integer) for v in instance.variables],
        rows=[
            TableRow(row.name, row.lower, row.upper, {index[name]: number for name, number in row.terms})
            for row in instance.rows
        ],
    )


def _aux(instance: "LinearBilevelInstance", table: Table, program: str) -> Iterator[str]:
    sign = -1.0 if instance.follower_sense == "maximize" else 1.0
    own = [variable for variable in instance.variables if variable.level == "follower"]
    rows = [
        row.name
        for row, given in zip(table.rows, instance.rows, strict=True)
        if given.level == "follower" and kind(row) != "N"
    ]
    yield from ("@NUMVARS", str(len(own)), "@NUMCONSTRS", str(len(rows)), "@VARSBEGIN")
    yield from (f"{variable.name} {sign * variable.follower_cost + 0.0!r}" for variable in own)
    yield from ("@VARSEND", "@CONSTRSBEGIN", *rows, "@CONSTRSEND", "@NAME", "_".join(instance.name.split()))
    yield from ("@MPS", program)
