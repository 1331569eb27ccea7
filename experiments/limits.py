"""What a task may take of the process that runs it, beside the time limit that its solver keeps."""

import faulthandler
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from ..quantities import number

try:
    import resource
except ImportError:  # Windows
    resource = None  # type: ignore[assignment]

GIB = 2**30


@dataclass(frozen=True)
class Limits:
    """Of each task of a worker process.

    :ivar memory_gib: address space; what needs more fails, and has a row that says so.
    :ivar seconds: after which the worker is ended from without, whatever its solver is at.
    """

    memory_gib: float | None = None
    seconds: float | None = None

    @classmethod
    def of(cls, memory_limit: float | None, task_limit: float | None) -> "Limits":
        """Return the limits that arguments of these names mean.

        :raises ArgumentError: one is no positive number.
        """
        given = {"memory_limit": memory_limit, "task_limit": task_limit}
        return cls(*(None if item is None else number(name, item, positive=True) for name, item in given.items()))

    @contextmanager
    def kept(self) -> Iterator[None]:
        """Hold this process to the limits while a task lasts."""
        before = self._lower_memory()
        watched = self.seconds is not None
        # The watchdog is a thread of C, which ends the process also while a solver holds Python's lock.
        with open(os.devnull, "w", encoding="utf-8") as nothing:
            if watched:
                faulthandler.dump_traceback_later(self.seconds or 0.0, exit=True, file=nothing)
            try:
                yield
            finally:
                if watched:
                    faulthandler.cancel_dump_traceback_later()
                if before is not None:
                    resource.setrlimit(resource.RLIMIT_AS, before)

    def _lower_memory(self) -> tuple[int, int] | None:
        """Lower what may be taken; return what it was, None if it is as it was."""
        if self.memory_gib is None or resource is None:
            return None
        before = resource.getrlimit(resource.RLIMIT_AS)
        wanted, (_, most) = int(self.memory_gib * GIB), before
        if most != resource.RLIM_INFINITY:
            wanted = min(wanted, most)
        resource.setrlimit(resource.RLIMIT_AS, (wanted, most))
        return before
