"""What may be asked of a stance: its name or a weight, and how far from their optimum followers may be."""

from collections.abc import Mapping
from numbers import Real
from typing import Any

from ..errors import ArgumentError
from ..quantities import number
from ..spelling import canonical

NAMES: dict[str, float] = {"optimistic": 0.0, "pessimistic": 1.0}

UNUSED: dict[str, Any] = {"method": "exact", "warm_start": None, "proof": False}
"""Arguments of ``solve`` that only an optimistic stance has a use for, with the value that stands for "not given"."""


def weight(given: object) -> float:
    """Return the weight of the worst response in the leader's objective: 0 is optimistic, 1 pessimistic.

    :param given: a name, or a number from 0 to 1.
    :raises ArgumentError: neither.
    """
    if isinstance(given, str):
        return NAMES[canonical("stance", given, NAMES)]
    if isinstance(given, bool) or not isinstance(given, Real) or not 0 <= float(given) <= 1:
        raise ArgumentError(
            f"stance={given!r} is neither a name ({', '.join(NAMES)}) nor a number from 0 (optimistic) to 1 "
            "(pessimistic), the weight of the worst response."
        )
    return float(given)


def near(given: object) -> float:
    """Return by what share of its optimum a follower may be off, 0 for not at all.

    :raises ArgumentError: it is no number, negative, or 1 and more.
    """
    share = number("follower_tolerance", given)
    if share >= 1:
        raise ArgumentError(
            f"follower_tolerance={given!r} is out of range: it is a share of the follower's optimum, 0.01 for 1 %."
        )
    return share


def refuse_unused(given: Mapping[str, Any]) -> None:
    """Refuse arguments that have no meaning beside a stance.

    :raises ArgumentError: the message names the first.
    """
    for name, absent in UNUSED.items():
        if given[name] != absent:
            raise ArgumentError(
                f"{name}={given[name]!r} is only for stance='optimistic' without follower_tolerance. Leave it out."
            )
