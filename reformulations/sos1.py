r"""SOS1: of multiplier and slack, at most one is nonzero.

.. math:: 0 \le \lambda \perp g(x, y) \ge 0 \quad\Longrightarrow\quad s = g(x, y),\; s \ge 0,\;
          \mathrm{SOS1}(\lambda, s)

Exact without any big-M. Where bounds :math:`\lambda \le \bar\lambda`, :math:`s \le \bar s` are proven, the cut
:math:`\lambda / \bar\lambda + s / \bar s \le 1` is added, which makes the relaxation that of the big-M form. Needs a
solver with SOS1 constraints (Gurobi, SCIP).

Source: S. Siddiqui and S. A. Gabriel, *An SOS1-based approach for solving MPECs with a natural gas market
application*, Netw. Spat. Econ. 13, 2013; T. Kleinert and M. Schmidt, *Why there is no need to use a big-M in linear
bilevel optimization*, Comput. Manag. Sci. 20, 2023.
"""

import math
from collections.abc import Sequence
from typing import Any

from pyomo.core import Any as AnyIndex
from pyomo.core import Block, Constraint, NonNegativeReals, SOSConstraint, Var
from pyomo.core.base.var import VarData

from ..bounds.given import impose_proven
from ..bounds.ranges import Ranges
from .mapping import Linearized, Pair, map_of


def apply(single: Any, pairs: Sequence[Pair] | None = None) -> list[Linearized]:
    """Linearise the pending pairs (or those given) of an MPCC in place; return what was made for each.

    Proven multiplier bounds that the model states become variable bounds, which only helps the solver.
    """
    single_map = map_of(single)
    pairs = single_map.pending() if pairs is None else pairs
    ranges = single_map.ranges
    impose_proven(single_map)
    block = single.sos1 = Block()
    block.slack = Var(AnyIndex, dense=False, domain=NonNegativeReals)
    block.slack_definition = Constraint(AnyIndex)
    block.bound_cut = Constraint(AnyIndex)
    members = {pair.name: (pair.multiplier, slack_variable(block, pair, ranges)) for pair in pairs}
    block.complementarity = SOSConstraint(list(members), sos=1, rule=lambda _, name: list(members[name]))
    made = []
    for pair in pairs:
        multiplier, slack = members[pair.name]
        if multiplier.ub and slack.ub:
            block.bound_cut[pair.name] = multiplier / multiplier.ub + slack / slack.ub <= 1
        pair.complementarity.deactivate()
        made.append(Linearized(pair, "sos1", members[pair.name][1], block.complementarity[pair.name]))
    single_map.linearized += made
    single_map.steps.append("sos1")
    return made


def slack_variable(block: Any, pair: Pair, ranges: Ranges) -> VarData:
    """Return a variable equal to the slack, bounded where interval arithmetic gives a bound.

    The bound is not needed, but solvers cut with it. The follower's variable itself serves where its lower bound is
    0 and nothing better is known of it.
    """
    _, upper = ranges.of_expression(pair.slack)
    if pair.row.is_bound and pair.side == "lower" and pair.row.lower == 0:
        own = pair.row.source
        if upper >= (math.inf if own.ub is None else own.ub):
            return own
    slack = block.slack[pair.name]
    if math.isfinite(upper):
        slack.setub(max(0.0, upper))
    block.slack_definition[pair.name] = slack == pair.slack
    return slack
