"""The reported figures of the fast-charging problem, from the values on a model."""

from collections.abc import Callable
from functools import partial
from typing import Any

import pyomo.environ as pyo

from ...levels.dual_of import dual_of

OPEN = 0.5  # a binary above this counts as 1, whatever the solver's integrality tolerance
NEGLIGIBLE_KW = 1e-6
KW = 1e3  # of a MW, and $ of 1000 $


def summary(model: pyo.ConcreteModel) -> dict[str, Any]:
    """The reported figures, from the values on a model of :func:`bilevolt.models.fast_charging.build`.

    A year: ``profit_usd``, ``revenue_usd``, ``purchase_usd``, ``investment_usd``. A day, expected over scenarios:
    ``operator_usd_per_day`` (``total``, ``grid``, ``generation``, ``shedding``),
    ``sold_kwh_per_day``, ``shed_kwh_per_day``. ``stations``: bus -> chargers. By slot, expected:
    ``grid_price_usd_per_kwh``, ``demand_kw`` of all loads, ``grid_kw``, ``generation_kw`` (generator -> kW),
    ``shed_kw`` (bus -> kW, of buses that shed), ``station_kw`` (candidate -> kW if built) and, once a solve has found
    prices, ``lmp_usd_per_kwh`` (bus -> $/kWh). ``line_peak_kw``: "from-to" -> greatest flow either way.
    """
    operator, hours = model.operator, pyo.value(model.slot_hours)
    generation = {g: _expected(model, partial(_power, operator.generation, g)) for g in model.GENERATORS}
    grid = _expected(model, lambda t, s: KW * pyo.value(operator.grid[t, s]))
    sheds = {i: _expected(model, partial(_power, operator.shed, i)) for i in model.BUSES}
    shed = {i: kw for i, kw in sheds.items() if max(kw) > NEGLIGIBLE_KW}
    bought = hours * sum(
        model.weight[s] * model.grid_price[t, s] * KW * pyo.value(operator.grid[t, s]) for t, s in model.CASES
    )
    generated = hours * sum(model.generation_cost[g] * sum(kw) for g, kw in generation.items())
    shed_kwh = hours * sum(map(sum, sheds.values()))
    built = [i for i in model.CANDIDATES if pyo.value(model.U[i]) > OPEN]
    station = {i: [model.station_load[i, t] for t in model.SLOTS] for i in model.CANDIDATES}
    figures: dict[str, Any] = {
        "profit_usd": pyo.value(model.profit),
        "revenue_usd": pyo.value(model.revenue_usd_per_year),
        "purchase_usd": pyo.value(model.purchase_usd_per_year, exception=False),
        "investment_usd": pyo.value(model.investment_usd_per_year),
        "operator_usd_per_day": {
            "total": KW * pyo.value(operator.cost) / len(model.SCENARIOS),
            "grid": bought,
            "generation": generated,
            "shedding": pyo.value(model.shedding_cost) * shed_kwh,
        },
        "sold_kwh_per_day": hours * sum(map(sum, (station[i] for i in built))),
        "shed_kwh_per_day": shed_kwh,
        "stations": {i: model.chargers[i] for i in built},
        "grid_price_usd_per_kwh": _expected(model, lambda t, s: model.grid_price[t, s]),
        "demand_kw": _expected(model, lambda t, s: sum(model.demand[i, t, s] for i in model.BUSES)),
        "grid_kw": grid,
        "generation_kw": generation,
        "shed_kw": shed,
        "station_kw": station,
        "line_peak_kw": {
            f"{a}-{b}": KW * max(abs(pyo.value(operator.flow[a, b, t, s])) for t, s in model.CASES)
            for a, b in model.LINES
        },
    }
    prices = {i: [_price(model, i, t) for t in model.SLOTS] for i in model.BUSES}
    if all(price is not None for of_bus in prices.values() for price in of_bus):
        figures["lmp_usd_per_kwh"] = prices
    return figures


def _expected(model: pyo.ConcreteModel, number: Callable[[int, str], float]) -> list[float]:
    """Return the mean over scenarios of a number, slot by slot."""
    return [sum(model.weight[s] * number(t, s) for s in model.SCENARIOS) for t in model.SLOTS]


def _power(variable: Any, where: Any, slot: int, scenario: str) -> float:
    """Return the power at a bus or of a generator, kW; 0 where there is no variable."""
    key = (where, slot, scenario)
    return KW * pyo.value(variable[key]) if key in variable else 0.0


def _price(model: pyo.ConcreteModel, bus: int, slot: int) -> float | None:
    """Return the expected LMP; the weights are in the shadow prices already, and n slot_hours is their factor."""
    prices = [dual_of(model.operator.balance[bus, slot, s]).value for s in model.SCENARIOS]
    if any(price is None for price in prices):
        return None
    return sum(prices) / (len(prices) * pyo.value(model.slot_hours))
