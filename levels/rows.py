"""Rows at numbers: an expression with some variables replaced by values, as rows of a new model."""

from collections.abc import Callable, Iterable
from typing import Any

from pyomo.common.numeric_types import native_numeric_types, native_types
from pyomo.core import Constraint, SOSConstraint
from pyomo.core.base.sos import SOSConstraintData
from pyomo.core.expr.visitor import ExpressionReplacementVisitor


def at_values(expression: Any, variables: dict[int, float]) -> Any:
    """Return the expression with these variables (by id) replaced by numbers."""
    return substitution(variables)(expression)


def substitution(variables: dict[int, Any]) -> Callable[[Any], Any]:
    """Return ``at_values`` for these variables as a function; for many expressions, several times as fast."""
    visitor = ExpressionReplacementVisitor(variables)

    def substitute(expression: Any) -> Any:
        return expression if expression.__class__ in native_numeric_types else visitor.walk_expression(expression)

    return substitute


def numbers(variables: Any) -> dict[int, float]:
    """Map id(variable) to its current value, for ``at_values``."""
    return {id(variable): variable.value for variable in variables}


def add_row(rows: Any, name: str, lower: float | None, body: Any, upper: float | None, tolerance: float) -> None:
    """Add ``lower <= body <= upper``; a row without a side, or without variables that holds, is left out."""
    if lower is None and upper is None:
        return
    if has_variables(body):
        rows[name] = (lower, body, upper)
        return
    constant = body if body.__class__ in native_numeric_types else body()
    holds = all(
        limit is None or excess <= tolerance * (1 + abs(limit))
        for limit, excess in ((lower, (lower or 0) - constant), (upper, constant - (upper or 0)))
    )
    if not holds:
        rows[name] = Constraint.Infeasible


def add_sos(block: Any, sets: Iterable[SOSConstraintData]) -> None:
    """Add the same special ordered sets to another block, as ``sos1`` and ``sos2``."""
    for level in (1, 2):
        items = {s.name: tuple(map(list, zip(*s.get_items(), strict=True))) for s in sets if s.level == level}
        block.add_component(f"sos{level}", SOSConstraint(list(items), sos=level, rule=_item_rule(items)))


def _item_rule(items: dict[str, Any]) -> Any:
    return lambda _, name: items[name]


def has_variables(expression: Any) -> bool:
    """Whether an unfixed variable is in the expression."""
    nodes = [expression]
    while nodes:
        node = nodes.pop()
        if node.__class__ in native_types:
            continue
        if node.is_expression_type():
            nodes.extend(node.args)
        elif node.is_variable_type() and not node.fixed:
            return True
    return False
