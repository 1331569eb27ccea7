"""A bilevel model, as it was read: leader, followers, and the user cuts, which are of no level."""

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from pyomo.common.collections import ComponentMap, ComponentSet
from pyomo.core.base.constraint import ConstraintData
from pyomo.core.base.objective import ObjectiveData
from pyomo.core.base.sos import SOSConstraintData
from pyomo.core.base.var import VarData

from .follower import Follower
from .follower_form import FollowerForm, follower_form


@dataclass(frozen=True)
class Leader:
    """The upper level: its objective, rows and unfixed variables; ``prices`` maps dual_of variables to rows."""

    objective: ObjectiveData
    constraints: tuple[ConstraintData, ...]
    sos: tuple[SOSConstraintData, ...]
    variables: tuple[VarData, ...]
    prices: ComponentMap


@dataclass(frozen=True)
class UserCuts:
    """A block of ``ValidInequalities``: ``variables`` are its own, ``prices`` maps its dual_of variables to rows.

    ``separate`` returns rows of it that the present values violate.
    """

    name: str
    reason: str
    constraints: tuple[ConstraintData, ...]
    variables: tuple[VarData, ...]
    prices: ComponentMap
    separate: Callable[[], Iterable[Any]] | None = None


@dataclass(frozen=True)
class Bilevel:
    """A PAO model, read. ``owner`` maps each follower's variable to its follower; ``user_cuts`` are of no level."""

    model: Any
    leader: Leader
    followers: tuple[Follower, ...]
    owner: ComponentMap = field(repr=False)
    user_cuts: tuple[UserCuts, ...] = ()

    @cached_property
    def forms(self) -> tuple[FollowerForm, ...]:
        """Each follower in coefficients, as the model was at the first call.

        :raises NonconvexFollowerError: see :func:`.follower_form`.
        """
        return tuple(follower_form(follower) for follower in self.followers)

    @property
    def variables(self) -> tuple[VarData, ...]:
        """The variables of both levels, the leader's first."""
        return (*self.leader.variables, *self.follower_variables)

    @property
    def sense(self) -> int:
        """1 if the leader minimises, -1 if it maximises."""
        return int(self.leader.objective.sense)

    @contextmanager
    def kept_values(self, also: Iterable[VarData] = ()) -> Iterator[None]:
        """Put the values of both levels' variables, of prices, and of others, back at the end, also after a failure."""
        before = [(variable, variable.value) for variable in (*self.variables, *self.leader.prices, *also)]
        try:
            yield
        finally:
            for variable, number in before:
                variable.set_value(number, skip_validation=True)

    @property
    def follower_variables(self) -> Iterator[VarData]:
        """All followers' variables, follower by follower."""
        return (variable for follower in self.followers for variable in follower.variables)

    @property
    def uses_prices(self) -> bool:
        """Whether the leader or a valid inequality contains shadow prices, so that not any multipliers will do."""
        return bool(self.leader.prices) or any(block.prices for block in self.user_cuts)

    @property
    def visible(self) -> ComponentSet:
        """The leader's variables that some follower sees: the decision that followers react to."""
        return ComponentSet(v for f in self.followers for v in f.given if v not in self.owner)
