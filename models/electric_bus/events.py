"""Charging events of the electric-bus problem: who, where, when, and how much energy in which slot.

An event i = (bus k, site j, first slot s) exists if the site is within reach, the block holds the energy
PEC_kj = need + consumption * 2 * road distance, and tau_k + t_kj <= start of s <= p_k + t_kj. Its energy goes
into consecutive slots at full power, the remainder in the last, so that D_if (kWh in slot f) is data.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass

import numpy as np
from scipy.optimize import linear_sum_assignment

from ...instances.electric_bus import Bus, ElectricBusInstance, Site

ENERGY_DECIMALS = 2
COST_DECIMALS = 4

EventKey = tuple[str, str, int]


@dataclass(frozen=True)
class ChargingEvent:
    """One way to charge one bus: its site, the first slot of its block, and what that implies.

    :ivar bus: id of the bus.
    :ivar site: id of the site.
    :ivar start: first slot of the block.
    :ivar deadhead_usd: h_i, cost of driving to the site and back, $/day.
    :ivar energy_kwh: D_if, (slot, kWh) pairs with kWh > 0.
    """

    bus: str
    site: str
    start: int
    deadhead_usd: float
    energy_kwh: tuple[tuple[int, float], ...]

    @property
    def key(self) -> EventKey:
        """Index of the event in the model."""
        return self.bus, self.site, self.start


def charging_events(instance: ElectricBusInstance) -> tuple[ChargingEvent, ...]:
    """All events, in the order of buses, sites and start slots; costs to 0.0001 $, remainders to 0.01 kWh."""
    return tuple(
        ChargingEvent(bus.id, site.id, start, _deadhead_usd(instance, bus, site), _spread(instance, bus, site, start))
        for bus in instance.buses
        for site in instance.sites
        for start in instance.start_slots(bus, site)
    )


def _deadhead_usd(instance: ElectricBusInstance, bus: Bus, site: Site) -> float:
    return round(instance.deadhead_usd_per_km * 2 * instance.road_km(bus, site), COST_DECIMALS)


def _spread(instance: ElectricBusInstance, bus: Bus, site: Site, start: int) -> tuple[tuple[int, float], ...]:
    full_power = instance.slot_energy_kwh(site)
    full_slots, remainder = divmod(instance.charge_kwh(bus, site), full_power)
    energies = [full_power] * int(full_slots)
    if not energies or remainder >= instance.least_charge_kwh:
        energies.append(round(remainder, ENERGY_DECIMALS))
    return tuple((start + offset, energy) for offset, energy in enumerate(energies) if energy > 0)


def least_loads(events: Iterable[ChargingEvent]) -> dict[int, float]:
    """Smallest positive D_if of every slot that some event can use, kWh, by slot in order.

    Any positive load d_f = sum_i D_if u_i with binary u is at least that.
    """
    least: dict[int, float] = {}
    for event in events:
        for slot, energy in event.energy_kwh:
            least[slot] = min(energy, least.get(slot, energy))
    return dict(sorted(least.items()))


def greatest_loads(events: Iterable[ChargingEvent]) -> dict[int, float]:
    """Largest d_f that the leader can cause in every usable slot, kWh, by slot in order.

    In one slot a bus has at most one event, and a site, whose blocks are exclusive, serves at most one bus:
    a maximum-weight matching of buses and sites with weights max_i D_if bounds d_f.
    """
    weights: dict[int, dict[tuple[str, str], float]] = defaultdict(dict)
    for event in events:
        for slot, energy in event.energy_kwh:
            pair = event.bus, event.site
            weights[slot][pair] = max(energy, weights[slot].get(pair, 0.0))
    return {slot: _greatest_matching(weights[slot]) for slot in sorted(weights)}


def _greatest_matching(weight: dict[tuple[str, str], float]) -> float:
    buses = {bus: row for row, bus in enumerate(sorted({bus for bus, _ in weight}))}
    sites = {site: column for column, site in enumerate(sorted({site for _, site in weight}))}
    matrix = np.zeros((len(buses), len(sites)))
    for (bus, site), energy in weight.items():
        matrix[buses[bus], sites[site]] = energy
    return float(matrix[linear_sum_assignment(matrix, maximize=True)].sum())


def base_bill(instance: ElectricBusInstance, event: ChargingEvent) -> float:
    """Energy bill of an event at base tariffs, $/day."""
    return sum(instance.base_tariff_usd_per_kwh[slot] * energy for slot, energy in event.energy_kwh)


def cheapest_timetable(
    events: Iterable[ChargingEvent], cost: Callable[[ChargingEvent], float]
) -> tuple[ChargingEvent, ...] | None:
    """One event for every bus, one bus in a block, of least total cost; None if the blocks do not suffice.

    Sites cost nothing here, so that the total is a lower bound for every decision of the leader.
    """
    by_place: dict[tuple[int, int], ChargingEvent] = {}
    rows: dict[str, int] = {}
    columns: dict[tuple[str, int], int] = {}
    for event in events:
        row = rows.setdefault(event.bus, len(rows))
        by_place[row, columns.setdefault((event.site, event.start), len(columns))] = event
    if len(columns) < len(rows):
        return None
    matrix = np.full((len(rows), len(columns)), np.inf)
    for place, event in by_place.items():
        matrix[place] = cost(event)
    try:
        chosen = linear_sum_assignment(matrix)
    except ValueError:  # "cost matrix is infeasible": no complete matching
        return None
    return tuple(by_place[row, column] for row, column in zip(*map(np.ndarray.tolist, chosen), strict=True))
