"""Station location: zones proven optimal, in seconds, and the city's gap, with what the model offers and without."""

from collections.abc import Iterator
from functools import partial
from typing import Any

import bilevolt as bv
from bilevolt.models import station_location

from .row import Row, in_turns

ZONES = tuple(f"zone_0{k}" for k in range(1, 8))
ZONE_AIM = 10.0
CITY_AIM = 0.02
BOUND_BY = "HiGHS's root: cuts and sub-MIPs, before it branches"
CITY_BOUND_BY = "the bound: which stations are full and which are not is fractional, and branching hardly lifts it"


def rows(repeats: int, zones: tuple[str, ...], city_seconds: tuple[float, ...]) -> Iterator[Row]:
    """Yield a row for each zone, in seconds, and one for each of the city's limits: gaps, not seconds.

    The city's seconds are the clock's, as solvers take them: on a machine with other work it has less of the processor.
    """
    for name in zones:
        answers: dict[str, Any] = {}
        (taken,) = in_turns(repeats, partial(_solve, name, answers))
        yield Row(f"station-location-{name}", "-", ZONE_AIM, taken, None, BOUND_BY, detail=answers)
    for limit in city_seconds:
        ours: dict[str, Any] = {}
        peer: dict[str, Any] = {}
        start = _start()
        _solve("city", ours, time_limit=limit, warm_start=start)
        _solve("city", peer, offered=False, time_limit=limit, warm_start=start)
        detail = {**ours, **{f"peer_{key}": value for key, value in peer.items()}}
        yield Row(
            f"station-location-city-{limit:g}", "no cuts offered", CITY_AIM, ours["gap"], None, CITY_BOUND_BY,
            detail=detail, unit="",
        )  # fmt: skip


def _start() -> bv.Solution:
    model = station_location.build(bv.load_instance("city"))
    return bv.solve(model, method="exchange", solver="highs")


def _solve(name: str, answers: dict[str, Any], offered: bool = True, **options: Any) -> None:
    model = station_location.build(bv.load_instance(name), saturation_cuts=offered)
    found = bv.solve(model, reformulation="strong_duality", solver="highs", **options)
    answers |= {
        "status": str(found.status), "objective": found.objective, "bound": found.bound, "gap": found.gap,
        "nodes": found.nodes,
    }  # fmt: skip
