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
from pyomo.core import Constraint, Expression

from ..bounds.given import impose_proven
from ..levels.duality_gap import duality_gaps
from ..levels.optimality import Pair
from ..solvers.complementarity import GAP_SUFFIX, SUFFIX, empty_suffix
from .linearization import Formulas, Linearization, Notation
from .single_level import Linearized, SingleLevel
from .sos1 import Slacks


class Branch(Linearization):
    """Pairs that the solver branches on. Stated bounds with a proof are imposed: they only help."""

    name = "branch"
    about = "A search sets one member of a pair to zero in either branch: exact, without any M."
    needs = frozenset({"complementarity"})
    options = ("cuts",)

    def write(
        self, block: Any, level: SingleLevel, pairs: Sequence[Pair], cuts: str | None = "auto"
    ) -> list[Linearized]:
        """Write each pair's slack and cut, and list the pairs and the followers' duality gaps for the solver.

        :param cuts: None leaves out what is redundant: the cuts and the gaps.
        """
        impose_proven(level.conditions, level.ranges)
        slacks = Slacks(block, level.ranges)
        block.bound_cut = Constraint(AnyIndex)
        block.add_component(SUFFIX, empty_suffix())
        listed = block.component(SUFFIX)
        made = []
        for pair in pairs:
            multiplier, slack = pair.multiplier, slacks.of(pair)
            if cuts and multiplier.ub and slack.ub:
                block.bound_cut[pair.name] = multiplier / multiplier.ub + slack / slack.ub <= 1
            listed[multiplier] = (slack, pair.name)
            made.append(Linearized(pair, self.name, slack, listed))
        if cuts:
            _list_gaps(block, level)
        return made

    def formulas(self, made: Linearized, say: Notation) -> Formulas:
        """Say what the slack is, and that one of both is 0."""
        s, zero = say.symbol("s"), say.number(0.0)
        return [
            (", slack", say.relation(s, "=", say.slack, ">=", zero)),
            ("", say.relation(say.times(say.multiplier, s), "<=", zero)),
        ]


def _list_gaps(block: Any, level: SingleLevel) -> None:
    """List the followers' duality gaps: given what the leader decides of them, they tell complementary points."""
    gaps = list(duality_gaps(level.conditions))
    visible = tuple(level.bilevel.visible)
    block.gap = Expression([gap.name for gap in gaps])
    block.add_component(GAP_SUFFIX, empty_suffix())
    for gap in gaps:
        block.gap[gap.name] = gap.expression
        block.component(GAP_SUFFIX)[block.gap[gap.name]] = visible


STEP = Branch()
