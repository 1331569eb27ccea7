"""JSON as users give it, in files: what cannot be read is refused by name, also where Python's reader takes it."""

import json
from typing import Any

from .errors import BilevoltError


def parse(text: str, where: str, error: type[BilevoltError] = BilevoltError) -> Any:
    """Return the data of a JSON text.

    :param where: starts the message of an error: the file's name.
    :raises BilevoltError: ``error``: not JSON, nested too deeply, or with NaN or Infinity, which JSON does not have.
    """

    def refuse(constant: str) -> None:
        raise error(f"{where}: {constant} is no number in JSON; write a finite one, or null where the field allows it.")

    try:
        return json.loads(text, parse_constant=refuse)
    except json.JSONDecodeError as problem:
        raise error(
            f"{where}: not JSON at line {problem.lineno}, column {problem.colno} ({problem.msg}); correct it there."
        ) from problem
    except RecursionError as problem:
        raise error(f"{where}: nested too deeply to be read; no file of bilevolt is.") from problem
    except ValueError as problem:  # an integer of thousands of digits
        raise error(f"{where}: {problem}; write a number that can be meant.") from problem
