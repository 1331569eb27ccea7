r"""Alternating search: the followers choose the pattern of complementarity, the leader the best point in it, in turn.

1. *Reaction.* At the leader's decision, the followers' optima that are best for the leader tell which slacks are
   positive.
2. *Settled problem.* With :math:`\lambda = 0` where the slack is positive and :math:`g(x, y) = 0` elsewhere, the single
   level is an LP or a convex problem (a MILP with integers of the leader): its solution is the next decision.

The point of step 1 is feasible for the problem of step 2, and that of step 2 for the reaction at its decision, so that
the objective never worsens by more than the tolerances. The search ends where it no longer gets better: at a point that
is optimal in each pattern that was looked at, a local optimum. Followers that are indifferent at the new decision open
new patterns, which is why it gets far where optimal decisions leave many of them indifferent (prices). No bound comes
with it.

Source: the idea of alternating over the pieces of an MPCC is that of Z.-Q. Luo, J.-S. Pang and D. Ralph, *Mathematical
Programs with Equilibrium Constraints*, Cambridge 1996, ch. 6 (piecewise programming).
"""

import math
from typing import Any

from pyomo.common.collections import ComponentMap
from pyomo.core import minimize, value

from ..levels.bilevel import Bilevel
from ..levels.rows import at_values
from ..quantities import plain
from ..reformulations import kkt, pattern, products, revenue
from ..reformulations.single_level import map_of
from ..solvers.session import Session
from ..solvers.status import Status
from .box import nearest
from .follower.reaction import react, refuse_interaction
from .result import HeuristicResult

POSITIVE = 1e-3
"""A slack above this (relative to 1 + its row's limit) counts as positive; one below may be the tolerance's."""
IMPROVEMENT = 1e-6


def alternating(
    bilevel: Bilevel,
    session: Session,
    *,
    max_iterations: int = 100,
    tolerance: float = 1e-7,
) -> HeuristicResult:
    """Run the search from the decision on the model (where a variable has no value: the one nearest to 0).

    :param tolerance: up to which (relative) a follower's optima count as optima when the best of them is looked for.
    :returns: status ``feasible`` or ``no_solution``; ``history`` has, per iteration, the objective of the reaction and
        of the settled problem.
    """
    refuse_interaction(bilevel)
    sense = 1 if bilevel.leader.objective.sense == minimize else -1
    mpcc = kkt.apply(bilevel)
    visible = [v for v in bilevel.leader.variables if v in bilevel.visible]
    decision = {id(v): nearest(v, v.value or 0.0) for v in visible}
    result = HeuristicResult(Status.no_solution, message=f"stopped after {max_iterations} iterations")
    for iteration in range(1, max_iterations + 1):
        reaction = react(mpcc, decision, session.solve, tolerance)
        if not reaction.feasible:
            result.message = session.said(f"iteration {iteration}: {reaction.message}")
            break
        settled = _settled(bilevel, reaction.values)
        found = session.solve(settled)
        if found.values is None or found.objective is None:
            result.message = session.said(f"iteration {iteration}: the settled problem is {found.status}")
            break
        result.record(reaction=reaction.objective, objective=found.objective)
        session.say(
            f"iteration {iteration}: reaction {plain(reaction.objective, 10)}, settled {plain(found.objective, 10)}"
        )
        gain = math.inf if result.objective is None else sense * (result.objective - found.objective)
        if gain > 0:
            result.keep(found.objective, map_of(settled).point(found.values))
        if gain <= IMPROVEMENT * max(1.0, abs(found.objective)):
            result.message = f"no better point after {iteration} iterations"
            break
        if session.over:
            result.message = session.why
            break
        decision = {id(v): found.values.get(v, decision[id(v)]) for v in visible}
    return result


def _settled(bilevel: Bilevel, values: ComponentMap) -> Any:
    """Return the single level with every pair as its slack says: positive, or 0."""
    single = kkt.apply(bilevel)
    revenue.apply(single)
    at = {id(variable): number for variable, number in values.items()}
    point = []
    for pair in map_of(single).conditions.pairs:
        scale = 1 + abs(getattr(pair.row, pair.side))
        point.append((0.0, 1.0) if value(at_values(pair.slack, at)) > POSITIVE * scale else (1.0, 0.0))
    pattern.apply(single, point=point)
    products.apply(single)
    return single
