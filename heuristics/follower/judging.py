"""Points of a population decoded and scored together, each decision once."""

import hashlib
import math
from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from ..encoding.limits import Array
from ..encoding.unit_cube import Encoding
from .compiled import NO_REACTION, Score
from .evaluation import Evaluator


class Judged(NamedTuple):
    """Decisions, one in a row, the points moved there, and how good they are, by :class:`.compiled.Score`."""

    decisions: Array
    points: Array
    violation: Array
    objective: Array


def joined(parts: list[Judged]) -> Judged:
    """Return what was judged in parts as one."""
    return Judged(*(np.concatenate(columns) for columns in zip(*parts, strict=True)))


class Judge:
    """Judges points, and remembers the scores of decisions.

    :param over: whether to leave out what is not scored yet.
    """

    def __init__(self, encoding: Encoding, evaluator: Evaluator, over: Callable[[], bool] = lambda: False) -> None:
        self._encoding, self._evaluator, self._over = encoding, evaluator, over
        self._known: dict[bytes, Score] = {}

    def judge(self, points: Array, draws: Array, asked: int) -> Judged:
        """Return the judgement of points, those that are not scored ranked last.

        :param draws: random numbers of each point, see :meth:`.Encoding.draws`.
        :param asked: how many are to be scored, the first ones.
        """
        decisions, moved = self._encoding.repaired_all(points, draws)
        violation, objective = np.full((2, len(points)), math.inf)
        excess = self._encoding.violations(decisions[:asked])
        violation[:asked] = np.where(excess > 0, excess, math.inf)
        settled = np.flatnonzero(excess == 0)
        keys = [key_of(decisions[k]) for k in settled]
        new = {key: k for key, k in zip(keys, settled.tolist(), strict=True) if key not in self._known}
        self._score(list(new), decisions[list(new.values())])
        for key, k in zip(keys, settled.tolist(), strict=True):
            score = self._known.get(key, NO_REACTION)
            violation[k], objective[k] = score.violation, score.objective
        return Judged(decisions, moved, violation, objective)

    def _score(self, keys: list[bytes], decisions: Array) -> None:
        step = self._evaluator.at_once
        for first in range(0, len(keys), step):
            if self._over():
                return
            part = slice(first, first + step)
            self._known.update(zip(keys[part], self._evaluator.scores(decisions[part]), strict=True))


def key_of(decision: Array) -> bytes:
    """Return a digest of a decision: many are remembered."""
    return hashlib.blake2b(decision.tobytes(), digest_size=16).digest()
