"""Metaheuristics: evaluations of the electric bus in a second, and what two processes bring."""

import os
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from statistics import median
from typing import Any

import bilevolt as bv

from .row import Row, in_turns

A_SECOND = 5000
WORKERS = 2
SPEED_UP = 1.8


def rows(repeats: int, instance: str, evaluations: int) -> Iterator[Row]:
    """Yield the row of one process, against the seconds in which ``A_SECOND`` a second would be done, and that of two.

    Workers' speed-up is not measured by the clock, which says more of the machine's load than of the work. It is what
    one process needs, over what the parent and the busier worker need, in seconds of the processor.
    """
    model = bv.models.electric_bus.build(bv.load_instance(instance))
    options = {"seed": 1, "evaluations": evaluations}
    run = partial(bv.solve, model, method="pso", solver="highs")
    (taken,) = in_turns(repeats, partial(run, method_options=options))
    yield Row(
        "heuristic-evaluations", "-", evaluations / A_SECOND, taken, None, "the encoding's propagation in Python",
        detail={"evaluations_per_second": evaluations / taken},
    )  # fmt: skip
    alone, longest = [], []
    with ProcessPoolExecutor(WORKERS) as executor:
        list(executor.map(_used, range(2 * WORKERS)))  # all are started, and have imported
        for _ in range(repeats):
            alone.append(_own(partial(run, method_options=options)))
            longest.append(_critical(partial(run, method_options={**options, "executor": executor}), executor))
    ours, peer = median(longest), median(alone)
    yield Row(
        "heuristic-two-processes", "one process", 1 / SPEED_UP, ours, peer, "set-up and the check, in the parent",
        detail={"speed_up": peer / ours},
    )  # fmt: skip


def _used(_: int = 0) -> tuple[int, float]:
    """Return this process's number, and the seconds of the processor it has used; slow, so that no worker gets two."""
    time.sleep(0.2)
    return os.getpid(), time.process_time()


def _own(task: Callable[[], Any]) -> float:
    begin = time.process_time()
    task()
    return time.process_time() - begin


def _critical(task: Callable[[], Any], executor: ProcessPoolExecutor) -> float:
    """Return what the parent needs plus what the busier worker does: one waits while the other works."""
    before = dict(executor.map(_used, range(2 * WORKERS)))
    own = _own(task)
    after = dict(executor.map(_used, range(2 * WORKERS)))
    return own + max(after[process] - before.get(process, 0.0) for process in after)
