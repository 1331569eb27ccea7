"""A bilevel model in the making: rows and variables of its leader, followers, on a model of our own."""

from collections.abc import Iterable
from typing import Any

from pyomo.common.collections import ComponentMap, ComponentSet
from pyomo.common.modeling import unique_component_name
from pyomo.core import Any as AnyIndex
from pyomo.core import Block, ConcreteModel, Constraint, Objective, minimize
from pyomo.core.base.constraint import ConstraintData
from pyomo.core.base.var import VarData
from pyomo.core.expr.visitor import identify_variables

from ..levels.bilevel import Bilevel, Leader
from ..levels.follower import Follower


class Draft:
    """Collects what a column or a cut adds; its names are none of the user's."""

    def __init__(self, bilevel: Bilevel) -> None:
        self._bilevel = bilevel
        self.model = ConcreteModel(name=bilevel.model.name)
        name = unique_component_name(bilevel.model, "column")
        self.model.add_component(name, Block(AnyIndex))
        self._blocks = self.model.component(name)
        self.worth = bilevel.sense * bilevel.leader.objective.expr
        """The leader's objective, to be minimised."""
        self._rows: list[ConstraintData] = []
        self._variables: list[VarData] = []
        self._followers: list[Follower] = []

    def block(self, name: str) -> Any:
        """Return a new block, with an empty family ``rows`` of rows."""
        block = self._blocks[name]
        block.rows = Constraint(AnyIndex)
        return block

    def row(self, block: Any, name: str, relation: Any) -> None:
        """Add a row of the leader; one in which no variable is left is left out where it holds."""
        block.rows[name] = relation
        self._rows.append(block.rows[name])

    def variables(self, variables: Iterable[VarData]) -> None:
        """Add variables of the leader."""
        self._variables += variables

    def follower(self, block: Any, own: Iterable[VarData], objective: Any, sense: int = minimize) -> None:
        """Add a follower, whose rows are on the block.

        :param own: its variables; all others in its objective and rows it takes as given.
        """
        block.objective = Objective(expr=objective, sense=sense)
        own = tuple(own)
        rows = tuple(block.rows.values())
        mine = ComponentSet(own)
        seen = ComponentSet(
            v for c in (block.objective, *rows) for v in identify_variables(c.expr, include_fixed=False)
        )
        given = tuple(v for v in seen if v not in mine)
        self._followers.append(Follower(block.name, block, block.objective, rows, own, given, given))

    def bilevel(self, rows: Iterable[ConstraintData], objective: Any = None) -> Bilevel:
        """Return the model: of followers with integers, the leader decides what no follower of the draft does.

        :param rows: the leader's, beside its own and those of this draft: of followers that the leader takes over.
        :param objective: of the leader instead of its own.
        """
        whole, leader = self._bilevel, self._bilevel.leader
        kept = [f for f in whole.followers if all(v.is_continuous() for v in f.variables)]
        followers = (*kept, *self._followers)
        owned = ComponentSet(v for f in followers for v in f.variables)
        taken = [v for f in whole.followers for v in f.variables if v not in owned]
        return Bilevel(
            self.model,
            Leader(
                leader.objective if objective is None else objective,
                (*leader.constraints, *rows, *self._rows),
                leader.sos,
                (*leader.variables, *taken, *self._variables),
                leader.prices,
            ),
            followers,
            ComponentMap((v, follower.name) for follower in followers for v in follower.variables),
            whole.user_cuts,
        )
