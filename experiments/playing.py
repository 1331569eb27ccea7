"""``tournament``: every model by every way, solver and seed, on one core or many, on disk as it goes."""

import pickle
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from typing import Any

from ..errors import ArgumentError
from ..levels.numbers_given import refuse_no_model
from ..option_names import Heuristic, Reformulation, RivalName, SolverName
from ..reformulations import LINEARIZATIONS
from ..reports.plan import plan
from ..reports.rivals import RIVAL, RIVALS
from ..reports.targets import Target, resolve_all
from ..request import Progress
from ..solvers import SOLVERS
from ..spelling import canonical
from .content import content_of, content_of_model
from .executors import crew_of
from .ledger import Ledger
from .limits import Limits
from .results import Tournament, entry_of
from .running import Job, Result
from .task import Task, plain, refuse_useless_seeds


def tournament(
    models: Mapping[str, Any] | Iterable[str | Path],
    *,
    reformulations: Sequence[Reformulation] | None = None,
    solvers: Sequence[SolverName] | None = None,
    methods: Sequence[Heuristic] = (),
    rivals: Sequence[RivalName] = (),
    seeds: int | Sequence[int] | None = None,
    time_limit: float | None = 60,
    rel_gap: float = 1e-6,
    threads: int = 1,
    executor: Any = None,
    ledger: str | Path | None = None,
    memory_limit: float | None = None,
    task_limit: float | None = None,
    progress: Progress | bool | None = None,
    **options: Any,
) -> Tournament:
    """Solve every model by every heuristic, and exactly by every reformulation and solver; each answer is checked.

    All runs have the same limits and tolerances. What does not apply is a row with its reason. Ctrl-C ends the
    tournament and keeps the finished rows; with a ledger, the same call goes on where it ended, also after a kill.

    :param models: name -> PAO model, or a function without arguments that builds one; or a list of names: instances,
        textbook problems (``textbook``: all of them), paths of instances and of Python files.
    :param reformulations: of the exact runs; None: all of them. None at all, ``()``: heuristics only.
    :param solvers: of all runs; None: all that are available.
    :param methods: heuristics, run with every solver.
    :param rivals: other ways to solve the models ("gdp": Pyomo's transformations, "fa" and "reg": PAO's solvers,
        "discopt"), each run once; what they claim is held against the check and the other rows.
    :param seeds: a number of repeats, or the seeds themselves, of solvers and heuristics; None: their own default.
    :param time_limit: seconds, of the solver, for each run.
    :param rel_gap: relative gap at which a point is called optimal, for each run.
    :param executor: None: this process, one run after the other; a number of processes; the address of a Dask
        scheduler; or a ``concurrent.futures.Executor``. With processes, a script needs ``if __name__ == "__main__":``.
    :param ledger: file (JSON Lines) that rows are read from and put into; processes may share it.
    :param memory_limit: GiB that a worker process may take for a run.
    :param task_limit: seconds after which a worker process is ended, whatever it is at.
    :param progress: a function that is told, in a line of text, what is being done; True prints it.
    :param options: the further arguments of :func:`bilevolt.solve`; each run gets those that it uses.
    :raises BilevoltError: an unknown name, a number out of range, seeds or an option that no run uses, what is no
        model, or a file that is no ledger.
    """
    steps = tuple(LINEARIZATIONS) if reformulations is None else reformulations
    named = tuple(name for name, one in SOLVERS.items() if one.available() is None) if solvers is None else solvers
    given = {"time_limit": time_limit, "rel_gap": rel_gap, "threads": threads, **options}
    runs, arguments = plan(steps, named, methods, given)
    chosen = _seeds(seeds)
    if chosen != (None,):
        refuse_useless_seeds(runs)
    contestants = _contestants(models)
    jobs = [
        Job(Task(one.name, one.spec, one.content, *run, seed=seed, arguments=plain(arguments)), one.model, one.summary)
        for one, run, seed in product(contestants, runs, chosen)
    ]
    asked = [RIVALS[canonical("rival", name, RIVALS)] for name in rivals]
    own = {name: arguments[name] for name in ("time_limit", "rel_gap")}
    jobs += [
        Job(Task(one.name, one.spec, one.content, RIVAL, rival.reformulation, rival.solver, arguments=own), one.model)
        for one, rival in product(contestants, asked)
    ]
    known = {one.name: one.known for one in contestants if one.known is not None}
    return play(jobs, known, arguments, executor, Limits.of(memory_limit, task_limit), ledger, progress)


@dataclass(frozen=True)
class Contestant:
    """A model of a tournament; ``model`` is None where ``spec`` finds it in any process."""

    name: str
    content: str
    spec: str | None = None
    model: Any = None
    known: float | None = None
    summary: Callable[[Any], dict[str, Any]] | None = None


