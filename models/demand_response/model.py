r"""Demand response: an aggregator sets prices, electric vehicles charge where they cost least; both levels in PAO.

After Priolkar and Kunkolienkar, *Optimal Planning of EV Charging Stations Using Bilevel Optimization Model*. As
printed, the users' cost (10) has the base price BP, so that the aggregator's price DP would move nobody; here they pay
DP.

**Leader**, the aggregator, sets DP_t ($/kWh) for slots t of length dt, with base price BP and L_t = base load +
sum_i P_it:

    max  alpha_1 F1 / n1 - alpha_2 F2 / n2 - alpha_3 F3 / n3                                       (9)
         F1 = sum_it (DP_t - BP_t) P_it dt                           revenue, $/day                (6)
         F2 = mean over t of (L_t - mean L)^2                        variance, kW^2                (7)
         F3 = mean energy-weighted delay less its least value        wait, h                       (8)
    s.t. factor_min BP_t <= DP_t <= factor_max BP_t                                                (14)
         sum_t DP_t <= kappa sum_t BP_t         cap on the price level: the energy is needed anyway
         sum_{i at k} P_it <= C_k               where the limit of station k cannot bind           (13)

n1, n2, n3 come from two references, see :mod:`.references`; mean L does not depend on the prices.

**Followers**: the users of each vehicle i pay what they charge, and eps_i for every kWh and hour of delay,

    min  sum_t (DP_t + eps_i (t - arrival_i)) P_it dt                                              (12)
    s.t. sum_t P_it dt = E_i                                                                       (17)
         0 <= P_it <= p_i in [arrival_i, departure_i), P_it = 0 outside                       (18), (19)

with (18) the right way round. Vehicles are one follower each, ``model.vehicle[id].charging``. Where all vehicles of a
station together could exceed its limit they share it: they are one follower, ``model.pool[station].charging``, with the
limit (13) among its rows.

F1 is bilinear, and by each follower's strong duality linear in its multipliers. These have proven bounds, computed
from the bounds of DP by :mod:`.bounds` and stated with ``state_bound``: after changing the bounds of DP call
:func:`state_bounds`, which is ``model.restate_bounds`` too. P and L start at the reaction to the base price.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pyomo.environ as pyo

from ...instances.base import Instance
from ...instances.demand_response import DemandResponseInstance, Station, Vehicle
from ...levels.pao_adapter import SubModel
from ...levels.state_bound import state_bound
from .bounds import congestion_bound, multiplier_bounds
from .cuts import offer_order
from .reaction import react
from .references import Normalisers, describe, normalisers


def build(instance: Instance) -> pyo.ConcreteModel:
    """Bilevel model of a demand-response instance.

    :param instance: a ``DemandResponseInstance``, as ``load_instance("ev8")`` returns.
    :raises InstanceError: the instance belongs to another problem.
    """
    instance = DemandResponseInstance.expect(instance, "ev8")
    model = pyo.ConcreteModel(name=instance.name)
    model.instance, model.restate_bounds = instance, state_bounds
    _declare_decisions(model, instance)
    _declare_followers(model, instance)
    state_bounds(model)
    _declare_loads(model, instance)
    _declare_objective(model, instance, normalisers(instance))
    offer_order(model, instance)
    return model


def _declare_decisions(model: pyo.ConcreteModel, instance: DemandResponseInstance) -> None:
    base = instance.base_price_usd_per_kwh
    low, high = instance.price_factor_min, instance.price_factor_max
    model.SLOTS = pyo.Set(initialize=range(instance.slots))
    model.STATIONS = pyo.Set(initialize=[station.id for station in instance.stations])
    model.EVS = pyo.Set(initialize=[ev.id for ev in instance.evs])
    model.CHARGING = pyo.Set(dimen=2, initialize=[(ev.id, slot) for ev in instance.evs for slot in instance.window(ev)])
    model.slot_hour = pyo.Param(model.SLOTS, initialize=lambda _, t: instance.slot_hour(t), doc="start, h")
    model.DP = pyo.Var(
        model.SLOTS, bounds=lambda _, t: (low * base[t], high * base[t]), initialize=dict(enumerate(base)), doc="$/kWh"
    )
    most = {ev.id: ev.power_kw for ev in instance.evs}
    start = dict(zip(most, react(instance, base), strict=True))
    model.P = pyo.Var(
        model.CHARGING,
        bounds=lambda _, i, t: (0, most[i]),
        initialize=lambda _, i, t: min(max(start[i][t], 0.0), most[i]),
        doc="kW, of the followers; starts at the reaction to the base price",
    )
    level = instance.price_level_cap * sum(base)
    model.price_level = pyo.Constraint(expr=pyo.quicksum(model.DP[t] for t in model.SLOTS) <= level)


def _declare_followers(model: pyo.ConcreteModel, instance: DemandResponseInstance) -> None:
    pooled = instance.pooled_stations()
    shared = {station.id for station in pooled}
    model.vehicle = pyo.Block([ev.id for ev in instance.evs if ev.station not in shared])
    model.pool = pyo.Block([station.id for station in pooled])
    for ev in instance.evs:
        if ev.station not in shared:
            _declare_charging(model, instance, model.vehicle[ev.id], (ev,))
    for station in pooled:
        charging = _declare_charging(model, instance, model.pool[station.id], instance.at_station(station))
        charging.limit = pyo.Constraint(
            instance.binding_slots(station), rule=lambda _, t, s=station: _power_at(model, instance, s, t) <= s.limit_kw
        )
    limited = [(s, t) for s in instance.stations for t in model.SLOTS if s.id not in shared]
    used = {(s.id, t): power for s, t in limited if not isinstance(power := _power_at(model, instance, s, t), float)}
    limits = {station.id: station.limit_kw for station in instance.stations}
    model.station_limit = pyo.Constraint(list(used), rule=lambda _, s, t: used[s, t] <= limits[s])


def _declare_charging(
    model: pyo.ConcreteModel, instance: DemandResponseInstance, parent: Any, evs: Sequence[Vehicle]
) -> Any:
    """Declare the follower of one vehicle, or of those that share a station."""
    dt = instance.slot_hours
    charging = parent.charging = SubModel(fixed=[model.DP])
    charging.cost = pyo.Objective(
        expr=pyo.quicksum(
            (model.DP[t] + instance.delay_price(ev) * instance.delay_h(ev, t)) * model.P[ev.id, t] * dt
            for ev in evs
            for t in instance.window(ev)
        )
    )
    of_ev = {ev.id: ev for ev in evs}
    charging.energy = pyo.Constraint(
        list(of_ev),
        rule=lambda _, i: pyo.quicksum(model.P[i, t] * dt for t in instance.window(of_ev[i])) == of_ev[i].energy_kwh,
    )
    return charging


def _power_at(model: pyo.ConcreteModel, instance: DemandResponseInstance, station: Station, slot: int) -> Any:
    powers = [model.P[ev.id, slot] for ev in instance.at_station(station) if slot in instance.window(ev)]
    return pyo.quicksum(powers) if powers else 0.0


def state_bounds(model: pyo.ConcreteModel) -> None:
    """State the followers' multiplier bounds for the present bounds of DP."""
    instance: DemandResponseInstance = model.instance
    box = [model.DP[t].bounds for t in model.SLOTS]
    for ev in instance.evs:
        if ev.id in model.vehicle:
            _state_vehicle(model, model.vehicle[ev.id].charging, ev, box, {})
    for station in instance.pooled_stations():
        charging, evs = model.pool[station.id].charging, instance.at_station(station)
        congestion = congestion_bound(instance, evs, box)
        surcharge = dict.fromkeys(instance.binding_slots(station), congestion)
        for row in charging.limit.values():
            reason = "no vehicle moves twice in a chain of gainful moves"
            state_bound(row, -congestion * instance.slot_hours, 0.0, reason)
        for ev in evs:
            _state_vehicle(model, charging, ev, box, surcharge)


