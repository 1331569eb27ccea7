"""Names that users write (methods, solvers, instances): in any case of letters, with a hint where one is unknown."""

from collections.abc import Iterable
from difflib import get_close_matches

from .errors import ArgumentError, BilevoltError

_HINTS = 4
_LIKENESS = 0.5
_FEW = 12


def canonical(
    what: str, given: object, known: Iterable[str], error: type[BilevoltError] = ArgumentError, otherwise: str = ""
) -> str:
    """Return the known name that is meant, in its own spelling.

    :param what: the kind of name, for the message: "method".
    :param error: raised where nothing has that name.
    :param otherwise: what else may be done, a sentence for the message.
    :raises BilevoltError: ``error``; the message has near names, or all.
    """
    known = list(known)
    if not isinstance(given, str):
        raise error(f"{what} {given!r} is no name but a {type(given).__name__}. Choose one of {', '.join(known)}.")
    found = _same(given, known)
    if found is None:
        raise error(" ".join(filter(None, (f"{what} {given!r} is unknown.", hint(given, known), otherwise))))
    return found


def hint(given: str, known: list[str]) -> str:
    """Say what may have been meant, and all names where these are few, or none is near."""
    near = get_close_matches(given.casefold(), [name.casefold() for name in known], n=_HINTS, cutoff=_LIKENESS)
    meant = f"Did you mean {', '.join(_same(name, known) or name for name in near)}?"
    every = f"Choose one of {', '.join(known)}."
    if not near:
        return every
    return f"{meant} {every}" if len(known) <= _FEW else meant


def _same(given: str, known: Iterable[str]) -> str | None:
    return next((name for name in known if name.casefold() == given.casefold()), None)
