"""Names that users write (methods, solvers, instances): without regard to case, and with a hint where one is unknown."""

from collections.abc import Iterable
from difflib import get_close_matches

from .errors import ArgumentError, BilevoltError

_HINTS = 4
_LIKENESS = 0.5


def canonical(what: str, given: object, known: Iterable[str], error: type[BilevoltError] = ArgumentError) -> str:
    """Return the known name that is meant, in its own spelling.

    :param what: the kind of name, for the message: "method".
    :param error: raised where nothing has that name.
    :raises BilevoltError: ``error``; the message has near names, or all.
    """
    known = list(known)
    if not isinstance(given, str):
        raise error(f"{what} {given!r} is no name but a {type(given).__name__}. Choose one of {', '.join(known)}.")
    found = _same(given, known)
    if found is None:
        raise error(f"{what} {given!r} is unknown. {hint(given, known)}")
    return found


def hint(given: str, known: Iterable[str]) -> str:
    """Return what may have been meant, or all names: a sentence for an error."""
    known = list(known)
    near = get_close_matches(given.casefold(), [name.casefold() for name in known], n=_HINTS, cutoff=_LIKENESS)
    meant = [_same(name, known) or name for name in near]
    alternatives = f"Choose one of {', '.join(known)}."
    return f"Did you mean {', '.join(meant)}? {alternatives}" if meant else alternatives


def _same(given: str, known: Iterable[str]) -> str | None:
    return next((name for name in known if name.casefold() == given.casefold()), None)
