"""Executors of ``concurrent.futures`` as a caller names them: processes of this machine, workers of a Dask cluster."""

import multiprocessing
import os
import signal
import threading
from collections.abc import Iterator
from concurrent.futures import BrokenExecutor, Executor, ProcessPoolExecutor
from contextlib import contextmanager
from multiprocessing import connection
from numbers import Integral
from typing import Any

from .errors import ArgumentError, BilevoltError

GRACE = 2.0
"""Seconds that a process has to end by itself, once nobody waits for what it is at."""


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
