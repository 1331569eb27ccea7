"""Options that several commands take: each is spelled, explained and limited once."""

from pathlib import Path
from typing import Annotated

import typer

from ..errors import BilevoltError

Method = Annotated[str, typer.Option(help="exact, or a heuristic (bilevolt list names them all).")]
Reformulation = Annotated[str, typer.Option(help="auto, or a step (bilevolt list names them all).")]
SolverName = Annotated[str, typer.Option("--solver", help="auto, or a solver (bilevolt list names them all).")]
BigM = Annotated[float | None, typer.Option(help="For bigm: the M where none is proven.")]
TimeLimit = Annotated[float | None, typer.Option(min=0, help="Seconds of the solver, for each run.")]
RelGap = Annotated[float, typer.Option(min=0, help="Relative gap at which a point is called optimal.")]
Threads = Annotated[int, typer.Option(min=1, help="Threads of a solver.")]
Confirm = Annotated[
    str | None, typer.Option(help="Another solver (or auto) that is asked for a better point afterwards.")
]
StanceName = Annotated[
    str, typer.Option("--stance", help="optimistic, pessimistic, or the weight of the worst response, 0 to 1.")
]
Start = Annotated[
    str | None,
    typer.Option("--start", help="Heuristic whose point the exact method starts from, or none, also for large models."),
]
FollowerTolerance = Annotated[
    float, typer.Option(min=0, help="Share of their optimum by which followers may be off (0.01).")
]
Tee = Annotated[bool, typer.Option("--tee", help="Print the solvers' own logs.")]
Json = Annotated[bool, typer.Option("--json", help="Print JSON only, to stdout.")]
RowsFile = Annotated[Path | None, typer.Option("-o", "--output", help="Write the rows; .json, .csv, .tex or .html.")]
Figure = Annotated[Path | None, typer.Option(help="Write a figure (.png, .pdf, .svg).")]
LedgerFile = Annotated[
    Path | None, typer.Option(help="File (.jsonl) that rows are put into as they end; its rows are not run again.")
]
Workers = Annotated[int | None, typer.Option(min=1, help="Processes. Default: this one.")]
Dask = Annotated[str | None, typer.Option(help="Address of a Dask scheduler, instead of --workers.")]
MemoryLimit = Annotated[float | None, typer.Option(min=0, help="GiB that a worker may take for a run.")]
TaskLimit = Annotated[float | None, typer.Option(min=0, help="Seconds after which a worker is ended.")]


def executor(workers: int | None, dask: str | None) -> int | str | None:
    """Return who is to run the tasks.

    :raises BilevoltError: both are given.
    """
    if workers is not None and dask is not None:
        raise BilevoltError("--workers and --dask are given. Give one of them: who is to run the tasks.")
    return dask or workers


def start_of(text: str | None) -> str | bool | None:
    """Return a start that was typed: the name of a heuristic, False for "none"; None where nothing was."""
    return False if text is not None and text.casefold() == "none" else text


def stance_of(text: str) -> str | float:
    """Return a stance that was typed: a name, or a number."""
    try:
        return float(text)
    except ValueError:
        return text
