"""Electric-bus charging with tariff setting (Rizopoulos, Gkiotsalitis, Antoniou 2026), both levels in PAO.

**Leader**, the fleet operator, opens charging sites x_j and chooses one charging event u_i = u[bus, site,
start slot] for every bus. With d_f = sum_i D_if u_i (kWh in slot f) and the authority's tariffs TOU_f
($/kWh),

    min  O1 = ds (sum_i h_i u_i + sum_f TOU_f d_f) + sum_j cost_j x_j                    ($ over ds days)
    s.t. sum_{i of bus k} u_i = 1                        one event a day                                (5)
         sum_{i of bus k at site j} u_i <= x_j           only at open sites                             (3)
         sum_{i in block s of site j} u_i <= x_j         one bus in a block; 1 on the poster     (8), (9)
         x_j <= sum_{i at site j} u_i                    no idle site                                   (4)

**Follower**, the energy authority, sees d and sets the tariffs in one of two equivalent forms. Slots that no
event can use have d_f = 0, hence TOU_f = TOUbar_f, and are left out.

``tariffs="poster"``, rows (34)-(37) with kappa in ($/kWh) per kWh, which makes (37) dimensionally sound:

    max  O2 = sum_f RPP_f TOU_f d_f - PCP sum_f PC_f
    s.t. sum_f TOU_f d_f >= EARev_min
         PC_f >= TOU_f - TOUbar_f ;  PC_f >= TOUbar_f - TOU_f ;  PC_f <= kappa d_f

``tariffs="surcharge"``: no optimal tariff is below TOUbar_f, so delta_f = TOU_f - TOUbar_f >= 0 suffices:

    max  O2 = sum_f RPP_f (TOUbar_f + delta_f) d_f - PCP sum_f delta_f
    s.t. sum_f (TOUbar_f + delta_f) d_f >= EARev_min ;  0 <= delta_f <= kappa d_f

d_f is an Expression, so that every product of the two levels is binary times continuous and can be linearised
exactly. What is known and need not be guessed is stated with ``state_bound``: the absolute multiplier of each row, and
of each finite bound of a variable, is at most what is proven in :mod:`.authority`; and the range in which the
follower's own rows keep each variable. What optimal surcharges have in common is offered as ``ValidInequalities`` by
:mod:`.cuts`.
"""

from collections import defaultdict
from collections.abc import Callable, Sequence
from typing import Any, Literal

import pyomo.environ as pyo

from ...instances.base import Instance
from ...instances.electric_bus import ElectricBusInstance
from ...levels.pao_adapter import SubModel
from ...levels.state_bound import state_bound
from .authority import AuthorityBounds, authority_bounds
from .cuts import offer_thresholds
from .events import ChargingEvent, EventKey, charging_events

OPEN = 0.5  # a binary above this counts as 1, whatever the solver's integrality tolerance


def build(instance: Instance, tariffs: Literal["surcharge", "poster"] = "surcharge") -> pyo.ConcreteModel:
    """Bilevel model of an electric-bus instance; the follower is ``model.authority``.

    :param instance: an ``ElectricBusInstance``, as ``load_instance("limassol")`` returns.
    :param tariffs: the follower's form; both have the same optimal tariffs and O2.
    :raises InstanceError: the instance belongs to another problem.
    :raises ValueError: unknown ``tariffs``.
    """
    instance = ElectricBusInstance.expect(instance, "limassol")
    if tariffs not in _FORMS:
        raise ValueError(f"tariffs: {tariffs!r} is unknown; choose one of {', '.join(map(repr, _FORMS))}.")
    events = charging_events(instance)
    bounds = authority_bounds(instance, events)
    model = pyo.ConcreteModel(name=instance.name)
    _declare_data(model, instance, events, bounds)
    _declare_decisions(model, events)
    model.authority = SubModel(fixed=[model.u, model.x])
    _FORMS[tariffs](model, instance, bounds)
    _declare_operator_cost(model, instance, events)
    offer_thresholds(model, instance, bounds)
    return model


