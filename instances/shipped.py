"""What lies in this folder, by name: read without the schemas, which take ten times as long to import.

A collection of other data (the textbook problems) lies here too, without a ``"problem"`` field.
"""

import json
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parent
_TEXTBOOK = "textbook.json"


def instances(folder: Path = FOLDER) -> dict[str, str]:
    """Return the problem of each instance, by the instance's name."""
    found = {path.stem: _read(path) for path in sorted(folder.glob("*.json"))}
    return {name: document["problem"] for name, document in found.items() if "problem" in document}


def textbook_problems() -> dict[str, str]:
    """Return the source of each textbook problem, by the problem's name, in the order of the file."""
    return {problem["name"]: problem["source"] for problem in _read(FOLDER / _TEXTBOOK)["problems"]}


def _read(path: Path) -> Any:
    return json.loads(path.read_text(encoding="utf-8"))
