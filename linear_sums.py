"""Sums as they stand: most rows are sums of variables times numbers, and need no visitor to be read.

Pyomo's visitors take any expression, and some ten times as long. What is returned here is what they return for such a
sum, number by number and in the same order; for anything else it is None, and a visitor has to be asked.
"""

import math
from collections.abc import Callable, Container, Iterable
from typing import Any

from pyomo.common.numeric_types import native_numeric_types
from pyomo.core.base.var import ScalarVar, VarData
from pyomo.core.expr import LinearExpression, MonomialTermExpression, NegationExpression, SumExpression
from pyomo.core.expr.relational_expr import EqualityExpression, InequalityExpression

VARIABLES = frozenset({VarData, ScalarVar})
SUMS = frozenset({SumExpression, LinearExpression})
_NODES = SUMS | {NegationExpression}
DEEPEST = 50  # sums within sums; what goes deeper is for visitors, which need no recursion
_TWO_SIDES = frozenset({EqualityExpression, InequalityExpression})

Meet = Callable[[VarData], bool | None]
"""Told of a variable that is not known: True where it is one of the sum's, False where it stands for a number, None
where a visitor is to judge."""


def sum_of(expression: Any, known: Container[int], meet: Meet) -> tuple[Any, dict[int, Any]] | None:
    """Return constant and coefficients (by id) of a sum that has each variable once; None for any other expression.

    :param known: ids of variables of the sum that were met before.
    """
    return _sum_of(expression, known, meet, nested=False)


def _sum_of(expression: Any, known: Container[int], meet: Meet, nested: bool) -> tuple[Any, dict[int, Any]] | None:
    linear: dict[int, Any] = {}
    constant: Any = 0
    for term in expression.args if expression.__class__ in SUMS else (expression,):
        kind = term.__class__
        if kind is MonomialTermExpression:
            coefficient, variable = term.args
            if coefficient.__class__ not in native_numeric_types or not 0 < abs(coefficient) < math.inf:
                return None
        elif kind in VARIABLES:
            coefficient, variable = 1, term
        elif kind in native_numeric_types:
            constant = constant + term
            continue
        elif kind in _NODES and not nested:
            inner = _sum_of(term.args[0] if kind is NegationExpression else term, known, meet, nested=True)
            if inner is None or not linear.keys().isdisjoint(inner[1]):
                return None
            if kind is NegationExpression:
                constant = constant - inner[0]
                linear.update((i, -a) for i, a in inner[1].items())
            else:
                constant = constant + inner[0]
                linear.update(inner[1])
            continue
        else:
            return None
        key = id(variable)
        is_own = key in known or meet(variable)
        if is_own is None or key in linear or (nested and not is_own):
            return None
        if is_own:
            linear[key] = coefficient
        else:
            constant = constant + term
    return constant, linear


def is_sum(relation: Any, known: Container[int], meet: Callable[[VarData], Any]) -> bool:
    """Whether a relation or expression is made of sums of variables times numbers, which is seen without collecting.

    :param known: ids of variables that were met before.
    :param meet: is told of the others, from left to right, also of those before the one that is no sum.
    """
    return _is_sum(relation.args if relation.__class__ in _TWO_SIDES else (relation,), known, meet, DEEPEST)


def _is_sum(terms: Iterable[Any], known: Container[int], meet: Callable[[VarData], Any], depth: int) -> bool:
    for term in terms:
        kind = term.__class__
        if kind is MonomialTermExpression:
            coefficient, term = term.args
            if coefficient.__class__ in native_numeric_types and not coefficient:
                continue
            kind = term.__class__
        if kind in VARIABLES:
            if id(term) not in known:
                meet(term)
        elif kind in _NODES:
            if not depth or not _is_sum(term.args, known, meet, depth - 1):
                return False
        elif kind not in native_numeric_types:
            if term.is_expression_type():
                return False
            if term.is_variable_type() and id(term) not in known:
                meet(term)
    return True
