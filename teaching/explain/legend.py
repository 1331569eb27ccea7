"""The last page of a document: the data and index sets that its formulas refer to."""

from collections.abc import Sequence

from .document import Grid, Step, paragraph
from .formula import Elements, IndexSet, Table, is_span
from .printer import plain_number

SHOWN = 6  # values and members that are listed before "..."


def legend(tables: Sequence[Table], sets: Sequence[IndexSet]) -> tuple[Step, ...]:
    """Return a step that lists them, or none where there is nothing to list."""
    named = {one.name: one for one in sets if one.name}
    rows = [(one.name, "Set of the model" if one.whole else "index set", _members(one)) for one in named.values()]
    rows += [(one.name, "Param of the model" if one.of_model else _kind(one), _values(one)) for one in tables]
    if not rows:
        return ()
    note = paragraph(
        "Numbers that vary along a family stand under a name. Pyomo's expressions keep the names of mutable Params "
        "only; a table is called after another Param of the model if all its values are those of the Param."
    )
    return (Step("data", "data", "Data and index sets", (note, Grid(("name", "what", "values"), tuple(rows)))),)


def _kind(table: Table) -> str:
    numbers = all(isinstance(number, float) for number in table.values.values())
    return "numbers" if numbers else "index by index"


def _values(table: Table) -> str:
    values = table.values
    shown = ", ".join(f"{_element(index)}: {_shown(number)}" for index, number in list(values.items())[:SHOWN])
    if len(values) <= SHOWN:
        return shown
    numbers = [number for number in values.values() if isinstance(number, int | float)]
    span = f", from {_shown(min(numbers))} to {_shown(max(numbers))}" if len(numbers) == len(values) else ""
    return f"{shown}, ... ({len(values)} values{span})"


def _members(found: IndexSet) -> str:
    if not found.args:
        return _some(found.whole or found.members[()])
    shown = [f"{_element(at)}: {{{_some(members)}}}" for at, members in list(found.members.items())[: SHOWN // 3]]
    return "; ".join(shown) + ("; ..." if len(found.members) > SHOWN // 3 else "")


def _some(members: Sequence[Elements]) -> str:
    if is_span(members) and len(members) > SHOWN:
        return f"{members[0][0]}, ..., {members[-1][0]}"
    shown = ", ".join(map(_element, members[:SHOWN]))
    return shown if len(members) <= SHOWN else f"{shown}, ... ({len(members)} members)"


def _element(index: Elements) -> str:
    shown = ", ".join(map(str, index))
    return f"({shown})" if len(index) > 1 else shown


def _shown(value: object) -> str:
    return plain_number(value) if isinstance(value, int | float) else str(value)
