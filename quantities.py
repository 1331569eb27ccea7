"""Numbers that a caller gives: finite and in range, or refused by the argument's name."""

import math
from numbers import Real

from .errors import ArgumentError


def number(name: str, given: object, *, positive: bool = False, infinite: bool = False) -> float:
    """Return a number that is not negative, as a float.

    :param positive: whether 0 is refused, too.
    :param infinite: whether infinity is a number here.
    :raises ArgumentError: it is out of this range, NaN, or no number.
    """
    kind = "positive" if positive else "not negative"
    kind += ", and not NaN" if infinite else ", and finite"
    if isinstance(given, bool) or not isinstance(given, Real):
        raise ArgumentError(f"{name}={given!r} is no number. Give one that is {kind}.")
    found = float(given)
    if not found >= 0 or (positive and found == 0) or (math.isinf(found) and not infinite):
        raise ArgumentError(f"{name}={given!r} is out of range. Give a number that is {kind}.")
    return found
