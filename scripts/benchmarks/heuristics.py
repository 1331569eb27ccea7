"""Metaheuristics: evaluations of the electric bus in a second, and what two processes bring.

A run of 8,000 evaluations has reading, compiling, exact evaluations and the check in it; what 24,000 more need is the
rate at which a run goes on. Both are rows, and so are both speed-ups by two processes.
"""

import time
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from statistics import median
from typing import Any

import bilevolt as bv

from .row import Row

A_SECOND = 5000
WORKERS = 1  # beside this process
SPEED_UP = 1.8
LONGER = 4  # how many times the evaluations the longer run has
SWARMS = (40, 200)  # the default, and one that shares more work with each message to a worker

BOUND = {
    "steady": "propagation of one candidate after the other, as Python numbers",
    "whole": "reading, compiling, Pyomo models of each new incumbent, and the check",
    "two, steady": "a message to the worker and back in each iteration, and what is done between",
    "two, whole": "all but candidates is done by one process",
}


def rows(repeats: int, instance: str, evaluations: int) -> Iterator[Row]:
    """Yield rows of one process, against the seconds in which ``A_SECOND`` a second would be done, and those of two.

    Workers' speed-up is not measured by the clock, which says more of the machine's load than of the work. It is what
    one process needs, over what the busier of two does, in seconds of the processor: this process has a part of each
    population, too, and works while the other does.
    """
    model = bv.models.electric_bus.build(bv.load_instance(instance))
    for swarm in SWARMS:
        run = partial(_run, model, swarm)
        run(evaluations=swarm)  # what is imported by the first run of a process
        with ProcessPoolExecutor(WORKERS) as executor:
            run(evaluations=swarm, executor=executor)
            taken = [_turn(run, evaluations, executor) for _ in range(repeats)]
        alone, longer, two, two_longer = (median(column) for column in zip(*taken, strict=True))
        more = (LONGER - 1) * evaluations
        steady = median(turn[1] - turn[0] for turn in taken)
        two_steady = median(turn[3] - turn[2] for turn in taken)
        yield from (
            _rate(f"steady, swarm of {swarm}", more, steady, BOUND["steady"]),
            _rate(f"whole, swarm of {swarm}", evaluations, alone, BOUND["whole"]),
            _gain(f"steady, swarm of {swarm}", two_steady, steady, BOUND["two, steady"]),
            _gain(f"whole, swarm of {swarm}", two, alone, BOUND["two, whole"]),
            _gain(f"whole, {LONGER} times as long, swarm of {swarm}", two_longer, longer, BOUND["two, whole"]),
        )


def _rate(name: str, evaluations: int, seconds: float, bound: str) -> Row:
    detail = {"evaluations": evaluations, "evaluations_per_second": evaluations / seconds}
    return Row(f"heuristic-evaluations, {name}", "-", evaluations / A_SECOND, seconds, None, bound, detail)


def _gain(name: str, two: float, one: float, bound: str) -> Row:
    return Row(
        f"heuristic-two-processes, {name}", "one process", 1 / SPEED_UP, two, one, bound, {"speed_up": one / two}
    )


def _run(model: Any, swarm: int, evaluations: int, **options: Any) -> None:
    """Run a swarm until its evaluations are used up: its iterations would be over before."""
    options |= {"seed": 1, "population": swarm, "evaluations": evaluations, "iterations": evaluations}
    found = bv.solve(model, method="pso", solver="highs", method_options=options)
    if found.history[-1]["evaluations"] != evaluations:
        raise RuntimeError(f"{found.history[-1]['evaluations']} evaluations were made instead of {evaluations}.")


def _turn(run: Callable[..., None], evaluations: int, executor: ProcessPoolExecutor) -> tuple[float, ...]:
    """Return the seconds of a run and of a longer one in this process, then of both with workers."""
    sizes = evaluations, LONGER * evaluations
    own = [_own(partial(run, evaluations=size)) for size in sizes]
    return *own, *(_critical(partial(run, evaluations=size, executor=executor), executor) for size in sizes)


def _own(task: Callable[[], Any]) -> float:
    begin = time.process_time()
    task()
    return time.process_time() - begin


def _critical(task: Callable[[], Any], executor: ProcessPoolExecutor) -> float:
    """Return what the busier of this process and the worker needs."""
    before = executor.submit(time.process_time).result()
    own = _own(task)
    return max(own, executor.submit(time.process_time).result() - before)
