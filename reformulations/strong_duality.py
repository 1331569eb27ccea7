r"""Strong duality: primal and dual feasibility, and equal objectives, instead of complementarity.

For a follower brought to min with stationarity (dual feasibility) in the model, every feasible pair has

.. math:: \sigma \nabla f(y)^\top y - \Big( \sum_i \lambda_i\, b_i(x) + \sum_k \nu_k\, d_k(x) \Big)
          = \sum_i \lambda_i \, (g_i(x, y) - b_i) \ge 0

so that one row saying it is at most 0 replaces all complementarity pairs of the follower. The row is linear where the
leader is not in costs or right-hand sides; products of a leader's integer are linearised exactly (an inequality needs
half of their rows); for a convex QP the row is convex only where nobody else is in its costs and right-hand sides. A
follower that separates into blocks which share no variable (but the leader's) gets one row per block, which is much
tighter.

The same row, as an inequality, is valid for ``sos1`` and ``bigm``, where it cuts off much of the relaxation:
:func:`add_cut`. There, products with a continuous leader are relaxed by McCormick's envelopes.

Source: T. Kleinert, M. Labbé, F. Plein and M. Schmidt, *Closing the gap in linear bilevel optimization: a new valid
primal-dual inequality*, Optim. Lett. 15, 2021; S. Zare et al., *A note on linearized reformulations for a class of
bilevel linear integer problems*, Ann. Oper. Res. 272, 2019.
"""

from collections.abc import Sequence
from typing import Any

from pyomo.common.collections import ComponentSet
from pyomo.core import Any as AnyIndex
from pyomo.core import Block, Constraint

from ..bounds.given import impose, impose_proven
from ..bounds.proofs import prove
from ..levels.duality_gap import duality_gaps
from ..levels.follower_form import is_number
from ..levels.optimality import Pair
from ..levels.rows import has_variables
from .linearization import Linearization, add_nonnegative_slacks
from .single_level import Linearized, SingleLevel, map_of


class StrongDuality(Linearization):
    """One row for each block of a follower instead of its pairs; a block is replaced as a whole."""

    name = "strong_duality"
    about = "One row that says that primal and dual objective are equal replaces all pairs (next step)."
    equal_objectives = True
    own_products = True

    def write(self, block: Any, level: SingleLevel, pairs: Sequence[Pair]) -> list[Linearized]:
        """Write the row of each block of which all pending pairs are given; return these pairs."""
        chosen = {id(pair) for pair in pairs}
        impose_proven(level.conditions, level.ranges)
        impose(level.ranges, prove(level.system, _in_products(level), [])[0])
        block.equal_objectives = Constraint(AnyIndex)
        of_row: dict[int, list[Pair]] = {}
        for pair in level.pending():
            of_row.setdefault(id(pair.row), []).append(pair)
        made = []
        for gap in duality_gaps(level.conditions):
            own = [pair for row in gap.rows for pair in of_row.get(id(row), [])]
            if not own or not all(id(pair) in chosen for pair in own):
                continue
            equal = None
            if has_variables(gap.expression):
                block.equal_objectives[gap.name] = gap.expression <= 0  # >= holds for whatever is feasible in both
                equal = block.equal_objectives[gap.name]
            made += [Linearized(pair, self.name, pair.slack, equal) for pair in own]
        add_nonnegative_slacks(block, [item.pair for item in made])
        return made


def add_cut(single: Any) -> int:
    """Add the primal-dual inequality of each block as a redundant row, in place; return how many were added.

    ``products.apply`` then linearises or relaxes the products in it, and drops the rows where it cannot. Blocks of a
    QP get none: their row is not linear.
    """
    single_map = map_of(single)
    gaps = [gap for gap in duality_gaps(single_map.conditions) if not gap.quadratic and has_variables(gap.expression)]
    if gaps:
        block = single.duality_cut = Block()
        block.rows = Constraint([gap.name for gap in gaps])
        for gap in gaps:
            block.rows[gap.name] = gap.expression <= 0
    return len(gaps)


def _in_products(single_map: SingleLevel) -> list[Any]:
    """Return the multipliers without bounds in products that need a range.

    Those with a leader's integer are linearised; those with another follower's variables are left to the solver, which
    a multiplier that may be as large as you like lets have a tolerance of any size.
    """
    bilevel = single_map.bilevel
    integers = any(not v.is_continuous() for v in bilevel.visible)
    seeing = {f.name for f in bilevel.followers if any(v in bilevel.owner for v in f.given)}
    found: ComponentSet = ComponentSet()
    for form, row, multipliers in single_map.conditions.multipliers() if integers or seeing else ():
        if not (integers or form.follower.name in seeing):
            continue
        if not is_number(row.constant) or not all(is_number(a) for _, a in row.terms):
            found.update(m for m in multipliers.values() if m not in single_map.ranges.imposed)
    return list(found)


STEP = StrongDuality()
