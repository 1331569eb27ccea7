"""Reading back what ``bilevolt solve --json`` or ``-o`` wrote."""

import json
from pathlib import Path

from .errors import BilevoltError
from .solution import Solution


def read_solution(path: Path, target: str | None = None) -> tuple[Solution, str]:
    """Return a saved solution and its target; ``target``, if given, replaces the recorded one.

    :raises BilevoltError: the file is no solution, has no point, or no target is known.
    :raises OSError: the file cannot be read.
    """
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
    except (json.JSONDecodeError, UnicodeDecodeError) as error:
        raise BilevoltError(
            f"{path}: not JSON ({error}). Give a file that `bilevolt solve -o FILE` wrote."
        ) from error
    if not isinstance(document, dict) or not {"status", "values"} <= set(document):
        raise BilevoltError(f"{path}: not a solution; give a file that `bilevolt solve -o FILE` wrote.")
    known = set(Solution.__dataclass_fields__) | {"gap"}
    solution = Solution.from_json(
        json.dumps({name: item for name, item in document.items() if name in known})
    )
    if not solution.values:
        raise BilevoltError(
            f"{path}: there is no point to check; the solve ended with status {solution.status}."
        )
    found = target or document.get("target")
    if not found:
        raise BilevoltError(f"{path}: no target is recorded; name the model with --target.")
    return solution, found
