r"""How vehicles react to prices, without a solver for single-level models: an oracle for references and tests.

A vehicle pays the net price :math:`c_t = DP_t + \varepsilon_i (t - arrival_i)` per kWh. Its linear program is a
continuous knapsack: fill the slots of its window in the order of :math:`c_t`, at full power, until E is charged. Slots
whose net price is that of the last one filled are *tied*; how they share the rest costs the vehicle nothing and the
aggregator much. ``react`` breaks ties by a rule, ``optimistic`` and ``pessimistic`` by the aggregator's objective (see
:mod:`.ties`).

Vehicles of a station whose limit may bind share it in one linear program, which ``scipy`` solves twice: for its least
cost, then by the rule among what costs no more.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from scipy.optimize import linprog
from scipy.sparse import coo_array, vstack

from ...errors import InstanceError
from ...instances.demand_response import DemandResponseInstance, Station, Vehicle

TIE = 1e-6  # $/kWh: net prices that differ by no more are tied; solvers return prices with errors below
Ties = Literal["earliest", "latest", "random"]
Prices = Sequence[float] | np.ndarray


@dataclass(frozen=True)
class Face:
    """All optimal reactions of one vehicle that is alone: ``fixed`` power, and ``rest`` kWh to share in ``tied``."""

    position: int
    ev: Vehicle
    fixed: np.ndarray
    tied: tuple[int, ...]
    rest: float


def charging_at_arrival(instance: DemandResponseInstance) -> np.ndarray:
    """Power (kW, EV x slot) when everyone charges as early as the stations permit: uncontrolled charging.

    It has the least mean energy-weighted delay of all schedules.
    """
    power = np.zeros((len(instance.evs), instance.slots))
    for position, ev in _alone(instance):
        _fill(power[position], instance.window(ev), ev, ev.energy_kwh, instance.slot_hours)
    for station in instance.pooled_stations():
        _pool(instance, station, _mean_delay_costs(instance, station), None, power)
    return power


def react(instance: DemandResponseInstance, prices: Prices, ties: Ties = "earliest", seed: int = 0) -> np.ndarray:
    """Optimal power (kW, EV x slot) at prices DP ($/kWh by slot).

    :param instance: the data.
    :param prices: DP, one per slot.
    :param ties: which of the tied slots a vehicle fills first; at a station that may bind, the least ("earliest") or
        greatest mean delay, or random preferences.
    :param seed: of "random".
    """
    generator = np.random.default_rng(seed)
    power = np.zeros((len(instance.evs), instance.slots))
    for face in faces(instance, prices, pooled="skip"):
        power[face.position] = face.fixed
        order = sorted(face.tied, reverse=ties == "latest")
        if ties == "random":
            order = list(generator.permutation(face.tied))
        _fill(power[face.position], order, face.ev, face.rest, instance.slot_hours)
    for station in instance.pooled_stations():
        second = _mean_delay_costs(instance, station)
        if ties == "random":
            second = generator.uniform(size=second.shape)
        net = [net_price(instance, ev, prices, slot) * instance.slot_hours for _, ev, slot in _cells(instance, station)]
        _pool(instance, station, np.array(net), -second if ties == "latest" else second, power)
    return power


def net_price(instance: DemandResponseInstance, ev: Vehicle, price: Prices, slot: int) -> float:
    """What a kWh in a slot costs a vehicle: price and its own delay, $/kWh."""
    return float(price[slot]) + instance.delay_price(ev) * instance.delay_h(ev, slot)


def faces(
    instance: DemandResponseInstance, prices: Prices, tie: float = TIE, pooled: Literal["refuse", "skip"] = "refuse"
) -> Iterator[Face]:
    """Yield the optimal reactions of every vehicle that is alone; ``pooled`` says what to do with the others.

    :raises InstanceError: a station's limit may bind, so that its vehicles' optima are not independent.
    """
    if pooled == "refuse" and (stations := instance.pooled_stations()):
        names = ", ".join(station.id for station in stations)
        raise InstanceError(
            f"{instance.name}: stations: the limit of {names} may bind, and the best or worst reaction of its EVs has "
            "no closed form. Fix the prices on the model (model.DP.fix()) and solve it, or use react()."
        )
    dt = instance.slot_hours
    for position, ev in _alone(instance):
        net = {slot: net_price(instance, ev, prices, slot) for slot in instance.window(ev)}
        order = sorted(net, key=net.__getitem__)
        whole = ev.power_kw * dt
        last = net[order[min(int(ev.energy_kwh / whole - 1e-9), len(order) - 1)]]
        fixed = np.zeros(instance.slots)
        fixed[[slot for slot, price in net.items() if price < last - tie]] = ev.power_kw
        tied = tuple(slot for slot, price in net.items() if abs(price - last) <= tie)
        yield Face(position, ev, fixed, tied, ev.energy_kwh - float(fixed.sum()) * dt)


def _alone(instance: DemandResponseInstance) -> Iterator[tuple[int, Vehicle]]:
    pooled = {station.id for station in instance.pooled_stations()}
    return ((position, ev) for position, ev in enumerate(instance.evs) if ev.station not in pooled)


def _fill(power: np.ndarray, order: Sequence[int], ev: Vehicle, energy: float, dt: float) -> None:
    for slot in order:
        power[slot] = min(ev.power_kw, max(0.0, energy / dt))
        energy -= power[slot] * dt


def _cells(instance: DemandResponseInstance, station: Station) -> list[tuple[int, Vehicle, int]]:
    members = [(position, ev) for position, ev in enumerate(instance.evs) if ev.station == station.id]
    return [(position, ev, slot) for position, ev in members for slot in instance.window(ev)]


def _mean_delay_costs(instance: DemandResponseInstance, station: Station) -> np.ndarray:
    """Cost of a kW in each cell of a station such that the sum is the mean energy-weighted delay (times the fleet)."""
    dt = instance.slot_hours
    return np.array([instance.delay_h(ev, slot) * dt / ev.energy_kwh for _, ev, slot in _cells(instance, station)])


def _pool(
    instance: DemandResponseInstance, station: Station, cost: np.ndarray, second: np.ndarray | None, power: np.ndarray
) -> None:
    """Write a pooled station's schedule of least cost, and of least ``second`` among those that cost no more."""
    cells = _cells(instance, station)
    evs = list(dict.fromkeys(position for position, _, _ in cells))
    slots = list(dict.fromkeys(slot for _, _, slot in cells))
    needs = np.array([instance.evs[position].energy_kwh for position in evs])
    of_ev = [evs.index(position) for position, _, _ in cells]
    of_slot = [slots.index(slot) for _, _, slot in cells]
    columns = range(len(cells))
    energy = coo_array((np.full(len(cells), instance.slot_hours), (of_ev, columns)))
    limit = coo_array((np.ones(len(cells)), (of_slot, columns)))
    rows, limits = limit, np.full(len(slots), station.limit_kw)
    equal = {"A_eq": energy, "b_eq": needs, "bounds": [(0.0, ev.power_kw) for _, ev, _ in cells], "method": "highs"}
    best = linprog(cost, A_ub=rows, b_ub=limits, **equal)
    if second is not None:
        rows, limits = vstack([limit, cost[None, :]]), np.append(limits, best.fun + TIE * needs.sum())
        best = linprog(second, A_ub=rows, b_ub=limits, **equal)
    power[[position for position, _, _ in cells], [slot for _, _, slot in cells]] = best.x
