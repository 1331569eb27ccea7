"""Proving big-Ms: the ways that are tried, in order, for the multipliers and slacks that no model states a bound of.

0. *reduced costs*: see :mod:`reduced_costs`; only where that settles all multipliers, as LPs give smaller numbers.
1. *dual feasibility*: LPs over stationarity and signs of the multipliers alone. Bounds every multiplier where the dual
   polyhedron is bounded, and, with it, prices that a free slack caps. Costs that depend on the leader, and curved ones,
   enter through the ranges of the variables.
2. *the high-point relaxation*: LPs over the leader's and the followers' rows, for slacks and variables in products.
3. *feasibility, dual feasibility and strong duality*: LPs over all, products relaxed over the ranges found so far;
   repeated while it finds something. This uses that the follower is optimal: it bounds slacks that are unbounded in the
   high-point relaxation.
4. *vertices of the dual polyhedron*, or a *network flow's spanning trees*: see :mod:`vertices` and :mod:`networks`;
   only where neither the leader nor a valid inequality uses the follower's prices.

Bounds of 0 to 3 hold for all multipliers of every bilevel feasible point, so also where the leader uses ``dual_of``;
those of 4 hold for some optimal multipliers, which is enough where the leader does not see them.

Effort is limited by simplex iterations, never by time: what is proven, and so what is refused, is the same on a loaded
machine.
"""

import math
from collections.abc import Iterable

from pyomo.common.collections import ComponentMap
from pyomo.common.gc_manager import PauseGC
from pyomo.core.base.var import VarData

from ..levels.optimality import Pair
from .networks import network_bounds
from .program import Work
from .ranges import Bound, Proof
from .reduced_costs import all_of_bounds, reduced_cost_bounds
from .relaxation import DUAL, JOINT, PRIMAL, Relaxation
from .rows import Rows
from .system import System
from .vertices import vertex_bounds

ROUNDS = 3
WORK = 1.5e7
"""What all LPs together may take, in the unit of :class:`Work`: some 0.5 s of a processor, more than any instance here
needs; what is left then gets what single rows prove."""


def prove(
    system: System, multipliers: Iterable[VarData], slacks: Iterable[Pair], work: float = WORK
) -> tuple[ComponentMap, dict[int, Bound]]:
    """Return proven bounds: multiplier -> Bound (on its absolute value), id(pair) -> Bound of its slack.

    The multipliers that have bounds already are taken to stay within them; ranges found on the way are kept in the
    system's ranges.

    :param work: what all LPs together may take; what is left unproven then stays so.
    """
    worklist = _Worklist(system, list(multipliers), list(slacks), work)
    if worklist.multipliers or worklist.slacks:
        with PauseGC():  # no cycles are made here, and a collection walks through the whole model
            _try_all(worklist)
    return worklist.of_multiplier, worklist.of_slack


def _try_all(worklist: "_Worklist") -> None:
    """Try the ways in order."""
    system = worklist.system
    if all_of_bounds(system.conditions, worklist.multipliers):
        by_reduced_cost = reduced_cost_bounds(system.conditions, system.ranges, worklist.multipliers)
        if len(by_reduced_cost) == len(worklist.multipliers):
            worklist.take(by_reduced_cost)
    worklist.run(DUAL, worklist.multipliers, [])
    worklist.run(PRIMAL, worklist.unbounded_variables(), worklist.slacks)
    for _ in range(ROUNDS):
        if not worklist.run(JOINT, [*worklist.multipliers, *worklist.unbounded_variables()], worklist.slacks):
            break
    if worklist.multipliers and not system.bilevel.uses_prices:
        for bounds_of in (vertex_bounds, network_bounds):  # each of all multipliers of a block, or of none
            worklist.take(bounds_of(worklist.rows.gaps, system.ranges, worklist.multipliers))
        worklist.run(JOINT, worklist.unbounded_variables(), worklist.slacks)


class _Worklist:
    """What is left to prove, and what is proven."""

    def __init__(self, system: System, multipliers: list[VarData], slacks: list[Pair], work: float) -> None:
        self.system, self.multipliers, self.slacks, self.work = system, multipliers, slacks, Work(work)
        self.rows = Rows(system)
        self.of_multiplier: ComponentMap = ComponentMap()
        self.of_slack: dict[int, Bound] = {}

    def unbounded_variables(self) -> list[VarData]:
        """The levels' variables whose range is infinite: a finite one may make a product's envelope."""
        bilevel = self.system.bilevel
        variables = bilevel.variables
        return [v for v in variables if not all(map(math.isfinite, self.rows.range(v)))]

    def run(self, part: str, variables: list[VarData], slacks: list[Pair]) -> bool:
        """Ask one relaxation for all of these; return whether anything new was found."""
        if not (variables or slacks):
            return False
        relaxation = Relaxation(self.rows, part, self.work)
        relaxation.look_for_rays(variables, (pair.row for pair in slacks))
        reason = f"LP over {part}"
        found = False
        wanted = {id(m) for m in self.multipliers}
        proven: ComponentMap = ComponentMap()
        promising = relaxation.promising(variables)
        relaxation.look_together(promising)
        for variable in promising:
            low, high = relaxation.ends(variable)
            before = self.rows.range(variable)
            if -low.value <= before[0] and high.value >= before[1]:
                continue
            found |= self.rows.learn(variable, -low.value, high.value)
            lower, upper = self.rows.range(variable)
            largest = max(abs(lower), abs(upper))
            if id(variable) in wanted and math.isfinite(largest):
                proven[variable] = Bound(largest, Proof.proven, reason, weights=(low.weights, high.weights))
        self._strike_off(proven)
        for pair in slacks:
            slack = relaxation.slack(pair.row, pair.side)
            if math.isfinite(slack.value):
                self.of_slack[id(pair)] = Bound(max(0.0, slack.value), Proof.proven, reason, weights=(slack.weights,))
                found = True
        self.slacks = [pair for pair in self.slacks if id(pair) not in self.of_slack]
        return found

    def take(self, bounds: ComponentMap) -> None:
        """Note bounds of multipliers, and their ranges."""
        for multiplier, bound in bounds.items():
            self.rows.learn(multiplier, -bound.value, bound.value)
        self._strike_off(bounds)

    def _strike_off(self, bounds: ComponentMap) -> None:
        self.of_multiplier.update(bounds)
        self.multipliers = [m for m in self.multipliers if m not in self.of_multiplier]
