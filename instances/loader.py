"""From a name or a path to a checked instance; what is wrong becomes an ``InstanceError``."""

import json
from pathlib import Path
from typing import Any, NamedTuple

from pydantic import ValidationError

from ..errors import InstanceError
from ..json_text import parse
from ..spelling import canonical
from . import shipped
from .base import Instance
from .registry import SCHEMAS, read_folder

_SHIPPED = shipped.FOLDER


class InstanceInfo(NamedTuple):
    """One line of :func:`list_instances`."""

    name: str
    problem: str
    summary: str


def load_instance(name_or_path: str | Path, aux: str | Path | None = None) -> Instance:
    """Load a shipped instance by name, or a user's file by path.

    A string is a name, in any case of letters, unless it ends as a file's name does (``.json``, ``.mps``, ``.lp``,
    ``.aux``) or contains a folder. The file's ``"problem"`` field chooses the schema; a file in a format that others
    publish is read by the schema that adopts it.

    :param aux: the file that goes with an MPS or LP file, where it is not beside it under the same name.
    :raises InstanceError: unknown name, missing file, unreadable file, or data that contradict the schema.
    """
    path = _locate(name_or_path)
    beside = None if aux is None else Path(aux)
    reader = next((schema for schema in SCHEMAS.values() if path.name.lower().endswith(schema.endings)), None)
    if reader is not None:
        return parse_instance(json.dumps(reader.of_file(path, beside)), str(path))
    if beside is not None:
        raise InstanceError(f"{path}: {beside} goes with an MPS or LP file, and this is none; leave it out.")
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise InstanceError(f"{path}: cannot be read ({error}); give the path of a UTF-8 JSON file.") from error
    return parse_instance(text, str(path))


def parse_instance(text: str, where: str) -> Instance:
    """Check a JSON text against the schema of its problem; ``where`` starts the error messages."""
    document = parse(text, where, InstanceError)
    if (adopted := _adopted(document, where)) is not None:
        document, text = adopted, json.dumps(adopted)
    problem = document.get("problem") if isinstance(document, dict) else None
    if not isinstance(problem, str) or problem not in SCHEMAS:
        raise InstanceError(f"{where}: problem: {problem!r} is unknown; write one of: {', '.join(SCHEMAS)}.")
    try:
        return SCHEMAS[problem].model_validate_json(text, strict=True)
    except ValidationError as error:
        raise InstanceError(_readable(error, where, document, problem)) from error


def list_instances() -> list[InstanceInfo]:
    """Names, problems and sizes of the shipped instances."""
    loaded = [(name, load_instance(_SHIPPED / f"{name}.json")) for name in instance_names()]
    return [InstanceInfo(name, instance.problem, instance.summary) for name, instance in loaded]


def instance_names() -> list[str]:
    """Names of the shipped instances."""
    return list(shipped.instances(_SHIPPED))


def is_file_name(text: str) -> bool:
    """Whether a text is the name of a file, and not that of a shipped instance."""
    return len(Path(text).parts) > 1 or text.lower().endswith(file_endings())


def file_endings() -> tuple[str, ...]:
    """How names of files end that instances are read from."""
    return (".json", *(ending for schema in SCHEMAS.values() for ending in schema.endings))


def _adopted(document: object, where: str) -> dict[str, Any] | None:
    """Return what the first schema makes of it that knows the format; None: it is in ours, or in none known."""
    try:
        made = (schema.adopt(document, Path(where).stem) for schema in SCHEMAS.values())
        return next((adopted for adopted in made if adopted is not None), None)
    except ValueError as error:
        raise InstanceError(f"{where}: {error}.") from error


def _locate(name_or_path: str | Path) -> Path:
    path = Path(name_or_path)
    if isinstance(name_or_path, Path) or is_file_name(name_or_path):
        return path
    file = f"A file of your own is given by its path, ending with {', '.join(file_endings())}."
    return _SHIPPED / f"{canonical('instance', name_or_path, instance_names(), InstanceError, file)}.json"


def _readable(error: ValidationError, where: str, document: object, problem: str) -> str:
    """All findings of pydantic, one per line: path (with the id of the record), message, value."""
    lines = []
    for finding in error.errors(include_url=False):
        path = _path_of(finding["loc"], document)
        message = finding["msg"].removeprefix("Value error, ")
        given = finding["input"]
        value = f" (given: {given!r})" if isinstance(given, str | int | float) else ""
        lines.append(f"  {path + ': ' if path else ''}{message}{value}")
    schema = SCHEMAS[problem].__name__
    return f"{where}: not a valid '{problem}' instance.\n" + "\n".join(lines) + f"\nFields and units: {schema}."


def _path_of(location: tuple[int | str, ...], document: object) -> str:
    """``buses[3] ('bus04').need_kwh`` from ``("buses", 3, "need_kwh")``."""
    path, here = "", document
    for key in location:
        path += f"[{key}]" if isinstance(key, int) else f".{key}" if path else key
        here = _child(here, key)
        if isinstance(key, int) and isinstance(here, dict) and isinstance(here.get("id"), str):
            path += f" ('{here['id']}')"
    return path


def _child(here: object, key: int | str) -> object:
    if isinstance(here, list) and isinstance(key, int) and key < len(here):
        return here[key]
    return here.get(key) if isinstance(here, dict) else None


read_folder()  # here at the end, as modules of the folder import from this one
