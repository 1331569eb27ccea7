"""A single-level model, what it was made of, and the way back: row <-> multipliers <-> pair <-> binary or SOS1.

Steps return what they made of the pairs; it is kept here, so that answers, certificates, error messages and derivations
can be told in the user's own names, and a solver's values become a :class:`Point` of the two levels.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from pyomo.common.autoslots import AutoSlots
from pyomo.common.collections import ComponentMap, ComponentSet
from pyomo.core import Block, Constraint, SOSConstraint, Var, value
from pyomo.core.base.var import VarData

from ..bounds.ranges import Bound, Ranges
from ..bounds.system import System
from ..errors import BilevoltError
from ..levels.bilevel import Bilevel, UserCuts
from ..levels.optimality import OptimalityConditions, Pair
from ..levels.point import Point, point_at, put


@dataclass(frozen=True, eq=False, slots=True)
class Linearized:
    """How a pair was made linear: the step's name, the components it made, the big-Ms it used (if any)."""

    pair: Pair
    step: str
    slack: Any
    switch: Any
    multiplier_m: Bound | None = None
    slack_m: Bound | None = None


@dataclass
class SingleLevel:
    """A single-level model and what it was made of.

    ``model`` is the Pyomo model that users get; ``linearized`` is what was made of each pair, ``products`` and
    ``expansions`` of each product and integer, ``by_duality`` names the followers whose bilinear terms in the leader's
    objective were replaced, ``user_cuts`` are the blocks of valid inequalities that are in the model.
    """

    model: Any
    bilevel: Bilevel
    conditions: OptimalityConditions
    linearized: list[Linearized] = field(default_factory=list)
    products: list[Any] = field(default_factory=list)
    expansions: list[tuple[VarData, list[tuple[float, VarData]]]] = field(default_factory=list)
    by_duality: list[str] = field(default_factory=list)
    user_cuts: tuple[UserCuts, ...] = ()

    # What it was made of ---------------------------------------------------------------------------------

    @property
    def pairs(self) -> list[Pair]:
        """The complementarity pairs of all followers."""
        return self.conditions.pairs

    @property
    def bounds(self) -> ComponentMap:
        """Multiplier -> the bound that it has, with its proof."""
        return self.ranges.imposed

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

    @property
    def system(self) -> System:
        """What proofs of bounds may use."""
        return System(self.bilevel, self.conditions, dict(self.model.leader.rows.items()), self.ranges)

    def pending(self) -> list[Pair]:
        """The pairs that no step has linearised yet."""
        done = {id(item.pair) for item in self.linearized}
        return [pair for pair in self.pairs if id(pair) not in done]

    def take(self, made: Iterable[Linearized]) -> None:
        """Note what was made of pairs, and take their complementarity out of the model."""
        for item in made:
            self.linearized.append(item)
            if item.pair.complementarity is not None:
                item.pair.complementarity.deactivate()

    @property
    def variables(self) -> list[VarData]:
        """What a solver may decide: its own variables, those of both levels, those of valid inequalities."""
        cuts = ComponentSet(variable for block in self.user_cuts for variable in block.variables)
        return [*self.model.component_data_objects(Var), *self.bilevel.variables, *cuts]

    @property
    def sizes(self) -> dict[str, int]:
        """What a solver gets of it, counted."""
        variables = self.variables
        return {
            "variables": len(variables),
            "constraints": sum(1 for _ in self.model.component_data_objects(Constraint, active=True)),
            "binaries": sum(not variable.is_continuous() for variable in variables),
            "sos": sum(1 for _ in self.model.component_data_objects(SOSConstraint, active=True)),
            "complementarities": len(self.pairs),
        }

    # The way back ----------------------------------------------------------------------------------------

    def point(self, values: Mapping[Any, float]) -> Point:
        """Return the point of the two levels that belongs to values of the model's variables, such as a solver's.

        Prices are those of the multipliers' values; a multiplier that is in no row of the solved model (e.g. of a row
        without follower variables) may take any value: 0. Without the value of any multiplier there are no prices.
        """
        known = any(m in values for _, _, several in self.conditions.multipliers() for m in several.values())
        return point_at(self.bilevel, values, self.prices(values) if known else ComponentMap())

    def prices(self, values: Mapping[Any, float]) -> ComponentMap:
        """Return row or variable -> value of its shadow price."""
        found: ComponentMap = ComponentMap()
        for form, row, multipliers in self.conditions.multipliers():
            at = {side: _value(values, variable) for side, variable in multipliers.items()}
            found[row.source] = float(shadow_price(form.sign, at)) + 0.0  # no -0.0
        return found

    def put(self, values: Mapping[Any, float]) -> Point:
        """Write a solver's values to the model's variables, and the point of the two levels to the user's."""
        put(values)
        point = self.point(values)
        point.put()
        return point


class _Attached(AutoSlots.Mixin):
    __slots__ = ("map",)

    def __init__(self) -> None:
        self.map: SingleLevel | None = None


Block.register_private_data_initializer(_Attached)


def attach(single_level: SingleLevel) -> None:
    """Keep what a model was made of with it."""
    single_level.model.private_data().map = single_level


def map_of(single: Any) -> SingleLevel:
    """Return what a model made by ``reformulate`` or by ``bilevel.kkt`` was made of."""
    found = single.private_data().map
    if found is None:
        raise BilevoltError(
            f"model {single.name!r} was not made by bilevolt's KKT step. "
            "Call bilevolt.reformulate(model, ...) or TransformationFactory('bilevel.kkt').create_using(model) first."
        )
    return found


def shadow_price(sign: int, multipliers: Mapping[str, Any]) -> Any:
    """Return the price of a row in the follower's own sense: sign * (lower - upper), or sign * equality."""
    if "equality" in multipliers:
        return sign * multipliers["equality"]
    return sign * (multipliers.get("lower", 0) - multipliers.get("upper", 0))


def _value(values: Mapping[Any, float], variable: VarData) -> float:
    return values[variable] if variable in values else (value(variable, exception=False) or 0.0)
