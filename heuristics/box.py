"""A box around a decision of the leader, put on the model for a while: bounds, and the multipliers' bounds from them.

A model that states bounds of multipliers for the leader's present bounds says so with the attribute
``restate_bounds``, a function of the model that states them anew; it is called inside the box. Whatever happens
there, bounds and statements are afterwards as they were.
"""

import math
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from pyomo.common.collections import ComponentMap
from pyomo.core import Block, Suffix
from pyomo.core.base.var import VarData

from ..levels.bilevel import Bilevel
from ..levels.state_bound import MULTIPLIER_BOUND

RESTATE = "restate_bounds"

Box = Mapping[VarData, tuple[float, float]]


def sides(variable: VarData) -> tuple[float, float]:
    """Return the variable's bounds, infinite where there is none."""
    lower, upper = variable.bounds
    return (-math.inf if lower is None else lower), (math.inf if upper is None else upper)


def nearest(variable: VarData, number: float) -> float:
    """Return the number within the variable's bounds that is nearest to this one."""
    lower, upper = sides(variable)
    return float(min(max(number, lower), upper))


def width(variable: VarData, at: float) -> float:
    """Return what a radius is relative to: the variable's range, or, where that is infinite, max(1, |value|)."""
    lower, upper = sides(variable)
    return upper - lower if math.isfinite(upper - lower) else max(1.0, abs(at))


def box_around(centre: Mapping[VarData, float], radius: float) -> ComponentMap:
    """Return variable -> bounds, ``radius`` times its width to either side; at least 1 for an integer, unless 0."""
    box: ComponentMap = ComponentMap()
    for variable, at in centre.items():
        reach = radius * width(variable, at)
        if radius and not variable.is_continuous():
            reach = max(1.0, math.floor(reach))
        middle = nearest(variable, at)  # a solver's point may be off by its tolerance
        box[variable] = nearest(variable, middle - reach), nearest(variable, middle + reach)
    return box


def covers(box: Box) -> bool:
    """Whether the box leaves nothing out."""
    return all(bounds == sides(variable) for variable, bounds in box.items())


@contextmanager
def inside(bilevel: Bilevel, box: Box) -> Iterator[None]:
    """Put the box on the leader's variables, and take it off again, also after a failure or an interrupt."""
    bounds = [(variable, variable._lb, variable._ub) for variable in box]  # as given: `lower` mixes in the domain's
    stated = [(suffix, ComponentMap(suffix.items())) for suffix in _statements(bilevel)]
    restate = getattr(bilevel.model, RESTATE, None)
    try:
        for variable, (lower, upper) in box.items():
            variable.setlb(lower)
            variable.setub(upper)
        if restate is not None:
            restate(bilevel.model)
        yield
    finally:
        for variable, lower, upper in bounds:
            variable.setlb(lower)
            variable.setub(upper)
        for suffix, items in stated:
            suffix.clear()
            suffix.update(items)


def _statements(bilevel: Bilevel) -> Iterator[Any]:
    for follower in bilevel.followers:
        for suffix in follower.block.component_objects(Suffix, active=True, descend_into=Block):
            if suffix.local_name == MULTIPLIER_BOUND:
                yield suffix
