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
from pyomo.core import Constraint, NonNegativeReals, SOSConstraint, Var
from pyomo.core.base.var import VarData
from pyomo.core.expr import EqualityExpression

from ..bounds.given import impose_proven, largest_slack
from ..bounds.ranges import Ranges
from ..levels.optimality import Pair
from .linearization import Formulas, Linearization, Notation
from .single_level import Linearized, SingleLevel


class Sos1(Linearization):
    """Of multiplier and slack, at most one is nonzero. Stated bounds with a proof are imposed: they only help."""

    name = "sos1"
    about = (
        "At most one member of a special ordered set of type 1 is nonzero: exact, without any M. Where bounds of both "
        "are proven, multiplier/bound + slack/bound <= 1 is added as a cut."
    )
    needs = frozenset({"sos1"})

    def write(self, block: Any, level: SingleLevel, pairs: Sequence[Pair]) -> list[Linearized]:
        """Write each pair's slack, set and cut."""
        impose_proven(level.conditions, level.ranges)
        slacks = Slacks(block, level.ranges)
        block.bound_cut = cuts = Constraint(AnyIndex)
        members = {pair.name: (pair.multiplier, slacks.of(pair)) for pair in pairs}
        block.complementarity = SOSConstraint(list(members), sos=1, rule=lambda _, name: list(members[name]))
        for name, (multiplier, slack) in members.items():
            if multiplier.ub and slack.ub:
                cuts[name] = multiplier / multiplier.ub + slack / slack.ub <= 1
        sets = block.complementarity
        return [Linearized(p, self.name, members[p.name][1], sets[p.name]) for p in pairs]

    def formulas(self, made: Linearized, say: Notation) -> Formulas:
        """Say what the slack is, and the set."""
        if say.slack_is_variable:
            return [("", say.words("SOS1", say.multiplier, say.slack))]
        s = say.symbol("s")
        return [
            (", slack", say.relation(s, "=", say.slack, ">=", say.number(0.0))),
            ("", say.words("SOS1", say.multiplier, s)),
        ]


class Slacks:
    """Variables equal to slacks, bounded where interval arithmetic gives a bound, with their rows on a step's block.

    The bound is not needed, but solvers cut with it. The follower's variable itself serves where its lower bound is
    0 and nothing better is known of it.
    """

    def __init__(self, block: Any, ranges: Ranges) -> None:
        block.slack = Var(AnyIndex, dense=False, domain=NonNegativeReals)
        block.slack_definition = Constraint(AnyIndex)
        self._slack, self._definition, self._ranges = block.slack, block.slack_definition, ranges

    def of(self, pair: Pair) -> VarData:
        """Return the variable that equals a pair's slack."""
        upper = largest_slack(pair, self._ranges)
        if pair.side == "lower" and pair.row.is_bound and pair.row.lower == 0:
            own = pair.row.source
            if upper >= (math.inf if own.ub is None else own.ub):
                return own
        slack = self._slack[pair.name]
        if math.isfinite(upper):
            slack.setub(max(0.0, upper))
        self._definition[pair.name] = EqualityExpression((slack, pair.slack))
        return slack


STEP = Sos1()
