"""Executors of ``concurrent.futures`` as a caller names them: processes of this machine, workers of a Dask cluster."""

import multiprocessing
import os
import pickle
import signal
import threading
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import BrokenExecutor, Executor, Future, ProcessPoolExecutor, wait
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing import connection
from numbers import Integral
from typing import Any, TypeVar
from uuid import uuid4

from .errors import ArgumentError, BilevoltError

T = TypeVar("T")
GRACE = 2.0
"""Seconds that a process has to end by itself, once nobody waits for what it is at."""
POLL = 0.2
"""Seconds from one look at whether to end to the next, while a worker is waited for."""


def refuse(executor: object) -> None:
    """Refuse what names no executor.

    :raises ArgumentError: it is not None, a number of processes, an address, or an executor.
    """
    number = isinstance(executor, Integral) and not isinstance(executor, bool) and int(executor) >= 1
    if not (number or executor is None or isinstance(executor, str | Executor)):
        raise ArgumentError(
            f"executor={executor!r} is none. Give a number of processes, the address of a Dask scheduler, or an "
            "Executor of concurrent.futures; None for this process."
        )


@contextmanager
def opened(executor: Any) -> Iterator[Executor | None]:
    """Give the executor that is named, and end it afterwards; one of the caller's goes on.

    :raises ArgumentError: none is named, see :func:`refuse`.
    :raises BilevoltError: of an address: Dask is not installed, or nobody answers there.
    """
    refuse(executor)
    if executor is None or isinstance(executor, Executor):
        yield executor
    elif isinstance(executor, str):
        with cluster(executor) as client:
            yield client.get_executor(pure=False)
    else:
        pool = processes(int(executor))
        try:
            yield pool
        finally:
            end(pool)


def processes(number: int) -> ProcessPoolExecutor:
    """Return so many processes, each started afresh when it is needed."""
    return ProcessPoolExecutor(number, mp_context=multiprocessing.get_context("spawn"), initializer=_prepare)


def end(pool: ProcessPoolExecutor, grace: float = GRACE) -> None:
    """End processes, by force where they are at something that nobody waits for."""
    running = list((pool._processes or {}).values())
    pool.shutdown(wait=False, cancel_futures=True)
    for process in running:
        if not connection.wait([process.sentinel], grace):
            process.kill()


@contextmanager
def cluster(address: str) -> Iterator[Any]:
    """Give the client of a Dask scheduler.

    :raises BilevoltError: ``distributed`` is not installed, or nobody answers at the address.
    """
    try:
        from distributed import Client
    except ImportError as error:
        raise BilevoltError("Dask is not installed: pip install 'bilevolt[dask]'.") from error
    try:
        client = Client(address, set_as_default=False)
    except (OSError, ValueError) as error:
        raise BilevoltError(f"{address}: no Dask scheduler answers there ({error}). Start `dask scheduler`.") from error
    with client:
        yield client


def workers_of(executor: Executor, unknown: int) -> int:
    """Return how many workers an executor has, where it is one of the standard library's; else ``unknown``."""
    return int(getattr(executor, "_max_workers", unknown))


def is_lost(error: BaseException | None) -> bool:
    """Return whether a task failed because its worker died."""
    return isinstance(error, BrokenExecutor) or type(error).__name__ == "KilledWorker"  # Dask's, after several runs


def _prepare() -> None:
    """Make a worker leave Ctrl-C to the process that started it, and end when that one does."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    parent = multiprocessing.parent_process()
    if parent is not None:

        def follow() -> None:
            parent.join()
            os._exit(1)

        threading.Thread(target=follow, daemon=True).start()


# Tasks that share plain data -----------------------------------------------------------------------------------


class _Kept(threading.local):
    """What this thread unpacked last."""

    name = ""
    item: Any = None


_KEPT = _Kept()


@dataclass(frozen=True)
class Packed:
    """Plain data under a name of its own, packed once for all tasks, unpacked once by every thread that works."""

    name: str
    data: bytes

    @classmethod
    def of(cls, item: Any) -> "Packed":
        """Pack an item; it has to be plain data."""
        return cls(uuid4().hex, pickle.dumps(item))

    def open(self) -> Any:
        """Return the item; it is shared by all tasks of this thread, which leave it as it is."""
        if _KEPT.name != self.name:
            _KEPT.name, _KEPT.item = self.name, pickle.loads(self.data)
        return _KEPT.item


def submit(executor: Executor, task: Callable[..., T], *given: Any) -> "Future[T] | None":
    """Hand a task to an executor; None where its workers are gone."""
    try:
        return executor.submit(task, *given)
    except BrokenExecutor:
        return None


def results(futures: "Iterable[Future[T] | None]", over: Callable[[], bool]) -> list[T | None]:
    """Wait for tasks, and return what they give; None where there is nothing, as the worker is gone, or all has to end.

    Nothing is lost with the workers: Ctrl-C in a terminal reaches those of a caller's executor too, and ends them.

    :param over: whether to wait no longer than for what is about to be.
    :raises Exception: what a task raised.
    """
    futures = list(futures)
    waiting = [future for future in futures if future is not None]
    while waiting:
        if over():
            for future in waiting:
                future.cancel()
            wait(waiting, GRACE)
            break
        waiting = list(wait(waiting, POLL).not_done)
    return [None if future is None else _result(future) for future in futures]


def _result(future: "Future[T]") -> T | None:
    if future.cancelled() or not future.done():
        return None
    error = future.exception()  # not raised: a KeyboardInterrupt of a worker is no second one of ours
    return None if is_lost(error) or isinstance(error, KeyboardInterrupt) else future.result()
