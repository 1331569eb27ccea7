"""A ledger: rows as JSON Lines on disk, each as it ends, so that what is run is run once and is not lost.

The first line says what the file is; a line ``environment`` comes before the first row that was run there. A row is
one ``write`` at the end of the file, followed by ``fsync``; the half of a line that a kill left behind is cut off
before the next. Processes that share a ledger hold locks on bytes far behind its end, which the system gives free when
a process dies: one while a line is written, and one for each task that is being run, so that no two run the same.
Lines were preferred to SQLite because they are read without us, put together with ``cat``, and kept under git.
"""

import json
import os
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from ..errors import MalformedError

try:
    import fcntl
except ImportError:  # Windows: one process at a time
    fcntl = None  # type: ignore[assignment]

HEADER = {"ledger": "bilevolt", "format": 1}
_WRITING = 1 << 62
"""The byte that is locked while a line is written; those of tasks are below."""
_TASKS = 1 << 40


class Ledger:
    """The rows of a file, and those that other processes add to it.

    :param path: of the file; it is made if there is none.
    :raises MalformedError: the file is no ledger, or a line of it cannot be read.
    :raises OSError: it cannot be opened.
    """

    def __init__(self, path: str | Path) -> None:
        self.path = Path(path)
        self.rows: dict[str, dict[str, Any]] = {}
        self.environments: dict[str, dict[str, Any]] = {}
        self._read, self._lines = 0, 0
        others = getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_BINARY", 0)  # each on its own kind of system
        self._file = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_APPEND | others, 0o666)
        try:
            self._begin()
        except BaseException:
            os.close(self._file)
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        os.close(self._file)

    def refresh(self) -> None:
        """Read the lines that were added since; half of a line is still being written, or is left of a killed run."""
        size = os.fstat(self._file).st_size
        if size <= self._read:
            return
        text = _bytes(self._file, self._read, size)
        whole = text[: text.rfind(b"\n") + 1]
        for line in whole.splitlines():
            self._lines += 1
            if line.strip():
                self._take(line)
        self._read += len(whole)

    def claim(self, key: str) -> bool:
        """Whether a task is this process's to run: its row is not there, and no other process is at it."""
        if fcntl is not None:
            try:
                fcntl.lockf(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB, 1, _place(key))
            except OSError:
                return False
        self.refresh()
        if key in self.rows:
            self.release(key)
            return False
        return True

    def release(self, key: str) -> None:
        """Give a task back, after its row was written, or unrun."""
        if fcntl is not None:
            fcntl.lockf(self._file, fcntl.LOCK_UN, 1, _place(key))

    def append(self, row: Mapping[str, Any], environment: Mapping[str, Any]) -> None:
        """Put a row on disk, and where it was run; one that is there already is left as it is.

        :param row: with ``key``, and ``environment`` of that ``id``.
        """
        self._lock()
        try:
            self._repair()
            self.refresh()
            if row["key"] in self.rows:
                return
            lines = [] if environment["id"] in self.environments else [{"environment": environment}]
            self._write([*lines, dict(row)])
            self.refresh()
        finally:
            self._unlock()

    def _begin(self) -> None:
        self._lock()
        try:
            self._refuse_another_file()
            self._repair()
            if os.fstat(self._file).st_size == 0:
                self._write([HEADER])
                _sync_folder(self.path.absolute().parent)
            self.refresh()
        finally:
            self._unlock()

    def _refuse_another_file(self) -> None:
        """Leave a file alone that is none of ours, also one of a single line without an end."""
        first = _bytes(self._file, 0, 4096).partition(b"\n")[0]
        header = json.dumps(HEADER).encode()
        if not (header.startswith(first) or _parsed(first) == HEADER):
            raise MalformedError(
                f"{self.path} is no ledger of bilevolt. Give the path of one, or of a file to be made."
            )

    def _repair(self) -> None:
        """Cut the half of a line off that a killed process left; a whole one only lacks its end."""
        size = os.fstat(self._file).st_size
        tail = _bytes(self._file, self._read, size)
        half = tail[tail.rfind(b"\n") + 1 :]
        if not half:
            return
        if isinstance(_parsed(half), dict):
            os.write(self._file, b"\n")
        else:
            os.ftruncate(self._file, size - len(half))

    def _write(self, lines: list[dict[str, Any]]) -> None:
        data = "".join(json.dumps(line, allow_nan=False) + "\n" for line in lines).encode()
        size = os.fstat(self._file).st_size
        written = os.write(self._file, data)
        if written < len(data):  # the disk is full
            os.ftruncate(self._file, size)
            raise OSError(28, "no space is left for a row", str(self.path))
        os.fsync(self._file)

    def _take(self, line: bytes) -> None:
        data = _parsed(line)
        if isinstance(data, dict):
            if data == HEADER:  # also in the middle: ledgers may be put one after the other
                return
            if isinstance(data.get("environment"), dict) and "id" in data["environment"]:
                self.environments.setdefault(data["environment"]["id"], data["environment"])
                return
            if (
                isinstance(data.get("key"), str)
                and isinstance(data.get("row"), dict)
                and isinstance(data.get("task"), dict)
            ):
                self.rows.setdefault(data["key"], data)
                return
        raise MalformedError(
            f"{self.path}, line {self._lines}: no row of a ledger. Delete that line: its task is then run again, and "
            "all other rows are kept."
        )

    def _lock(self) -> None:
        if fcntl is not None:
            fcntl.lockf(self._file, fcntl.LOCK_EX, 1, _WRITING)

    def _unlock(self) -> None:
        if fcntl is not None:
            fcntl.lockf(self._file, fcntl.LOCK_UN, 1, _WRITING)


def _place(key: str) -> int:
    return _TASKS + int(key[:15], 16)


def _parsed(line: bytes) -> Any:
    try:
        return json.loads(line)
    except (ValueError, RecursionError):
        return None


def _bytes(file: int, begin: int, end: int) -> bytes:
    """Return a part of a file, at most to its end."""
    os.lseek(file, begin, os.SEEK_SET)
    parts: list[bytes] = []
    while begin < end and (part := os.read(file, end - begin)):
        parts.append(part)
        begin += len(part)
    return b"".join(parts)


def _sync_folder(folder: Path) -> None:
    """Make the entry of a new file last."""
    try:
        handle = os.open(folder, os.O_RDONLY)
    except OSError:  # not on every system
        return
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
