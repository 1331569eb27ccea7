"""``bilevolt sweep``: one model at every value of a field, or of two."""

from typing import Annotated

import typer

from ..errors import BilevoltError
from . import console
from .options import (
    BigM,
    Dask,
    Figure,
    Json,
    LedgerFile,
    MemoryLimit,
    Method,
    Reformulation,
    RelGap,
    RowsFile,
    SolverName,
    TaskLimit,
    Threads,
    TimeLimit,
    Workers,
    executor,
)  # fmt: skip
from .outcome import end


def sweep(
    instance: Annotated[str, typer.Argument(metavar="INSTANCE", help="An instance, its .json, or FILE.py:function.")],
    vary: Annotated[
        list[str],
        typer.Option(metavar="FIELD=FIRST:LAST:STEP", help="A numeric field (or argument), its values; once or twice."),
    ],
    method: Method = "exact",
    reformulation: Reformulation = "auto",
    solver: SolverName = "auto",
    big_m: BigM = None,
    time_limit: TimeLimit = 600,
    rel_gap: RelGap = 1e-6,
    threads: Threads = 1,
    ledger: LedgerFile = None,
    workers: Workers = None,
    dask: Dask = None,
    memory_limit: MemoryLimit = None,
    task_limit: TaskLimit = None,
    as_json: Json = False,
    output: RowsFile = None,
    plot: Figure = None,
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
                executor=executor(workers, dask),
                ledger=ledger,
                memory_limit=memory_limit,
                task_limit=task_limit,
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
    end(found)


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
