"""The electric bus, solved and verified, against a lazy MILP that knows the follower in closed form."""

from collections.abc import Iterator
from functools import partial
from typing import Any

import bilevolt as bv
from bilevolt.instances.electric_bus import ElectricBusInstance
from bilevolt.models import electric_bus

from . import lazy_bus
from .row import Row, in_turns

AIM = 2.0
SEED = 1
BOUND_BY = "HiGHS's MILPs, two to four a solve: a relaxation without multipliers, and tangents where it is wrong"


def rows(repeats: int, fleets: tuple[int | str, ...]) -> Iterator[Row]:
    """Yield a row for each fleet: a number of buses, generated, or an instance's name."""
    for fleet in fleets:
        instance = bv.load_instance(fleet) if isinstance(fleet, str) else electric_bus.generate(fleet, SEED)
        answers: dict[str, Any] = {}
        ours, peer = in_turns(repeats, partial(_ours, instance, answers), partial(_peer, instance, answers))
        yield Row(f"electric-bus-{fleet}", "closed form, lazy tangents", AIM, ours, peer, BOUND_BY, detail=answers)


def _ours(instance: ElectricBusInstance, answers: dict[str, Any]) -> None:
    found = bv.solve(electric_bus.build(instance), solver="highs")
    answers |= {"status": str(found.status), "objective": found.objective, "nodes": found.nodes}
    answers |= {"reformulation": found.reformulation, "milps": len(found.history)}


def _peer(instance: ElectricBusInstance, answers: dict[str, Any]) -> None:
    found = lazy_bus.solve(instance)
    answers |= {"peer_objective": float(found.objective), "peer_milps": found.milps, "peer_tangents": found.tangents}
