"""Demand response: what is left open of the attainable gain, after seconds of the processor.

With F the point's objective and b the bound, of a maximisation, the share is (b - F) / (b - F0): F0 is what the
aggregator gets at the base price, that is, without doing anything. The peer is the same model without its valid
inequalities and without a start.
"""

import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import bilevolt as bv
from bilevolt.models import demand_response
from bilevolt.models.demand_response.reaction import react
from bilevolt.models.demand_response.references import evaluate

from .row import Row

AIM = 0.05
BOUND_BY = "vehicles that are indifferent between slots: the relaxation lets all classes be, at prices that suit none"
LOOK = 0.5
"""Seconds between two looks at the processor's clock."""


def rows(instance: str, seconds: tuple[float, ...]) -> Iterator[Row]:
    """Yield a row for each number of seconds; ours and the peer are run once each."""
    loaded = bv.load_instance(instance)
    base = loaded.base_price_usd_per_kwh
    idle = evaluate(loaded, base, react(loaded, base))["objective"]
    for limit in seconds:
        ours, detail = _run(loaded, idle, limit, {})
        peer, without = _run(loaded, idle, limit, {"cuts": None, "warm_start": False})
        detail |= {f"peer_{key}": number for key, number in without.items()} | {"peer_share": peer}
        yield Row(
            f"demand-response-{instance}-{limit:g}s", "-", AIM, ours, None, BOUND_BY, detail=detail,
            unit="of the attainable gain",
        )  # fmt: skip


def share(objective: float | None, bound: float | None, idle: float) -> float:
    """Return what is open of the attainable gain; all of it without a point or a bound."""
    if objective is None or bound is None:
        return 1.0
    return max(0.0, bound - objective) / max(bound - idle, 1e-9)


def _run(instance: Any, idle: float, limit: float, arguments: dict[str, Any]) -> tuple[float, dict[str, Any]]:
    model = demand_response.build(instance)
    begin, first = time.process_time(), []

    def told(text: str) -> None:
        if text.startswith("iteration") and not first:  # of the search for a start
            first.append(time.process_time() - begin)

    with stopped_after(limit):
        found = bv.solve(model, solver="highs", progress=told, **arguments)
    detail = {
        "status": str(found.status), "objective": found.objective, "bound": found.bound, "nodes": found.nodes,
        "first_point": first[0] if first else None, "seconds": time.process_time() - begin,
    }  # fmt: skip
    return share(found.objective, found.bound, idle), detail


@contextmanager
def stopped_after(seconds: float) -> Iterator[None]:
    """Ask for a stop, as Ctrl-C does, once this process has used so many seconds of the processor."""
    done, end = threading.Event(), time.process_time() + seconds

    def watch() -> None:
        while not done.wait(LOOK):
            if time.process_time() >= end:
                signal.raise_signal(signal.SIGINT)
                return

    watcher = threading.Thread(target=watch, daemon=True)
    watcher.start()
    try:
        yield
    finally:
        done.set()
        watcher.join()