def _state_vehicle(
    model: pyo.ConcreteModel,
    charging: Any,
    ev: Vehicle,
    box: Sequence[tuple[float, float]],
    surcharge: dict[int, float],
) -> None:
    bounds = multiplier_bounds(model.instance, ev, box, surcharge)
    statistic = f"order statistic {bounds.rank} of the net prices of {ev.id}"
    state_bound(charging.energy[ev.id], *bounds.energy, statistic)
    for t in bounds.idle:
        reason = f"net price less {statistic}"
        state_bound(model.P[ev.id, t], -bounds.full[t], bounds.idle[t], reason, price=True, follower=charging)


def _declare_loads(model: pyo.ConcreteModel, instance: DemandResponseInstance) -> None:
    """Give the load of each slot a variable of its own: its square is then separable."""
    charging: dict[int, list[Any]] = {t: [] for t in model.SLOTS}
    most = dict(enumerate(instance.base_load_kw))
    of_ev = {ev.id: ev for ev in instance.evs}
    for i, t in model.CHARGING:
        charging[t].append(model.P[i, t])
        most[t] += of_ev[i].power_kw
    base = instance.base_load_kw
    used = [t for t in model.SLOTS if charging[t]]
    model.L = pyo.Var(
        used,
        bounds=lambda _, t: (base[t], most[t]),
        initialize=lambda _, t: base[t] + sum(power.value for power in charging[t]),
        doc="kW, where somebody may charge",
    )
    model.load_balance = pyo.Constraint(used, rule=lambda m, t: m.L[t] == base[t] + pyo.quicksum(charging[t]))


