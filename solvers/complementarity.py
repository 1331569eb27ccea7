"""Complementary pairs: of two nonnegative variables, at least one is zero.

Pyomo's own component for them (``pyomo.mpec``) is about expressions. Here both members are variables, and a Suffix
named ``complementarity`` on the model, or on a block of it, lists them with the pair's name::

    model.complementarity = Suffix(direction=Suffix.LOCAL, datatype=None)
    model.complementarity[model.multiplier] = (model.slack, "row.lower")  # multiplier = 0 or slack = 0

A solver that takes them branches on them; nothing is said of how large the members may be. To find points sooner, a
Suffix ``complementarity_gap`` may list expressions that are nonnegative on the rows and zero only where pairs are
complementary, each with the variables that make it linear once they are fixed::

    model.complementarity_gap[model.gap] = (model.x, model.z)
"""

from collections.abc import Iterator
from typing import Any, NamedTuple

from pyomo.core.base.block import BlockData
from pyomo.core.base.suffix import Suffix
from pyomo.core.base.var import VarData

from ..errors import UnsupportedBySolverError

SUFFIX = "complementarity"
GAP_SUFFIX = "complementarity_gap"


class Twins(NamedTuple):
    """Two nonnegative variables of which one is zero, and what the pair is called."""

    first: VarData
    second: VarData
    name: str


def empty_suffix() -> Suffix:
    """Return a Suffix to list pairs in; its name on the block must be ``complementarity``."""
    return Suffix(direction=Suffix.LOCAL, datatype=None)


def complementary_pairs(model: BlockData) -> list[Twins]:
    """Return the pairs that the active Suffixes named ``complementarity`` of the model and its active blocks list.

    :raises UnsupportedBySolverError: an entry is no pair of nonnegative variables.
    """
    found: list[Twins] = []
    for suffix in model.component_objects(Suffix, active=True, descend_into=True):
        if suffix.local_name == SUFFIX:
            found += [_twins(first, entry, suffix.name) for first, entry in suffix.items()]
    return found


def complementarity_gaps(model: BlockData) -> Iterator[tuple[Any, tuple[VarData, ...]]]:
    """Yield the expressions that active Suffixes named ``complementarity_gap`` list, with what makes them linear."""
    for suffix in model.component_objects(Suffix, active=True, descend_into=True):
        if suffix.local_name == GAP_SUFFIX:
            yield from suffix.items()


def _twins(first: Any, entry: Any, where: str) -> Twins:
    second, name = entry if isinstance(entry, tuple) and len(entry) == 2 else (entry, None)
    for member in (first, second):
        if not isinstance(member, VarData):
            raise UnsupportedBySolverError(
                f"Suffix '{where}' pairs {first!s} with {second!s}; both must be single variables, so give an "
                "expression a variable of its own."
            )
        lower = member.value if member.fixed else member.lb
        if lower is None or lower < 0:
            raise UnsupportedBySolverError(
                f"Variable '{member.name}' in Suffix '{where}' may be negative (lower bound {lower}); complementary "
                "variables need a lower bound of 0."
            )
    return Twins(first, second, name or f"{first.name} | {second.name}")
