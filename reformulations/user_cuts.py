"""User cuts: the :mod:`valid_inequalities` that a model offers, added to its single-level model."""

from collections.abc import Callable, Iterable, Iterator
from typing import Any

from pyomo.common.collections import ComponentMap, ComponentSet
from pyomo.core import Any as AnyIndex
from pyomo.core import Block, ConcreteModel, Constraint
from pyomo.core.base.var import VarData

from ..levels.bilevel import UserCuts
from .kkt import add_rows, price_expressions, with_prices
from .single_level import SingleLevel, map_of


def apply(single: Any) -> int:
    """Add the rows of the model's active blocks, in place; return how many blocks there are.

    The blocks' own variables stay the user's, as those of the levels do; multipliers stand for dual_of variables.
    """
    single_map = map_of(single)
    user_cuts = single_map.bilevel.user_cuts
    if user_cuts:
        single.user_cuts = Block(AnyIndex)
        for block in user_cuts:
            add_rows(single.user_cuts[block.name], block.constraints, price_expressions(block.prices, single_map))
        single_map.user_cuts = user_cuts
    return len(user_cuts)


def separators(single_map: SingleLevel) -> list[tuple[UserCuts, Callable[[], Iterable[Any]]]]:
    """Return the blocks in the single-level model that have a separator, with it."""
    return [(block, block.separate) for block in used(single_map) if block.separate is not None]


def ask_separators(single_map: SingleLevel) -> Iterator[Any]:
    """Ask the separators for rows that the present values violate; add these, in place, and yield them."""
    for block, relation in _relations(single_map):
        rows = single_map.model.user_cuts[block.name].rows
        label = f"{block.name}.separated[{len(rows)}]"
        rows[label] = relation
        yield rows[label]


def violated(single_map: SingleLevel) -> Iterator[Any]:
    """Ask the same, and yield the rows on a model of their own: the single-level model stays as it is."""
    scratch = ConcreteModel(name="rows of separators")
    scratch.user_cuts = Block(AnyIndex)
    for block, relation in _relations(single_map):
        home = scratch.user_cuts[block.name]
        if not hasattr(home, "rows"):
            home.rows = Constraint(AnyIndex)
        home.rows[len(home.rows)] = relation
        yield home.rows[len(home.rows) - 1]


def _relations(single_map: SingleLevel) -> Iterator[tuple[UserCuts, Any]]:
    """Yield what the separators return, with multipliers for dual_of variables."""
    for block, separate in separators(single_map):
        prices = ComponentMap((*single_map.bilevel.leader.prices.items(), *block.prices.items()))
        expressions = price_expressions(prices, single_map)
        for row in separate():
            yield block, with_prices(row, expressions)


def used(single_map: SingleLevel) -> Iterator[UserCuts]:
    """Yield the blocks that are in the single-level model."""
    yield from single_map.user_cuts


def variables(single_map: SingleLevel) -> Iterator[VarData]:
    """Yield the variables of the blocks that are in the single-level model, which are not its own."""
    yield from ComponentSet(variable for block in used(single_map) for variable in block.variables)


def rows(single: Any) -> Iterator[tuple[str, Any]]:
    """Yield the rows that :func:`apply` added, with a name."""
    for block in used(map_of(single)):
        for label, row in single.user_cuts[block.name].rows.items():
            yield f"valid inequality {label}", row


def assumptions(single_map: SingleLevel) -> list[str]:
    """Say which blocks are in the single-level model without a reason why they are valid."""
    return [
        f"the rows of {block.name!r} are offered as valid inequalities without a reason"
        for block in used(single_map)
        if not block.reason
    ]
