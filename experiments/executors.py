"""Who runs the tasks: this process, processes of this machine, or workers of a Dask cluster.

All give results as they come, and take a job only when somebody is free for it, so that others may take it meanwhile.
A worker that dies takes its job along: it is run again, and if it kills again, it has a row that says so.
"""

import os
import time
from collections.abc import Callable, Iterator
from concurrent.futures import FIRST_COMPLETED, BrokenExecutor, Executor, Future, ProcessPoolExecutor, wait
from contextlib import contextmanager
from typing import Any

from .. import executing
from ..errors import ArgumentError
from ..reports.subject import saying
from .environment import environment
from .limits import Limits
from .running import Job, Result, failed, row_data, run

POLL = 0.2
"""Seconds between two looks at what other processes have finished."""

Jobs = Iterator[Job | None]
"""What is to be run; None: nothing at the moment, as others are at the rest."""
Results = Iterator[tuple[Job, Result]]
Crew = Callable[[Jobs], Results]


def serial(say: Callable[[str], None]) -> Crew:
    """Return a crew of one: this process."""

    def results(jobs: Jobs) -> Results:
        for job in jobs:
            if job is None:
                time.sleep(POLL)
            else:
                yield job, run(job, say=saying(say, f"{job.task.instance}, {job.task.label}"))

    return results


class Pool:
    """A crew of workers behind an executor of ``concurrent.futures``.

    :param open_executor: makes an executor of so many workers; again when a worker's death broke the last one.
    :param width: how many tasks may be under way.
    """

    def __init__(self, open_executor: Callable[[int], Executor], width: Callable[[], int], limits: Limits) -> None:
        self.open_executor, self.width, self.limits = open_executor, width, limits
        self.executor: Executor | None = None
        self.flying: dict[Future[Result], tuple[Job, float]] = {}

    def __call__(self, jobs: Jobs) -> Results:
        """Run jobs; give each with its result, in the order in which they end."""
        done = False
        try:
            while self.flying or not done:
                while not done and len(self.flying) < self.width():
                    job = next(jobs, self)
                    done = job is self
                    if not isinstance(job, Job):
                        break
                    self._begin(job, self.width())
                if not self.flying:
                    time.sleep(0 if done else POLL)
                    continue
                lost: list[tuple[Job, float]] = []
                ended = wait(self.flying, timeout=POLL, return_when=FIRST_COMPLETED).done
                yield from self._gather(list(ended), lost)
                if lost:
                    wait(self.flying)  # the others are lost with it, or have ended
                    yield from self._gather(list(self.flying), lost)
                    yield from self._again(lost)
        finally:
            self._close(at_once=bool(self.flying))

    def _begin(self, job: Job, workers: int) -> None:
        """Hand a job to the workers, to new ones if one has died since."""
        try:
            self.executor = self.executor or self.open_executor(workers)
            future = self.executor.submit(run, job, self.limits)
        except BrokenExecutor:
            self._close()
            self.executor = self.open_executor(workers)
            future = self.executor.submit(run, job, self.limits)
        self.flying[future] = (job, time.monotonic())

    def _gather(self, futures: "list[Future[Result]]", lost: list[tuple[Job, float]]) -> Results:
        """Give the results of what has ended; what went with a worker is ``lost``, with the seconds that it had."""
        for future in futures:
            job, begun = self.flying.pop(future)
            if (result := _result(future)) is None:
                lost.append((job, time.monotonic() - begun))
            else:
                yield job, result

    def _again(self, lost: list[tuple[Job, float]]) -> Results:
        """Run jobs again, one by one, that went with a worker: whichever of them killed it has nobody else to harm."""
        self._close()
        most = self.limits.seconds
        for job, seconds in lost:
            if most is not None and seconds >= most:
                yield job, _died(job, f"ended after {most:g} s, the limit of a task")
                continue
            self._begin(job, 1)
            twice: list[tuple[Job, float]] = []
            wait(self.flying)
            yield from self._gather(list(self.flying), twice)
            if twice:
                self._close()
                yield job, _died(job, "its worker died twice: it was killed, ran out of memory, or the solver crashed")
        self._close()

    def _close(self, at_once: bool = False) -> None:
        """End the executor.

        :param at_once: without waiting for what it is still at.
        """
        if self.executor is None:
            return
        if at_once and isinstance(self.executor, ProcessPoolExecutor):
            executing.end(self.executor, grace=0.0)
        self.executor.shutdown(wait=not at_once)
        self.executor = None


def processes(workers: int, limits: Limits) -> Crew:
    """Return a crew of processes of this machine, each started afresh."""
    return Pool(lambda number: executing.processes(min(number, workers)), lambda: workers, limits)


@contextmanager
def dask(address: str, limits: Limits) -> Iterator[Crew]:
    """Give a crew of the workers of a Dask scheduler, as many as there are at the time.

    :raises BilevoltError: ``distributed`` is not installed, or nobody answers at the address.
    """
    with executing.cluster(address) as client:
        yield Pool(
            lambda _: client.get_executor(pure=False),
            lambda: max(1, len(client.ncores())),  # a task at a time for each process
            limits,
        )


@contextmanager
def crew_of(executor: Any, limits: Limits, say: Callable[[str], None]) -> Iterator[Crew]:
    """Give the crew that ``executor`` means: None, a number of processes, a Dask address, or an executor.

    :raises ArgumentError: it means none; or limits are given that only worker processes can keep.
    """
    executing.refuse(executor)
    if executor is None:
        if limits != Limits():
            raise ArgumentError("A limit of memory, or of a whole task, needs worker processes: executor=1 or more.")
        yield serial(say)
    elif isinstance(executor, str):
        with dask(executor, limits) as crew:
            yield crew
    elif isinstance(executor, Executor):
        yield Pool(lambda _: _Borrowed(executor), lambda: os.cpu_count() or 1, limits)
    else:
        yield processes(int(executor), limits)


class _Borrowed(Executor):
    """An executor of the caller's, which is not ours to end."""

    def __init__(self, lender: Executor) -> None:
        self.lender = lender

    def submit(self, *arguments: Any, **keywords: Any) -> "Future[Any]":
        return self.lender.submit(*arguments, **keywords)


def _result(future: "Future[Result]") -> Result | None:
    """Return what a worker gave; None: it died.

    :raises Exception: what the worker refused, such as a file that it does not have.
    """
    try:
        return future.result()
    except Exception as error:
        if executing.is_lost(error):
            return None
        raise


def _died(job: Job, why: str) -> Result:
    return Result(row_data(failed(job.task, why)), environment())
