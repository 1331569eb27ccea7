"""``bilevolt tournament``: every model by every way and solver, on disk as it goes, with tables and profiles."""

from pathlib import Path
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
    RelGap,
    TaskLimit,
    Threads,
    TimeLimit,
    Workers,
    executor,
)  # fmt: skip
from .outcome import end, split


def tournament(
    targets: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[TARGET]...",
            help="Instances, textbook problems (textbook: all of them), an instance's .json, "
            "FILE.mps[:FILE.aux], FILE.py[:build]. None, with --ledger: a report of what is in it.",
        ),
    ] = None,
    reformulations: Annotated[
        str | None, typer.Option("--reformulations", "--reformulation", help="Comma list. Default: all.")
    ] = None,
    solvers: Annotated[str | None, typer.Option("--solvers", "--solver", help="Comma list. Default: all.")] = None,
    methods: Annotated[
        str, typer.Option("--methods", "--method", help="Comma list of heuristics beside the exact runs.")
    ] = "",
    rivals: Annotated[str, typer.Option(help="Comma list of others: gdp (Pyomo), fa and reg (PAO), discopt.")] = "",
    seeds: Annotated[int | None, typer.Option(min=1, help="Repeats, each with a seed of its own: 0, 1, ...")] = None,
    big_m: BigM = None,
    time_limit: TimeLimit = 60,
    rel_gap: RelGap = 1e-6,
    threads: Threads = 1,
    ledger: LedgerFile = None,
    workers: Workers = None,
    dask: Dask = None,
    memory_limit: MemoryLimit = None,
    task_limit: TaskLimit = None,
    as_json: Json = False,
    output: Annotated[
        Path, typer.Option("-o", "--output", help="Write the report: .html, .tex, .csv or .json.")
    ] = Path("tournament.html"),
    by: Annotated[str, typer.Option(help="Of a .tex: way (means of all models), or instance.")] = "way",
    plot: Figure = None,
    kind: Annotated[str, typer.Option(help="Of --plot: performance, data, cactus, gap, means, rows.")] = "performance",
) -> None:
    """Run every combination of models, reformulations, solvers, heuristics and seeds; check every answer."""
    with console.refusals():
        from ..experiments import read_ledger
        from ..experiments import tournament as run_all
        from ..spelling import canonical
        from .files import refuse_figure_name, writer

        console.refuse_unwritable(output, plot, ledger)
        refuse_figure_name(plot, "--plot")
        tables, kinds = ("way", "instance"), ("performance", "data", "cactus", "gap", "means", "rows")
        by, kind = canonical("--by", by, tables), canonical("--kind", kind, kinds)
        write = writer(output)
        if not targets and ledger is None:
            raise BilevoltError("Name what is to be solved, such as `textbook`, or a --ledger to report on.")
        if targets:
            with console.progress() as say:
                found = run_all(
                    targets,
                    reformulations=None if reformulations is None else split(reformulations),
                    solvers=None if solvers is None else split(solvers),
                    methods=[name for name in split(methods) if name.casefold() != "exact"],
                    rivals=split(rivals),
                    seeds=seeds,
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
        else:
            found = read_ledger(ledger or "")
        if output.suffix.lower() == ".tex":
            found.to_latex(output, by=by)
        else:
            write(found, output)
        if plot:
            found.plot(plot, kind=kind)
        if as_json:
            print(found.to_json())
        else:
            console.show_tournament(found)
            print(output)
    end(found)
