"""Station location and capacity with user choice, both levels in PAO.

**Leader**, the operator, installs R_i = 0..Rmax chargers at site i; z_i says whether there is a station. With the EVs
x_di from demand node d that charge at i (the *users'* choice) and u_d that do not charge, money in M (10^4 currency):

    min  sum_i (land_i R_i)                                          land
       + sum_i (c0 z_i + c1 R_i) + sum_i (m0 z_i + m1 R_i)           construction, maintenance
       + sum_i g0 z_i + sum_i g_i e_i                                grid connection, grid expansion
       + omega sum_d u_d                                             unserved EVs
    s.t. z_i <= R_i <= Rmax z_i
         sum_i cap R_i >= reserve sum_d n_d                          reserve
         sum_{i within the coverage distance of d} z_i >= 1          coverage
         e_i >= p sum_d x_di - spare_i z_i ;  e_i >= 0               peak load beyond what the grid can take (kW)
         sum_d x_di <= cap R_i                                       no station serves more than it can

**Follower**, the users, in one LP (cost c_di = price_i E + travel km_di, for trips within the radius; currency):

    min  sum_di c_di x_di + penalty sum_d u_d
    s.t. sum_i x_di + u_d = n_d                                      (lambda_d)
         sum_d x_di <= cap R_i                                       (mu_i)
         x, u >= 0

Rmax, cap, reserve, p = kW per EV/day and the costs are fields of the instance. The operator's last row repeats the
users': it changes no bilevel feasible point, but tells an operator who takes the users' choice as given (the nested
heuristic, the leader alone) that the choice needs its chargers. spare_i counts where there is a station, z_i = 1, which
makes no difference either (a closed one has no load) but a much tighter relaxation. The source text refunds spare grid
power and rewards coverage with the wrong sign; here e_i >= 0, and an unserved EV costs omega. What is known of
multipliers is proven in :mod:`.bounds`; what helps the exact methods, and is no part of the problem
(the counts in unary digits, saturation cuts), is offered as ``ValidInequalities`` by :mod:`.cuts`.
"""

from collections import defaultdict
from typing import Any

import pyomo.environ as pyo

from ...instances.base import Instance
from ...instances.station_location import StationLocationInstance
from ...levels.pao_adapter import SubModel
from .bounds import state_bounds
from .cuts import MANY_SITES, offer_saturation, offer_unary

OPEN = 0.5  # a binary above this counts as 1, whatever the solver's integrality tolerance


def build(
    instance: Instance, *, unary: bool = True, saturation_cuts: bool = True, states: bool | None = None
) -> pyo.ConcreteModel:
    """Bilevel model of a station location instance; the follower is ``model.users``.

    :param instance: a ``StationLocationInstance``, as ``load_instance("zone_01")`` returns.
    :param unary: offer the charger counts in unary digits (``model.unary``), else products expand them in binary ones.
    :param saturation_cuts: offer the saturation and closest-assignment cuts (``model.saturation``).
    :param states: with these, tell a station's states apart; by default, where there are many sites.
    :raises InstanceError: the instance belongs to another problem.
    """
    instance = StationLocationInstance.expect(instance, "zone_01")
    model = pyo.ConcreteModel(name=instance.name)
    _declare_data(model, instance)
    _declare_stations(model, instance)
    _declare_users(model, instance)
    _declare_operator_cost(model, instance)
    state_bounds(model)
    if unary:
        offer_unary(model)
    if saturation_cuts:
        offer_saturation(model, len(model.SITES) > MANY_SITES if states is None else states)
    return model


def _declare_data(model: pyo.ConcreteModel, instance: StationLocationInstance) -> None:
    trips = instance.trips_km
    sites = {site.id: site for site in instance.sites}
    model.SITES = pyo.Set(initialize=list(sites))
    model.DEMANDS = pyo.Set(initialize=[demand.id for demand in instance.demands])
    model.TRIPS = pyo.Set(dimen=2, initialize=list(trips), doc="(demand node, site) within the radius")
    model.km = pyo.Param(model.TRIPS, initialize=trips)
    model.vehicles = pyo.Param(model.DEMANDS, initialize={d.id: d.vehicles_per_day for d in instance.demands})
    model.user_cost = pyo.Param(
        model.TRIPS, initialize={(d, i): instance.user_cost(d, sites[i]) for d, i in trips}, doc="c_di, currency"
    )
    model.penalty = pyo.Param(initialize=instance.unmet_penalty)
    model.charger_vehicles = pyo.Param(initialize=instance.vehicles_per_charger, doc="cap, EV/day")
    model.most_chargers = pyo.Param(initialize=instance.most_chargers, within=pyo.PositiveIntegers)
    model.kw_per_vehicle = pyo.Param(initialize=instance.kw_per_vehicle)
    model.spare_kw = pyo.Param(model.SITES, initialize={i: site.spare_kw for i, site in sites.items()})


