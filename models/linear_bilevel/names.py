"""Where in a Pyomo model a name of a file has its component: ``x[1]`` as a member of ``x``, others as they are."""

import ast
import re
from collections.abc import Hashable, Iterable, Mapping
from typing import Any, NamedTuple

_MEMBER = re.compile(r"([A-Za-z_]\w*)\[(.+)\]")
_PREFIXED = re.compile(r"([A-Za-z_]\w*)\..+")


class Place(NamedTuple):
    """A component's name, and which member of it; None: the component is not indexed."""

    component: str
    member: Hashable | None = None


def places(block: Any, names: Iterable[str]) -> dict[str, Place]:
    """Return where on a block each name goes, such that Pyomo calls it so.

    A name that Pyomo keeps for its own use, or that is taken on the block, gets an underscore.
    """
    names = list(names)
    plain = set(names)
    found: dict[str, Place] = {}
    for name in names:
        member = _MEMBER.fullmatch(name)
        index = None if member is None else _index(member[2])
        if member is not None and index is not None and member[1] not in plain and is_free(block, member[1]):
            found[name] = Place(member[1], index)
        else:
            found[name] = Place(free_name(block, name, plain - {name}))
    return found


def families(found: Mapping[str, Place]) -> dict[str, dict[Hashable, str]]:
    """Return component -> index -> name; the index of what is not indexed is None."""
    grouped: dict[str, dict[Hashable, str]] = {}
    for name, place in found.items():
        grouped.setdefault(place.component, {})[place.member] = name
    return grouped


def free_name(block: Any, wanted: str, taken: Iterable[str] = ()) -> str:
    """Return a name, with as many underscores as make it free on a block."""
    while not is_free(block, wanted) or wanted in taken:
        wanted += "_"
    return wanted


def is_free(block: Any, name: str) -> bool:
    """Whether a component of a block may be called so."""
    return not hasattr(block, name)


def prefix_of(own: Iterable[str], others: Iterable[str]) -> str | None:
    """Return the one ``F`` of the names ``F.y`` among a follower's own, if no other name begins with it; else None."""
    found = {match[1] for name in own if (match := _PREFIXED.fullmatch(name))}
    if len(found) != 1:
        return None
    (prefix,) = found
    return None if any(re.match(rf"{prefix}\b", name) for name in others) else prefix


def _index(text: str) -> Hashable | None:
    """Return the index that Pyomo writes so; None where it would write another text."""
    parts = [_part(part) for part in text.split(",")]
    if any(part is None for part in parts):
        return None
    return parts[0] if len(parts) == 1 else tuple(parts)


def _part(text: str) -> int | str | None:
    if re.fullmatch(r"[A-Za-z_]\w*", text):
        return text
    if not re.fullmatch(r"-?\d+|'[^'\\]*'", text):
        return None
    try:
        part = ast.literal_eval(text)
    except (SyntaxError, ValueError):  # 007
        return None
    return part if repr(part) == text and isinstance(part, int | str) else None
