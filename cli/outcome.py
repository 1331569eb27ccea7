"""Exit codes of runs, as documented in ``cli.app``."""

from collections.abc import Iterable
from typing import TYPE_CHECKING, NoReturn, get_args

import typer

from ..option_names import ExactName
from .console import Exit

if TYPE_CHECKING:
    from ..reports.comparison import Comparison
    from ..reports.row import Row

#: The methods that prove what they find: a point of theirs alone is less than was asked for.
_PROVING = get_args(ExactName)


def exit_code(method: str, status: str, verified: bool | None) -> Exit:
    """Return the exit code of one run."""
    if status == "error" or verified is False:
        return Exit.FAILED
    if status == "no_solution" or (status == "feasible" and method in _PROVING):
        return Exit.UNPROVEN
    return Exit.PROVEN


def exit_code_of(rows: "Iterable[Row]") -> Exit:
    """Return the exit code of several runs: the worst of those that were not refused."""
    ran = [row for row in rows if row.reason is None or row.status == "error"]
    codes = {Exit.FAILED if row.culprit else exit_code(row.method, row.status, row.verified) for row in ran}
    order = (Exit.FAILED, Exit.UNPROVEN, Exit.PROVEN)
    return next((code for code in order if code in codes), Exit.REFUSED)


def end(found: "Comparison") -> NoReturn:
    """End a command with the exit code of the rows that it ran."""
    raise typer.Exit(Exit.INTERRUPTED if found.interrupted else exit_code_of(found.rows))


def split(names: str) -> list[str]:
    """Return the names of a comma list."""
    return [name.strip() for name in names.split(",") if name.strip()]