def _declare_objective(model: pyo.ConcreteModel, instance: DemandResponseInstance, norms: Normalisers) -> None:
    dt, weights, base = instance.slot_hours, instance.weights, instance.base_price_usd_per_kwh
    needed = sum(ev.energy_kwh for ev in instance.evs)
    mean = (sum(instance.base_load_kw) + needed / dt) / instance.slots
    idle = sum((instance.base_load_kw[t] - mean) ** 2 for t in model.SLOTS if t not in model.L)
    of_ev = {ev.id: ev for ev in instance.evs}
    share = {ev.id: dt / (ev.energy_kwh * len(instance.evs)) for ev in instance.evs}
    model.F1 = pyo.Expression(
        expr=pyo.quicksum((model.DP[t] - base[t]) * model.P[i, t] * dt for i, t in model.CHARGING)
    )
    squares = pyo.quicksum((load - mean) ** 2 for load in model.L.values())
    model.F2 = pyo.Expression(expr=(squares + idle) / instance.slots)
    wait = pyo.quicksum(share[i] * instance.delay_h(of_ev[i], t) * model.P[i, t] for i, t in model.CHARGING)
    model.F3 = pyo.Expression(expr=wait - norms.least_wait_h)
    model.composite = pyo.Objective(
        expr=weights.revenue / norms.revenue_usd * model.F1
        - weights.variance / norms.variance_kw2 * model.F2
        - weights.wait / norms.wait_h * model.F3,
        sense=pyo.maximize,
    )


def prices_of(model: pyo.ConcreteModel) -> np.ndarray:
    """Values of DP by slot, $/kWh."""
    return np.array([pyo.value(model.DP[t]) for t in model.SLOTS])


def power_of(model: pyo.ConcreteModel) -> np.ndarray:
    """Values of P, kW, vehicle x slot."""
    position = {i: k for k, i in enumerate(model.EVS)}
    power = np.zeros((len(position), len(model.SLOTS)))
    for i, t in model.CHARGING:
        power[position[i], t] = pyo.value(model.P[i, t])
    return power


def summary(model: pyo.ConcreteModel) -> dict[str, Any]:
    """The reported figures, from the values on a model of :func:`build`: see :func:`describe` for the keys."""
    return describe(model.instance, prices_of(model), power_of(model))
