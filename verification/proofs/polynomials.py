"""Pyomo expressions as polynomials with rational coefficients: every float is the rational number that it is."""

from collections.abc import Callable
from fractions import Fraction
from typing import Any

from pyomo.common.numeric_types import native_numeric_types
from pyomo.core import value
from pyomo.core.expr import numeric_expr
from pyomo.core.expr.visitor import StreamBasedExpressionVisitor

from ...errors import ProofError
from ..replay import Poly, add_to, times

LARGEST_POWER = 2


def polynomial(expression: Any, column: Callable[[Any], int], where: str) -> Poly:
    """Return an expression as a polynomial.

    :param column: gives a variable's column.
    :param where: the row or objective, for messages.
    :raises ProofError: the expression is no polynomial, or holds a number that is not finite.
    """
    walker = StreamBasedExpressionVisitor(
        beforeChild=lambda parent, child, index: _leaf(child, column, where),
        exitNode=lambda node, data: _node(node, data, where),
        initializeWalker=lambda root: (True, root) if _leaf(root, column, where)[0] else _leaf(root, column, where),
    )
    found: Poly = walker.walk_expression(expression)
    return {monomial: coefficient for monomial, coefficient in found.items() if coefficient}


def _leaf(child: Any, column: Callable[[Any], int], where: str) -> tuple[bool, Any]:
    if child.__class__ in native_numeric_types:
        return False, _constant(child, where)
    if not child.is_potentially_variable() or (child.is_variable_type() and child.fixed):
        return False, _constant(value(child), where)
    if child.is_variable_type():
        return False, {(column(child),): Fraction(1)}
    return True, None


def _constant(number: Any, where: str) -> Poly:
    try:
        return {(): Fraction(number)}
    except (OverflowError, ValueError, TypeError) as error:
        raise ProofError(f"{where} holds the number {number}, which is not finite. Correct the data.") from error


def _node(node: Any, data: list[Poly], where: str) -> Poly:
    if isinstance(node, numeric_expr.SumExpression):  # LinearExpression is one
        total: Poly = {}
        for term in data:
            add_to(total, term)
        return total
    if isinstance(node, numeric_expr.NegationExpression):
        return times(data[0], {(): Fraction(-1)})
    if isinstance(node, numeric_expr.ProductExpression):  # MonomialTermExpression is one
        return times(data[0], data[1])
    if isinstance(node, numeric_expr.DivisionExpression) and set(data[1]) == {()} and data[1][()]:
        return times(data[0], {(): 1 / data[1][()]})
    if isinstance(node, numeric_expr.PowExpression) and set(data[1]) == {()}:
        power = data[1][()]
        if power.denominator == 1 and 0 <= power <= LARGEST_POWER:
            result: Poly = {(): Fraction(1)}
            for _ in range(int(power)):
                result = times(result, data[0])
            return result
    if node.is_named_expression_type():
        return data[0]
    raise ProofError(
        f"{where} contains {node}, which is no polynomial of degree {LARGEST_POWER} in the variables; there is no "
        "exact arithmetic for it here. Reformulate it, or leave the proof out."
    )
