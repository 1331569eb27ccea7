r"""Multipliers of variable bounds from the ranges of the multipliers of rows: they are reduced costs.

For a variable with :math:`l < u` in an LP follower, stationarity reads

.. math:: r = \sigma c - \sum_i \lambda_i a_i - \sum_k \nu_k a_k = \lambda_l - \lambda_u

and complementarity lets only one of both be nonzero, so that :math:`\lambda_l = r^+`, :math:`\lambda_u = r^-`. Interval
arithmetic on r bounds them at every KKT point, whatever the leader does with the multipliers, and solves no LP.
"""

import math
from collections.abc import Iterable

from pyomo.common.collections import ComponentMap, ComponentSet
from pyomo.core.base.var import VarData

from ..levels.follower_form import FollowerForm, Row, is_number
from ..levels.optimality import OptimalityConditions
from .ranges import Bound, Proof, Ranges

REASON = "reduced cost, from the ranges of the rows' multipliers"


def all_of_bounds(conditions: OptimalityConditions, wanted: Iterable[VarData]) -> bool:
    """Whether the wanted multipliers all belong to variables' bounds: no other can be bounded here."""
    of_rows = (own for _, row, own in conditions.multipliers() if not row.is_bound or row.equality)
    others = {id(multiplier) for own in of_rows for multiplier in own.values()}
    return others.isdisjoint(map(id, wanted))


def reduced_cost_bounds(conditions: OptimalityConditions, ranges: Ranges, wanted: Iterable[VarData]) -> ComponentMap:
    """Bound the wanted multipliers that belong to variables' bounds, where all multipliers in their way have ranges."""
    chosen = ComponentSet(wanted)
    bounds: ComponentMap = ComponentMap()
    multipliers = {id(row): of_row for _, row, of_row in conditions.multipliers()}
    for form in conditions.forms:
        own = {id(row.source): row for row in form.rows if row.is_bound and not row.equality}
        cost = _ranges_of_costs(form, ranges, multipliers, set(own))
        for key, row in own.items():
            low, high = cost.get(key, (-math.inf, math.inf))
            for side, multiplier in multipliers[id(row)].items():
                largest = high if side == "lower" else -low
                if multiplier in chosen and math.isfinite(largest):
                    bounds[multiplier] = Bound(max(0.0, largest), Proof.proven, REASON)
    return bounds


def _ranges_of_costs(
    form: FollowerForm, ranges: Ranges, multipliers: dict[int, dict[str, VarData]], wanted: set[int]
) -> dict[int, tuple[float, float]]:
    """Return id(variable) -> range of its reduced cost, for the wanted variables with fixed costs and coefficients."""
    curved = {id(v) for first, second, _ in form.quadratic for v in (first, second)}
    low: dict[int, float] = {}
    high: dict[int, float] = {}
    for variable, cost in form.linear.items():
        if id(variable) in wanted and id(variable) not in curved and is_number(cost):
            low[id(variable)] = high[id(variable)] = form.sign * cost
    for row in form.rows:
        if row.is_bound and not row.equality:
            continue
        least, most = _range_of_price(row, ranges, multipliers[id(row)])
        for variable, coefficient in row.terms:
            key = id(variable)
            if key not in low:
                continue
            if not is_number(coefficient):
                del low[key], high[key]
                continue
            ends = (coefficient * least, coefficient * most)
            low[key] -= max(ends)
            high[key] -= min(ends)
    return {key: (low[key], high[key]) for key in low}


def _range_of_price(row: Row, ranges: Ranges, multipliers: dict[str, VarData]) -> tuple[float, float]:
    """Return the range of a row's part in the Lagrangian's gradient per unit of coefficient: lower minus upper."""
    at = {side: ranges.of_variable(multiplier) for side, multiplier in multipliers.items()}
    if "equality" in at:
        return at["equality"]
    low, high = at.get("lower", (0.0, 0.0)), at.get("upper", (0.0, 0.0))
    return low[0] - high[1], low[1] - high[0]
