"""A start for the exact solver: a bilevel point, completed to a point of the single-level model, and checked.

Multipliers are the smallest that belong to the point; binaries, slacks, bits and products follow from them. A point
that violates a row of the built model is not sent: solvers drop such starts silently, or worse.
"""

import math
from typing import Any

from pyomo.core import Constraint, value

from ..reformulations import LINEARIZATIONS, user_cuts
from ..reformulations.single_level import map_of
from ..solvers.indicators import indicator_rows
from .follower.reaction import Solve, multipliers_at

TOLERANCE = 1e-6


def complete(single: Any, solve: Solve) -> str | None:
    """Give every variable of the single-level model its value at the point on the user's model.

    :param solve: a function model -> SolverResult, for the multipliers.
    :returns: None if the point satisfies every row, else the reason why it is no start.
    """
    single_map = map_of(single)
    bilevel = single_map.bilevel
    for variable in bilevel.variables:
        if variable.value is None:
            return f"{variable.name} has no value"
    for integer, bits in single_map.expansions:
        rest = round(integer.value - integer.lb)
        for weight, bit in bits:
            bit.set_value((rest // int(weight)) % 2, skip_validation=True)
    if not multipliers_at(single, solve):
        names = ", ".join(repr(block.name) for block in user_cuts.used(single_map))
        doubt = f", or the valid inequalities {names} are not valid" if names else ""
        return f"the followers' values are not optimal at the leader's decision (no multipliers belong to them){doubt}"
    for item in single_map.linearized:
        LINEARIZATIONS[item.step].start(item)
    for product in single_map.products:
        if product.variable is not None:
            product.variable.set_value(product.first.value * product.second.value, skip_validation=True)
    return _violated(single)


def _violated(single: Any) -> str | None:
    for variable in map_of(single).variables:
        number = variable.value
        if number is None:
            continue
        lower, upper = variable.bounds
        if (lower is not None and number < lower - TOLERANCE * (1 + abs(lower))) or (
            upper is not None and number > upper + TOLERANCE * (1 + abs(upper))
        ):
            return f"{variable.name} = {number:g} is outside its bounds"
        if not variable.is_continuous() and abs(number - round(number)) > TOLERANCE:
            return f"{variable.name} = {number:g} is no integer"
    switches = indicator_rows(single)
    for row in single.component_data_objects(Constraint, active=True):
        if row in switches and round(switches[row].variable.value) != switches[row].value:
            continue
        body = value(row.body)
        for limit, sign in ((row.lower, 1), (row.upper, -1)):
            number = None if limit is None else value(limit)
            if number is not None and sign * (number - body) > TOLERANCE * (1 + abs(number)):
                return f"row {row.name!r} is violated by {sign * (number - body):.3g}"
    for item in map_of(single).linearized:
        smaller = min(item.pair.multiplier.value, value(item.pair.slack))
        if not math.isfinite(smaller) or smaller > TOLERANCE:
            return f"pair {item.pair.name!r} is not complementary ({smaller:.3g})"
    return None
