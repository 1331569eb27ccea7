"""``compare``: every method, reformulation and solver on the same models, at equal tolerances, re-checked."""

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import product
from pathlib import Path
from typing import Any

from pyomo.core import minimize

from ..driver import solve
from ..errors import ArgumentError, BilevoltError
from ..heuristics import METHODS
from ..levels.numbers_given import refuse_no_model
from ..reformulations import LINEARIZATIONS, read_levels
from ..request import Progress, Request, confirmer, shared, solver_name, used
from ..solution import Solution
from ..spelling import canonical
from .comparison import Comparison
from .culprits import mark
from .row import NOT_CONFIRMED, WITH_POINT, Row
from .targets import resolve_all

Summary = Callable[[Any], dict[str, Any]]


def compare(
    models: Mapping[str, Any] | Iterable[str | Path],
    *,
    reformulations: Sequence[str] = ("auto",),
    solvers: Sequence[str] = ("auto",),
    methods: Sequence[str] = (),
    time_limit: float | None = 60,
    rel_gap: float = 1e-6,
    threads: int = 1,
    confirm: str | None = None,
    progress: Progress | bool | None = None,
    summaries: Summary | Mapping[str, Summary] | None = None,
    **options: Any,
) -> Comparison:
    """Solve every model by every heuristic and exactly by every reformulation and solver; one row each.

    Every run starts from the values that are on the model, which are put back after each. A pair that does
    not apply is a row with the reason. Ctrl-C ends the comparison and keeps the finished rows.

    :param models: name -> PAO model, or a function without arguments that builds one; or a list of names: instances,
        textbook problems, paths of instances (.json) and of Python files (``FILE.py[:function]``).
    :param reformulations: of the exact runs ("auto", "sos1", "bigm", ...); none: heuristics only.
    :param solvers: of all runs ("auto", or names in ``bilevolt.solvers.SOLVERS``).
    :param methods: heuristics ("nested", "leader_alone"), run with every solver before the exact runs.
    :param time_limit: seconds, for each run.
    :param rel_gap: relative gap at which a point is called optimal, for each run.
    :param confirm: who is asked, after each exact run, whether there is a better point, see :func:`bilevolt.solve`; the
        row says who confirmed, a row that is refuted is a culprit, and runs of this solver itself are not confirmed.
    :param progress: a function that is told, in a line of text, what is being done; True prints it.
    :param summaries: model -> figures of the problem, after each run that has a point; the scalars become
        columns. One function for all models, or name of the model -> function; without, the problems' own where
        ``models`` are names.
    :param options: the further arguments of :func:`bilevolt.solve`, such as ``big_m`` or ``tolerance``; each run gets
        those that it uses.
    :raises BilevoltError: an unknown reformulation, solver or method, a number out of range, an option that no run
        uses, or what is no model.
    """
    reformulations = [canonical("reformulation", name, ("auto", *LINEARIZATIONS)) for name in reformulations]
    solvers = [solver_name(name) for name in solvers]
    methods = [canonical("method", name, METHODS) for name in methods]
    named, own = _named(models)
    summaries = own if summaries is None else summaries
    runs: list[tuple[str, str | None, str]] = [(method, None, solver) for method, solver in product(methods, solvers)]
    runs += [("exact", reformulation, solver) for reformulation, solver in product(reformulations, solvers)]
    say: Progress = progress if callable(progress) else (print if progress else lambda _: None)
    options["confirm"] = confirmer(confirm, "auto")
    arguments = {"time_limit": time_limit, "rel_gap": rel_gap, "threads": threads, **options}
    arguments |= shared(arguments)
    _refuse_unused(options, runs)
    comparison = Comparison([], settings={name: arguments[name] for name in ("time_limit", "rel_gap", "threads")})
    try:
        for name, model in named.items():
            summary = summaries.get(name) if isinstance(summaries, Mapping) else summaries
            _compare_one(comparison.rows, name, model, runs, arguments, summary, say)
    except KeyboardInterrupt:
        comparison.interrupted = True
    return comparison


def _named(models: Mapping[str, Any] | Iterable[str | Path]) -> tuple[dict[str, Any], dict[str, Summary]]:
    """Return models, or functions that build them, by name; and the figures of those that are targets.

    :raises BilevoltError: what is no model, no function, and no name of a target.
    """
    if not isinstance(models, Mapping):
        found = resolve_all([models] if isinstance(models, str | Path) else models)
        own = {target.name: target.summary for target in found if target.summary}
        return {target.name: target.build for target in found}, own
    for model in models.values():
        if not callable(model) or hasattr(model, "is_constructed"):  # components of Pyomo are callable, too
            refuse_no_model(model)
    return dict(models), {}


def _refuse_unused(options: Mapping[str, Any], runs: Sequence[tuple[str, str | None, str]]) -> None:
    """Refuse options that no run makes use of."""
    known = set(Request.__dataclass_fields__) - {"method", "reformulation", "solver"}
    useful = set().union(*(used(known, method, reformulation or "auto") for method, reformulation, _ in runs))
    useless = sorted(name for name, item in options.items() if item is not None and name not in useful)
    if useless and runs:
        raise ArgumentError(
            f"{', '.join(map(repr, useless))}: used by none of the runs. Leave it out, or choose methods and "
            "reformulations that use it."
        )


def _compare_one(
    rows: list[Row],
    name: str,
    model: Any,
    runs: Sequence[tuple[str, str | None, str]],
    arguments: Mapping[str, Any],
    summary: Summary | None,
    say: Progress,
) -> None:
    """Add the rows of one model, and mark those that contradict another one."""
    own: list[Row] = []
    say(f"{name}: building")
    begin = time.perf_counter()
    try:
        built = model if hasattr(model, "component_data_objects") else model()
        bilevel = read_levels(built)
    except BilevoltError as refusal:  # no pair applies then, and each says so
        seconds = time.perf_counter() - begin
        rows += (Row(name, *run, seconds_total=seconds, reason=str(refusal)) for run in runs)
        return
    try:
        for number, run in enumerate(runs, start=1):
            row = Row(name, *run)
            where = f"{name}, {row.label} ({number}/{len(runs)})"
            with bilevel.kept_values():
                solution = _run(row, built, arguments, summary, say, where)
            own.append(row)
            if solution is not None and solution.interrupted:
                raise KeyboardInterrupt
    finally:
        mark(own, bilevel.leader.objective.sense == minimize, arguments["rel_gap"])
        rows += own


def _run(
    row: Row, model: Any, arguments: Mapping[str, Any], summary: Summary | None, say: Progress, where: str
) -> Solution | None:
    """Solve, and note in the row what came of it; return the solution, None if it was refused."""
    asked = row.reformulation or "auto"
    choice: dict[str, Any] = {"method": row.method, "reformulation": asked, "solver": row.solver}
    apt = used(arguments, row.method, asked)
    choice |= {name: item for name, item in arguments.items() if name in apt}
    itself = choice.get("confirm") == row.solver != "auto"
    if itself:
        del choice["confirm"]
    begin = time.perf_counter()
    try:
        solution = solve(model, **choice, progress=lambda text: say(f"{where}: {text}"))
    except BilevoltError as refusal:
        row.reason = str(refusal)
        row.seconds_total = time.perf_counter() - begin
        return None
    if itself:
        solution.notes.append(f"{NOT_CONFIRMED}{row.solver} is who would be asked")
    row.take(solution)
    if summary is not None and solution.status in WITH_POINT:
        row.summary = summary(model)
    return solution
