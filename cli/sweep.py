"""``bilevolt sweep``: one model at every value of a field, or of two."""

from pathlib import Path
from typing import Annotated

import typer

from ..errors import BilevoltError
from . import console
from .console import Exit
from .outcome import exit_code_of
from .tournament import _executor


def sweep(
    instance: Annotated[str, typer.Argument(metavar="INSTANCE", help="An instance, its .json, or FILE.py:function.")],
    vary: Annotated[
        list[str],
        typer.Option(metavar="FIELD=FIRST:LAST:STEP", help="A numeric field (or argument), its values; once or twice."),
    ],
    method: Annotated[str, typer.Option(help="exact, or a heuristic.")] = "exact",
    reformulation: Annotated[str, typer.Option(help="auto, or a step (bilevolt list names them all).")] = "auto",
    solver: Annotated[str, typer.Option(help="auto, or a solver (bilevolt list names them all).")] = "auto",
    big_m: Annotated[float | None, typer.Option(help="For bigm: the M where none is proven.")] = None,
    time_limit: Annotated[float | None, typer.Option(min=0, help="Seconds of the solver, for each run.")] = 600,
    rel_gap: Annotated[float, typer.Option(min=0, help="Relative gap at which a point is called optimal.")] = 1e-6,
    threads: Annotated[int, typer.Option(min=1, help="Threads of a solver.")] = 1,
    ledger: Annotated[
        Path | None,
        typer.Option(help="File (.jsonl) that rows are put into as they end; its rows are not run again."),
    ] = None,
    workers: Annotated[int | None, typer.Option(min=1, help="Processes. Default: this one.")] = None,
    dask: Annotated[str | None, typer.Option(help="Address of a Dask scheduler, instead of --workers.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON only, to stdout.")] = False,
    output: Annotated[
        Path | None, typer.Option("-o", "--output", help="Write the rows; .json, .csv, .tex or .html.")
    ] = None,
    plot: Annotated[Path | None, typer.Option(help="Write a figure (.png, .pdf, .svg).")] = None,
    show: Annotated[str, typer.Option(help="Of --plot: objective, or a figure of the problem.")] = "objective",
) -> None:
    """Solve a model at every value of a field, check every answer, and show how the answer moves."""
    with console.refusals():
        from ..experiments import sweep as run_all
        from .files import refuse_figure_name, writer

        console.refuse_unwritable(output, plot, ledger)
        refuse_figure_name(plot, "--plot")
        write = writer(output)
        with console.progress() as say:
            found = run_all(
                instance,
                _fields(vary),
                method=method,
                reformulation=reformulation,
                solver=solver,
                time_limit=time_limit,
                rel_gap=rel_gap,
                threads=threads,
                executor=_executor(workers, dask),
                ledger=ledger,
                progress=say,
                big_m=big_m,
            )
        if output:
            write(found, output)
        if plot:
            found.plot(plot, of=show)
        if as_json:
            print(found.to_json())
        else:
            console.show_comparison(found)
    if found.interrupted:
        raise typer.Exit(Exit.INTERRUPTED)
    raise typer.Exit(exit_code_of(found.rows))


def _fields(given: list[str]) -> dict[str, str]:
    """Return field -> its values, as they are written."""
    found: dict[str, str] = {}
    for one in given:
        name, equal, values = one.partition("=")
        if not equal or not name.strip() or not values.strip():
            raise BilevoltError(f"--vary {one}: write FIELD=FIRST:LAST:STEP, or FIELD=A,B,C.")
        if name.strip() in found:
            raise BilevoltError(f"--vary: {name.strip()} is given twice. Give all its values at once.")
        found[name.strip()] = values.strip()
    return found
