"""Followers that own integers: who they are, and the refusal of what does not cover them."""

from ..errors import IntegerFollowerError
from .follower import Follower


def has_integers(follower: Follower) -> bool:
    """Whether a follower owns an integer variable."""
    return any(not variable.is_continuous() for variable in follower.variables)


def refuse_integers(follower: Follower) -> None:
    """Refuse a follower that owns an integer variable.

    :raises IntegerFollowerError: the message names the first.
    """
    for variable in follower.variables:
        if not variable.is_continuous():
            raise IntegerFollowerError(
                f"follower {follower.name!r} owns the integer variable {variable.name!r}; KKT conditions and duality "
                "do not describe an integer follower. If it is the leader's, list it in SubModel(fixed=[...]); "
                "otherwise make it continuous, or let bilevolt.solve(model, method='column_and_constraint') solve it."
            )
