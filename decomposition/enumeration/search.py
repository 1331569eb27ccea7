"""The list of decisions, gone through: each is settled, or it is said that it is not."""

import math
from dataclasses import dataclass, field

import numpy as np
from pyomo.common.collections import ComponentMap

from ...heuristics.encoding.limits import Array
from ...levels.point import Point, point_at
from ...quantities import plain
from ...solvers.session import Session
from .arrays import Arrays
from .completion import INFEASIBLE, UNBOUNDED, Completed, complete
from .decisions import ranges
from .response import NO_OPTIMUM, Response, ResponseLp

SAME = 1e-9  # what is better by less, relative to 1 + |objective|, is not better


@dataclass
class Search:
    """What is known: ``bound`` is that of the decisions that are neither settled nor bounded away.

    ``unsettled`` says how LPs ended that should have had an answer; ``unbounded`` is whether a decision leaves the
    leader's objective without a limit.
    """

    arrays: Arrays
    listed: Array
    session: Session
    best: tuple[Array, Completed, Response] | None = None
    bound: float = math.inf
    solved: int = 0
    without_response: int = 0
    refused: int = 0
    bounded: int = 0
    unbounded: bool = False
    unsettled: list[str] = field(default_factory=list)
    stopped: bool = False

    @property
    def value(self) -> float:
        """What the best decision is worth, to be minimised."""
        return math.inf if self.best is None else self.best[1].value

    def run(self) -> None:
        """Look at every decision, unless the time is over."""
        lp = ResponseLp(self.arrays)
        lower, upper = ranges(self.arrays)
        for x in self.listed:
            least = _least(self.arrays, x, lower, upper)
            if self.best is not None and least >= self.value - SAME * (1 + abs(self.value)):
                self.bounded += 1
                self.bound = min(self.bound, least)
            elif self.stopped or self.session.over:
                self.stopped = True
                self.bound = min(self.bound, least)
            else:
                self._look(lp, x, least)

    def _look(self, lp: ResponseLp, x: Array, least: float) -> None:
        response = lp.at(x)
        self.solved += 1
        if isinstance(response, str):
            if response in NO_OPTIMUM:
                self.without_response += 1
            else:
                self._leave(f"the followers' LP ended with {response!r}", least)
            return
        found = complete(self.arrays, x, response)
        if isinstance(found, Completed) and math.isfinite(found.value):
            if self.best is None or found.value < self.value - SAME * (1 + abs(self.value)):
                self.best = x, found, response
                self.session.say(
                    f"decision {self.solved} of {len(self.listed)}: objective "
                    f"{plain(self.arrays.sense * found.value, 10)}"
                )
        elif found == INFEASIBLE:
            self.refused += 1
        elif found == UNBOUNDED:
            self.unbounded = True
        else:
            self._leave(f"the leader's LP over the responses ended with {found!r}", least)

    def _leave(self, why: str, least: float) -> None:
        self.unsettled.append(why)
        self.bound = min(self.bound, least)

    @property
    def complete(self) -> bool:
        """Whether every decision is settled or bounded away."""
        return not (self.unsettled or self.stopped or self.unbounded)

    def point(self) -> Point:
        """Return the best point, with the prices that make it so; the model keeps its own values."""
        if self.best is None:
            raise AssertionError("asked for without a point")
        x, found, response = self.best
        arrays = self.arrays
        values: ComponentMap = ComponentMap(zip(arrays.decision, x.tolist(), strict=True))
        own = len(arrays.own)
        values.update(zip(arrays.own, (found.y * arrays.unit[:own]).tolist(), strict=True))
        values.update(zip(arrays.others, (found.z * arrays.unit[own:]).tolist(), strict=True))
        scaled = (found.prices * response.unit).tolist()
        prices: ComponentMap = ComponentMap(
            (source, sign * scaled[at] + 0.0)
            for source, at, sign in arrays.sources  # no -0.0
        )
        return point_at(arrays.bilevel, values, prices)


def _least(arrays: Arrays, x: Array, lower: Array, upper: Array) -> float:
    """Return what the leader's objective is at least, whatever the followers do."""
    cost = arrays.objective.costs(x[None])[0]
    used = np.flatnonzero(cost)
    ends = np.where(cost[used] > 0, lower[used], upper[used])
    return float(arrays.objective.constants(x[None])[0, 0] + cost[used] @ ends)
