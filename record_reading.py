"""Dataclasses from plain data, each field checked against its type: a file is read as it was written, or refused."""

import math
from dataclasses import fields, is_dataclass
from enum import Enum
from types import NoneType, UnionType
from typing import Any, TypeVar, Union, get_args, get_origin, get_type_hints

from .errors import MalformedError

_Record = TypeVar("_Record")


def read_record(kind: type[_Record], data: Any, where: str) -> _Record:
    """Return a dataclass from a dict of all its fields. Null in the place of a number is NaN: JSON has no infinity.

    :param where: starts the message of an error.
    :raises MalformedError: a field is missing, unknown, or of another type.
    """
    if not isinstance(data, dict):
        raise MalformedError(f"{where}: {_shown(data)} is given, where a {kind.__name__} is an object of fields.")
    known = [field.name for field in fields(kind)]  # type: ignore[arg-type]
    missing, extra = [name for name in known if name not in data], [name for name in data if name not in known]
    if missing or extra:
        found = [f"no {', '.join(map(repr, missing))}"] * bool(missing)
        found += [f"unknown {', '.join(map(repr, extra))}"] * bool(extra)
        raise MalformedError(f"{where}: not a {kind.__name__} ({'; '.join(found)}). Give a file that bilevolt wrote.")
    hints = get_type_hints(kind)
    return kind(**{name: _read(hints[name], data[name], f"{where}: {name}") for name in known})


def _read(hint: Any, given: Any, where: str) -> Any:
    if get_origin(hint) in (Union, UnionType):
        options = get_args(hint)
        if given is None and NoneType in options:
            return None
        return _read(next(option for option in options if option is not NoneType), given, where)
    if get_origin(hint) is dict and isinstance(given, dict):
        of = get_args(hint)[1]
        return {name: _read(of, item, f"{where}[{name!r}]") for name, item in given.items()}
    if get_origin(hint) is list and isinstance(given, list):
        (of,) = get_args(hint)
        return [_read(of, item, f"{where}[{place}]") for place, item in enumerate(given)]
    return _read_plain(hint, given, where)


def _read_plain(hint: Any, given: Any, where: str) -> Any:
    if is_dataclass(hint) and isinstance(hint, type):
        return read_record(hint, given, where)
    if hint is float and given is None:
        return math.nan
    if hint is float and isinstance(given, int | float) and not isinstance(given, bool):
        return _float(given, where)
    if hint is int and isinstance(given, float) and given.is_integer():
        return int(given)
    if isinstance(hint, type) and issubclass(hint, Enum):
        if given not in [member.value for member in hint]:
            raise MalformedError(f"{where}: {_shown(given)} is none of {', '.join(str(one.value) for one in hint)}.")
        return hint(given)
    if hint is Any or type(given) is hint:
        return given
    raise MalformedError(f"{where}: {_shown(given)} is given, where {_name(hint)} is needed.")


def _float(given: int | float, where: str) -> float:
    try:
        found = float(given)
    except OverflowError:  # an integer of hundreds of digits
        found = math.inf
    if not math.isfinite(found):
        raise MalformedError(f"{where}: {_shown(given)} is given, where a finite number is needed.")
    return found


def _name(hint: Any) -> str:
    kinds = {float: "a number", int: "a whole number", str: "a text", bool: "true or false"}
    return kinds.get(hint) or {dict: "an object", list: "a list"}.get(get_origin(hint), str(hint))


def _shown(given: Any) -> str:
    text = repr(given)
    return text if len(text) <= 60 else text[:57] + "..."
