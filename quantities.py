"""Numbers: those of a caller, refused by the argument's name where out of range, and those that people read."""

import math
from numbers import Real

from .errors import ArgumentError

NOISE = 1e-10
"""What is nearer to 0 is rounding: no solver's tolerance is that small."""


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


def plain(item: float | None, digits: int = 6) -> str:
    """Return a number with so many significant digits, noise as 0; ``none`` where there is none.

    >>> plain(38.39312), plain(-1.06581e-14), plain(439073.4712, 10), plain(None)
    ('38.3931', '0', '439073.4712', 'none')
    """
    if item is None:
        return "none"
    return "0" if abs(item) < NOISE else f"{item:.{digits}g}"
