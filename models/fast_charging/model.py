r"""Fast-charging stations in a distribution network (Alizadeh, Godarzi Amlashi 2025), both levels in PAO.

**Leader**, a private investor, builds stations U_i at candidate buses, sells energy to vehicles at C_sell and buys it
at the locational marginal prices that result. With the load P_it (kW) that traffic and queue give a station
(:mod:`.chain`), slots of h hours and 365 days,

    max  365 h C_sell sum_it P_it U_i - 365 h sum_its P_it U_i lambda_its
         - CRF sum_i (z_i (a_CHF + a_LS,i) + a_F,i) U_i                                                         ($/year)

with the price lambda_its = ``dual_of(balance[i, t, s])`` / (n h), in which the weight w_s is contained already.

**Follower**, the network operator, sees U and dispatches every slot t of every scenario s:

    min  n sum_ts w_s h (sum_g C_g p_gts + C_grid,ts p_ts + C_LS sum_i q_its)                     (n times 1000 $/day)
    s.t. sum_{g at i} p_gts + p_ts [i = grid bus] + q_its + sum_{l to i} f_lts - sum_{l from i} f_lts - P_it U_i = L_its
         sum_{l in cycle c} +- x_l f_lts = 0                for a cycle basis, none if the grid is radial
         |f_l| <= limit ;  0 <= p_g <= limit ;  p >= 0 ;  0 <= q_i <= L_i

The load of stations cannot be shed. The cycle rows are DC power flow without angles (:mod:`.grid`). There
is one SubModel for all slots and scenarios: they share no row, so that reformulations find one block for each, and a
check solves one LP instead of thousands of small ones.

The operator's variables are in MW, its objective is in 1000 $ a day times the number of scenarios n: power and prices
($/kWh) are near 1 then in any instance. With prices that shrink with 1/n, HiGHS 1.15 was seen to call a point optimal
that was far from it (20 scenarios).

What is proven of the operator's shadow prices (:mod:`.prices`) and of what the grid delivers is stated with
``state_bound``.
"""

from collections import defaultdict
from collections.abc import Mapping
from typing import Any

import pyomo.environ as pyo
from pyomo.core.expr import LinearExpression

from ...instances.base import Instance
from ...instances.fast_charging import FastChargingInstance
from ...levels.dual_of import dual_of
from ...levels.pao_adapter import SubModel
from ...levels.state_bound import state_bound
from .chain import Station, size_stations
from .grid import Grid
from .prices import PriceProofs

MW = 1e-3  # of a kW


def build(instance: Instance, sell_price: float | None = None) -> pyo.ConcreteModel:
    """Bilevel model of a fast-charging instance; the follower is ``model.operator``.

    :param instance: a ``FastChargingInstance``, as ``load_instance("ieee33_sioux_falls")`` returns.
    :param sell_price: C_sell in $/kWh; default: the instance's.
    :raises InstanceError: the instance belongs to another problem, or its road network does not fit.
    """
    instance = FastChargingInstance.expect(instance, "ieee33_sioux_falls")
    if sell_price is not None:
        instance = instance.model_copy(update={"sell_price_usd_per_kwh": float(sell_price)})
    stations, grid = size_stations(instance), Grid(instance)
    model = pyo.ConcreteModel(name=instance.name)
    _declare_data(model, instance, grid, stations)
    model.U = pyo.Var(model.CANDIDATES, within=pyo.Binary)
    for bus, station in stations.items():
        if station.obstacle:
            model.U[bus].fix(0)
    model.operator = SubModel(fixed=[model.U])
    _declare_dispatch(model, instance, grid)
    _declare_balance(model, instance, grid)
    _declare_known_bounds(model, instance, grid, stations)
    _declare_profit(model, instance, stations)
    return model


