r"""Branch: complementarity is left as it is, for a solver that branches on it.

.. math:: 0 \le \lambda \perp g(x, y) \ge 0 \quad\Longrightarrow\quad s = g(x, y),\; s \ge 0,\;
          \lambda = 0 \;\text{or}\; s = 0

Exact without any big-M, and needs nothing but LPs: HiGHS takes it, see :mod:`bilevolt.solvers.branching`. The pairs are
listed in the Suffix ``complementarity`` of the same block (see :mod:`bilevolt.solvers.complementarity`). Where bounds
:math:`\lambda \le \bar\lambda`, :math:`s \le \bar s` are proven, the cut
:math:`\lambda / \bar\lambda + s / \bar s \le 1` is added.

Source: J. F. Bard and J. T. Moore, *A branch and bound algorithm for the bilevel programming problem*, SIAM J. Sci.
Stat. Comput. 11, 1990.
"""

from collections.abc import Sequence
from typing import Any

from pyomo.core import Any as AnyIndex
from pyomo.core import Block, Constraint, Expression, NonNegativeReals, Var

from ..bounds.given import impose_proven
from ..solvers.complementarity import GAP_SUFFIX, SUFFIX, empty_suffix
from .duality_gap import duality_gaps
from .mapping import Linearized, Pair, SingleLevelMap, map_of
from .sos1 import slack_variable


def apply(single: Any, pairs: Sequence[Pair] | None = None) -> list[Linearized]:
    """List the pending pairs (or those given) of an MPCC for the solver, in place; return what was made for each.

    Proven multiplier bounds that the model states become variable bounds, which only helps the solver.
    """
    single_map = map_of(single)
    pairs = single_map.pending() if pairs is None else pairs
    impose_proven(single_map)
    block = single.branch = Block()
    block.slack = Var(AnyIndex, dense=False, domain=NonNegativeReals)
    block.slack_definition = Constraint(AnyIndex)
    block.bound_cut = Constraint(AnyIndex)
    block.add_component(SUFFIX, empty_suffix())
    listed = block.component(SUFFIX)
    made = []
    for pair in pairs:
        multiplier, slack = pair.multiplier, slack_variable(block, pair, single_map.ranges)
        if multiplier.ub and slack.ub:
            block.bound_cut[pair.name] = multiplier / multiplier.ub + slack / slack.ub <= 1
        listed[multiplier] = (slack, pair.name)
        pair.complementarity.deactivate()
        made.append(Linearized(pair, "branch", slack, listed))
    _list_gaps(block, single_map)
    single_map.linearized += made
    single_map.steps.append("branch")
    return made


def _list_gaps(block: Any, single_map: SingleLevelMap) -> None:
    """List the followers' duality gaps: given what the leader decides of them, they tell complementary points."""
    gaps = list(duality_gaps(single_map))
    visible = tuple(single_map.bilevel.visible)
    block.gap = Expression([gap.name for gap in gaps])
    block.add_component(GAP_SUFFIX, empty_suffix())
    for gap in gaps:
        block.gap[gap.name] = gap.expression
        block.component(GAP_SUFFIX)[block.gap[gap.name]] = visible