def _declare_data(
    model: pyo.ConcreteModel,
    instance: ElectricBusInstance,
    events: Sequence[ChargingEvent],
    bounds: AuthorityBounds,
) -> None:
    slots = range(instance.slots)
    model.BUSES = pyo.Set(initialize=[bus.id for bus in instance.buses])
    model.SITES = pyo.Set(initialize=[site.id for site in instance.sites])
    model.EVENTS = pyo.Set(dimen=3, initialize=[event.key for event in events])
    model.SLOTS = pyo.Set(initialize=slots)
    model.USED = pyo.Set(within=model.SLOTS, initialize=list(bounds.load), doc="slots that some event can use")
    model.slot_minute = pyo.Param(model.SLOTS, initialize={f: instance.slot_minute(f) for f in slots})
    model.base_tariff = pyo.Param(model.SLOTS, initialize=dict(enumerate(instance.base_tariff_usd_per_kwh)))
    model.renewable_share = pyo.Param(model.SLOTS, initialize=dict(enumerate(instance.renewable_share)))


def _declare_decisions(model: pyo.ConcreteModel, events: Sequence[ChargingEvent]) -> None:
    of_bus: dict[str, list[EventKey]] = defaultdict(list)
    at_site: dict[str, list[EventKey]] = defaultdict(list)
    of_bus_at_site: dict[tuple[str, str], list[EventKey]] = defaultdict(list)
    in_block: dict[tuple[str, int], list[EventKey]] = defaultdict(list)
    load: dict[int, list[tuple[float, EventKey]]] = defaultdict(list)
    for event in events:
        of_bus[event.bus].append(event.key)
        at_site[event.site].append(event.key)
        of_bus_at_site[event.bus, event.site].append(event.key)
        in_block[event.site, event.start].append(event.key)
        for slot, energy in event.energy_kwh:
            load[slot].append((energy, event.key))
    model.u = pyo.Var(model.EVENTS, within=pyo.Binary)
    model.x = pyo.Var(model.SITES, within=pyo.Binary)

    def chosen(keys: Sequence[EventKey]) -> Any:
        return pyo.quicksum(model.u[key] for key in keys)

    model.d = pyo.Expression(model.USED, rule=lambda m, f: pyo.quicksum(energy * m.u[key] for energy, key in load[f]))
    model.one_event = pyo.Constraint(model.BUSES, rule=lambda m, bus: chosen(of_bus[bus]) == 1)
    model.open_site = pyo.Constraint(
        list(of_bus_at_site), rule=lambda m, bus, site: chosen(of_bus_at_site[bus, site]) <= m.x[site]
    )
    model.one_bus = pyo.Constraint(
        list(in_block), rule=lambda m, site, start: chosen(in_block[site, start]) <= m.x[site]
    )
    model.no_idle_site = pyo.Constraint(model.SITES, rule=lambda m, site: m.x[site] <= chosen(at_site[site]))


def _declare_surcharges(model: pyo.ConcreteModel, instance: ElectricBusInstance, bounds: AuthorityBounds) -> None:
    authority, kappa = model.authority, instance.deviation_cap_usd_per_kwh_per_kwh
    authority.delta = pyo.Var(model.USED, within=pyo.NonNegativeReals, initialize=0)
    authority.TOU = pyo.Expression(model.USED, rule=lambda _, f: model.base_tariff[f] + authority.delta[f])
    _declare_revenue(model, instance, bounds, authority.delta)
    authority.cap = pyo.Constraint(model.USED, rule=lambda _, f: authority.delta[f] <= kappa * model.d[f])
    for f in model.USED:
        most = bounds.load[f]
        _state_price(authority.cap[f], bounds.cap[f], f"((RPP + M) dmax - PCP)+, dmax = {most:g} kWh")
        _state_price(authority.delta[f], bounds.zero, "(PCP - (RPP + mu) d)+ <= PCP")
        state_bound(authority.delta[f], 0.0, kappa * most, f"kappa dmax, dmax = {most:g} kWh")


def _declare_tariffs(model: pyo.ConcreteModel, instance: ElectricBusInstance, bounds: AuthorityBounds) -> None:
    authority, base, kappa = model.authority, model.base_tariff, instance.deviation_cap_usd_per_kwh_per_kwh
    authority.TOU = pyo.Var(model.USED, initialize=lambda _, f: base[f])
    authority.PC = pyo.Var(model.USED, initialize=0)
    TOU, PC = authority.TOU, authority.PC
    _declare_revenue(model, instance, bounds, PC)
    authority.rise = pyo.Constraint(model.USED, rule=lambda _, f: PC[f] >= TOU[f] - base[f])
    authority.fall = pyo.Constraint(model.USED, rule=lambda _, f: PC[f] >= base[f] - TOU[f])
    authority.cap = pyo.Constraint(model.USED, rule=lambda _, f: PC[f] <= kappa * model.d[f])
    for f in model.USED:
        most = bounds.load[f]
        widest = kappa * most
        _state_price(authority.rise[f], bounds.rise[f], "max(PCP, (RPP + M) dmax)")
        _state_price(authority.fall[f], bounds.fall, "(PCP - (RPP + mu) d)+ / 2 <= PCP / 2")
        _state_price(authority.cap[f], bounds.cap[f], f"((RPP + M) dmax - PCP)+, dmax = {most:g} kWh")
        state_bound(PC[f], 0.0, widest, f"rise + fall, cap with dmax = {most:g} kWh")
        state_bound(TOU[f], base[f] - widest, base[f] + widest, "|TOU - TOUbar| <= PC <= kappa dmax")


