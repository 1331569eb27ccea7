r"""Indicator: a binary per pair switches one of two rows on, without any big-M.

.. math:: 0 \le \lambda \perp g(x, y) \ge 0 \quad\Longrightarrow\quad g(x, y) \ge 0,\;
          z = 1 \Rightarrow \lambda \le 0,\; z = 0 \Rightarrow g(x, y) \le 0,\; z \in \{0, 1\}

Exact. Needs a solver with indicator constraints (Gurobi, SCIP), which take linear rows only: a product in a slack must
be one that the step ``products`` makes linear. The switched rows are ordinary constraints, listed with their binary and
its value in the Suffix ``indicator`` of the same block (see :mod:`bilevolt.solvers.indicators`).

Source: J. Fortuny-Amat and B. McCarl, *A representation and economic interpretation of a two-level programming
problem*, J. Oper. Res. Soc. 32, 1981 (the disjunction); P. Belotti et al., *On handling indicator constraints in mixed
integer programming*, Comput. Optim. Appl. 65, 2016 (how solvers treat such rows).
"""

from collections.abc import Sequence
from typing import Any

from ..bounds.given import impose_proven
from ..levels.optimality import Pair
from ..solvers.indicators import SUFFIX, empty_suffix
from .linearization import Formulas, Linearization, Notation, add_switches
from .single_level import Linearized, SingleLevel


class Indicator(Linearization):
    """A binary switches one of two rows on. Stated bounds with a proof are imposed, which only helps the solver."""

    name = "indicator"
    about = "A binary z for each pair switches one of two rows on: exact, without any M."
    needs = frozenset({"milp", "indicator"})

    def write(self, block: Any, level: SingleLevel, pairs: Sequence[Pair]) -> list[Linearized]:
        """Write each pair's switched rows."""
        impose_proven(level.conditions, level.ranges)
        add_switches(block, pairs)
        block.add_component(SUFFIX, empty_suffix())
        return [self._pair(block, pair) for pair in pairs]

    def _pair(self, block: Any, pair: Pair) -> Linearized:
        switch, when = block.switch[pair.name], block.component(SUFFIX)
        block.multiplier_off[pair.name] = pair.multiplier <= 0
        block.slack_off[pair.name] = pair.slack <= 0
        when[block.multiplier_off[pair.name]] = (switch, 1)
        when[block.slack_off[pair.name]] = (switch, 0)
        return Linearized(pair, self.name, pair.slack, switch)

    def formulas(self, made: Linearized, say: Notation) -> Formulas:
        """Say which row holds when."""
        z, one, zero = say.symbol("z"), say.number(1.0), say.number(0.0)
        return [
            (", multiplier", say.relation(z, "=", one, "=>", say.multiplier, "<=", zero)),
            (", slack", say.relation(z, "=", zero, "=>", say.slack, "<=", zero)),
            (", binary", say.binary(z)),
        ]


STEP = Indicator()
