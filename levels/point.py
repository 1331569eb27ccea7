"""A point of both levels: values, shadow prices, objectives. What every solve of a single level is brought back to."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pyomo.common.collections import ComponentMap
from pyomo.core import value
from pyomo.core.base.var import VarData

from .bilevel import Bilevel
from .names import names


@dataclass(frozen=True)
class Point:
    """Values of the leader's variables, its ``dual_of`` variables and the followers'; and what they are worth.

    ``prices`` maps the followers' rows and bounded variables to shadow prices in the follower's own sense; it is empty
    where they are not known.
    """

    values: ComponentMap
    prices: ComponentMap
    objective: float
    lower_objectives: dict[str, float]

    @property
    def multipliers(self) -> dict[str, float]:
        """The shadow prices by name."""
        return dict(zip(names(self.prices), self.prices.values(), strict=True))

    def put(self) -> None:
        """Write the values to the user's model."""
        put(self.values)


def put(values: Mapping[VarData, float]) -> None:
    """Write values to variables, those of integers rounded."""
    for variable, number in values.items():
        variable.set_value(number if variable.is_continuous() else round(number), skip_validation=True)


def point_at(bilevel: Bilevel, values: Mapping[Any, float], prices: ComponentMap) -> Point:
    """Return the point with these values and prices; the model keeps its own values.

    :param values: variable -> number. One that is in no row of the solved model may take any: it keeps the number that
        it has on the model, or gets the one in its bounds that is nearest to 0.
    :param prices: row or bounded variable of a follower -> shadow price, for the ``dual_of`` variables too.
    """
    with bilevel.kept_values():
        for variable in bilevel.variables:
            number = values.get(variable, variable.value)
            put(ComponentMap([(variable, _nearest_to_zero(variable) if number is None else number)]))
        put(ComponentMap((price, prices[source]) for price, source in bilevel.leader.prices.items()))
        leader = bilevel.leader
        named = (*leader.variables, *leader.prices, *bilevel.follower_variables)
        return Point(
            ComponentMap((variable, float(variable.value)) for variable in named),
            prices,
            float(value(leader.objective.expr)),
            {follower.name: float(value(follower.objective.expr)) for follower in bilevel.followers},
        )


def _nearest_to_zero(variable: VarData) -> float:
    lower, upper = variable.bounds
    return max(lower if lower is not None else 0.0, min(0.0, upper if upper is not None else 0.0))
