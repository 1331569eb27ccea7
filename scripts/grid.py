"""Every problem by every reformulation and solver: one table, and exit code 1 if any claim is wrong.

The textbook problems: grid.py. Random bilevel LPs, the same for the same seed: grid.py --random 200 --sizes 10,20,40.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import cycle, product
from typing import Annotated, Any

import typer
from pyomo.common.collections import ComponentMap, ComponentSet
from pyomo.environ import minimize, value

import bilevolt
from bilevolt.errors import BilevoltError, UnprovenBigMError
from bilevolt.models import random_bilevel, textbook
from bilevolt.reformulations import LINEARIZATIONS, map_of
from bilevolt.reports import Comparison, Row
from bilevolt.reports.culprits import mark
from bilevolt.solvers import SOLVERS

MIXED = "mixed"
REFORMULATIONS = (*LINEARIZATIONS, MIXED)
AVAILABLE = tuple(name for name, solver in SOLVERS.items() if solver.available() is None)
REL_GAP = 1e-6
SYMBOLS = {
    "=": "proven, and no other answer contradicts it",
    "~": "not proven: a feasible point, or 'infeasible or unbounded'",
    "t": "no point within the time limit",
    "r": "refused, for a reason listed below",
    "!": "given up: the solver failed, or its point failed the check",
    "x": "WRONG: refuted by a verified point or by another proof",
}
BY_STATUS = {
    "optimal": "=",
    "infeasible": "=",
    "unbounded": "=",
    "feasible": "~",
    "infeasible_or_unbounded": "~",
    "no_solution": "t",
    "refused": "r",
    "error": "!",
}


@dataclass(frozen=True)
class Problem:
    """What is solved: a name, a function that builds a fresh model, and what is known of its answer.

    The latter is a row without a solver, so that it can refute the others, and be refuted by them.
    """

    name: str
    build: Callable[[], Any]
    known: Row


def textbook_problems() -> list[Problem]:
    """Return all textbook problems, with their listed answers."""
    problems = []
    for name in textbook.NAMES:
        data = textbook.problem(name)
        answer = Row(name, "listed answer", None, None, data.status, data.objective)
        answer.verified = True if data.status == "optimal" else None
        problems.append(Problem(name, partial(textbook.build, name), answer))
    return problems


def random_problems(which: Iterable[tuple[int, int, bool]]) -> list[Problem]:
    """Return random bilevel LPs by (seed, n, integer leader), with the feasible points around which they are made."""
    problems = []
    for arguments in which:
        build = partial(random_bilevel.build, *arguments)
        model = build()
        feasible = bilevolt.verify(model).bilevel_feasible
        point = Row(model.name, "planted point", None, None, "feasible", value(model.objective), verified=feasible)
        problems.append(Problem(model.name, build, point))
    return problems


def by_turns(count: int, seed: int, sizes: Sequence[int]) -> list[tuple[int, int, bool]]:
    """Return (seed, n, integer leader) of so many: elastic and not, with continuous and integer leaders, all sizes."""
    return [(seed + k, sizes[k // 4 % len(sizes)], bool(k // 2 % 2)) for k in range(count)]


def mixed(model: Any) -> ComponentMap:
    """Choose SOS1 for every second row or variable, and for the others big-M if every M is proven, else indicator."""
    pairs = map_of(bilevolt.reformulate(model, "kkt")).pending()
    sources = list(ComponentSet(pair.row.source for pair in pairs))
    with_big_m = ComponentMap(zip(sources, cycle(("sos1", "bigm")), strict=False))
    try:
        bilevolt.reformulate(model, with_big_m)
    except UnprovenBigMError:
        return ComponentMap(zip(sources, cycle(("sos1", "indicator")), strict=False))
    return with_big_m


def run(problem: Problem, reformulation: str, solver: str, time_limit: float) -> Row:
    """Solve a problem by one pair; the reason of a refusal begins with its kind."""
    row = Row(problem.name, "exact", reformulation, solver)
    model = problem.build()
    try:
        choice = mixed(model) if reformulation == MIXED else reformulation
        row.take(bilevolt.solve(model, reformulation=choice, solver=solver, time_limit=time_limit, rel_gap=REL_GAP))
    except BilevoltError as refusal:
        row.reason = f"{type(refusal).__name__}: {refusal}"
    return row


def solve_by_all(problem: Problem, pairs: Iterable[tuple[str, str]], time_limit: float) -> list[Row]:
    """Return a row per pair, then the known answer; culprits are marked."""
    rows = [*(run(problem, *pair, time_limit) for pair in pairs), problem.known]
    mark(rows, problem.build().objective.sense == minimize, REL_GAP)
    return rows


def symbol(row: Row) -> str:
    """Return what came of a run, as one of ``SYMBOLS``."""
    return "x" if row.culprit and row.status != "error" else BY_STATUS[row.status]


def wrong(rows: Iterable[Row]) -> list[Row]:
    """Return the rows, known answers too, with a claim that is refuted."""
    return [row for row in rows if symbol(row) == "x"]


def heading(width: int, reformulations: Sequence[str], solvers: Sequence[str]) -> str:
    """Return the two lines above the table: reformulations, and the first letters of their solvers."""
    letters = "".join(solver[0] for solver in solvers)
    above = "  ".join(f"{name:<{len(letters)}}" for name in reformulations)
    below = "  ".join(f"{letters:<{len(name)}}" for name in reformulations)
    return f"{'':<{width}}  {above}\n{'problem':<{width}}  {below}"


def line(name: str, width: int, rows: Sequence[Row], reformulations: Sequence[str]) -> str:
    """Return a problem's line of the table."""
    each = len(rows) // len(reformulations)
    symbols = "".join(map(symbol, rows))
    cells = (f"{symbols[k * each : (k + 1) * each]:<{len(ref)}}" for k, ref in enumerate(reformulations))
    return f"{name:<{width}}  {'  '.join(cells)}"


