r"""Product: complementarity as it reads, a bilinear row for each pair.

.. math:: 0 \le \lambda \perp g(x, y) \ge 0 \quad\Longrightarrow\quad s = g(x, y),\; s \ge 0,\;
          \lambda s \le \varepsilon

Exact for :math:`\varepsilon = 0` up to the solver's tolerance, which allows both factors its square root; ``solve``
therefore sets one of each pair to 0, as at the point found (:mod:`pattern`), and checks again. Needs a nonconvex solver
(Gurobi, SCIP) and, to be of any use, bounds.

Source: S. Scholtes, *Convergence properties of a regularization scheme for mathematical programs with complementarity
constraints*, SIAM J. Optim. 11, 2001 (the relaxation by :math:`\varepsilon`).
"""

from collections.abc import Sequence
from typing import Any

from pyomo.core import Any as AnyIndex
from pyomo.core import Constraint, NonNegativeReals, Var

from ..bounds.given import impose_proven
from ..levels.optimality import Pair
from .linearization import Formulas, Linearization, Notation
from .single_level import Linearized, SingleLevel


class Product(Linearization):
    """A bilinear row for each pair."""

    name = "product"
    about = "Complementarity as it reads, a product for each pair: exact, for a solver of nonconvex problems."
    needs = frozenset({"quadratic_constraints", "nonconvex"})
    own_products = True

    def write(self, block: Any, level: SingleLevel, pairs: Sequence[Pair], tolerance: float = 0.0) -> list[Linearized]:
        """Write each pair's slack and product.

        :param tolerance: epsilon above; 0 is exact complementarity.
        """
        impose_proven(level.conditions, level.ranges)
        block.slack = Var([pair.name for pair in pairs], domain=NonNegativeReals)
        block.slack_definition = Constraint(AnyIndex)
        block.complementarity = Constraint(AnyIndex)
        for pair in pairs:
            slack = block.slack[pair.name]
            block.slack_definition[pair.name] = slack == pair.slack
            block.complementarity[pair.name] = pair.multiplier * slack <= tolerance
        return [Linearized(p, self.name, block.slack[p.name], block.complementarity[p.name]) for p in pairs]

    def formulas(self, made: Linearized, say: Notation) -> Formulas:
        """Say what the slack is, and that the product is 0."""
        s, zero = say.symbol("s"), say.number(0.0)
        return [
            (", slack", say.relation(s, "=", say.slack, ">=", zero)),
            ("", say.relation(say.times(say.multiplier, s), "<=", zero)),
        ]


STEP = Product()
