"""How far it goes: seconds and memory of each way to one level, by size, each in a process of its own.

A DC-OPF of 24 hours a scenario; rows, pairs and entries are in proportion to the scenarios. The aim is that the
transformation's time be so, too; what build, reading and the arrays for HiGHS need, and the memory, is in the details.
"""

import resource
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from statistics import median
from typing import Any

import bilevolt as bv
from bilevolt.models import fast_charging
from bilevolt.solvers.highs import native
from bilevolt.solvers.program import program_of
from bilevolt.solvers.reading import read

from .row import Row, cpu_seconds

LINEAR = 1.5
"""What time may be at most, in proportion to the smallest size."""

STEPS = ("kkt", "sos1", "bigm", "strong_duality", "product", "branch")


def rows(repeats: int, instance: str, counts: tuple[int, ...]) -> Iterator[Row]:
    """Yield a row for each step and number of scenarios, the smallest first."""
    for step in STEPS:
        smallest: dict[str, Any] | None = None
        for count in counts:
            runs = [_in_a_fresh_process(instance, count, step) for _ in range(repeats)]
            found = runs[0] | {name: median(run[name] for run in runs) for name in runs[0]}
            smallest = smallest or found
            expected = smallest["transformation"] * found["pairs"] / smallest["pairs"]
            yield Row(
                f"sizes-{step}-{24 * count}h", "in proportion to the smallest", LINEAR, found["transformation"],
                expected, "what is not linear", detail=found,
            )  # fmt: skip


def measured(instance: str, count: int, step: str) -> dict[str, float]:
    """Return seconds and megabytes of each part, and how much of everything there is; for a process of its own.

    Megabytes are those by which a part raised the most that the process ever held; ``build_mb`` is the user's model.
    """
    small = bv.load_instance("ieee33_small")
    read(bv.reformulate(fast_charging.build(small), "sos1"))  # what is imported when it is first asked for
    loaded = fast_charging.with_scenarios(bv.load_instance(instance), count)
    found: dict[str, float] = {}
    model = _part(found, "build", lambda: fast_charging.build(loaded))
    single = _part(found, "transformation", lambda: bv.reformulate(model, step))
    found |= {"pairs": len(bv.reformulations.map_of(single).pairs), "entries": 0}
    if step != "kkt":  # an MPCC, which no solver here takes
        reading = _part(found, "reading", lambda: read(single))
        program = _part(found, "arrays", lambda: program_of(reading))
        _part(found, "highs", lambda: native.hand_over(native.new({}), native.lp_of(program)))
        found |= {"columns": program.columns, "rows": program.matrix.shape[0], "entries": program.matrix.nnz}
    return found


def _part(found: dict[str, float], name: str, task: Callable[[], Any]) -> Any:
    before, results = _peak_mb(), []
    found[name] = cpu_seconds(lambda: results.append(task()))
    found[f"{name}_mb"] = _peak_mb() - before
    return results[0]


def _peak_mb() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def _in_a_fresh_process(*task: Any) -> dict[str, float]:
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        return pool.submit(measured, *task).result()
