"""More candidates for the fast-charging problem: an instance's own, and other buses with load, spread over the grid."""

from itertools import cycle

from ...errors import InstanceError
from ...instances.fast_charging import FastChargingInstance
from ...instances.loader import load_instance
from ...instances.road_network import RoadNetwork


def with_candidates(instance: FastChargingInstance, count: int) -> FastChargingInstance:
    """Return the instance with so many candidates, and as much charging demand for each as before.

    New ones take the road nodes that no candidate has, in the order of their numbers, and the costs of the own ones in
    turn. A station may have twice as many chargers, so that none is ruled out. A count below that of the own ones takes
    the first of these.

    :raises ValueError: a count below 1, or above what buses with load there are.
    :raises InstanceError: the instance has no road network, which tells where demand comes from.
    """
    own = instance.candidates
    taken = {candidate.bus for candidate in own}
    free = [bus.bus for bus in instance.buses if bus.load_kw > 0 and bus.bus not in taken]
    if not 1 <= count <= len(own) + len(free):
        raise ValueError(f"with_candidates needs a count from 1 to {len(own) + len(free)}, not {count}")
    if instance.road_network is None:
        raise InstanceError(f"{instance.name!r} has no road_network, whose nodes further candidates would take.")
    roads = load_instance(instance.road_network)
    if not isinstance(roads, RoadNetwork):
        raise InstanceError(f"road_network: {instance.road_network!r} is no road network.")
    more = max(0, count - len(own))
    buses = [free[k * len(free) // more] for k in range(more)]
    ends = sorted({link.to_node for link in roads.links} - {candidate.road_node for candidate in own})
    added = [
        model.model_copy(update={"bus": bus, "road_node": node, "chargers": None})
        for bus, node, model in zip(buses, cycle(ends), cycle(own))
    ]
    charging = instance.charging
    charging = charging.model_copy(
        update={
            "vehicles_per_day": charging.vehicles_per_day * count / len(own),
            "most_chargers": 2 * charging.most_chargers,
        }
    )
    return instance.model_copy(
        update={
            "candidates": (*own[:count], *added), "charging": charging, "name": f"{instance.name}_{count}_candidates"
        }
    )  # fmt: skip
