"""The command line: ``bilevolt list | solve | compare | tournament | sweep | verify | prove | break-m | write``.

Exit codes, the same for all commands:

====  =======================================================================================================
code  meaning
====  =======================================================================================================
0     every run ended with a verified point of a heuristic, or with a proof: optimal, infeasible, unbounded
1     a check failed, answers contradict one another, or a solver gave up (status error)
2     usage, or a model that the chosen method cannot treat; the message says what to do next
3     a run stopped at a limit: exact without a proof, or a heuristic without a point
130   interrupted (Ctrl-C, SIGTERM); the answer or the rows so far are printed, and written to -o and --plot
====  =======================================================================================================
"""

import json
import signal
from pathlib import Path
from typing import Annotated

import typer

from .. import __version__
from ..errors import ArgumentError
from . import break_m, console, explain, listing, play, plot, prove, sweep, tournament, write
from .console import Exit
from .options import (
    BigM,
    Confirm,
    Dask,
    FollowerTolerance,
    Json,
    Method,
    Reformulation,
    RelGap,
    RowsFile,
    SolverName,
    StanceName,
    Start,
    Tee,
    Threads,
    TimeLimit,
    Workers,
    executor,
    stance_of,
    start_of,
)
from .outcome import end, exit_code, split

_EXIT_HELP = (
    "Exit codes: 0 verified or proven (optimal, infeasible, unbounded); 1 a check failed, answers contradict "
    "or a solver gave up; 2 usage, or a model that the method cannot treat; 3 stopped at a limit without "
    "proof; 130 interrupted."
)
_TARGET_HELP = (
    "An instance (limassol), a textbook problem, an instance's .json, FILE.mps[:FILE.aux], or FILE.py[:build]."
)

app = typer.Typer(
    name="bilevolt",
    epilog=_EXIT_HELP,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
)


def _print_version(asked: bool) -> None:
    if asked:
        print(f"bilevolt {__version__}")
        raise typer.Exit


@app.callback()
def _options(
    version: Annotated[
        bool, typer.Option("--version", is_eager=True, callback=_print_version, help="Print the version, and exit.")
    ] = False,
) -> None:
    """Bilevel optimization: solved exactly, compared, checked."""


app.command("list", epilog=_EXIT_HELP)(listing.list_)


