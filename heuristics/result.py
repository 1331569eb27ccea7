"""What a heuristic hands back: the best point that it saw."""

from dataclasses import dataclass, field
from typing import Any

from pyomo.common.collections import ComponentMap
from pyomo.core.base.var import VarData

from ..reformulations.mapping import map_of, price_values
from ..solvers.status import Status


@dataclass
class HeuristicResult:
    """The best bilevel feasible point that a heuristic saw, and what it saw on the way.

    ``multipliers`` are the shadow prices of the followers' rows by name, where the leader uses any.
    """

    status: Status
    objective: float | None = None
    values: ComponentMap = field(default_factory=ComponentMap)
    multipliers: dict[str, float] = field(default_factory=dict)
    history: list[dict[str, Any]] = field(default_factory=list)
    message: str = ""

    def keep(self, single: Any, objective: float | None, values: ComponentMap, priced: bool | None = None) -> None:
        """Take a point of a single-level model, in the place of the one that there is.

        :param values: of its variables; those of the levels are kept.
        :param priced: whether the multipliers are among them; by default where the leader uses shadow prices.
        """
        bilevel = map_of(single).bilevel
        leader = bilevel.leader
        own = {*map(id, leader.variables), *map(id, bilevel.follower_variables)}
        with_prices = bool(leader.prices) if priced is None else priced
        prices = price_values(map_of(single), values) if with_prices else ComponentMap()
        self.status, self.objective = Status.feasible, objective
        self.values = ComponentMap((v, number) for v, number in values.items() if id(v) in own)
        self.values.update((price, prices[source]) for price, source in leader.prices.items())
        self.multipliers = {source.name: price for source, price in prices.items()}


def rounded(variable: VarData, number: float) -> float:
    """Return a solver's number for a variable, an integer without the solver's tolerance."""
    return number if variable.is_continuous() else float(round(number))
