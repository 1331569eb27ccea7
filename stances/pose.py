r"""A pessimistic, weighted or robust problem, posed as an optimistic one: levels to levels.

.. math:: \min_x \; (1 - \alpha) \min_{y \in S(x)} F(x, y) + \alpha \max_{w \in S_\delta(x)} F(x, w)
          \quad \text{s.t.} \quad G_k(x, w) \le 0 \quad \forall\, w \in S_\delta(x)

becomes a bilevel problem with more followers: one that answers worst for F, and one for each side of a leader's row
(:mod:`.worst`); the leader's objective and rows hold at their responses. Everything else stays: whatever linearises,
solves or bounds a bilevel model does so here.

Source: B. Zeng, *A practical scheme to compute the pessimistic bilevel optimization problem*, INFORMS J. Comput. 32,
2020; W. Wiesemann, A. Tsoukalas, P.-M. Kleniati and B. Rustem, *Pessimistic bilevel optimization*, SIAM J. Optim. 23,
2013; D. Cao and L. Leung, *A partial cooperation model for non-unique linear two-level decision problems*, EJOR 140,
2002 (the weight).
"""

from dataclasses import dataclass, field, replace
from typing import Any

from pyomo.common.collections import ComponentMap
from pyomo.core import Any as AnyIndex
from pyomo.core import ConcreteModel, Constraint, Objective, maximize, minimize, value

from ..levels.bilevel import Bilevel
from .defined import Defined, defined, sides
from .worst import WorstResponses, is_open

OBJECTIVE = "leader's objective"


@dataclass(frozen=True)
class Posed:
    """``bilevel`` is the problem to solve; ``original`` the user's.

    ``copies`` maps the user's follower variables to those of the response that is worst for the objective, ``follow``
    tells which of the leader's variables follow the response. ``homes`` are the models of the new rows and variables,
    which live as long as this does (Pyomo's components know their model by weak references only).
    """

    original: Bilevel
    bilevel: Bilevel
    weight: float
    near: float
    copies: ComponentMap = field(repr=False, default_factory=ComponentMap)
    follow: Defined | None = None
    homes: tuple[Any, ...] = field(repr=False, default=())

    @property
    def is_new(self) -> bool:
        """Whether the problem is another than the user's."""
        return self.bilevel is not self.original

    def response(self) -> dict[str, float]:
        """Return the values of both levels' variables by name, followers answering worst for the leader's objective."""
        found = ComponentMap((v, v.value) for v in (*self.original.leader.variables, *self.original.follower_variables))
        if self.weight:
            for y, w in self.copies.items():
                found[y] = w.value
        return named(self.original, self.follow, found)


def named(bilevel: Bilevel, follow: Defined | None, values: ComponentMap) -> dict[str, float]:
    """Return values by name, what follows the response computed from it; the model keeps its own."""
    with bilevel.kept_values():
        for variable, number in values.items():
            variable.set_value(number, skip_validation=True)
        if follow is not None:
            for variable in follow.variables:
                variable.set_value(value(follow.expressions[id(variable)]), skip_validation=True)
        return {variable.name: float(variable.value) for variable in bilevel.variables}


def open_followers(bilevel: Bilevel) -> list[str]:
    """Return the names of the followers whose optimal responses may jump where the leader moves a little."""
    return [form.follower.name for form in bilevel.forms if is_open(form)]


def pose(bilevel: Bilevel, weight: float, near: float, *, penalised: bool = False) -> Posed:
    """Return the optimistic problem that a stance asks for; the same where it asks for nothing else.

    :param weight: of the worst response in the leader's objective, 0 to 1.
    :param near: share of its optimum by which a follower's response may be off.
    :param penalised: what is done with followers whose responses may jump, if ``near`` is 0: they are penalised (each
        point is worth no more than it says), or optimistic (the optimum is a bound).
    :raises StanceError: a worst response is no LP.
    """
    if not weight and not near:
        return Posed(bilevel, bilevel, weight, near)
    follow = defined(bilevel)
    jumping = [] if near else open_followers(bilevel)
    concerned = [f.name for f in bilevel.followers if penalised or f.name not in jumping]
    worst = WorstResponses(bilevel, near, jumping)
    home = ConcreteModel(name="rows for every response")
    home.rows = Constraint(AnyIndex)
    objective, copies = bilevel.leader.objective, ComponentMap()
    expression = objective.expr
    if weight:
        fears = maximize if objective.sense == minimize else minimize
        at_worst, copies = worst.answer(OBJECTIVE, follow.written_out(expression), fears, concerned)
        if copies:
            expression = at_worst if weight == 1 else (1 - weight) * expression + weight * at_worst
    for side in sides(bilevel, follow):
        name = f"{side.name} {'>=' if side.sign > 0 else '<='} {side.limit:g}, for every response"
        body, some = worst.answer(name, side.body, minimize if side.sign > 0 else maximize, concerned)
        if some:
            home.rows[name] = body >= side.limit if side.sign > 0 else body <= side.limit
    home.objective = Objective(expr=expression, sense=objective.sense)
    leader = replace(
        bilevel.leader, objective=home.objective, constraints=(*bilevel.leader.constraints, *home.rows.values())
    )
    owner = ComponentMap(bilevel.owner.items())
    owner.update((w, follower.name) for follower in worst.followers for w in follower.variables)
    followers = (*bilevel.followers, *worst.followers)
    levels = Bilevel(bilevel.model, leader, followers, owner, bilevel.user_cuts)
    return Posed(bilevel, levels, weight, near, copies, follow, (home, worst.home))
