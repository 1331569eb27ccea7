r"""The master problem: both levels with the followers' variables decided by the leader, and a column for each response.

It is a bilevel model with continuous followers only, so that everything that reformulates, bounds and solves those does
so here. Its optimum bounds that of the model; a decision cut says, for integers that a follower sees at :math:`x^*`,

.. math:: x = x^* \;\Longrightarrow\; f(x^*, y, z) \le \varphi(x^*), \qquad \varphi(x) = \min_{y, z} f(x, y, z),

which is exact whatever the columns leave open, and closes the search, as there are finitely many.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from pyomo.core import Any as AnyIndex
from pyomo.core import Binary, Block, Constraint, Objective, Var, maximize, quicksum

from ..bounds.ranges import Ranges
from ..levels.bilevel import Bilevel
from ..levels.rows import at_values, has_variables
from .column import Column, Response, add_column
from .draft import Draft
from .integer_follower import IntegerFollower
from .side import interval
from .switch import switch


@dataclass(frozen=True)
class Decision:
    """A follower at a decision in integers: what it sees (id -> number), and its optimum."""

    item: IntegerFollower
    given: dict[int, float]
    optimum: float


class Master:
    """What is known of the followers' responses; :meth:`problem` makes a bilevel model of it."""

    def __init__(self, bilevel: Bilevel, followers: list[IntegerFollower], ranges: Ranges) -> None:
        self.bilevel, self.followers, self.ranges = bilevel, followers, ranges
        self.responses: list[Response] = []
        self.decisions: list[Decision] = []

    def learn(self, response: Response) -> bool:
        """Take a response; return whether it is a new one."""
        if any(known.key == response.key for known in self.responses):
            return False
        self.responses.append(response)
        return True

    def decide(self, decision: Decision) -> bool:
        """Take what a follower does at a decision; return whether it can be used, and is new."""
        item = decision.item
        ends = [end for variable in item.linking for end in self.ranges.of_variable(variable)]
        usable = item.links_by_integers and all(map(math.isfinite, ends))
        if not usable or any(d.item is item and d.given == decision.given for d in self.decisions):
            return False
        self.decisions.append(decision)
        return True

    def problem(self, margin: float = 0.0) -> tuple[Bilevel, list[Column]]:
        """Return the master problem.

        :param margin: see :func:`.column.add_column`; 0 for bounds.
        """
        draft, columns = self._draft(margin)
        return draft.bilevel(self._taken_over()), columns

    def anywhere(self, margin: float = 0.0) -> Bilevel:
        """Return the master problem without an objective."""
        draft, _ = self._draft(margin)
        block = draft.block("anywhere")
        block.objective = Objective(expr=0)
        return draft.bilevel(self._taken_over(), block.objective)

    @property
    def linear(self) -> bool:
        """Whether the leader's objective is linear, so that there are rows about its level."""
        return bool(self.bilevel.leader.objective.expr.polynomial_degree() == 1)

    def column(self, response: Response) -> Column:
        """Return what a response becomes in the problem of bounds."""
        return self._column(response)[1]

    def deepest(self, response: Response, reason: str, level: float | None) -> Bilevel:
        """Return the problem of how far a response can be out of reach at points of a level.

        :param level: the leader's objective, to be minimised, is at most this; None: whatever it is.
        """
        draft, column = self._column(response)
        block = draft.block("deepest")
        if level is not None and self.linear:
            draft.row(block, "level", draft.worth <= level)
        block.leader = Block()
        block.leader.depth = Objective(expr=column.brinks[reason], sense=maximize)
        return draft.bilevel(self._taken_over(), block.leader.depth)

    def beyond(self, response: Response, reason: str, margin: float) -> Bilevel:
        """Return the problem of the best point at which a response is out of reach by a margin."""
        draft, column = self._column(response)
        block = draft.block("beyond")
        draft.row(block, "margin", column.brinks[reason] >= margin)
        return draft.bilevel(self._taken_over())

    def _column(self, response: Response) -> tuple[Draft, Column]:
        draft, columns = self._draft(0.0)
        return draft, next(column for column in columns if column.response is response)

    def _draft(self, margin: float) -> tuple[Draft, list[Column]]:
        draft = Draft(self.bilevel)
        columns = [
            add_column(draft, f"{response.item.name}.{k + 1}", response, self.ranges, margin)
            for k, response in enumerate(self.responses)
        ]
        for k, decision in enumerate(self.decisions):
            self._add_decision(draft, f"{decision.item.name} at decision {k + 1}", decision)
        return draft, columns

    def _taken_over(self) -> Sequence[Any]:
        return [row for item in self.followers for row in item.follower.constraints]

    def _add_decision(self, draft: Draft, name: str, decision: Decision) -> None:
        block, item = draft.block(name), decision.item
        excess = item.sign * (at_values(item.follower.objective.expr, decision.given) - decision.optimum)
        if not has_variables(excess):
            return
        block.less, block.more = Var(AnyIndex, domain=Binary, dense=False), Var(AnyIndex, domain=Binary, dense=False)
        for variable in item.linking:
            here = decision.given[id(variable)]
            lower, upper = self.ranges.of_variable(variable)
            less, more = block.less[variable.name], block.more[variable.name]
            draft.row(block, f"{variable.name} upper", variable <= here - less + (upper - here) * more)
            draft.row(block, f"{variable.name} lower", variable >= here + more - (here - lower) * less)
            draft.row(block, f"{variable.name} one", less + more <= 1)
        away = [*block.less.values(), *block.more.values()]
        draft.variables(away)
        most = interval(excess, self.ranges)[1]
        block.elsewhere = Block()
        block.elsewhere.rows, block.elsewhere.free = Constraint(AnyIndex), Block()
        finite = math.isfinite(most)
        u = switch(draft, block.elsewhere, quicksum(away) - 1, -1.0, finite=finite) if away else 0
        draft.row(block, "value", excess - (max(0.0, most) if finite else 1) * u <= 0)
