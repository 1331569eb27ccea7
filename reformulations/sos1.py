r"""SOS1: of multiplier and slack, at most one is nonzero.

.. math:: 0 \le \lambda \perp g(x, y) \ge 0 \quad\Longrightarrow\quad s = g(x, y),\; s \ge 0,\;
          \mathrm{SOS1}(\lambda, s)

Exact without any big-M. Needs a solver with SOS1 constraints (Gurobi, SCIP).

Source: S. Siddiqui and S. A. Gabriel, *An SOS1-based approach for solving MPECs with a natural gas market
application*, Netw. Spat. Econ. 13, 2013; T. Kleinert and M. Schmidt, *Why there is no need to use a big-M in linear
bilevel optimization*, Comput. Manag. Sci. 20, 2023.
"""

from collections.abc import Sequence
from typing import Any

from pyomo.core import Any as AnyIndex
from pyomo.core import Block, Constraint, NonNegativeReals, SOSConstraint, Var
from pyomo.core.base.var import VarData

from .bounds import impose, multiplier_bounds
from .mapping import Linearized, Pair, map_of


def apply(single: Any, pairs: Sequence[Pair] | None = None) -> list[Linearized]:
    """Linearise the pending pairs (or those given) of an MPCC in place; return what was made for each.

    Proven multiplier bounds that the model states become variable bounds, which only helps the solver.
    """
    single_map = map_of(single)
    pairs = single_map.pending() if pairs is None else pairs
    impose(multiplier_bounds(single_map))
    block = single.sos1 = Block()
    block.slack = Var(AnyIndex, dense=False, domain=NonNegativeReals)
    block.slack_definition = Constraint(AnyIndex)
    members = {pair.name: (pair.multiplier, _slack_variable(block, pair)) for pair in pairs}
    block.complementarity = SOSConstraint(list(members), sos=1, rule=lambda _, name: list(members[name]))
    made = []
    for pair in pairs:
        pair.complementarity.deactivate()
        made.append(Linearized(pair, "sos1", members[pair.name][1], block.complementarity[pair.name]))
    single_map.linearized += made
    single_map.steps.append("sos1")
    return made


def _slack_variable(block: Any, pair: Pair) -> VarData:
    """Return a variable equal to the slack: the follower's variable itself where its lower bound is 0."""
    if pair.row.is_bound and pair.side == "lower" and pair.row.lower == 0:
        return pair.row.source
    slack = block.slack[pair.name]
    block.slack_definition[pair.name] = slack == pair.slack
    return slack
