"""Pyomo expressions read as formulas, with Params and named expressions under their names."""

from typing import Any

from pyomo.common.numeric_types import native_numeric_types
from pyomo.core import Expression, Param, Var, value
from pyomo.core.expr.numeric_expr import (
    DivisionExpression,
    NegationExpression,
    PowExpression,
    ProductExpression,
    SumExpression,
    UnaryFunctionExpression,
)

from ...errors import BilevoltError
from ...levels.follower_form import Row
from .formula import Call, Formula, Number, Power, Quotient, Symbol, add, multiply, negate, subtract
from .names import Names


def read(expression: Any, names: Names) -> Formula:
    """Return the formula of a Pyomo expression.

    :raises BilevoltError: an operation that has no notation here (``Expr_if``, external functions).
    """
    if expression.__class__ in native_numeric_types:
        return Number(float(expression))
    if not expression.is_expression_type():
        return _leaf(expression, names)
    if expression.is_named_expression_type():
        return _named(expression, names)
    parts = [read(argument, names) for argument in expression.args]
    match expression:
        case SumExpression():
            return add(parts)
        case ProductExpression():
            return multiply(parts)
        case DivisionExpression():
            return _quotient(*parts)
        case NegationExpression():
            return negate(*parts)
        case PowExpression():
            return Power(tuple(parts))
        case UnaryFunctionExpression():
            return Call(expression.getname(), tuple(parts))
    raise BilevoltError(
        f"{expression} is a {type(expression).__name__}, which has no notation here. Write it with sums, products, "
        "powers and functions of one argument."
    )


def _leaf(data: Any, names: Names) -> Formula:
    ctype = getattr(data, "ctype", None)
    if ctype is Var and not data.fixed:
        return names.of(data)
    if ctype is Param:
        symbol = names.of(data)
        names.parameters[symbol] = float(value(data))
        return symbol
    return Number(float(value(data)))  # a constant, or a variable that is fixed: a number


def _named(data: Any, names: Names) -> Formula:
    if getattr(data, "ctype", None) is not Expression or data.parent_block() is None:
        return read(data.expr, names)  # an objective, or an expression that is on no model
    symbol = names.of(data)
    if symbol not in names.definitions:
        names.definitions[symbol] = read(data.expr, names)
    return symbol


def _quotient(top: Formula, bottom: Formula) -> Formula:
    if isinstance(top, Number) and isinstance(bottom, Number):
        return Number(top.value / bottom.value)
    return Quotient((top, bottom))


def limit(row: Row, side: str, names: Names) -> Formula:
    """Return the right-hand side of a row: "lower", "upper" or "equality"; a Param under its name."""
    which = "lower" if side in ("lower", "equality") else "upper"
    written = None if row.is_bound else getattr(row.source, which)
    return Number(float(getattr(row, which))) if written is None else read(written, names)


def slack(row: Row, side: str, names: Names) -> Formula:
    """Return what a multiplier complements: ``body - lower`` or ``upper - body``."""
    body, bound = read(row.body, names), limit(row, side, names)
    return subtract(bound, body) if side == "upper" else subtract(body, bound)


def multiplier(row: Row, side: str, names: Names) -> Symbol:
    """Return the symbol of the multiplier of a row's side."""
    return names.of_row(row.source, "ν" if side == "equality" else "λ", side)
