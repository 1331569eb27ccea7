"""The two-way map of a single-level model: row <-> multipliers <-> complementarity pair <-> binary or SOS1.

Every reformulation step records here what it made, so that answers, certificates, error messages and derivations
can be told in the user's own names.
"""

from collections.abc import Iterable
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
from ..levels.reading import Bilevel, Offered


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
    by_duality: list[str] = field(default_factory=list)
    user_cuts: tuple[Offered, ...] = ()
    model: Any = None

    @property
    def steps(self) -> list[str]:
        """The names of the steps that made the model, in order, for those who read."""
        blocks = (block.local_name for block in self.model.component_objects(Block, descend_into=False))
        made = (name.replace("_cut", " cut") for name in blocks if name not in ("leader", "followers"))
        return ["kkt", *["revenue"] * bool(self.by_duality), *(name for name in made if not name.startswith("_"))]

    @cached_property
    def ranges(self) -> Ranges:
        """What is known of the ranges of variables; steps add to it what they prove."""
        return Ranges(self.conditions.forms)

    def pending(self) -> list[Pair]:
        """The pairs that no step has linearised yet."""
        done = {id(item.pair) for item in self.linearized}
        return [pair for pair in self.conditions.pairs if id(pair) not in done]

    def take(self, made: Iterable[Linearized], keep: bool = False) -> None:
        """Note what was made of pairs, and take their complementarity out of the model unless it is to be kept."""
        for item in made:
            self.linearized.append(item)
            if not keep:
                item.pair.complementarity.deactivate()


class _Attached(AutoSlots.Mixin):
    __slots__ = ("map",)

    def __init__(self) -> None:
        self.map: SingleLevelMap | None = None


Block.register_private_data_initializer(_Attached)


def attach(single: Any, single_map: SingleLevelMap) -> None:
    """Keep the map with its model."""
    single.private_data().map = single_map
    single_map.model = single


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
