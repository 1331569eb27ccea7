"""An executor's workers decode points and score decisions, in chunks; what these have in common is sent packed.

A worker unpacks it once and keeps it, with HiGHS loaded: every solve starts from the same basis whatever was solved
before (:mod:`.persistent_lp`), and random numbers come with the points, so that no result depends on who works.
"""

import pickle
import threading
from collections.abc import Sequence
from concurrent.futures import BrokenExecutor, Executor, Future, wait
from dataclasses import dataclass, replace
from typing import Any, NamedTuple
from uuid import uuid4

from ...executing import is_lost
from ...solvers.session import Session
from ..encoding.limits import Array
from ..encoding.unit_cube import Encoding
from .compiled import CompiledReaction, Score

CHUNK = 16  # candidates that an executor gets at once
POLL = 0.2  # seconds from one look at the deadline to the next, while a worker is waited for
GRACE = 2.0  # seconds that a worker may still take when the run has to end


class Worked(NamedTuple):
    """A point's decision, the point moved there, and the score where one was asked for and no row is violated."""

    decision: Array
    point: Array
    score: Score | None


class _Kept(threading.local):
    """What this thread unpacked last: HiGHS is of one thread."""

    name = ""
    item: Any = None


_KEPT = _Kept()


@dataclass(frozen=True)
class _Packed:
    """Plain data under a name of its own, packed once for all chunks."""

    name: str
    data: bytes

    def open(self) -> Any:
        """Return the data; unpacked where this thread has others."""
        if _KEPT.name != self.name:
            _KEPT.name, _KEPT.item = self.name, pickle.loads(self.data)
        return _KEPT.item


class Workers:
    """An executor's workers for one run."""

    def __init__(self, encoding: Encoding, evaluator: CompiledReaction, executor: Executor, session: Session) -> None:
        shared = replace(encoding, decision=()), evaluator.fresh()  # a variable would take its whole model along
        self._packed = _Packed(uuid4().hex, pickle.dumps(shared))
        self._executor, self._session = executor, session

    def work(self, points: Sequence[Array], draws: Sequence[Array], asked: int) -> list[Worked | None]:
        """Decode points, and score the first of them; None for those that no worker did.

        Nothing is lost with the workers: Ctrl-C in a terminal reaches them too, and ends them.

        :param draws: random numbers of each point, see :meth:`.Encoding.draw`.
        :param asked: how many are to be scored.
        """
        chunks = [slice(k, k + CHUNK) for k in range(0, len(points), CHUNK)]
        futures = [self._submitted(points[c], draws[c], asked - c.start) for c in chunks]
        self._await([future for future in futures if future is not None])
        found = [None if future is None else _result(future) for future in futures]
        if None in found and not self._session.over:
            self._session.say("the executor's workers are gone: candidates are evaluated in this process")
        worked: list[Worked | None] = []
        for chunk, done in zip(chunks, found, strict=True):
            worked += [None] * len(points[chunk]) if done is None else done
        return worked

    def _submitted(self, points: Sequence[Array], draws: Sequence[Array], asked: int) -> Future[list[Worked]] | None:
        try:
            return self._executor.submit(_work, self._packed, points, draws, asked)
        except BrokenExecutor:
            return None

    def _await(self, futures: list[Future[list[Worked]]]) -> None:
        """Wait until all are done; where the run has to end, only for what is about to be."""
        waiting = futures
        while waiting:
            if self._session.over:
                for future in waiting:
                    future.cancel()
                wait(waiting, GRACE)
                return
            waiting = list(wait(waiting, POLL).not_done)


def _work(packed: _Packed, points: Sequence[Array], draws: Sequence[Array], asked: int) -> list[Worked]:
    encoding, evaluator = packed.open()
    done = []
    for k, (point, draw) in enumerate(zip(points, draws, strict=True)):
        x, moved = encoding.repaired(point, draw)
        scored = k < asked and not encoding.violation(x) > 0
        done.append(Worked(x, moved, evaluator.score(x) if scored else None))
    return done


def _result(future: Future[list[Worked]]) -> list[Worked] | None:
    """Return a chunk's results; None where there are none, because its worker is gone or the run has to end."""
    if future.cancelled() or not future.done():
        return None
    error = future.exception()  # not raised: a KeyboardInterrupt of a worker is no second one of ours
    return None if is_lost(error) or isinstance(error, KeyboardInterrupt) else future.result()
