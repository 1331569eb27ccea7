"""What stands in rows and objectives: their variables, in order, and whether a number is missing. Read in one walk."""

from collections.abc import Iterable
from typing import Any

from pyomo.common.numeric_types import native_numeric_types, native_types
from pyomo.core.base.var import VarData
from pyomo.core.expr import MonomialTermExpression

from ..linear_sums import VARIABLES


class Scan:
    """Walks expressions; ``doubtful`` says whether some number in one of them may be missing."""

    def __init__(self) -> None:
        self.doubtful = False

    def variables(self, components: Iterable[Any]) -> dict[int, VarData]:
        """Return the variables that are not fixed, by id, in the order in which they stand."""
        found: dict[int, VarData] = {}
        for component in components:
            self._walk(component.expr, found)
        return found

    def _walk(self, expression: Any, found: dict[int, VarData]) -> None:
        stack = [expression]
        while stack:
            node = stack.pop()
            kind = node.__class__
            if kind is MonomialTermExpression:
                coefficient, node = node.args
                if coefficient.__class__ not in native_numeric_types:
                    stack += (node, coefficient)
                    continue
                self.doubtful |= coefficient != coefficient
                kind = node.__class__
            if kind in VARIABLES:
                if id(node) in found:
                    continue
                if node.fixed:
                    self._look_at(node.value)
                else:
                    found[id(node)] = node
            elif kind in native_types:
                self._look_at(node)
            elif node.is_expression_type():
                stack.extend(reversed(node.args))
            elif node.is_variable_type() and not node.fixed:
                found.setdefault(id(node), node)
            else:  # a Param, or another kind of variable that is fixed
                self._look_at(number_of(node))

    def _look_at(self, number: Any) -> None:
        self.doubtful |= number.__class__ not in native_numeric_types or number != number


def number_of(leaf: Any) -> Any:
    """Return the value of a Param or variable, None where there is none."""
    try:
        return leaf.value
    except ValueError:  # what Pyomo raises for an unset Param
        return None