def _declare_revenue(
    model: pyo.ConcreteModel, instance: ElectricBusInstance, bounds: AuthorityBounds, deviation: pyo.Var
) -> None:
    """Objective O2 and row (34), the same in both forms: ``deviation`` is delta or PC."""
    authority = model.authority
    authority.revenue = pyo.Expression(model.USED, rule=lambda _, f: authority.TOU[f] * model.d[f])
    renewable_revenue = pyo.quicksum(model.renewable_share[f] * authority.revenue[f] for f in model.USED)
    deviation_cost = instance.deviation_price_kwh * pyo.quicksum(deviation[f] for f in model.USED)
    authority.O2 = pyo.Objective(expr=renewable_revenue - deviation_cost, sense=pyo.maximize)
    revenue = pyo.quicksum(authority.revenue[f] for f in model.USED)
    authority.floor = pyo.Constraint(expr=revenue >= instance.revenue_floor_usd_per_day)
    _state_price(authority.floor, bounds.floor, bounds.floor_reason)


def _state_price(row_or_variable: Any, most: float, reason: str) -> None:
    state_bound(row_or_variable, -most, most, reason, price=True)


def _declare_operator_cost(
    model: pyo.ConcreteModel, instance: ElectricBusInstance, events: Sequence[ChargingEvent]
) -> None:
    deadhead = pyo.quicksum(event.deadhead_usd * model.u[event.key] for event in events)
    charging = pyo.quicksum(model.authority.revenue[f] for f in model.USED)
    investment = pyo.quicksum(site.cost_usd * model.x[site.id] for site in instance.sites)
    model.deadhead_usd_per_day = pyo.Expression(expr=deadhead)
    model.charging_usd_per_day = pyo.Expression(expr=charging)
    model.investment_usd = pyo.Expression(expr=investment)
    daily = model.deadhead_usd_per_day + model.charging_usd_per_day
    model.O1 = pyo.Objective(expr=instance.service_days * daily + model.investment_usd)


_FORMS: dict[str, Callable[[pyo.ConcreteModel, ElectricBusInstance, AuthorityBounds], None]] = {
    "surcharge": _declare_surcharges,
    "poster": _declare_tariffs,
}


def summary(model: pyo.ConcreteModel) -> dict[str, Any]:
    """The reported figures, from the values on a model of :func:`build`.

    Keys: O1 ($), O2, renewable_kwh_per_day = sum_f RPP_f d_f, charging_usd_per_day = sum_f TOU_f d_f,
    open_sites, assignment (bus -> site, start_slot, start_minute), and by slot of the whole day
    tariff_usd_per_kwh and load_kwh.
    """
    load = {f: pyo.value(model.d[f]) for f in model.USED}
    tariff = {f: pyo.value(model.authority.TOU[f]) for f in model.USED}
    chosen = [key for key in model.EVENTS if pyo.value(model.u[key]) > OPEN]
    return {
        "O1": pyo.value(model.O1),
        "O2": pyo.value(model.authority.O2),
        "renewable_kwh_per_day": sum(model.renewable_share[f] * energy for f, energy in load.items()),
        "charging_usd_per_day": pyo.value(model.charging_usd_per_day),
        "open_sites": [site for site in model.SITES if pyo.value(model.x[site]) > OPEN],
        "assignment": {
            bus: {"site": site, "start_slot": start, "start_minute": model.slot_minute[start]}
            for bus, site, start in chosen
        },
        "tariff_usd_per_kwh": [tariff.get(f, model.base_tariff[f]) for f in model.SLOTS],
        "load_kwh": [load.get(f, 0.0) for f in model.SLOTS],
    }