def play(
    jobs: Sequence[Job],
    known: Mapping[str, float],
    arguments: Mapping[str, Any],
    executor: Any,
    limits: Limits,
    ledger: str | Path | None,
    progress: Progress | bool | None,
) -> Tournament:
    """Run what a ledger does not have, each task once; return all rows in the order of the jobs.

    :param known: model's name -> its published optimum.
    :param arguments: of all runs alike.
    """
    settings = {name: arguments[name] for name in ("time_limit", "rel_gap", "threads")}
    say: Progress = progress if callable(progress) else (print if progress else lambda _: None)
    jobs = list({job.task.key: job for job in jobs}.values())
    if isinstance(executor, int):
        _refuse_what_cannot_be_sent(jobs)
    found: dict[str, dict[str, Any]] = {}
    environments: dict[str, dict[str, Any]] = {}
    interrupted = False
    with ExitStack() as stack:
        book = None if ledger is None else stack.enter_context(Ledger(ledger))
        crew = stack.enter_context(crew_of(executor, limits, say))
        before = 0 if book is None else sum(job.task.key in book.rows for job in jobs)
        if before:
            say(f"{before} of {len(jobs)} rows are in {ledger}")
        try:
            for job, result in crew(_open(jobs, book)):
                if result.interrupted:
                    raise KeyboardInterrupt
                _keep(job, result, book, found, environments)
                ready = len(found) if book is None else sum(one.task.key in book.rows for one in jobs)
                say(f"{ready}/{len(jobs)}: {job.task.instance}, {job.task.label}: {result.row['status']}")
        except KeyboardInterrupt:
            interrupted = True
        if book is not None:
            book.refresh()
            found, environments = book.rows, book.environments
    entries = [
        entry_of(record, known.get(job.task.instance), ledger)
        for job in jobs
        if (record := found.get(job.task.key)) is not None
    ]
    used = {entry.environment for entry in entries}
    return Tournament.of(entries, settings, {k: v for k, v in environments.items() if k in used}, interrupted)


def _open(jobs: Sequence[Job], book: Ledger | None) -> Iterator[Job | None]:
    """Give the jobs that nobody has run, and none while others are at the rest."""
    if book is None:
        yield from jobs
        return
    left = [job for job in jobs if job.task.key not in book.rows]
    while left:
        taken = []
        for job in left:
            if job.task.key not in book.rows and book.claim(job.task.key):
                taken.append(job.task.key)
                yield job
        left = [job for job in left if job.task.key not in taken and job.task.key not in book.rows]
        if left:
            yield None
            book.refresh()


def _refuse_what_cannot_be_sent(jobs: Sequence[Job]) -> None:
    """Refuse models that no other process could be given, before any is started."""
    for job in {id(job.model): job for job in jobs if job.task.spec is None}.values():
        try:
            pickle.dumps(job)
        except Exception as error:  # whatever a user's object raises
            raise ArgumentError(
                f"{job.task.instance}: cannot be sent to another process ({error}). Give a function at the top level "
                "of a module, or FILE.py:function."
            ) from error


def _keep(
    job: Job,
    result: Result,
    book: Ledger | None,
    found: dict[str, dict[str, Any]],
    environments: dict[str, dict[str, Any]],
) -> None:
    from datetime import UTC, datetime

    record = {
        "key": job.task.key,
        "task": job.task.to_dict(),
        "environment": result.environment["id"],
        "finished": datetime.now(UTC).isoformat(timespec="seconds"),
        "row": result.row,
    }
    if book is None:
        found[job.task.key] = record
        environments[result.environment["id"]] = result.environment
    else:
        book.append(record, result.environment)
        book.release(job.task.key)


def _contestants(models: Mapping[str, Any] | Iterable[str | Path]) -> list[Contestant]:
    """Return the models of a tournament.

    :raises BilevoltError: what is no model, no function, and no name of a target.
    """
    if not isinstance(models, Mapping):
        found = resolve_all([models] if isinstance(models, str | Path) else models)
        return [of_target(target) for target in found]
    for model in models.values():
        if not callable(model) or hasattr(model, "is_constructed"):  # components of Pyomo are callable, too
            refuse_no_model(model)
    return [Contestant(name, content_of_model(model), model=model) for name, model in models.items()]


def of_target(target: Target) -> Contestant:
    """Return a target as a contestant, which any process finds by its ``spec``."""
    return Contestant(target.name, content_of(target), target.spec, known=target.known)


def _seeds(given: int | Sequence[int] | None) -> tuple[int | None, ...]:
    if given is None:
        return (None,)
    if isinstance(given, int) and not isinstance(given, bool) and given >= 1:
        return tuple(range(given))
    if isinstance(given, Sequence) and given and all(type(seed) is int and seed >= 0 for seed in given):
        return tuple(given)
    raise ArgumentError(f"seeds={given!r}: give a number of repeats, 1 or more, or a list of seeds, 0 or more.")
