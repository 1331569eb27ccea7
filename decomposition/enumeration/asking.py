"""What of a request the enumeration of decisions has no use for."""

from typing import Any

from ...errors import ArgumentError

NAME = "enumeration"
SOLVER = "highs"

ABSENT: dict[str, Any] = {
    "reformulation": "auto",
    "big_m": None,
    "cuts": "auto",
    "warm_start": None,
    "confirm": None,
    "options": None,
}
"""Arguments of ``solve`` that are not used, with the value that stands for "not given"."""


def unused(request: Any) -> str | None:
    """Return the first argument that was given and is not used; None if all are."""
    if request.solver not in ("auto", SOLVER):
        return "solver"
    for name, absent in ABSENT.items():
        given = getattr(request, name)
        if not (given == absent if isinstance(given, str) else given is absent):
            return name
    return "stance" if request.stance or request.follower_tolerance else None


def refuse(request: Any) -> None:
    """Refuse what would have no effect.

    :raises ArgumentError: the message names the argument.
    """
    name = unused(request)
    if name is None:
        return
    if name == "solver":
        why = f"its LPs are solved by {SOLVER!r}, each from the basis of the last"
    elif name == "stance":
        why = "it is for stance='optimistic' without follower_tolerance"
    else:
        why = "there is no single-level model"
    raise ArgumentError(
        f"{name}={getattr(request, name)!r} is not used by method={NAME!r}: {why}. Leave it out, or use method='exact'."
    )
