"""Indicator rows: constraints that hold only while a binary variable has a given value.

Pyomo has no component for them. Here they are ordinary constraints that a Suffix named ``indicator`` on the model, or
on a block of it, lists with their binary and its value::

    model.row = Constraint(expr=model.x <= 3)
    model.indicator = Suffix(direction=Suffix.LOCAL, datatype=None)
    model.indicator[model.row] = (model.z, 1)  # z = 1 implies x <= 3
"""

from typing import Any, NamedTuple

from pyomo.core.base.block import BlockData
from pyomo.core.base.constraint import ConstraintData
from pyomo.core.base.suffix import Suffix
from pyomo.core.base.var import VarData

from ..errors import UnsupportedBySolverError

SUFFIX = "indicator"


class Switch(NamedTuple):
    """When an indicator row holds: while ``variable`` (a binary) equals ``value`` (0 or 1)."""

    variable: VarData
    value: int


def empty_suffix() -> Suffix:
    """A Suffix to list indicator rows in; its name on the block must be ``indicator``."""
    return Suffix(direction=Suffix.LOCAL, datatype=None)


def indicator_rows(model: BlockData) -> dict[ConstraintData, Switch]:
    """The active rows that the active Suffixes named ``indicator`` of the model and its active blocks list.

    :raises UnsupportedBySolverError: an entry is no constraint with a pair (binary, 0 or 1), or is listed with two.
    """
    found: dict[ConstraintData, Switch] = {}
    for suffix in model.component_objects(Suffix, active=True, descend_into=True):
        if suffix.local_name != SUFFIX:
            continue
        for row, entry in suffix.items():
            switch = _switch(row, entry, suffix.name)
            known = found.setdefault(row, switch)
            if known.variable is not switch.variable or known.value != switch.value:
                raise UnsupportedBySolverError(
                    f"Constraint '{row.name}' has two entries in Suffixes '{SUFFIX}': '{known.variable.name}' = "
                    f"{known.value} and '{switch.variable.name}' = {switch.value}. Keep one, or write the row twice."
                )
    return {row: switch for row, switch in found.items() if row.active}


def _switch(row: Any, entry: Any, where: str) -> Switch:
    if not isinstance(row, ConstraintData):
        name = "None (a default)" if row is None else f"'{row.name}'"
        raise UnsupportedBySolverError(
            f"Suffix '{where}' lists {name}, which is not a single constraint; list each member by itself."
        )
    if not (isinstance(entry, tuple) and len(entry) == 2 and isinstance(entry[0], VarData) and entry[1] in (0, 1)):
        raise UnsupportedBySolverError(
            f"Suffix '{where}' gives {entry!r} to constraint '{row.name}'; give a pair (binary variable, 0 or 1)."
        )
    variable, value = entry
    if not variable.is_binary():
        raise UnsupportedBySolverError(
            f"The indicator '{variable.name}' of constraint '{row.name}' is not binary; declare it with domain=Binary."
        )
    return Switch(variable, int(value))
