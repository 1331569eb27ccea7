"""``bilevolt list``: what there is. All names at once, which needs no import but of JSON, or one kind in detail.

Descriptions are the first lines of the modules' docstrings, read without an import: the modules need Pyomo.
"""

import ast
import json
from collections.abc import Iterator, Mapping
from enum import StrEnum
from typing import Annotated, Any, get_args

import typer

from ..heuristics import METHODS
from ..instances import shipped
from ..option_names import AutoName, ExactName, InstalledSolverName, LinearizationName
from . import console
from .options import Json

_PACKAGE = __package__.partition(".")[0]


class Kind(StrEnum):
    """What is listed."""

    instances = "instances"
    textbook = "textbook"
    solvers = "solvers"
    reformulations = "reformulations"
    methods = "methods"


#: What no one module does.
_DESCRIPTIONS = {
    "auto": "Big-M where every M is proven or given, else SOS1, else branch where the solver has no sets.",
    "exact": "Proven optima: by a reformulation, or column_and_constraint for followers with integers.",
}
#: Where a name's module, or folder, may be.
_FOLDERS = {"methods": ("heuristics", "decomposition"), "reformulations": ("reformulations",)}


def list_(
    kind: Annotated[
        Kind | None, typer.Argument(help="One kind in detail: sizes, descriptions, what is installed. Default: names.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Show instances, textbook problems, solvers, reformulations and methods."""
    if as_json:
        print(json.dumps({one.value: _data(one) for one in Kind if kind in (None, one)}, indent=2))
    elif kind is None:
        _show_names()
    else:
        _show(kind)


def _names(kind: Kind) -> list[str]:
    """Return all names of a kind."""
    if kind is Kind.instances:
        return list(shipped.instances())
    if kind is Kind.textbook:
        return list(shipped.textbook_problems())
    if kind is Kind.solvers:
        return list(get_args(InstalledSolverName))
    if kind is Kind.reformulations:
        return [*get_args(AutoName), *get_args(LinearizationName)]
    return [*get_args(ExactName), *METHODS]


def _data(kind: Kind) -> list[Any]:
    """Return all that is known of a kind, as JSON has it."""
    if kind is Kind.instances:
        from ..instances import list_instances

        return [info._asdict() for info in list_instances()]
    if kind is Kind.solvers:
        from ..solvers import table

        return table()
    return _names(kind)


def _show_names() -> None:
    """Print the names, instances by their problems, and how to see more."""
    problems: dict[str, list[str]] = {}
    for name, problem in shipped.instances().items():
        problems.setdefault(problem, []).append(name)
    rows = {f"instances: {problem}": names for problem, names in sorted(problems.items())}
    rows |= {"textbook problems": _names(Kind.textbook)}
    rows |= {kind.value: _names(kind) for kind in (Kind.reformulations, Kind.methods, Kind.solvers)}
    console.show_table(("kind", "names"), ((kind, ", ".join(names)) for kind, names in rows.items()))
    print("More of one kind (sizes, descriptions, which solvers are installed): bilevolt list " + "|".join(Kind))


def _show(kind: Kind) -> None:
    """Print one kind in detail."""
    if kind is Kind.instances:
        console.show_table(("instance", "problem", "size"), (tuple(item.values()) for item in _data(kind)))
    elif kind is Kind.solvers:
        console.show_table(("solver", "version", "available", "takes"), map(_solver, _data(kind)))
    elif kind is Kind.textbook:
        console.show_table(("textbook problem", "source"), shipped.textbook_problems().items())
    else:
        console.show_table((kind.value.removesuffix("s"), "what it does"), _described(kind))


def _solver(item: Mapping[str, Any]) -> tuple[str, str, str, str]:
    """Return the row of a solver."""
    available = "yes" if item["available"] is True else f"no: {item['available']}"
    takes = ", ".join(name for name, supported in item.items() if supported is True and name != "available")
    return item["solver"], item["version"], available, takes


def _described(kind: Kind) -> Iterator[tuple[str, str]]:
    """Yield names, and what their modules say of themselves in one line."""
    from importlib.resources import files

    for name in _names(kind):
        paths = [f"{folder}/{name}{end}" for folder in _FOLDERS[kind.value] for end in (".py", "/__init__.py")]
        found = (path for path in map(files(_PACKAGE).joinpath, paths) if path.is_file())
        yield name, _DESCRIPTIONS.get(name) or _first_line(next(found).read_text(encoding="utf-8"))


def _first_line(module: str) -> str:
    """Return the first line of the docstring in a module's text."""
    return (ast.get_docstring(ast.parse(module)) or "").partition("\n")[0]
