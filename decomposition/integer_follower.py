"""A follower with integers as the decomposition takes it, and what it refuses: by name, before any solver runs."""

from dataclasses import dataclass
from functools import cached_property

from pyomo.core import minimize
from pyomo.core.base.var import VarData

from ..errors import IntegerFollowerError
from ..levels.bilevel import Bilevel
from ..levels.follower import Follower
from ..levels.follower_form import FollowerForm, Row, coefficients
from ..levels.integers import has_integers


@dataclass(frozen=True, eq=False)
class IntegerFollower:
    """A follower that is a MILP in its own variables, and its coefficients."""

    follower: Follower
    form: FollowerForm

    @property
    def name(self) -> str:
        """The follower's name."""
        return self.follower.name

    @cached_property
    def integers(self) -> tuple[VarData, ...]:
        """Its integer variables: a response is their values."""
        return tuple(v for v in self.follower.variables if not v.is_continuous())

    @cached_property
    def continuous(self) -> tuple[VarData, ...]:
        """Its other variables."""
        return tuple(v for v in self.follower.variables if v.is_continuous())

    @cached_property
    def rows(self) -> tuple[Row, ...]:
        """Its rows, without bounds."""
        return tuple(row for row in self.form.rows if not row.is_bound)

    @property
    def sign(self) -> int:
        """1 if it minimises, -1 if it maximises."""
        return 1 if self.follower.objective.sense == minimize else -1

    @property
    def linking(self) -> tuple[VarData, ...]:
        """The leader's variables that it sees."""
        return self.follower.given

    @property
    def links_by_integers(self) -> bool:
        """Whether it sees nothing but integers, so that there are finitely many situations for it."""
        return not any(v.is_continuous() for v in self.linking)


def integer_followers(bilevel: Bilevel) -> list[IntegerFollower]:
    """Return the followers with integers.

    :raises IntegerFollowerError: one is no MILP in its own variables, its price is used, or followers see one another.
    """
    found = []
    for follower in bilevel.followers:
        if not has_integers(follower):
            continue
        form = coefficients(follower)
        if form.quadratic:
            first, second, _ = form.quadratic[0]
            raise IntegerFollowerError(
                f"follower {follower.name!r} owns integers, and its objective contains {first.name}*{second.name}: "
                "only MILP followers are covered. Write products of a binary as rows, or drop the quadratic part."
            )
        found.append(IntegerFollower(follower, form))
    whole = {item.name for item in found}
    for follower in bilevel.followers:
        for variable in follower.given:
            other = bilevel.owner.get(variable)
            if other is not None and whole & {other, follower.name}:
                raise IntegerFollowerError(
                    f"follower {follower.name!r} takes {variable.name!r} of follower {other!r} as given, and one of "
                    "them owns integers: such an equilibrium need not exist. Let them see the leader's variables only."
                )
    _refuse_prices(bilevel, found)
    return found


def _refuse_prices(bilevel: Bilevel, followers: list[IntegerFollower]) -> None:
    rows = {id(row.source): item.name for item in followers for row in item.form.rows}
    for prices in (bilevel.leader.prices, *(block.prices for block in bilevel.user_cuts)):
        for source in prices.values():
            if id(source) in rows:
                raise IntegerFollowerError(
                    f"dual_of({source.name}) is used, but follower {rows[id(source)]!r} owns integers and has no "
                    "shadow prices. Leave the price out."
                )