def _declare_stations(model: pyo.ConcreteModel, instance: StationLocationInstance) -> None:
    most = instance.most_chargers
    near: dict[str, list[str]] = defaultdict(list)
    for (demand, site), km in instance.trips_km.items():
        if km <= instance.coverage_km:
            near[demand].append(site)
    model.R = pyo.Var(model.SITES, within=pyo.NonNegativeIntegers, bounds=(0, most))
    model.z = pyo.Var(model.SITES, within=pyo.Binary)
    model.e = pyo.Var(model.SITES, within=pyo.NonNegativeReals)
    model.chargers_if_open = pyo.Constraint(model.SITES, rule=lambda m, i: m.R[i] <= most * m.z[i])
    model.open_if_chargers = pyo.Constraint(model.SITES, rule=lambda m, i: m.z[i] <= m.R[i])
    capacity = instance.vehicles_per_charger * pyo.quicksum(model.R.values())
    model.reserve = pyo.Constraint(expr=capacity >= instance.reserve * instance.vehicles_per_day)
    model.coverage = pyo.Constraint(model.DEMANDS, rule=lambda m, d: pyo.quicksum(m.z[i] for i in near[d]) >= 1)


def _declare_users(model: pyo.ConcreteModel, instance: StationLocationInstance) -> None:
    to_site: dict[str, list[str]] = defaultdict(list)
    from_demand: dict[str, list[str]] = defaultdict(list)
    for demand, site in model.TRIPS:
        to_site[site].append(demand)
        from_demand[demand].append(site)
    users = model.users = SubModel(fixed=[model.R])
    users.x = pyo.Var(model.TRIPS, within=pyo.NonNegativeReals)
    users.u = pyo.Var(model.DEMANDS, within=pyo.NonNegativeReals)
    users.load = pyo.Expression(
        model.SITES, rule=lambda b, i: pyo.quicksum(b.x[d, i] for d in to_site[i]), doc="EV/day"
    )
    users.served = pyo.Constraint(
        model.DEMANDS,
        rule=lambda b, d: pyo.quicksum(b.x[d, i] for i in from_demand[d]) + b.u[d] == model.vehicles[d],
    )
    used = [site for site in model.SITES if to_site[site]]
    users.capacity = pyo.Constraint(used, rule=lambda b, i: b.load[i] <= model.charger_vehicles * model.R[i])
    charging = pyo.quicksum(model.user_cost[trip] * users.x[trip] for trip in model.TRIPS)
    users.cost = pyo.Objective(expr=charging + model.penalty * pyo.quicksum(users.u.values()))


def _declare_operator_cost(model: pyo.ConcreteModel, instance: StationLocationInstance) -> None:
    R, z = model.R, model.z
    model.expansion = pyo.Constraint(
        model.SITES, rule=lambda m, i: m.e[i] >= m.kw_per_vehicle * m.users.load[i] - m.spare_kw[i] * m.z[i]
    )
    model.served = pyo.Constraint(
        model.users.capacity.index_set(), rule=lambda m, i: m.users.load[i] <= m.charger_vehicles * m.R[i]
    )
    stations, chargers = pyo.quicksum(z.values()), pyo.quicksum(R.values())
    parts = {
        "land": pyo.quicksum(site.land_per_charger * R[site.id] for site in instance.sites),
        "construction": instance.construction_per_station * stations + instance.construction_per_charger * chargers,
        "maintenance": instance.maintenance_per_station * stations + instance.maintenance_per_charger * chargers,
        "connection": instance.grid_per_station * stations,
        "expansion": pyo.quicksum(site.expansion_per_kw * model.e[site.id] for site in instance.sites),
        "unserved": instance.unmet_cost * pyo.quicksum(model.users.u.values()),
    }
    model.COST_PARTS = pyo.Set(initialize=list(parts))
    model.cost_part = pyo.Expression(model.COST_PARTS, initialize=parts, doc="M")
    model.cost = pyo.Objective(expr=pyo.quicksum(model.cost_part.values()))


def summary(model: pyo.ConcreteModel) -> dict[str, Any]:
    """The reported figures, from the values on a model of :func:`build`.

    Keys: cost (M) and its parts, users_cost (currency/day), unserved_vehicles (EV/day), chargers, and by open
    station chargers, vehicles (EV/day), utilisation (of the daily capacity), load_kw, spare_kw, expansion_kw;
    assignment is a list of (demand, site, EV/day).
    """
    stations = {}
    for i in model.SITES:
        if pyo.value(model.z[i]) <= OPEN:
            continue
        vehicles, chargers = pyo.value(model.users.load[i]), round(pyo.value(model.R[i]))
        stations[i] = {
            "chargers": chargers,
            "vehicles": vehicles,
            "utilisation": vehicles / (pyo.value(model.charger_vehicles) * chargers),
            "load_kw": pyo.value(model.kw_per_vehicle) * vehicles,
            "spare_kw": model.spare_kw[i],
            "expansion_kw": pyo.value(model.e[i]),
        }
    amounts = ((d, i, pyo.value(model.users.x[d, i])) for d, i in model.TRIPS)
    return {
        "cost": pyo.value(model.cost),
        "cost_parts": {part: pyo.value(model.cost_part[part]) for part in model.COST_PARTS},
        "users_cost": pyo.value(model.users.cost),
        "unserved_vehicles": sum(pyo.value(model.users.u[d]) for d in model.DEMANDS),
        "chargers": sum(station["chargers"] for station in stations.values()),
        "stations": stations,
        "assignment": [(d, i, amount) for d, i, amount in amounts if amount > 1e-6],
    }
