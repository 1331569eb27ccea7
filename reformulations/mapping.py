"""The two-way map of a single-level model: row <-> multipliers <-> complementarity pair <-> binary or SOS1.

Every reformulation step records here what it made, so that answers, certificates, error messages and derivations
can be told in the user's own names.
"""

from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from pyomo.common.autoslots import AutoSlots
from pyomo.common.collections import ComponentMap
from pyomo.core import Block, value
from pyomo.core.base.var import VarData

from ..bounds.ranges import Bound, Ranges
from ..bounds.system import System
from ..errors import BilevoltError
from ..levels.optimality import OptimalityConditions, Pair
from ..levels.reading import Bilevel


@dataclass(frozen=True, eq=False)
class Linearized:
    """How a pair was made linear: the step's name, the components it made, the big-Ms it used (if any)."""

    pair: Pair
    step: str
    slack: Any
    switch: Any
    multiplier_m: Bound | None = None
    slack_m: Bound | None = None


@dataclass
class SingleLevelMap:
    """What a single-level model was made of."""

    bilevel: Bilevel
    conditions: OptimalityConditions
    linearized: list[Linearized] = field(default_factory=list)
    products: list[Any] = field(default_factory=list)
    expansions: list[tuple[VarData, list[tuple[float, VarData]]]] = field(default_factory=list)
    steps: list[str] = field(default_factory=list)

    @cached_property
    def ranges(self) -> Ranges:
        """What is known of the ranges of variables; steps add to it what they prove."""
        return Ranges(self.conditions.forms)

    def pending(self) -> list[Pair]:
        """The pairs that no step has linearised yet."""
        return [pair for pair in self.conditions.pairs if pair.complementarity.active]


class _Attached(AutoSlots.Mixin):
    __slots__ = ("map",)

    def __init__(self) -> None:
        self.map: SingleLevelMap | None = None


Block.register_private_data_initializer(_Attached)


def attach(single: Any, single_map: SingleLevelMap) -> None:
    """Keep the map with its model."""
    single.private_data().map = single_map


def map_of(single: Any) -> SingleLevelMap:
    """Return the map of a model made by ``reformulate`` or by ``bilevel.kkt``."""
    found = single.private_data().map
    if found is None:
        raise BilevoltError(
            f"model {single.name!r} was not made by bilevolt's KKT step. "
            "Call bilevolt.reformulate(model, ...) or TransformationFactory('bilevel.kkt').create_using(model) first."
        )
    return found


def system_of(single: Any) -> System:
    """Return what proofs of bounds may use of a model made by the KKT step."""
    found = map_of(single)
    return System(found.bilevel, found.conditions, dict(single.leader.rows.items()), found.ranges)


def shadow_price(sign: int, multipliers: dict[str, Any]) -> Any:
    """Return the price of a row in the follower's own sense: sign * (lower - upper), or sign * equality."""
    if "equality" in multipliers:
        return sign * multipliers["equality"]
    return sign * (multipliers.get("lower", 0) - multipliers.get("upper", 0))


def price_values(single_map: SingleLevelMap, values: ComponentMap) -> ComponentMap:
    """Return row or variable -> value of its shadow price at a solution of the single-level model."""
    prices: ComponentMap = ComponentMap()
    for form, row, multipliers in single_map.conditions.multipliers():
        at = {side: _value(values, variable) for side, variable in multipliers.items()}
        prices[row.source] = float(shadow_price(form.sign, at)) + 0.0  # no -0.0
    return prices


def _value(values: ComponentMap, variable: VarData) -> float:
    # A multiplier in no row of the solved model (e.g. of a row without follower variables) may take any value: 0.
    return values[variable] if variable in values else (value(variable, exception=False) or 0.0)
