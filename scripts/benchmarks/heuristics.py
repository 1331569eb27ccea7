"""Metaheuristics: evaluations of the electric bus in a second, and what two processes bring."""

from collections.abc import Iterator
from functools import partial

import bilevolt as bv

from .row import Row, in_turns

A_SECOND = 5000


def rows(repeats: int, instance: str, evaluations: int) -> Iterator[Row]:
    """Yield the row of one process, against the seconds in which ``A_SECOND`` a second would be done."""
    model = bv.models.electric_bus.build(bv.load_instance(instance))
    options = {"seed": 1, "evaluations": evaluations}
    run = partial(bv.solve, model, method="pso", solver="highs", method_options=options)
    (taken,) = in_turns(repeats, run)
    yield Row(
        "heuristic-evaluations", "-", evaluations / A_SECOND, taken, None, "the encoding's propagation in Python",
        detail={"evaluations_per_second": evaluations / taken},
    )  # fmt: skip
