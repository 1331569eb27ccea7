r"""``state_bound``: what a model knows of its follower's prices and variables, with the reason.

A *price* bound says that for every decision of the leader some optimal multipliers have their shadow price (sign as in
:mod:`dual_of`) in a range: it is a big-M, and serves products with prices. A *range* says that the follower's own rows
keep a variable in bounds: these are no rows, have no multipliers, and serve big-Ms and products only.

Where it is kept: in the Suffixes ``multiplier_bound`` and ``implied_bounds`` of the SubModel (so that it follows the
model through ``clone``, and ``deactivate`` leaves it out), one :class:`StatedBound` for each component.
"""

import math
from typing import Any, NamedTuple

from pyomo.common.collections import ComponentMap
from pyomo.core import Constraint, Suffix, Var, value

from ..errors import ArgumentError
from .follower import Follower, submodel_around, suffix_values
from .pao_adapter import SubModel

MULTIPLIER_BOUND = "multiplier_bound"
IMPLIED_BOUNDS = "implied_bounds"
_NAME_IT = "If it is a variable of a follower all the same, name that: state_bound(..., follower=model.L)."


class StatedBound(NamedTuple):
    """A range that a model states, infinite where it knows nothing; without a reason nobody proved it."""

    lower: float
    upper: float
    reason: str | None


def state_bound(
    row_or_variable: Any,
    lower: float | None,
    upper: float | None,
    reason: str | None,
    *,
    price: bool = False,
    follower: Any = None,
) -> None:
    """State a bound that the follower's optima keep: of a row's shadow price, or of a variable's values.

    It is believed: a wrong one cuts off solutions, and the check of the answer that is left does not see that. A
    second call for the same component replaces the first.

    :param row_or_variable: a row or a variable of a follower; of an indexed one, the bound is for each member that has
        none of its own.
    :param lower: the least value, or None where none is known.
    :param upper: the greatest value, or None where none is known.
    :param reason: why it holds for every decision of the leader. None: nobody proved it, so that a solution that may
        rest on it lists it in ``assumptions``.
    :param price: of a variable, bound the price of its bounds (its reduced cost) instead of its values.
    :param follower: the SubModel whose follower it is, for a variable that is declared outside of it.
    :raises ArgumentError: numbers that are no range, a reason that says nothing, a component that has no such bound.
    :raises NotBilevelError: the component is not inside a ``SubModel``, and none is given.
    """
    name = getattr(row_or_variable, "name", row_or_variable)
    ctype = getattr(row_or_variable, "ctype", None)
    if ctype not in (Constraint, Var):
        raise ArgumentError(f"state_bound takes a row or a variable of a follower, not {name!r}.")
    stated = StatedBound(
        _number(name, "lower", lower, -math.inf), _number(name, "upper", upper, math.inf), _reason(name, reason)
    )
    if stated.lower > stated.upper:
        raise ArgumentError(f"state_bound({name}): lower = {stated.lower:g} is above upper = {stated.upper:g}.")
    if stated.lower == -math.inf and stated.upper == math.inf:
        raise ArgumentError(f"state_bound({name}): give lower, upper or both; with neither nothing is stated.")
    of_price = price or ctype is Constraint
    if ctype is Constraint and not all(map(math.isfinite, stated[:2])) and _has_equality(row_or_variable):
        raise ArgumentError(f"state_bound({name}): the price of an equality may have any sign; give lower and upper.")
    submodel = submodel_around(row_or_variable, _NAME_IT) if follower is None else follower
    _suffix(submodel, MULTIPLIER_BOUND if of_price else IMPLIED_BOUNDS)[row_or_variable] = stated


def stated_bounds(follower: Follower, name: str) -> ComponentMap:
    """Return what is stated in this follower's Suffix of this name, component data -> StatedBound.

    :raises ArgumentError: the Suffix has an entry that :func:`state_bound` did not make.
    """
    found = suffix_values(follower, name)
    for component, entry in found.items():
        if not isinstance(entry, StatedBound):
            raise ArgumentError(
                f"Suffix {name!r} of {follower.name!r} gives {entry!r} to {component.name!r}. State it with "
                "bilevolt.state_bound(row_or_variable, lower, upper, reason), which takes M as -M, M."
            )
    return found


def unproven_ranges(follower: Follower) -> list[str]:
    """Say which ranges of variables are stated without a reason."""
    return [
        f"{stated.lower:g} <= {variable.name} <= {stated.upper:g} is stated without a reason"
        for variable, stated in stated_bounds(follower, IMPLIED_BOUNDS).items()
        if stated.reason is None
    ]


def _number(name: Any, what: str, given: Any, unknown: float) -> float:
    if given is None:
        return unknown
    try:
        number = float(value(given))
    except (TypeError, ValueError):
        number = math.nan
    if not math.isfinite(number):
        raise ArgumentError(f"state_bound({name}): {what} must be a finite number or None (not known), not {given!r}.")
    return number


def _reason(name: Any, reason: Any) -> str | None:
    if reason is None or (isinstance(reason, str) and reason.strip()):
        return reason
    raise ArgumentError(
        f"state_bound({name}): reason must say why the bound holds, not {reason!r}; pass None where it is not proven."
    )


def _has_equality(row: Any) -> bool:
    return any(member.equality for member in (row.values() if row.is_indexed() else (row,)))


def _suffix(submodel: Any, name: str) -> Suffix:
    if submodel.ctype is not SubModel or submodel.is_indexed():
        raise ArgumentError(f"state_bound: follower must be one SubModel, not {submodel.name!r}.")
    if submodel.component(name) is None:
        submodel.add_component(name, Suffix(direction=Suffix.LOCAL, datatype=None))
    return submodel.component(name)
