"""An instance with other numbers in some of its fields: the points of a sweep."""

import json
import re
from collections.abc import Mapping
from typing import Any

from ..errors import InstanceError
from ..spelling import canonical
from .base import Instance
from .loader import parse_instance
from .writer import to_json

_STEP = re.compile(r"(?:^|\.)(?P<field>\w+)|\[(?P<key>[^\[\]]+)\]")


def changed(instance: Instance, changes: Mapping[str, float]) -> Instance:
    """Return an instance with other numbers, checked by its schema.

    :param changes: field -> number; a field of a record is ``buses[3].need_kwh``, or, by the record's id,
        ``buses[bus04].need_kwh``.
    :raises InstanceError: there is no such field, it holds no number, or the schema refuses the number.
    """
    document = json.loads(to_json(instance))
    for path, number in changes.items():
        *way, last = _steps(path)
        here = document
        for step in way:
            here = here[_found(here, step, path)]
        key = _found(here, last, path)
        if isinstance(here[key], bool | str | list | dict):
            raise InstanceError(f"{path}: {_shown(here[key])} is no number. {_numbers(here[key], path)}")
        here[key] = int(number) if float(number).is_integer() else float(number)
    return parse_instance(json.dumps(document), ", ".join(f"{path}={number!r}" for path, number in changes.items()))


def _steps(path: str) -> list[str]:
    """Return the names and places on the way to a field.

    >>> _steps("buses[bus04].need_kwh")
    ['buses', 'bus04', 'need_kwh']
    """
    found = list(_STEP.finditer(path))
    if not found or "".join(one.group(0) for one in found) != path:
        raise InstanceError(f"{path!r} is no field. Write a name, or as buses[3].need_kwh the field of a record.")
    return [one["field"] or one["key"] for one in found]


def _found(here: Any, step: str, path: str) -> str | int:
    """Return the key or place that a step means."""
    if isinstance(here, dict):
        return canonical(f"{path}: field", step, here, InstanceError)
    if not isinstance(here, list):
        raise InstanceError(f"{path}: there is nothing within {_shown(here)}. Leave {step!r} out.")
    ids = [str(record.get("id")) if isinstance(record, dict) else "" for record in here]
    if step in ids:
        return ids.index(step)
    if step.isdigit() and int(step) < len(here):
        return int(step)
    raise InstanceError(f"{path}: there is no record {step!r} among {len(here)}. Write its id, or its place from 0 on.")


def _numbers(item: Any, path: str) -> str:
    if isinstance(item, list):
        return f"Name one of its {len(item)} records, as {path}[0]."
    if isinstance(item, dict):
        return f"Name one of its fields: {', '.join(f'{path}.{name}' for name in item)}."
    return "Only numbers are varied."


def _shown(item: Any) -> str:
    return "a list" if isinstance(item, list) else "a record" if isinstance(item, dict) else repr(item)
