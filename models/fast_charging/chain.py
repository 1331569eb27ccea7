r"""From traffic to stations: arrivals, chargers and power of every candidate of the fast-charging problem.

Flows of the roads that end at a candidate's node share out the day's charging demand D; arrivals follow the trips:

.. math:: \lambda_{kt} = D \, \frac{f_k}{\sum_k f_k} \, \frac{w_t}{\sum_t w_t}, \qquad
          P_{kt} = \rho_{kt} z_k P^{FCS} = \frac{\lambda_{kt}}{\mu} P^{FCS}

with :math:`\lambda_{kt}` per hour. The number of chargers :math:`z_k` is the smallest, from Z_min to Z_max, whose mean
wait in an M/M/s queue is short enough at the rush hour. Equations (1) to (4) of Alizadeh and Godarzi Amlashi 2025.
"""

from dataclasses import dataclass
from functools import lru_cache

from ...errors import InstanceError
from ...instances.fast_charging import Candidate, FastChargingInstance
from ...instances.loader import load_instance
from ...instances.road_network import RoadNetwork
from ..queueing import mean_wait, servers_needed
from ..traffic.assignment import AssignmentObjective, assign

MINUTES_PER_HOUR = 60


@dataclass(frozen=True)
class Station:
    """A candidate, sized. ``obstacle`` says why it cannot be built: the wait is too long with all chargers."""

    bus: int
    inflow_vehicles: float | None
    arrivals_per_hour: tuple[float, ...]
    load_kw: tuple[float, ...]
    energy_kwh_per_day: float
    queue_chargers: int
    """What the queue asks for."""
    chargers: int
    """What is built: the instance's number, where it gives one."""
    rush_hour_wait_minutes: float
    investment_usd: float
    obstacle: str | None = None


def size_stations(instance: FastChargingInstance) -> dict[int, Station]:
    """Return bus -> station for every candidate, through traffic assignment and queue.

    :raises InstanceError: the road network does not fit (unknown name, unknown node, no route).
    """
    inflows = _inflows(instance)
    total = sum(inflows.values())
    per_day: dict[int, float] = {}
    for candidate in instance.candidates:
        if candidate.energy_kwh_per_day is not None:
            per_day[candidate.bus] = candidate.energy_kwh_per_day / _energy_per_vehicle(instance)
        else:
            per_day[candidate.bus] = instance.charging.vehicles_per_day * inflows[candidate.bus] / total
    return {c.bus: _size(instance, c, per_day[c.bus], inflows.get(c.bus)) for c in instance.candidates}


def _energy_per_vehicle(instance: FastChargingInstance) -> float:
    return instance.charging.charger_kw / instance.charging.service_rate_per_hour


def _inflows(instance: FastChargingInstance) -> dict[int, float]:
    """Return bus -> vehicles that arrive at its road node; empty where the instance gives energies."""
    if instance.road_network is None:
        given = ((c.bus, c.inflow_vehicles) for c in instance.candidates)
        return {bus: inflow for bus, inflow in given if inflow is not None}
    roads = load_instance(instance.road_network)
    if not isinstance(roads, RoadNetwork):
        raise InstanceError(
            f"road_network: {instance.road_network!r} is an instance of {roads.problem!r}. Name a road network."
        )
    inflow = _arriving(roads, instance.road_assignment or "system_optimum")
    found: dict[int, float] = {}
    for k, candidate in enumerate(instance.candidates):
        vehicles = inflow.get(candidate.road_node or 0, 0.0)
        if not vehicles > 0:
            raise InstanceError(
                f"candidates[{k}].road_node: no traffic of {instance.road_network!r} arrives at node "
                f"{candidate.road_node}. Choose a node that some link with flow ends at."
            )
        found[candidate.bus] = float(vehicles)
    return found


@lru_cache(maxsize=8)
def _arriving(roads: RoadNetwork, objective: AssignmentObjective) -> dict[int, float]:
    """Return node -> flow that ends there; kept, as models of one instance differ in price or scenarios only."""
    return assign(roads, objective).inflows


def _size(instance: FastChargingInstance, candidate: Candidate, per_day: float, inflow: float | None) -> Station:
    charging, hours = instance.charging, instance.slot_hours
    weights = charging.trip_weight
    arrivals = tuple(per_day * weight / sum(weights) / hours for weight in weights)
    rush = max(arrivals)
    wait = charging.longest_wait_minutes / MINUTES_PER_HOUR
    needed, obstacle = charging.most_chargers, None
    try:
        needed = servers_needed(
            rush,
            charging.service_rate_per_hour,
            wait,
            charging.least_chargers,
            charging.most_chargers,
            station=f"station at bus {candidate.bus}",
        )
    except InstanceError as error:
        obstacle = str(error)
    chargers = candidate.chargers or needed
    per_charger = charging.charger_cost_usd + candidate.land_cost_usd_per_charger
    load = tuple(_energy_per_vehicle(instance) * rate for rate in arrivals)
    return Station(
        bus=candidate.bus,
        inflow_vehicles=inflow,
        arrivals_per_hour=arrivals,
        load_kw=load,
        energy_kwh_per_day=hours * sum(load),
        queue_chargers=needed,
        chargers=chargers,
        rush_hour_wait_minutes=MINUTES_PER_HOUR * mean_wait(rush, charging.service_rate_per_hour, chargers),
        investment_usd=chargers * per_charger + candidate.site_cost_usd,
        obstacle=obstacle,
    )
