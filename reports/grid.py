"""``compare``: every method, reformulation and solver on the same models, at equal tolerances, re-checked."""

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from ..levels.numbers_given import refuse_no_model
from ..option_names import Heuristic, Reformulation, SolverName
from ..request import Progress
from .comparison import Comparison
from .culprits import mark
from .plan import Run, plan
from .row import Row
from .subject import Subject, Summary, saying
from .targets import resolve_all


def compare(
    models: Mapping[str, Any] | Iterable[str | Path],
    *,
    reformulations: Sequence[Reformulation] = ("auto",),
    solvers: Sequence[SolverName] = ("auto",),
    methods: Sequence[Heuristic] = (),
    time_limit: float | None = 60,
    rel_gap: float = 1e-6,
    threads: int = 1,
    confirm: SolverName | None = None,
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
    given = {"time_limit": time_limit, "rel_gap": rel_gap, "threads": threads, "confirm": confirm, **options}
    runs, arguments = plan(reformulations, solvers, methods, given)
    named, own = _named(models)
    summaries = own if summaries is None else summaries
    say: Progress = progress if callable(progress) else (print if progress else lambda _: None)
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


def _compare_one(
    rows: list[Row],
    name: str,
    model: Any,
    runs: Sequence[Run],
    arguments: Mapping[str, Any],
    summary: Summary | None,
    say: Progress,
) -> None:
    """Add the rows of one model, and mark those that contradict another one."""
    own: list[Row] = []
    say(f"{name}: building")
    subject = Subject(name, model, summary)
    try:
        for number, run in enumerate(runs, start=1):
            row = Row(name, *run)
            where = f"{name}, {row.label} ({number}/{len(runs)})"
            solution = subject.run(row, arguments, saying(say, where))
            own.append(row)
            if solution is not None and solution.interrupted:
                raise KeyboardInterrupt
    finally:
        mark(own, subject.minimising, arguments["rel_gap"])
        rows += own
