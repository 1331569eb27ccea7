"""Lines of a text file with their numbers, and errors that say the line."""

import gzip
import math
import re
from pathlib import Path

from ...errors import InstanceError

INFINITE = 1e20
"""Numbers of this size, and beyond, are no limit: so do all readers of MPS take them."""

_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$|[+-]?inf(inity)?$", re.IGNORECASE)


class Where:
    """A place in a file, which errors are about."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.line = 0

    def error(self, what: str) -> InstanceError:
        """Return the error that says what is wrong, with the file and the line."""
        return InstanceError(f"{self.path}, line {self.line}: {what}")

    def number(self, text: str) -> float:
        """Return the number that a field holds; it may be infinite."""
        if not _NUMBER.match(text):
            raise self.error(f"{text!r} is no number; write one like 1.5 or -2e3.")
        return float(text)

    def finite(self, text: str) -> float:
        """Return the number that a field holds, which is to be finite."""
        found = self.number(text)
        if math.isinf(found) or abs(found) >= INFINITE:
            raise self.error(f"{text!r} stands for infinity; a number is needed here.")
        return found


def text_of(path: Path) -> str:
    """Return the text of a file, unpacked where its name ends with ``.gz``.

    :raises InstanceError: it cannot be read.
    """
    try:
        data = path.read_bytes()
        return (gzip.decompress(data) if path.suffix == ".gz" else data).decode("utf-8")
    except (OSError, EOFError, UnicodeDecodeError) as error:  # gzip.BadGzipFile is an OSError
        raise InstanceError(f"{path}: cannot be read ({error}); give the path of a text file.") from error


def limit(number: float) -> float | None:
    """Return a bound or side; None where it stands for infinity."""
    return None if abs(number) >= INFINITE else number