def main() -> None:
    """Run the command line; SIGTERM ends it as Ctrl-C does."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    app()


@app.command(epilog=_EXIT_HELP)
def solve(
    target: Annotated[str, typer.Argument(help=_TARGET_HELP)],
    method: Method = "exact",
    reformulation: Reformulation = "auto",
    solver: SolverName = "auto",
    big_m: BigM = None,
    time_limit: TimeLimit = None,
    rel_gap: RelGap = 1e-6,
    threads: Threads = 1,
    confirm: Confirm = None,
    stance: StanceName = "optimistic",
    follower_tolerance: FollowerTolerance = 0.0,
    start: Start = None,
    tee: Tee = False,
    workers: Workers = None,
    dask: Dask = None,
    aux: Annotated[
        Path | None, typer.Option(help="Of an MPS or LP file: what of it is the lower level, if not beside it.")
    ] = None,
    as_json: Json = False,
    output: Annotated[
        Path | None, typer.Option("-o", "--output", help="Write the solution as JSON, or its values as .sol.")
    ] = None,
    plot: Annotated[Path | None, typer.Option(help="Write the problem's figure (.png, .pdf, .svg).")] = None,
) -> None:
    """Solve a bilevel model, and check the answer."""
    with console.refusals():
        from .. import driver
        from ..reports.row import WITH_POINT
        from ..reports.targets import resolve
        from .files import own_plot, refuse_figure_name, save_plot, save_solution

        console.refuse_unwritable(output, plot)
        refuse_figure_name(plot, "--plot")
        if tee and as_json:
            raise ArgumentError("--tee prints logs to stdout, where --json has JSON only. Give one of them.")
        found = resolve(target if aux is None else f"{target}:{aux}")
        draw = own_plot(found) if plot else None
        with console.progress(plain=tee) as say:
            say(f"{found.name}: building")
            model = found.build()
            solution = driver.solve(
                model,
                method=method,
                reformulation=reformulation,
                solver=solver,
                big_m=big_m,
                time_limit=time_limit,
                rel_gap=rel_gap,
                threads=threads,
                confirm=confirm,
                stance=stance_of(stance),
                follower_tolerance=follower_tolerance,
                warm_start=start_of(start),
                tee=tee,
                executor=executor(workers, dask),
                progress=lambda text: say(f"{found.name}: {text}"),
            )
        figures = found.summary(model) if found.summary and solution.status in WITH_POINT else {}
        document = json.loads(solution.to_json()) | {"target": found.spec, "summary": figures}
        text = json.dumps(document, indent=2)
        if output:
            save_solution(output, solution, text)
        if draw and plot:
            save_plot(plot, draw, {solution.method: figures} if figures else {})
        if as_json:
            print(text)
        else:
            console.show_solution(found.name, solution, figures)
    if solution.interrupted:
        raise typer.Exit(Exit.INTERRUPTED)
    if solution.certificate is not None and solution.certificate.refuted_by:
        raise typer.Exit(Exit.FAILED)
    verified = None if solution.certificate is None else solution.certificate.bilevel_feasible
    raise typer.Exit(exit_code(solution.method, str(solution.status), verified))


@app.command(epilog=_EXIT_HELP)
def compare(
    targets: Annotated[list[str], typer.Argument(metavar="TARGET...", help=_TARGET_HELP)],
    reformulations: Annotated[
        str, typer.Option("--reformulations", "--reformulation", help="Comma list, for the exact runs.")
    ] = "auto",
    solvers: Annotated[str, typer.Option("--solvers", "--solver", help="Comma list, for all runs.")] = "highs",
    methods: Annotated[
        str | None,
        typer.Option(
            "--methods",
            "--method",
            help="Comma list of heuristics beside the exact runs. Default: leader_alone,nested for instances "
            "of shipped problems, none otherwise.",
        ),
    ] = None,
    big_m: BigM = None,
    time_limit: TimeLimit = 600,
    rel_gap: RelGap = 1e-6,
    threads: Threads = 1,
    confirm: Confirm = None,
    as_json: Json = False,
    output: RowsFile = None,
    plot: Annotated[
        Path | None,
        typer.Option(help="Write a figure: of the problem, where it has one, else of time and gap."),
    ] = None,
) -> None:
    """Solve models by several methods, reformulations and solvers, and check every answer.

    An instance of a shipped problem, without --methods: leader alone, nested heuristic, exact.
    """
    with console.refusals():
        from ..reports import compare as run_all
        from ..reports.targets import resolve_all
        from .files import plot_comparison, refuse_figure_name, writer

        console.refuse_unwritable(output, plot)
        refuse_figure_name(plot, "--plot")
        write = writer(output)
        found = resolve_all(targets)
        usual = "leader_alone,nested" if all(one.problem for one in found) else ""
        with console.progress() as say:
            comparison = run_all(
                {one.name: one.build for one in found},
                reformulations=split(reformulations),
                solvers=split(solvers),
                methods=[name for name in split(usual if methods is None else methods) if name.casefold() != "exact"],
                summaries={one.name: one.summary for one in found if one.summary},
                time_limit=time_limit,
                rel_gap=rel_gap,
                threads=threads,
                confirm=confirm,
                progress=say,
                big_m=big_m,
            )
        if output:
            write(comparison, output)
        if plot:
            plot_comparison(comparison, found, plot)
        if as_json:
            print(comparison.to_json())
        else:
            console.show_comparison(comparison)
    end(comparison)


@app.command(epilog=_EXIT_HELP)
def verify(
    solution_file: Annotated[
        Path, typer.Argument(metavar="SOLUTION", help="What solve or prove wrote with -o, or a .sol with --target.")
    ],
    target: Annotated[
        str | None, typer.Option("--target", "--model", help="The model, if not the one named in the file.")
    ] = None,
    tolerance: Annotated[float, typer.Option(min=0, help="Of each row and each follower's optimum, relative.")] = 1e-5,
    as_json: Json = False,
) -> None:
    """Check a saved solution (every follower solved again by another solver), or replay a saved proof."""
    with console.refusals():
        if prove.is_proof(solution_file):
            raise typer.Exit(prove.verify(solution_file, target, as_json))
        from .. import verification
        from ..quantities import number
        from ..reports.targets import resolve
        from .files import name_as_in, read_solution

        number("tolerance", tolerance, positive=True)
        solution, recorded = read_solution(solution_file, target)
        found = resolve(recorded)
        with console.progress() as say:
            say(f"{found.name}: solving the followers again")
            model = found.build()
            name_as_in(model, solution, solution_file)
            certificate = verification.verify(model, solution, tolerance=tolerance)
        if as_json:
            print(json.dumps(console.finite(certificate.to_dict() | {"target": found.spec}), indent=2))
        else:
            console.show_certificate(found.name, certificate)
    raise typer.Exit(Exit.PROVEN if certificate.bilevel_feasible else Exit.FAILED)


app.command("tournament", epilog=_EXIT_HELP)(tournament.tournament)
app.command("sweep", epilog=_EXIT_HELP)(sweep.sweep)
app.command("explain", epilog=_EXIT_HELP)(explain.explain)
app.command("plot", epilog=_EXIT_HELP)(plot.plot)
app.command("play", epilog=_EXIT_HELP)(play.play)
app.command("prove", epilog=_EXIT_HELP)(prove.prove)
app.command("break-m", epilog=_EXIT_HELP)(break_m.break_m)
app.command("write", epilog=_EXIT_HELP)(write.write)


if __name__ == "__main__":
    main()
