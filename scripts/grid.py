"""Every problem by every reformulation and solver: one table, and exit code 1 if any claim of ours is wrong.

The textbook problems: grid.py. Random bilevel LPs, the same for the same seed: grid.py --random 200 --sizes 10,20,40.
Seeds 1 to 10 of every size with either leader, "auto" on HiGHS beside a rival, as a Markdown table: grid.py --random 10
--sizes 20,50 --leaders continuous,integer --reformulations auto --solvers highs --rivals gdp --summary.
"""

import re
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import cycle, product
from typing import Annotated, Any

import typer
from grid_tables import Column, heading, kind_of_refusal, line, markdown, summary, symbol, wrong
from pyomo.common.collections import ComponentMap, ComponentSet
from pyomo.environ import minimize, value

import bilevolt
from bilevolt.errors import BilevoltError, UnprovenBigMError
from bilevolt.models import random_bilevel, textbook
from bilevolt.reformulations import LINEARIZATIONS, map_of
from bilevolt.reports import Comparison, Row
from bilevolt.reports.culprits import mark
from bilevolt.reports.rivals import RIVAL, RIVALS, Rival, ask
from bilevolt.solvers import SOLVERS

__all__ = ["kind_of_refusal", "main", "symbol", "wrong"]

AUTO, MIXED = "auto", "mixed"
REFORMULATIONS = (*LINEARIZATIONS, MIXED)
AVAILABLE = tuple(name for name, solver in SOLVERS.items() if solver.available() is None)
LEADERS = {"continuous": False, "integer": True}
REL_GAP = 1e-6


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


def set_of(name: str) -> str:
    """Return the set that a problem belongs to, as a table of sums names it."""
    found = re.fullmatch(r"random_n(\d+)_(\w+)_seed\d+", name)
    return f"random, n = {found[1]}, {found[2]} leader" if found else "textbook"


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


def run(problem: Problem, reformulation: str, solver: str, time_limit: float, nodes: int | None = None) -> Row:
    """Solve a problem by one pair, and name the row by what was asked; the reason of a refusal begins with its kind."""
    limits = {"time_limit": time_limit, "options": nodes and {SOLVERS[solver].node_limit: nodes}}
    row = Row(problem.name, "exact", reformulation, solver)
    model = problem.build()
    begin = time.process_time()
    try:
        choice = mixed(model) if reformulation == MIXED else reformulation
        row.take(bilevolt.solve(model, reformulation=choice, solver=solver, rel_gap=REL_GAP, **limits))
    except BilevoltError as refusal:
        row.reason = f"{type(refusal).__name__}: {refusal}"
    else:
        row.summary["cpu_seconds"] = time.process_time() - begin
        row.summary["used"] = f"{row.reformulation} {row.solver}"
    row.reformulation, row.solver = reformulation, solver
    return row


def solve_by_all(
    problem: Problem,
    pairs: Iterable[tuple[str, str]],
    time_limit: float,
    rivals: Iterable[Rival] = (),
    nodes: int | None = None,
) -> list[Row]:
    """Return a row per pair, then one per rival, then the known answer; culprits are marked.

    :param nodes: of each solver's tree, where the work is to end the same on every machine.
    """
    rows = [run(problem, *pair, time_limit, nodes) for pair in pairs]
    rows += [ask(rival, problem.name, problem.build, time_limit, REL_GAP) for rival in rivals]
    rows.append(problem.known)
    mark(rows, problem.build().objective.sense == minimize, REL_GAP)
    return rows


def _chosen(text: str, known: Iterable[str]) -> list[str]:
    names = [name.strip() for name in text.split(",") if name.strip()]
    unknown = [name for name in names if name not in known]
    if unknown:
        raise typer.BadParameter(f"{', '.join(unknown)}: choose among {', '.join(known)}")
    return names


def main(
    random: Annotated[int, typer.Option(help="that many random bilevel LPs (seeds) instead of the textbook")] = 0,
    seed: Annotated[int, typer.Option(help="of the first random one; the others follow")] = 1,
    sizes: Annotated[str, typer.Option(help="variables on either level of the random ones")] = "10,20,30,40",
    leaders: Annotated[
        str, typer.Option(help="continuous, integer: every seed by every size and these; default: by turns")
    ] = "",
    problems: Annotated[str, typer.Option(help="textbook problems; default: all")] = ",".join(textbook.NAMES),
    reformulations: Annotated[str, typer.Option(help="the table's columns; also auto")] = ",".join(REFORMULATIONS),
    solvers: Annotated[str, typer.Option(help="the table's columns; also auto")] = ",".join(AVAILABLE),
    rivals: Annotated[str, typer.Option(help=f"further columns: {', '.join(RIVALS)}")] = "",
    time_limit: Annotated[float, typer.Option(help="seconds, for each run")] = 20.0,
    sums: Annotated[bool, typer.Option("--summary", help="print sums by set and pair as Markdown instead")] = False,
    json: Annotated[bool, typer.Option("--json", help="print every row as JSON instead of the table")] = False,
) -> None:
    """Solve every problem by every pair, and compare the answers; exit code 1 if a claim of ours is wrong."""
    steps, names = _chosen(reformulations, (*REFORMULATIONS, AUTO)), _chosen(solvers, (*SOLVERS, AUTO))
    others = [RIVALS[name] for name in _chosen(rivals, RIVALS)]
    kinds, wanted = [LEADERS[name] for name in _chosen(leaders, LEADERS)], _chosen(problems, textbook.NAMES)
    if random:
        numbers = [int(size) for size in sizes.split(",")]
        seeds = range(seed, seed + random)
        every = [(each, n, kind) for n, kind, each in product(numbers, kinds, seeds)]
        chosen = random_problems(every if kinds else by_turns(random, seed, numbers))
    else:
        chosen = [problem for problem in textbook_problems() if problem.name in wanted]
    width = max(len(problem.name) for problem in chosen)
    comparison = Comparison([], settings={"time_limit": time_limit, "rel_gap": REL_GAP})
    columns = [Column(step, tuple(names)) for step in steps]
    columns += [Column(rival.reformulation, (rival.solver,)) for rival in others]
    quiet = json or sums
    if not quiet:
        typer.echo(heading(width, columns))
    for problem in chosen:
        rows = solve_by_all(problem, product(steps, names), time_limit, others)
        comparison.rows += rows
        if not quiet:
            typer.echo(line(problem.name, width, rows[:-1], columns))
    if json:
        typer.echo(comparison.to_json())
    else:
        typer.echo(markdown(comparison.rows, set_of) if sums else "\n" + "\n".join(summary(comparison.rows)))
    if any(row.method != RIVAL for row in wrong(comparison.rows)):
        raise typer.Exit(1)


if __name__ == "__main__":
    typer.run(main)
