"""Writing MPS files in free format, with every number as it is (no digit is rounded away) and every bound said."""

from collections.abc import Iterator
from pathlib import Path

from .table import Column, Table, TableRow


def write_mps(table: Table, path: Path) -> None:
    """Write a program; special ordered sets and indicator rows in the sections that Gurobi and SCIP read, too."""
    path.write_text("\n".join(_lines(table)) + "\n", encoding="utf-8")


def kind(row: TableRow) -> str:
    """Return the letter for a row's sides; N: it has none."""
    if row.upper is None:
        return "N" if row.lower is None else "G"
    return "E" if row.lower == row.upper else "L"


def _lines(table: Table) -> Iterator[str]:
    objective = _objective_name(table)
    yield f"NAME {'_'.join(table.name.split())}"
    if table.maximize:
        yield from ("OBJSENSE", "    MAX")
    yield from ("ROWS", f" N {objective}")
    yield from (f" {kind(row)} {row.name}" for row in table.rows)
    yield "COLUMNS"
    yield from _columns(table, objective)
    yield "RHS"
    if table.offset:
        yield f"    RHS {objective} {-table.offset!r}"
    for row in table.rows:
        if side := row.lower if row.upper is None else row.upper:
            yield f"    RHS {row.name} {side!r}"
    wide = [row for row in table.rows if kind(row) == "L" and row.lower is not None]
    if wide:
        yield "RANGES"
        yield from (f"    RANGES {row.name} {(row.upper or 0.0) - (row.lower or 0.0)!r}" for row in wide)
    yield "BOUNDS"
    for column in table.columns:
        yield from _bounds(column)
    if table.sets:
        yield "SOS"
        for one in table.sets:
            yield f" S{one.level} {one.name}"
            yield from (f"    {table.columns[k].name} {weight!r}" for k, weight in one.members)
    if table.switches:
        yield "INDICATORS"
        for row_index, (k, value) in table.switches.items():
            yield f" IF {table.rows[row_index].name} {table.columns[k].name} {value}"
    yield "ENDATA"


def _columns(table: Table, objective: str) -> Iterator[str]:
    entries: list[list[tuple[str, float]]] = [[] for _ in table.columns]
    for row in table.rows:
        for k, number in row.terms.items():
            entries[k].append((row.name, number))
    whole = False
    for column, inside in zip(table.columns, entries, strict=True):
        if column.integer != whole:
            whole = column.integer
            yield f"    MARKER 'MARKER' '{'INTORG' if whole else 'INTEND'}'"
        if column.cost or not inside:  # a column without entries is there by that of the objective
            yield f"    {column.name} {objective} {column.cost!r}"
        yield from (f"    {column.name} {row} {number!r}" for row, number in inside)
    if whole:
        yield "    MARKER 'MARKER' 'INTEND'"


def _bounds(column: Column) -> Iterator[str]:
    """Yield both bounds, as readers differ in what they take for granted."""
    name, lower, upper = column.name, column.lower, column.upper
    if column.integer and (lower, upper) == (0.0, 1.0):
        yield f" BV BOUND {name}"  # as indicator rows need it
    elif lower is None and upper is None:
        yield f" FR BOUND {name}"
    elif lower is not None and lower == upper:
        yield f" FX BOUND {name} {lower!r}"
    else:
        yield f" MI BOUND {name}" if lower is None else f" LO BOUND {name} {lower!r}"
        yield f" PL BOUND {name}" if upper is None else f" UP BOUND {name} {upper!r}"


def _objective_name(table: Table) -> str:
    name, taken = "OBJ", {row.name for row in table.rows}
    while name in taken:
        name += "_"
    return name
