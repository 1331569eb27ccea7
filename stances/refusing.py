"""What a pessimistic, weighted or near-optimal stance does not cover, refused by name before anything is built."""

from ..errors import StanceError
from ..levels.bilevel import Bilevel
from ..levels.integers import has_integers
from .worst import is_away_from_zero, is_open


def refuse_uncovered(bilevel: Bilevel, near: float, confirm: bool) -> None:
    """Refuse models whose worst responses cannot be described.

    :param near: share of its optimum by which a response may be off.
    :param confirm: whether the caller wants the answer confirmed.
    :raises StanceError: the message names the component.
    """
    if bilevel.leader.prices:
        row = next(iter(bilevel.leader.prices.values()))
        raise StanceError(
            f"the leader uses dual_of({row.name}): where the price is not unique the leader chooses it, and what the "
            "worst price would be is not covered. Use stance='optimistic'; verify reports the worst at a decision."
        )
    for sos in bilevel.leader.sos:
        for variable in sos.variables:
            if variable in bilevel.owner:
                raise StanceError(
                    f"the leader's set {sos.name!r} holds {variable.name!r} of {bilevel.owner[variable]!r}; that "
                    "it holds for every response is not covered. Write it as rows of the leader."
                )
    for follower in bilevel.followers:
        if has_integers(follower):
            raise StanceError(
                f"follower {follower.name!r} owns integers, so that its optimal responses are no polyhedron. "
                "Use stance='optimistic' without follower_tolerance."
            )
        for variable in follower.given:
            if variable in bilevel.owner:
                raise StanceError(
                    f"follower {follower.name!r} takes {variable.name!r} of {bilevel.owner[variable]!r} as given, so "
                    "that the responses are equilibria, of which the worst is not covered. Use stance='optimistic'."
                )
    for form in bilevel.forms:
        name = form.follower.name
        if near and form.quadratic:
            raise StanceError(
                f"follower {name!r} is a QP: its nearly optimal responses are bounded by a quadratic row, which is not "
                "covered. Leave follower_tolerance out, or make its objective linear."
            )
        if near and is_open(form) and not is_away_from_zero(form):
            raise StanceError(
                f"a coefficient of follower {name!r} depends on a continuous variable of the leader, and its optimum "
                "may be 0 for all that its bounds say: 1 % of it is nothing then, and the optimum may not be attained. "
                "Give its variables bounds (or its objective a constant) that keep it away from 0, or leave "
                "follower_tolerance out."
            )
    if confirm and not near and any(map(is_open, bilevel.forms)):
        name = next(form.follower.name for form in bilevel.forms if is_open(form))
        raise StanceError(
            f"confirm: a coefficient of follower {name!r} depends on a continuous variable of the leader, so that the "
            "optimum may not be attained, and there is no single model to ask another solver. Leave confirm out."
        )
