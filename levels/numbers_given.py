"""Whether what is given is a model, and every number in it is there: unset Params and NaN are refused by name."""

from collections.abc import Iterable, Iterator
from typing import Any

from pyomo.common.numeric_types import native_numeric_types, native_types
from pyomo.core.base.block import BlockData

from ..errors import MissingNumberError, NotBilevelError
from .bilevel import Bilevel
from .scanning import number_of

_MODEL = "Give a pyomo.environ.ConcreteModel with a bilevolt.SubModel in it"


def refuse_no_model(model: Any) -> None:
    """Refuse what is not a built Pyomo model.

    :raises NotBilevelError: another object, a function, or an AbstractModel without data.
    """
    if not isinstance(model, BlockData):
        call = ", not the function that builds it: call it first" if callable(model) else ""
        raise NotBilevelError(f"{model!r} is a {type(model).__name__}, which is no model. {_MODEL}{call}.")
    if not model.is_constructed():
        raise NotBilevelError(
            f"model {model.name!r} is an AbstractModel, which holds no data yet. {_MODEL}: "
            "model.create_instance(data) returns one."
        )


def refuse_missing_numbers(bilevel: Bilevel, only_bounds: bool = False) -> None:
    """Refuse numbers that are not given or not a number, in rows, objectives and bounds.

    :param only_bounds: whether those of rows and objectives are known to be there.
    :raises MissingNumberError: the message names the row and what is missing there.
    """
    for row in () if only_bounds else _rows(bilevel):
        for missing in _missing(row.expr):
            raise MissingNumberError(f"{row.name!r} holds {missing}. Give it a value before solving.")
    for variable in _variables(bilevel):
        for missing in _missing_in_bounds(variable):
            raise MissingNumberError(
                f"a bound of variable {variable.name!r} holds {missing}. Give it a value, or the bound None."
            )


def _rows(bilevel: Bilevel) -> Iterator[Any]:
    yield from (bilevel.leader.objective, *bilevel.leader.constraints)
    for follower in bilevel.followers:
        yield from (follower.objective, *follower.constraints)
    for block in bilevel.user_cuts:
        yield from block.constraints


def _variables(bilevel: Bilevel) -> Iterator[Any]:
    yield from bilevel.leader.variables
    yield from bilevel.follower_variables
    for block in bilevel.user_cuts:
        yield from block.variables


def _missing(expression: Any) -> Iterable[str]:
    """Say of every number in an expression that is missing what it is."""
    stack = [expression]
    while stack:
        node = stack.pop()
        if node.__class__ in native_types:
            if node is None:
                yield "an Expression without content"
            elif node != node:
                yield "NaN"
        elif node.is_expression_type():
            stack.extend(node.args)
        elif node.is_fixed():  # a Param, or a variable that was fixed
            number = number_of(node)
            if number.__class__ not in native_numeric_types or number != number:
                kind = "fixed variable" if node.is_variable_type() else "Param"
                yield f"the {kind} {node.name!r}, " + ("which is unset" if number is None else f"which is {number!r}")


def _missing_in_bounds(variable: Any) -> Iterable[str]:
    try:
        limits = [limit for limit in (variable.lower, variable.upper) if limit is not None]
    except ValueError:  # Pyomo's own finding, once somebody asks
        return ["NaN"]
    return [missing for limit in limits for missing in _missing(limit)]
