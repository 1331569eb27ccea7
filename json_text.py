"""JSON as users give it, in files: what cannot be read is refused, with the place."""

import json
from typing import Any

from .errors import BilevoltError


def parse(text: str, where: str, error: type[BilevoltError] = BilevoltError) -> Any:
    """Return the data of a JSON text; NaN and Infinity are read, and are for the reader of each field to refuse.

    :param where: starts the message of an error: the file's name.
    :raises BilevoltError: ``error``: not JSON, nested too deeply, or a number of thousands of digits.
    """
    try:
        return json.loads(text)
    except json.JSONDecodeError as problem:
        raise error(
            f"{where}: not JSON at line {problem.lineno}, column {problem.colno} ({problem.msg}); correct it there."
        ) from problem
    except RecursionError as problem:
        raise error(f"{where}: nested too deeply to be read; no file of bilevolt is.") from problem
    except ValueError as problem:
        raise error(f"{where}: {problem}; write a number that can be meant.") from problem
