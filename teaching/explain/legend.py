"""The last page of a document: the data and index sets that its formulas refer to."""

from collections.abc import Sequence

from .document import Grid, Step, paragraph
from .formula import Elements, Formula, IndexSet, Name, Symbol, Table, is_span
from .printer import plain_number

WHOLE = 24  # values and members up to which all are listed
SHOWN = 6  # those of longer lists that stand before "..."


def legend(tables: Sequence[Table], sets: Sequence[IndexSet]) -> tuple[Step, ...]:
    """Return a step that lists them, or none where there is nothing to list."""
    rows: list[tuple[str | Formula, ...]]
    named = {one.name: one for one in sets if one.name}
    rows = [
        (_symbol(one.name), "Set of the model" if one.whole else "index set", _members(one)) for one in named.values()
    ]
    rows += [(_symbol(one.name), "Param of the model" if one.of_model else _kind(one), _values(one)) for one in tables]
    if not rows:
        return ()
    note = paragraph(
        "Numbers that vary along a family stand under a name. Pyomo's expressions keep the names of mutable Params "
        "only; a table is called after another Param of the model if all its values are those of the Param."
    )
    return (Step("data", "data", "Data and index sets", (note, Grid(("name", "what", "values"), tuple(rows)))),)


def _symbol(name: str) -> Formula:
    """Return a name as it stands in formulas, where phi is a letter."""
    return Symbol(Name(name))


def _kind(table: Table) -> str:
    numbers = all(isinstance(number, float) for number in table.values.values())
    return "numbers" if numbers else "index by index"


def _values(table: Table) -> str:
    values = table.values
    listed = list(values.items())[: _listed(len(values))]
    shown = ", ".join(f"{_element(index)}: {_shown(number)}" for index, number in listed)
    if len(listed) == len(values):
        return shown
    numbers = [number for number in values.values() if isinstance(number, int | float)]
    span = f", from {_shown(min(numbers))} to {_shown(max(numbers))}" if len(numbers) == len(values) else ""
    return f"{shown}, ... ({len(values)} values{span})"


def _members(found: IndexSet) -> str:
    if not found.args:
        return _some(found.whole or found.members[()])
    every = list(found.members.items())
    most = len(every) if sum(len(members) for _, members in every) <= WHOLE else SHOWN // 3
    shown = [f"{_element(at)}: {{{_some(members)}}}" for at, members in every[:most]]
    return "; ".join(shown) + ("; ..." if len(every) > most else "")


def _some(members: Sequence[Elements]) -> str:
    if is_span(members) and len(members) > SHOWN:
        return f"{members[0][0]}, ..., {members[-1][0]}"
    most = _listed(len(members))
    shown = ", ".join(map(_element, members[:most]))
    return shown if len(members) == most else f"{shown}, ... ({len(members)} members)"


def _listed(count: int) -> int:
    return count if count <= WHOLE else SHOWN


def _element(index: Elements) -> str:
    shown = ", ".join(map(str, index))
    return f"({shown})" if len(index) > 1 else shown


def _shown(value: object) -> str:
    return plain_number(value) if isinstance(value, int | float) else str(value)
