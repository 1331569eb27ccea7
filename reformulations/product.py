r"""Product: complementarity as it reads, a bilinear row for each pair.

.. math:: 0 \le \lambda \perp g(x, y) \ge 0 \quad\Longrightarrow\quad s = g(x, y),\; s \ge 0,\;
          \lambda s \le \varepsilon

Exact for :math:`\varepsilon = 0` up to the solver's tolerance, which allows both factors its square root; ``solve``
therefore settles the pairs at the point found (:mod:`pattern`) and checks again. Needs a nonconvex solver (Gurobi,
SCIP) and, to be of any use, bounds.

Source: S. Scholtes, *Convergence properties of a regularization scheme for mathematical programs with complementarity
constraints*, SIAM J. Optim. 11, 2001 (the relaxation by :math:`\varepsilon`).
"""

from collections.abc import Sequence
from typing import Any

from pyomo.core import Any as AnyIndex
from pyomo.core import Block, Constraint, NonNegativeReals, Var

from ..bounds.given import impose_proven
from ..levels.optimality import Pair
from .mapping import Linearized, map_of


def apply(single: Any, pairs: Sequence[Pair] | None = None, tolerance: float = 0.0) -> list[Linearized]:
    """Write the pending pairs (or those given) of an MPCC as products, in place; return what was made for each.

    :param tolerance: epsilon above; 0 is exact complementarity.
    """
    single_map = map_of(single)
    pairs = single_map.pending() if pairs is None else pairs
    impose_proven(single_map.conditions, single_map.ranges)
    block = single.product = Block()
    block.slack = Var([pair.name for pair in pairs], domain=NonNegativeReals)
    block.slack_definition = Constraint(AnyIndex)
    block.complementarity = Constraint(AnyIndex)
    made = []
    for pair in pairs:
        slack = block.slack[pair.name]
        block.slack_definition[pair.name] = slack == pair.slack
        block.complementarity[pair.name] = pair.multiplier * slack <= tolerance
        pair.complementarity.deactivate()
        made.append(Linearized(pair, "product", slack, block.complementarity[pair.name]))
    single_map.linearized += made
    single_map.steps.append("product")
    return made
