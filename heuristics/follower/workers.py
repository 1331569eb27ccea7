"""An executor's workers decode points and score decisions, in chunks; what these have in common is sent packed.

A worker unpacks it once and keeps it, with HiGHS loaded and the scores that it found: every solve starts from the same
basis whatever was solved before (:mod:`.persistent_lp`), and random numbers come with the points, so that no result
depends on who works. Later chunks have its name only; a worker that does not know it asks.
"""

import math
import pickle
import threading
from concurrent.futures import Executor, Future
from dataclasses import replace
from typing import Any
from uuid import uuid4

from ...executing import results, submit, workers_of
from ...solvers.session import Session
from ..encoding.limits import Array
from ..encoding.unit_cube import Encoding
from .compiled import CompiledReaction
from .judging import Judge, Judged, joined

LEAST, MOST = 8, 512  # points that a worker gets at once
UNKNOWN_NUMBER = 4  # of workers, where an executor does not say how many it has
UNKNOWN = "unknown"  # what a worker answers that does not have the data

Task = tuple[Array, Array, int]
"""Points, their random numbers, and how many are to be scored."""


class _Kept(threading.local):
    """What this thread unpacked last: HiGHS is of one thread."""

    name = ""
    judge: Any = None


_KEPT = _Kept()


class Workers:
    """An executor's workers for one run.

    :param judge: that of this process, for what no worker does.
    """

    def __init__(
        self, encoding: Encoding, evaluator: CompiledReaction, executor: Executor, session: Session, judge: Judge
    ) -> None:
        shared = replace(encoding, decision=()), evaluator.fresh()  # a variable would take its whole model along
        self._name, self._data = uuid4().hex, pickle.dumps(shared)
        self._known = False  # whether a worker has the data
        self._executor, self._session, self._judge = executor, session, judge

    def judge(self, points: Array, draws: Array, asked: int) -> Judged:
        """Return what :meth:`.Judge.judge` does, from the workers and this process, which has its own part."""
        chunks = [slice(k, k + size) for size in [self._chunk(len(points))] for k in range(0, len(points), size)]
        *tasks, mine = [(points[c], draws[c], min(max(asked - c.start, 0), len(points[c]))) for c in chunks]
        futures = [self._submitted(task, None if self._known else self._data) for task in tasks]
        own = self._judge.judge(*mine)
        found = results(futures, lambda: self._session.over)
        unknown = [k for k, done in enumerate(found) if done == UNKNOWN]
        again = results([self._submitted(tasks[k], self._data) for k in unknown], lambda: self._session.over)
        for k, done in zip(unknown, again, strict=True):
            found[k] = done
        self._known = True
        if None in found and not self._session.over:
            self._session.say("the executor's workers are gone: candidates are evaluated in this process")
        done = [self._judge.judge(*t) if d is None else Judged(*d) for t, d in zip(tasks, found, strict=True)]
        return joined([*done, own])

    def _chunk(self, count: int) -> int:
        """Return how many points a process gets at once: all have the same, but not too few to be worth the sending."""
        share = math.ceil(count / (1 + workers_of(self._executor, UNKNOWN_NUMBER)))
        return min(max(share, LEAST), MOST)

    def _submitted(self, task: Task, data: bytes | None) -> Future[Any] | None:
        return submit(self._executor, _work, self._name, data, *task)


def _work(name: str, data: bytes | None, points: Array, draws: Array, asked: int) -> Any:
    if _KEPT.name != name:
        if data is None:
            return UNKNOWN
        _KEPT.name, _KEPT.judge = name, Judge(*pickle.loads(data))
    return tuple(_KEPT.judge.judge(points, draws, asked))
