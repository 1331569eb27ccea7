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

from pyomo.core import Any as AnyIndex
from pyomo.core import Binary, Block, Constraint, Var

from ..bounds.given import impose_proven
from ..levels.optimality import Pair
from ..solvers.indicators import SUFFIX, empty_suffix
from .mapping import Linearized, map_of


def apply(single: Any, pairs: Sequence[Pair] | None = None) -> list[Linearized]:
    """Linearise the pending pairs (or those given) of an MPCC in place; return what was made for each.

    Proven multiplier bounds that the model states become variable bounds, which only helps the solver.
    """
    single_map = map_of(single)
    pairs = single_map.pending() if pairs is None else pairs
    impose_proven(single_map.conditions, single_map.ranges)
    block = single.indicator = Block()
    block.switch = Var([pair.name for pair in pairs], domain=Binary)
    block.slack_nonnegative = Constraint(AnyIndex)
    block.multiplier_off = Constraint(AnyIndex)
    block.slack_off = Constraint(AnyIndex)
    block.add_component(SUFFIX, empty_suffix())
    made = [_linearise(block, pair) for pair in pairs]
    single_map.linearized += made
    single_map.steps.append("indicator")
    return made


def _linearise(block: Any, pair: Pair) -> Linearized:
    switch, when = block.switch[pair.name], block.component(SUFFIX)
    if not pair.row.is_bound:  # a bound holds already, on the variable
        block.slack_nonnegative[pair.name] = pair.slack >= 0
    block.multiplier_off[pair.name] = pair.multiplier <= 0
    block.slack_off[pair.name] = pair.slack <= 0
    when[block.multiplier_off[pair.name]] = (switch, 1)
    when[block.slack_off[pair.name]] = (switch, 0)
    pair.complementarity.deactivate()
    return Linearized(pair, "indicator", pair.slack, switch)
