"""What the command line shows: progress and errors on stderr, answers on stdout."""

import math
import os
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from enum import IntEnum
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from ..errors import BilevoltError
from ..showing import known, outcome_lines, values_text

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table

    from ..experiments import Tournament
    from ..reports import Comparison
    from ..solution import Solution
    from ..verification import Certificate

_WIDE = 180  # columns, where nobody's window sets a width
_ENDLESS = 10_000
_SHOWN_VALUES = 40
_SHOWN_ITEMS = 12


class Exit(IntEnum):
    """Exit codes, as documented in ``cli.app``."""

    PROVEN = 0
    FAILED = 1
    REFUSED = 2
    UNPROVEN = 3
    INTERRUPTED = 130


@contextmanager
def refusals() -> Iterator[None]:
    """Turn what is refused, unreadable or unwritable into a message and an exit code, without a traceback."""
    try:
        yield
    except BilevoltError as error:
        warn(str(error))
        raise typer.Exit(Exit.REFUSED) from None
    except OSError as error:
        warn(f"{error.filename or 'file'}: {error.strerror or error}")
        raise typer.Exit(Exit.REFUSED) from None
    except KeyboardInterrupt:
        warn("interrupted")
        raise typer.Exit(Exit.INTERRUPTED) from None


def warn(text: str) -> None:
    """Print a line on stderr."""
    print(f"bilevolt: {text}", file=sys.stderr)


def refuse_unwritable(*paths: Path | None) -> None:
    """Refuse files that cannot be written, before hours are spent on what goes into them."""
    given = [path for path in paths if path is not None]
    for path in given:
        folder = path.absolute().parent
        if not folder.is_dir():
            raise BilevoltError(f"{path}: the folder does not exist; create it, or give another path.")
        if path.is_dir():
            raise BilevoltError(f"{path} is a folder; give the path of a file.")
        if not os.access(path if path.exists() else folder, os.W_OK):
            raise BilevoltError(f"{path}: cannot be written, by its permissions; give another path.")
    if len({path.absolute() for path in given}) < len(given):
        raise BilevoltError(f"{given[0]}: two outputs have the same path, so that one would be lost; give another.")


@contextmanager
def progress(plain: bool = False) -> Iterator[Callable[[str], None]]:
    """Give a function that shows on stderr what is being done: spinner and elapsed time, or plain lines.

    :param plain: lines also in a terminal, where something else is printed meanwhile.
    """
    from rich.console import Console
    from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn
    from rich.table import Column

    stderr = Console(stderr=True)
    text = Column(ratio=1, no_wrap=True, overflow="ellipsis")
    if plain or not stderr.is_terminal:
        yield warn
        return
    columns = (
        SpinnerColumn(),
        TimeElapsedColumn(),
        TextColumn("{task.description}", markup=False, table_column=text),
    )
    with Progress(*columns, console=stderr, transient=True, expand=True) as bar:
        task = bar.add_task("")
        yield lambda text: bar.update(task, description=text)


def show_table(headings: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    """Print rows of texts under their headings."""
    from rich.text import Text

    table = _table(*headings)
    for row in rows:
        table.add_row(*map(Text, row))  # no markup: names have brackets
    _stdout().print(table)


def show_solution(name: str, solution: "Solution", figures: Mapping[str, Any]) -> None:
    """Print a solution: what was found, how, how long it took, the problem's figures, values, the check."""
    from rich.text import Text

    from ..reports.rendering import number

    table = _table("", "", header=False)
    lines = {
        "model": name,
        **outcome_lines(solution),
        "sizes": ", ".join(f"{count} {what}" for what, count in solution.sizes.items()),
        "nodes": number(solution.nodes),
        "seconds": ", ".join(f"{step} {seconds:.2f}" for step, seconds in solution.seconds.items()),
        **{figure.replace("_", " "): _figure(item) for figure, item in figures.items()},
    }
    if not figures:
        lines["values"] = values_text(solution.values, _SHOWN_VALUES, "--json")
    for label, text in known(lines).items():
        table.add_row(Text(label), Text(text))  # no markup: names have brackets
    stdout = _stdout()
    stdout.print(table)
    for note in solution.notes:
        stdout.print(f"note: {note}", markup=False, highlight=False)
    if solution.certificate is not None:
        stdout.print("\n" + solution.certificate.report(), markup=False, highlight=False)


def show_comparison(comparison: "Comparison") -> None:
    """Print a comparison's table (on its side where the window is narrow and rows are few), and its notes."""
    stdout = _stdout()
    table = comparison.table()
    natural = type(stdout)(width=_ENDLESS).measure(table).maximum
    if natural > stdout.width and len(comparison.rows) <= 4:
        table = comparison.table(transposed=True)
    if comparison.rows:
        stdout.print(table)
    for note in comparison.notes():
        stdout.print(note, markup=False, highlight=False)
    if comparison.interrupted:
        warn(f"interrupted; {len(comparison.rows)} finished rows")


def show_tournament(found: "Tournament") -> None:
    """Print what came of each competitor, and which answers are refuted."""
    from ..reports.rendering import number

    columns = ("competitor", "rows", "refused", "proven", "verified", "wrong", "mean", "seconds")
    stdout, table = _stdout(), _table(*columns[:-2], "mean CPU (s)", "time (s)")
    for line in found.summary().to_dict("records"):
        table.add_row(*(line[name] if name == "competitor" else number(_known(line[name])) for name in columns))
    if found.rows:
        stdout.print(table)
    for row in found.culprits:
        stdout.print(f"{row.instance}, {row.label}: {row.culprit}", markup=False, highlight=False)
    if found.interrupted:
        warn(f"interrupted; {len(found.rows)} finished rows")


def _known(item: Any) -> Any:
    """Return a cell of a DataFrame; None for NaN."""
    return None if item != item else item


def show_certificate(name: str, certificate: "Certificate") -> None:
    """Print a certificate."""
    print(f"model                {name}\n{certificate.report()}")


def finite(item: Any) -> Any:
    """Return plain data with null for infinite numbers, which JSON does not have."""
    if isinstance(item, Mapping):
        return {key: finite(value) for key, value in item.items()}
    if isinstance(item, list | tuple):
        return [finite(value) for value in item]
    return None if isinstance(item, float) and not math.isfinite(item) else item


def _stdout() -> "Console":
    from rich.console import Console

    stdout = Console()
    return stdout if stdout.is_terminal else Console(width=max(_WIDE, stdout.width))


def _table(*headings: str, header: bool = True) -> "Table":
    from rich import box
    from rich.table import Table

    table = Table(*headings, box=box.SIMPLE_HEAD if header else None, show_header=header, pad_edge=False)
    table.columns[-1].overflow = "fold"
    return table


def _figure(item: Any) -> str:
    """Return a figure of a problem in a line or few: numbers, lists, and mappings line by line."""
    from ..reports.rendering import number

    if isinstance(item, Mapping | list | tuple) and not item:
        return "none"
    if isinstance(item, Mapping):
        return "\n".join(f"{key}: {_figure(value)}" if not (value and isinstance(value, Mapping))
                         else f"{key}: " + ", ".join(f"{k} {_figure(v)}" for k, v in value.items())
                         for key, value in item.items())  # fmt: skip
    if isinstance(item, list | tuple):
        return ", ".join(map(_figure, item)) if len(item) <= _SHOWN_ITEMS else f"{len(item)} values, in --json"
    return str(item) if type(item) is int else number(item)
