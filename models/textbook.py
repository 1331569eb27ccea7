"""Small published bilevel problems with known optima, as PAO models.

The problems are data (``instances/textbook.json``): both levels as text, the source, and the verified
optimistic answer. Expressions are read with :mod:`ast`, never evaluated as Python.
"""

import ast
import operator
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

import pyomo.core as pyo

from ..errors import InstanceError
from ..instances.textbook import FollowerLevel, Level, Row, TextbookProblem, Variable, load_textbook
from ..levels.dual_of import dual_of
from ..levels.pao_adapter import SubModel
from ..spelling import canonical, hint

NAMES: tuple[str, ...] = tuple(load_textbook())
"""The names of all problems, in the order of the file."""

_DOMAINS = {"continuous": pyo.Reals, "integer": pyo.Integers, "binary": pyo.Binary}
_SENSES = {"minimize": pyo.minimize, "maximize": pyo.maximize}
_BINARY: dict[type[ast.operator], Callable[[Any, Any], Any]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.Pow: operator.pow,
}
_UNARY: dict[type[ast.unaryop], Callable[[Any], Any]] = {ast.USub: operator.neg, ast.UAdd: operator.pos}
_REFERENCES = (ast.Name, ast.Attribute, ast.Subscript)


def names(tag: str | None = None) -> list[str]:
    """Return the names of all problems, or of those that carry ``tag`` (``"lower_qp"``, ``"range"``, ...).

    :raises InstanceError: if no problem carries the tag.
    """
    problems = load_textbook().values()
    tags = {t for problem in problems for t in problem.tags}
    if tag is not None:
        tag = canonical("textbook tag", tag, sorted(tags), InstanceError)
    return [problem.name for problem in problems if tag is None or tag in problem.tags]


def problem(name: str) -> TextbookProblem:
    """Return the data of a problem: its levels, source, tags and known answer.

    :param name: of the problem, in any case of letters.
    :raises InstanceError: if there is no such problem; the message lists near matches.
    """
    return load_textbook()[canonical("textbook problem", name, NAMES, InstanceError)]


def build(name: str) -> pyo.ConcreteModel:
    """Build a problem in PAO style: a fresh ``ConcreteModel`` with one ``SubModel`` per follower.

    Variables, rows and followers keep their names of the data: those in ``problem(name).solution`` are found
    with ``model.find_component``.

    :raises InstanceError: if there is no such problem.
    """
    data = problem(name)
    model = pyo.ConcreteModel(name=data.name)
    symbols = _declare_variables(model, (v for v in data.variables if "." not in v.name))
    for follower in data.followers:
        _add_follower(model, data.leader, follower, symbols)
    # The leader comes last: its expressions may hold shadow prices of the followers' rows.
    _add_level(model, data.leader, symbols)
    return model


def parse_expression(text: str, symbols: Mapping[str, Any]) -> Any:
    """Return the Pyomo expression written in ``text``.

    Allowed are numbers, ``+ - * / **``, parentheses and the names in ``symbols``, which may carry an
    attribute and a subscript (``"x"``, ``"x[1]"``, ``"L.y[1]"``).

    :raises InstanceError: for anything else; the message quotes the offending part.
    """
    return _evaluate(_parse(text), text, symbols)


def _add_follower(model: pyo.ConcreteModel, leader: Level, follower: FollowerLevel, symbols: dict[str, Any]) -> None:
    texts = (follower.objective, *(row.body for row in follower.rows))
    used = {name for text in texts for name in _names_in(text)}
    given = [symbols[variable.name] for variable in leader.variables if variable.name in used]
    block = SubModel(fixed=given)
    model.add_component(follower.name, block)
    symbols |= _declare_variables(block, (v for v in follower.variables if "." in v.name))
    _add_level(block, follower, symbols)
    for price, row in follower.prices.items():
        symbols[price] = dual_of(block.find_component(row))


def _declare_variables(block: Any, variables: Iterable[Variable]) -> dict[str, Any]:
    symbols = {}
    by_name = {variable.name: variable for variable in variables}
    for base, members in _grouped(by_name).items():
        component = pyo.Var() if None in members else pyo.Var(sorted(members))
        block.add_component(base, component)
        for index, name in members.items():
            variable, data = by_name[name], component[index]
            data.domain = _DOMAINS[variable.domain]
            data.setlb(variable.lower)
            data.setub(variable.upper)
            symbols[name] = data
    return symbols


def _add_level(block: Any, level: Level, symbols: Mapping[str, Any]) -> None:
    block.objective = pyo.Objective(expr=parse_expression(level.objective, symbols), sense=_SENSES[level.sense])
    relations = {row.name: _relation(row, symbols) for row in level.rows}
    for base, members in _grouped(relations).items():
        if None in members:
            component = pyo.Constraint(expr=relations[base])
        else:
            component = pyo.Constraint(
                sorted(members), rule={index: relations[name] for index, name in members.items()}
            )
        block.add_component(base, component)


def _relation(row: Row, symbols: Mapping[str, Any]) -> Any:
    body = parse_expression(row.body, symbols)
    if row.lower == row.upper:
        return body == row.upper
    return pyo.inequality(row.lower, body, row.upper)


def _grouped(full_names: Iterable[str]) -> dict[str, dict[Any, str]]:
    """``["x[1]", "x[2]", "L.y"]`` -> ``{"x": {1: "x[1]", 2: "x[2]"}, "y": {None: "L.y"}}``."""
    groups: dict[str, dict[Any, str]] = {}
    for full_name in full_names:
        base, _, index = full_name.rpartition(".")[2].partition("[")
        groups.setdefault(base, {})[int(index[:-1]) if index else None] = full_name
    return groups


def _parse(text: str) -> ast.expr:
    try:
        return ast.parse(text.strip(), mode="eval").body
    except (SyntaxError, ValueError) as error:
        raise InstanceError(f"expression {text!r} cannot be read: {error}. Correct its spelling.") from error


def _names_in(text: str) -> set[str]:
    def references(node: ast.AST) -> Iterator[str]:
        if isinstance(node, _REFERENCES):
            yield ast.unparse(node)
        else:
            for child in ast.iter_child_nodes(node):
                yield from references(child)

    return set(references(_parse(text)))


def _evaluate(node: ast.expr, text: str, symbols: Mapping[str, Any]) -> Any:
    if isinstance(node, _REFERENCES):
        name = ast.unparse(node)
        if name not in symbols:
            raise InstanceError(f"in expression {text!r}: variable {name!r} is unknown. {hint(name, list(symbols))}")
        return symbols[name]
    if isinstance(node, ast.Constant) and type(node.value) in (int, float):
        return node.value
    if isinstance(node, ast.BinOp) and type(node.op) in _BINARY:
        left, right = _evaluate(node.left, text, symbols), _evaluate(node.right, text, symbols)
        return _BINARY[type(node.op)](left, right)
    if isinstance(node, ast.UnaryOp) and type(node.op) in _UNARY:
        return _UNARY[type(node.op)](_evaluate(node.operand, text, symbols))
    raise InstanceError(
        f"expression {text!r}: {ast.unparse(node)!r} ({type(node).__name__}) is not allowed. "
        "Use numbers, + - * / **, parentheses and variables."
    )
