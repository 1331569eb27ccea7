r"""Stationarity of the followers as linear rows, also where the leader is in the coefficients.

A product :math:`a(x) \lambda` with :math:`\lambda \ge 0` and :math:`a(x) \in [\underline a, \overline a]` becomes a
variable :math:`w` with :math:`\underline a \lambda \le w \le \overline a \lambda`, which needs
no bound of :math:`\lambda`. Costs that are not linear in the leader's variables become variables within their ranges.
"""

import math
from collections import defaultdict
from collections.abc import Iterator
from typing import Any

from pyomo.core import Any as AnyIndex
from pyomo.core import Constraint, Var
from pyomo.core.base.var import VarData

from ..levels.follower_form import is_number
from ..levels.optimality import OptimalityConditions
from .ranges import Ranges


def stationarity_rows(
    conditions: OptimalityConditions, ranges: Ranges, block: Any
) -> Iterator[tuple[str, VarData, Any]]:
    """Yield (follower's name, its variable, linear expression that is 0), with what is relaxed as rows of a block.

    :param block: an empty block, which gets the variables and rows of what is relaxed.
    """
    block.term = Var(AnyIndex, dense=False)
    block.range = Constraint(AnyIndex)
    block.zero = Var(bounds=(0, 0))  # keeps a row of a variable without any multiplier a row
    several = {id(row): multipliers for _, row, multipliers in conditions.multipliers()}
    for form in conditions.forms:
        weights: dict[int, list[Any]] = defaultdict(list)
        for row in form.rows:
            for side, multiplier in several[id(row)].items():
                for y, a in row.terms:
                    name = f"{row.name}.{side} {y.name}"
                    product = _product(ranges, block, name, a, multiplier)
                    weights[id(y)].append(product if side == "upper" else -product)
        quadratic = form.gradient_terms
        for y in form.follower.variables:
            cost = _cost(ranges, block, f"{form.follower.name} cost {y.name}", form.linear[y])
            curved = sum(form.sign * q * z for z, q in quadratic[y])
            priced = sum(weights[id(y)]) if weights[id(y)] else block.zero
            yield form.follower.name, y, form.sign * cost + curved + priced


def _product(ranges: Ranges, block: Any, name: str, coefficient: Any, multiplier: VarData) -> Any:
    """Return coefficient * multiplier, or what relaxes it."""
    if is_number(coefficient):
        return coefficient * multiplier
    low, high = ranges.of_expression(coefficient)
    term = block.term[name]
    if multiplier.lb is not None and multiplier.lb >= 0:
        if math.isfinite(low):
            block.range[f"{name} least"] = term - low * multiplier >= 0
        if math.isfinite(high):
            block.range[f"{name} most"] = term - high * multiplier <= 0
    return term


def _cost(ranges: Ranges, block: Any, name: str, cost: Any) -> Any:
    if is_number(cost) or cost.polynomial_degree() in (0, 1):
        return cost
    low, high = ranges.of_expression(cost)
    term = block.term[name]
    term.setlb(low if math.isfinite(low) else None)
    term.setub(high if math.isfinite(high) else None)
    return term
