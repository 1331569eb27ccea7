"""Greedy assignment of station location: every node's EVs to the nearest open station with room left.

What the text's third method, simulated annealing with Dijkstra, uses in place of the users' optimum: demand nodes in
their order, stations by road distance alone. It ignores prices and that users compete for room, so that it only
estimates the operator's cost.
"""

from collections.abc import Callable, Mapping

from ...instances.station_location import StationLocationInstance


def greedy_loads(instance: StationLocationInstance, chargers: Mapping[str, float]) -> tuple[dict[str, float], float]:
    """Return the load of each site, EV/day, and the EVs that find no room.

    :param instance: the roads and the demand.
    :param chargers: by site.
    """
    room = {site.id: instance.vehicles_per_charger * chargers[site.id] for site in instance.sites}
    load = dict.fromkeys(room, 0.0)
    unserved = 0.0
    for demand in instance.demands:
        left = demand.vehicles_per_day
        reached = [(instance.trips_km[demand.id, i], i) for i in room if (demand.id, i) in instance.trips_km]
        for _, i in sorted(reached):
            taken = min(left, room[i] - load[i])
            load[i] += taken
            left -= taken
        unserved += left
    return load, unserved


def greedy_estimate(instance: StationLocationInstance) -> Callable[[Mapping[str, float]], float]:
    """Return a function: decision (``R[site]`` -> chargers, as heuristics name it) -> estimated cost, M."""

    def estimate(decision: Mapping[str, float]) -> float:
        chargers = {site.id: decision[f"R[{site.id}]"] for site in instance.sites}
        load, unserved = greedy_loads(instance, chargers)
        cost = instance.unmet_cost * unserved
        for site in instance.sites:
            if chargers[site.id] > 0:
                excess = instance.kw_per_vehicle * load[site.id] - site.spare_kw
                cost += instance.station_cost() + instance.charger_cost(site) * chargers[site.id]
                cost += site.expansion_per_kw * max(0.0, excess)
        return cost

    return estimate
