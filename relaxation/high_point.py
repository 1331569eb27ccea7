r"""The high-point relaxation: both levels' rows, and the follower does what suits the leader.

.. math:: \min_{x, y, s} F(x, y) \quad \text{s.t.} \quad \text{leader's rows}, \; \text{followers' rows}, \;
          (x, y, s) \text{ satisfies what the model offers as valid}

Every bilevel feasible point is in it, so that its optimum is a bound. It has no multipliers, hence none of the
products and pairs that the KKT conditions bring. Alone it is weak: what followers do has to come from the valid
inequalities, and from the rows that their separators add.

Source: J. T. Moore and J. F. Bard, *The mixed integer linear bilevel programming problem*, Oper. Res. 38, 1990.
"""

from pyomo.core import Any as AnyIndex
from pyomo.core import Block, ConcreteModel, Objective

from ..levels.bilevel import Bilevel
from ..levels.optimality import OptimalityConditions
from ..levels.rows import add_sos
from ..reformulations import user_cuts
from ..reformulations.kkt import add_rows
from ..reformulations.single_level import SingleLevel, attach, map_of
from . import forms

NAME = "high_point"


def high_point(bilevel: Bilevel) -> SingleLevel | None:
    """Return the relaxation, linear, on the user's own variables; None where it cannot be made linear.

    :param bilevel: a model without prices: they would need the multipliers that are left out.
    """
    model = ConcreteModel(name=f"high point({bilevel.model.name})")
    single = SingleLevel(model, bilevel, OptimalityConditions(bilevel.forms))
    attach(single)
    model.leader = Block()
    leader = bilevel.leader
    add_rows(model.leader, leader.constraints, {})
    add_sos(model.leader, leader.sos)
    model.leader.objective = Objective(expr=leader.objective.expr, sense=leader.objective.sense)
    model.followers = Block(AnyIndex)
    for follower in bilevel.followers:
        add_rows(model.followers[follower.name], follower.constraints, {})
    user_cuts.apply(model)
    return map_of(model) if forms.apply(single) else None
