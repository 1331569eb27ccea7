"""Runs of the library in a process of their own: a solver that crashes, or never returns, ends only that process.

It also keeps Ctrl-C away from the solvers, which would take it for themselves.
"""

import multiprocessing
import os
import signal
from multiprocessing.connection import Connection

from .problem import Problem
from .verdict import Claim, claim

PATIENCE = 60.0  # seconds beyond three times the time limit, after which a run counts as hung
GRACE = 3.0  # seconds to leave


class Worker:
    """A process that answers ``claim``, started anew when it dies."""

    def __init__(self) -> None:
        self._context = multiprocessing.get_context("spawn")
        self._process: multiprocessing.process.BaseProcess | None = None
        self._pipe: Connection | None = None

    def claim(self, problem: Problem, reformulation: str, solver: str, time_limit: float) -> Claim:
        """Return what the library says of a problem; "crashed" and "hung" are statuses here."""
        if self._process is None or not self._process.is_alive():
            self._start()
        assert self._pipe is not None and self._process is not None
        try:
            self._pipe.send((problem.to_json(), reformulation, solver, time_limit))
            if self._pipe.poll(3 * time_limit + PATIENCE):
                return self._pipe.recv()
        except (EOFError, OSError):
            self._process.join()
            code = self._process.exitcode
            self.stop()
            return Claim("crashed", error=f"the process ended with exit code {code}")
        self.stop()
        return Claim("hung", error=f"no answer long after the time limit of {time_limit:g} s")

    def stop(self) -> None:
        """End the process: it leaves by itself once the pipe is closed, if it still can."""
        if self._process is not None and self._pipe is not None:
            self._pipe.close()
            self._process.join(GRACE)
            if self._process.is_alive():
                self._process.kill()
                self._process.join()
        self._process = None

    def _start(self) -> None:
        self._pipe, theirs = self._context.Pipe()
        self._process = self._context.Process(target=_serve, args=(theirs,), daemon=True)
        self._process.start()
        theirs.close()  # so that the end of the process is the end of the pipe


def _serve(pipe: Connection) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    if hasattr(os, "setsid"):
        os.setsid()
    try:
        while True:
            text, reformulation, solver, time_limit = pipe.recv()
            pipe.send(claim(Problem.from_json(text), reformulation, solver, time_limit))
    except (EOFError, OSError):  # nobody asks or listens any more
        return