def _declare_data(
    model: pyo.ConcreteModel, instance: FastChargingInstance, grid: Grid, stations: Mapping[int, Station]
) -> None:
    model.CANDIDATES = pyo.Set(initialize=list(stations))
    model.BUSES = pyo.Set(initialize=grid.buses)
    model.LINES = pyo.Set(dimen=2, initialize=grid.lines)
    model.GENERATORS = pyo.Set(initialize=[generator.id for generator in instance.generators])
    model.SLOTS = pyo.Set(initialize=range(instance.slots))
    model.SCENARIOS = pyo.Set(initialize=[scenario.id for scenario in instance.scenarios])
    model.CASES = pyo.Set(dimen=2, initialize=[(t, s) for s in model.SCENARIOS for t in model.SLOTS])
    model.weight = pyo.Param(model.SCENARIOS, initialize={s.id: s.weight for s in instance.scenarios})
    model.slot_hours = pyo.Param(initialize=instance.slot_hours)
    model.generation_cost = pyo.Param(
        model.GENERATORS, initialize={g.id: g.cost_usd_per_kwh for g in instance.generators}, doc="C_g, $/kWh"
    )
    model.shedding_cost = pyo.Param(initialize=instance.shedding_cost_usd_per_kwh, doc="C_LS, $/kWh")
    model.sell_price = pyo.Param(initialize=instance.sell_price_usd_per_kwh)
    model.station_load = pyo.Param(
        model.CANDIDATES,
        model.SLOTS,
        initialize={(bus, t): load for bus, station in stations.items() for t, load in enumerate(station.load_kw)},
        doc="P, kW",
    )
    model.chargers = pyo.Param(model.CANDIDATES, initialize={bus: s.chargers for bus, s in stations.items()})
    loads, prices = {}, {}
    for scenario in instance.scenarios:
        for t in range(instance.slots):
            prices[t, scenario.id] = instance.price_usd_per_kwh(t, scenario)
            for bus in instance.buses:
                loads[bus.bus, t, scenario.id] = instance.load_kw(bus, t, scenario)
    model.demand = pyo.Param(model.BUSES, model.CASES, initialize=loads, doc="L, kW")
    model.grid_price = pyo.Param(model.CASES, initialize=prices, doc="C_grid, $/kWh")


def _declare_dispatch(model: pyo.ConcreteModel, instance: FastChargingInstance, grid: Grid) -> None:
    """Variables, bounds and objective of the operator."""
    operator, cases = model.operator, list(model.CASES)
    limit = dict(zip(grid.lines, (grid.limits_kw * MW).tolist(), strict=True))
    largest = {generator.id: generator.limit_kw * MW for generator in instance.generators}
    load = {key: kw * MW for key, kw in model.demand.extract_values().items()}
    sheddable = [key for key, kw in load.items() if kw > 0]
    operator.flow = pyo.Var(model.LINES, cases, bounds=lambda _, a, b, t, s: (-limit[a, b], limit[a, b]))
    operator.generation = pyo.Var(model.GENERATORS, cases, bounds=lambda _, g, t, s: (0, largest[g]))
    operator.grid = pyo.Var(cases, within=pyo.NonNegativeReals)
    operator.shed = pyo.Var(sheddable, bounds=lambda _, i, t, s: (0, load[i, t, s]))
    weight = {s: len(model.SCENARIOS) * model.weight[s] * instance.slot_hours for s in model.SCENARIOS}
    price = model.grid_price.extract_values()
    coefficients, variables = [], []
    for (t, s), grid_power in operator.grid.items():
        coefficients.append(weight[s] * price[t, s])
        variables.append(grid_power)
        for generator in instance.generators:
            coefficients.append(weight[s] * generator.cost_usd_per_kwh)
            variables.append(operator.generation[generator.id, t, s])
    for (_, _, s), shed in operator.shed.items():
        coefficients.append(weight[s] * instance.shedding_cost_usd_per_kwh)
        variables.append(shed)
    operator.cost = pyo.Objective(expr=LinearExpression(linear_coefs=coefficients, linear_vars=variables))


