"""Proving big-Ms: the ways that are tried, in order, for the multipliers and slacks that no model states a bound of.

0. *reduced costs*: see :mod:`reduced_costs`; only where that settles all multipliers, as LPs give smaller numbers.
1. *dual feasibility*: LPs over stationarity and signs of the multipliers alone. Bounds every multiplier where the dual
   polyhedron is bounded, and, with it, prices that a free slack caps. Costs that depend on the leader, and curved ones,
   enter through the ranges of the variables.
2. *the high-point relaxation*: LPs over the leader's and the followers' rows, for slacks and variables in products.
3. *feasibility, dual feasibility and strong duality*: LPs over all, products relaxed over the ranges found so far;
   repeated while it finds something. This uses that the follower is optimal: it bounds slacks that are unbounded in the
   high-point relaxation.
4. *vertices of the dual polyhedron*: see :mod:`vertices`; only where neither the leader nor a valid inequality
   uses the follower's prices.

Bounds of 0 to 3 hold for all multipliers of every bilevel feasible point, so also where the leader uses ``dual_of``;
those of 4 hold for some optimal multipliers, which is enough where the leader does not see them.
"""

import math
import time
from collections.abc import Iterable

from pyomo.common.collections import ComponentMap, ComponentSet
from pyomo.core.base.var import VarData

from ..levels.optimality import Pair
from .ranges import Bound, Proof
from .reduced_costs import reduced_cost_bounds
from .relaxation import DUAL, JOINT, PRIMAL, Relaxation
from .system import System
from .vertices import vertex_bounds

ROUNDS = 3
SECONDS = 30.0


def prove(
    system: System, multipliers: Iterable[VarData], slacks: Iterable[Pair], seconds: float = SECONDS
) -> tuple[ComponentMap, dict[int, Bound]]:
    """Return proven bounds: multiplier -> Bound (on its absolute value), id(pair) -> Bound of its slack.

    The multipliers that have bounds already are taken to stay within them; ranges found on the way are kept in the
    system's ranges.

    :param seconds: the time all LPs together may take; what is left unproven then stays so.
    """
    search = _Search(system, list(multipliers), list(slacks), time.monotonic() + seconds)
    if not search.multipliers and not search.slacks:
        return search.of_multiplier, search.of_slack
    by_reduced_cost = reduced_cost_bounds(system.conditions, system.ranges, search.multipliers)
    if len(by_reduced_cost) == len(search.multipliers):
        search.take(by_reduced_cost)
    search.run(DUAL, search.multipliers, [])
    search.run(PRIMAL, search.unbounded_variables(), search.slacks)
    for _ in range(ROUNDS):
        if not search.run(JOINT, [*search.multipliers, *search.unbounded_variables()], search.slacks):
            break
    if search.multipliers and not system.bilevel.uses_prices:
        search.take(vertex_bounds(system.conditions, system.ranges, search.multipliers))
        search.run(JOINT, search.unbounded_variables(), search.slacks)
    return search.of_multiplier, search.of_slack


class _Search:
    """What is left to prove, and what is proven."""

    def __init__(self, system: System, multipliers: list[VarData], slacks: list[Pair], deadline: float) -> None:
        self.system, self.multipliers, self.slacks, self.deadline = system, multipliers, slacks, deadline
        self.ranges = system.ranges
        self.of_multiplier: ComponentMap = ComponentMap()
        self.of_slack: dict[int, Bound] = {}

    def unbounded_variables(self) -> list[VarData]:
        """The levels' variables whose range is infinite: a finite one may make a product's envelope."""
        bilevel = self.system.bilevel
        variables = bilevel.variables
        return [v for v in variables if not all(map(math.isfinite, self.ranges.of_variable(v)))]

    def run(self, part: str, variables: list[VarData], slacks: list[Pair]) -> bool:
        """Ask one relaxation for all of these; return whether anything new was found."""
        seconds = self.deadline - time.monotonic()
        if seconds <= 0 or not (variables or slacks):
            return False
        relaxation = Relaxation(self.system, part, seconds)
        reason = f"LP over {part}"
        found = False
        wanted = ComponentSet(self.multipliers)
        for variable in variables:
            before = self.ranges.of_variable(variable)
            lower, upper = relaxation.range(variable)
            found |= self.ranges.learn(variable, lower, upper)
            lower, upper = self.ranges.of_variable(variable)
            largest = max(abs(lower), abs(upper))
            if variable in wanted and math.isfinite(largest) and before != (lower, upper):
                self.take(ComponentMap([(variable, Bound(largest, Proof.proven, reason))]))
        for pair in list(slacks):
            upper = min(relaxation.maximum(pair.slack), self.ranges.of_expression(pair.slack)[1])
            if math.isfinite(upper):
                self.of_slack[id(pair)] = Bound(max(0.0, upper), Proof.proven, reason)
                found = True
        self.slacks = [pair for pair in self.slacks if id(pair) not in self.of_slack]
        return found

    def take(self, bounds: ComponentMap) -> None:
        """Note bounds of multipliers."""
        self.of_multiplier.update(bounds)
        for multiplier, bound in bounds.items():
            self.ranges.learn(multiplier, -bound.value, bound.value)
        self.multipliers = [m for m in self.multipliers if m not in self.of_multiplier]
