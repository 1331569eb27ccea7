"""One task, run: in this process or, as it takes and gives plain data only, in any other."""

import threading
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any

from ..reports.rivals import RIVAL, RIVALS, ask, processor_seconds
from ..reports.row import Row
from ..reports.subject import Subject
from ..reports.targets import resolve
from .environment import environment
from .limits import Limits
from .task import Task, plain

_MISSING = object()


@dataclass
class Job:
    """A task, and the model where it was given as an object."""

    task: Task
    model: Any = None
    summary: Callable[[Any], dict[str, Any]] | None = None


@dataclass
class Result:
    """What came of a task. ``interrupted``: it was not run to its end, and is to be run again."""

    row: dict[str, Any]
    environment: dict[str, Any]
    interrupted: bool = False


class _Bench:
    """The model that was run last in this process: the next task is most often about the same."""

    def __init__(self) -> None:
        self.key: Any = _MISSING
        self.subject: Subject | None = None
        self.lock = threading.Lock()  # solvers' threads and limits are of the process: one task at a time

    def subject_of(self, job: Job) -> Subject:
        """Return a job's model, built if it was not the last one."""
        task = job.task
        key = (task.spec, task.content, tuple(task.changes.items()), None if task.spec else id(job.model))
        if self.subject is None or key != self.key:
            self.key, self.subject = _MISSING, None
            self.subject = _subject(job)
            self.key = key
        return self.subject


_bench = _Bench()


def run(job: Job, limits: Limits | None = None, say: Callable[[str], None] = lambda _: None) -> Result:
    """Run a task; whatever fails is a row that says so.

    :param limits: of a worker process; None in the process that people work in.
    :raises BilevoltError: the model's file is not on this machine, or is another one.
    """
    with _bench.lock:
        if limits is None:
            return _run(job, say)
        with limits.kept():
            return _run(job, say)


def _subject(job: Job) -> Subject:
    task = job.task
    if task.spec is None:
        return Subject(task.instance, job.model, job.summary)
    target = resolve(task.spec)
    if task.changes and target.changed is not None:
        target = target.changed(task.changes)
    return Subject(task.instance, target.build, job.summary or target.summary)


def _run(job: Job, say: Callable[[str], None]) -> Result:
    task, row = job.task, job.task.row()
    subject = _bench.subject_of(job)
    begin = time.perf_counter()
    interrupted = False
    try:
        if task.method == RIVAL:
            row = _of_rival(job, subject)
        else:
            solution = subject.run(row, task.solve_arguments(), say)
            interrupted = solution is not None and solution.interrupted
    except KeyboardInterrupt:
        interrupted = True
    except MemoryError:
        row = failed(task, "out of memory")
    except Exception as error:  # a row is not worth the hours of the others
        row = failed(task, f"{type(error).__name__}: {error}")
    if row.seconds_total is None:
        row.seconds_total = time.perf_counter() - begin
    return Result(row_data(row, subject.minimising), environment(), interrupted)


def _of_rival(job: Job, subject: Subject) -> Row:
    """Ask a rival, with fresh models: the one that others run on is not to be changed."""
    task, arguments = job.task, job.task.arguments
    if subject.refusal is not None:
        row = task.row()
        row.reason = subject.refusal
        return row
    rival = next(one for one in RIVALS.values() if one.reformulation == task.reformulation)
    processor = processor_seconds()
    row = ask(rival, task.instance, subject.fresh, arguments.get("time_limit"), arguments["rel_gap"])
    row.seconds_cpu, row.seconds_model = processor_seconds() - processor, subject.seconds
    row.summary = {}
    return row


def failed(task: Task, why: str) -> Row:
    """Return the row of a task that ended otherwise than it should."""
    row = task.row()
    row.status, row.reason = "error", why
    return row


def row_data(row: Row, minimising: bool = True) -> dict[str, Any]:
    """Return a row as data that JSON has, and the leader's sense, which tells whose answer is refuted."""
    found: dict[str, Any] = plain(asdict(row))
    return found | {"minimising": minimising}


def row_of(data: dict[str, Any]) -> Row:
    """Return the row that :func:`row_data` wrote."""
    known = {name: item for name, item in data.items() if name in Row.__dataclass_fields__}
    row = Row(**known)
    row.trace = [(mark[0], mark[1], mark[2]) for mark in row.trace]
    return row