def _declare_balance(model: pyo.ConcreteModel, instance: FastChargingInstance, grid: Grid) -> None:
    """Kirchhoff's laws; ``balance`` has the locational marginal price as its shadow price."""
    operator = model.operator
    at_bus: dict[int, list[str]] = defaultdict(list)
    for generator in instance.generators:
        at_bus[generator.bus].append(generator.id)
    ends: dict[int, list[tuple[float, tuple[int, int]]]] = defaultdict(list)
    for a, b in grid.lines:
        ends[a].append((-1.0, (a, b)))
        ends[b].append((1.0, (a, b)))
    load = {key: kw * MW for key, kw in model.demand.extract_values().items()}
    station_load = {key: kw * MW for key, kw in model.station_load.extract_values().items()}

    def balance(_: Any, i: int, t: int, s: str) -> Any:
        terms = [(1.0, operator.generation[g, t, s]) for g in at_bus[i]]
        terms += [(sign, operator.flow[a, b, t, s]) for sign, (a, b) in ends[i]]
        if i == instance.grid_bus:
            terms.append((1.0, operator.grid[t, s]))
        if (i, t, s) in operator.shed:
            terms.append((1.0, operator.shed[i, t, s]))
        if (i, t) in station_load:
            terms.append((-station_load[i, t], model.U[i]))
        coefficients, variables = zip(*terms, strict=True)
        return LinearExpression(linear_coefs=coefficients, linear_vars=variables) == load[i, t, s]

    operator.balance = pyo.Constraint(model.BUSES, model.CASES, rule=balance)
    cycles = dict(enumerate(grid.cycles()))

    def around(_: Any, c: int, t: int, s: str) -> Any:
        return pyo.quicksum(drop * operator.flow[a, b, t, s] for (a, b), drop in cycles[c]) == 0

    operator.cycle = pyo.Constraint(list(cycles), model.CASES, rule=around)


def _declare_known_bounds(
    model: pyo.ConcreteModel, instance: FastChargingInstance, grid: Grid, stations: Mapping[int, Station]
) -> None:
    operator = model.operator
    proofs = PriceProofs(instance, grid, stations)
    for scenario in instance.scenarios:
        weight = len(instance.scenarios) * scenario.weight * instance.slot_hours
        for t in range(instance.slots):
            for price in proofs.ranges(t, scenario):
                row = operator.balance[price.bus, t, scenario.id]
                state_bound(row, weight * price.lower, weight * price.upper, price.reason)
            needs = sum(instance.load_kw(bus, t, scenario) for bus in instance.buses)
            needs = MW * (needs + sum(station.load_kw[t] for station in stations.values()))
            state_bound(operator.grid[t, scenario.id], 0.0, needs, "what loads and stations draw")


def _declare_profit(model: pyo.ConcreteModel, instance: FastChargingInstance, stations: Mapping[int, Station]) -> None:
    days, crf = instance.days_per_year, instance.capital_recovery_factor
    model.revenue_usd_per_year = pyo.Expression(
        expr=pyo.quicksum(
            days * instance.sell_price_usd_per_kwh * station.energy_kwh_per_day * model.U[bus]
            for bus, station in stations.items()
        )
    )
    prices = dual_of(model.operator.balance)  # of all buses, for the report
    model.purchase_usd_per_year = pyo.Expression(
        expr=pyo.quicksum(
            days / len(instance.scenarios) * load * model.U[i] * prices[i, t, s]
            for i, station in stations.items()
            for t, load in enumerate(station.load_kw)
            for s in model.SCENARIOS
            if load
        )
    )
    model.investment_usd_per_year = pyo.Expression(
        expr=pyo.quicksum(crf * station.investment_usd * model.U[bus] for bus, station in stations.items())
    )
    model.profit = pyo.Objective(
        expr=model.revenue_usd_per_year - model.purchase_usd_per_year - model.investment_usd_per_year,
        sense=pyo.maximize,
    )