def summary(rows: Sequence[Row]) -> list[str]:
    """Return a line per pair (how often each symbol, seconds), then the kinds of refusals, then what went wrong."""
    by_pair: dict[str, list[Row]] = {}
    for row in rows:
        if row.solver is not None:
            by_pair.setdefault(f"{row.reformulation} {row.solver}", []).append(row)
    lines = [f"{'pair':<24}" + "".join(f"{sign:>6}" for sign in SYMBOLS) + "  seconds"]
    for pair, own in by_pair.items():
        counts, seconds = Counter(map(symbol, own)), sum(row.seconds_total or 0.0 for row in own)
        lines.append(f"{pair:<24}" + "".join(f"{counts[sign]:>6}" for sign in SYMBOLS) + f"{seconds:>9.1f}")
    lines += [f"{sign}  {meaning}" for sign, meaning in SYMBOLS.items()]
    lines += refusals(rows)
    lines += [f"!  {row.instance}, {row.label}: {row.remark}" for row in rows if symbol(row) == "!"]
    return lines + [f"x  {row.instance}, {row.label}: {row.culprit}" for row in wrong(rows)]


def kind_of_refusal(row: Row) -> str:
    """Return the name of the error that refused a run."""
    return (row.reason or "").partition(":")[0]


def refusals(rows: Iterable[Row]) -> list[str]:
    """Return a line per kind of refusal and reformulation: how often by which solver, and the first reason."""
    groups: dict[tuple[str, str | None], list[Row]] = {}
    for row in rows:
        if row.reason:
            groups.setdefault((kind_of_refusal(row), row.reformulation), []).append(row)
    lines = []
    for (_, reformulation), own in groups.items():
        counts = Counter(row.solver for row in own)
        often = ", ".join(f"{count} {solver}" for solver, count in counts.items())
        lines.append(f"r  {reformulation} ({often}), such as {own[0].instance} on {own[0].solver}: {own[0].reason}")
    return lines


def _chosen(text: str, known: Iterable[str]) -> list[str]:
    names = [name.strip() for name in text.split(",")]
    unknown = [name for name in names if name not in known]
    if unknown:
        raise typer.BadParameter(f"{', '.join(unknown)}: choose among {', '.join(known)}")
    return names


def main(
    random: Annotated[int, typer.Option(help="that many random bilevel LPs instead of the textbook")] = 0,
    seed: Annotated[int, typer.Option(help="of the first random one; the others follow")] = 1,
    sizes: Annotated[str, typer.Option(help="variables on either level of the random ones")] = "10,20,30,40",
    problems: Annotated[str, typer.Option(help="textbook problems; default: all")] = ",".join(textbook.NAMES),
    reformulations: Annotated[str, typer.Option(help="the table's columns")] = ",".join(REFORMULATIONS),
    solvers: Annotated[str, typer.Option(help="the table's columns")] = ",".join(AVAILABLE),
    time_limit: Annotated[float, typer.Option(help="seconds, for each run")] = 20.0,
    json: Annotated[bool, typer.Option("--json", help="print every row as JSON instead of the table")] = False,
) -> None:
    """Solve every problem by every pair, and compare the answers; exit code 1 if a claim is wrong."""
    steps, names = _chosen(reformulations, REFORMULATIONS), _chosen(solvers, SOLVERS)
    if random:
        chosen = random_problems(by_turns(random, seed, [int(size) for size in sizes.split(",")]))
    else:
        wanted = _chosen(problems, textbook.NAMES)
        chosen = [problem for problem in textbook_problems() if problem.name in wanted]
    width = max(len(problem.name) for problem in chosen)
    comparison = Comparison([], settings={"time_limit": time_limit, "rel_gap": REL_GAP})
    if not json:
        typer.echo(heading(width, steps, names))
    for problem in chosen:
        rows = solve_by_all(problem, product(steps, names), time_limit)
        comparison.rows += rows
        if not json:
            typer.echo(line(problem.name, width, rows[:-1], steps))
    typer.echo(comparison.to_json() if json else "\n" + "\n".join(summary(comparison.rows)))
    if wrong(comparison.rows):
        raise typer.Exit(1)


if __name__ == "__main__":
    typer.run(main)
