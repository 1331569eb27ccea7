"""Reading a single-level model made by hand: rows, bounds, and complementarity in any of its usual forms.

====================  ===================================================================================
form                  what is read as a pair
====================  ===================================================================================
``pyomo.mpec``        ``complements(a >= 0, b >= 0)``
product               a row ``multiplier * slack == 0`` (or ``<= 0``), or a sum of such products
SOS1                  a set of two variables, one of them possibly defined by a row ``s == slack``
big-M                 two rows ``a <= M z``, ``b <= N (1 - z)`` with a binary of the student's own
eliminated            any of these with ``c - A'l`` in the place of a bound's multiplier
====================  ===================================================================================
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from difflib import get_close_matches
from typing import Any

import pyomo.environ as pyo
from pyomo.core.expr.relational_expr import EqualityExpression, InequalityExpression
from pyomo.core.expr.visitor import identify_variables
from pyomo.mpec import Complementarity

from ...errors import BilevoltError
from ..polynomials import Polynomial, polynomial
from ..statements import Statement, bounds, sides, sign_of
from .elimination import introduce_multipliers, products_with_slacks
from .switches import read_switches
from .systems import Couple, Reference, System

_READ = (pyo.Constraint, pyo.Objective, pyo.Block, pyo.SOSConstraint, Complementarity)
_PASSIVE = (pyo.Var, pyo.Param, pyo.Set, pyo.RangeSet, pyo.Expression, pyo.Suffix, pyo.BuildAction, pyo.BuildCheck)


@dataclass(frozen=True)
class Student:
    """A student's system; ``multipliers`` are its variables that are none of the bilevel model's."""

    system: System
    multipliers: tuple[str, ...]


def read_student(model: Any, reference: Reference, variables: Mapping[Any, Any] | None = None) -> Student:
    """Read a student's model.

    :param variables: student's variable -> the bilevel model's where names differ: a dict of names, or a ComponentMap.
    :raises BilevoltError: a variable of the bilevel model is not found, or a component cannot be compared.
    """
    _refuse_unknown_components(model)
    names = _primal_names(model, reference, variables or {})

    def name_of(variable: Any) -> str:
        return names.setdefault(id(variable), f"student's {variable.name}")

    def read(expression: Any, where: str) -> Polynomial:
        return polynomial(expression, name_of, where)

    statements, couples = _rows(model, read)
    objective = _objective(model, read)
    used = set().union(*(s.names for s in statements), *(c.names for c in couples))
    own = {name_of(v): v for v in _variables(model)}
    primal = {v.name for v in reference.primal}
    for name, variable in own.items():
        if name in primal or name in used:
            statements += bounds(variable, Polynomial.variable(name), name)
    integers = frozenset(name for name, v in own.items() if not v.is_continuous())
    statements, switched = read_switches(statements, integers - primal)
    couples += switched
    statements, couples = _without_slacks(statements, couples, primal, integers, reference)
    statements, with_slacks = products_with_slacks(statements, primal | integers, reference)
    statements, products = _products(statements, primal, integers, reference)
    couples = [*couples, *with_slacks, *products]
    statements, couples = introduce_multipliers(statements, couples, primal | integers, reference)
    couples = [_oriented(couple, primal) for couple in couples]
    statements = [s for s in statements if s.names]
    system = System(tuple(statements), tuple(couples), objective, frozenset())
    system = replace(system, integers=integers & (primal | system.names))
    return Student(system, tuple(sorted(system.names - primal - integers)))


def _refuse_unknown_components(model: Any) -> None:
    for component in model.component_objects(active=True, descend_into=pyo.Block):
        if component.ctype not in (*_READ, *_PASSIVE):
            raise BilevoltError(
                f"{component.name!r} is an active {component.ctype.__name__}, which cannot be compared. Hand in a "
                "single-level model of rows, with complementarity as pyomo.mpec, products, SOS1 or big-M rows."
            )


def _variables(model: Any) -> Iterator[Any]:
    """Yield the unfixed variables that the model declares or uses, each once."""
    seen: dict[int, Any] = {id(v): v for v in model.component_data_objects(pyo.Var, descend_into=pyo.Block)}
    for kind in (pyo.Constraint, pyo.Objective):
        for row in model.component_data_objects(kind, active=True, descend_into=pyo.Block):
            seen |= {id(v): v for v in identify_variables(row.expr)}
    for pair in model.component_data_objects(Complementarity, active=True, descend_into=pyo.Block):
        for part in pair._args:
            seen |= {id(v): v for v in identify_variables(part)}
    for group in model.component_data_objects(pyo.SOSConstraint, active=True, descend_into=pyo.Block):
        seen |= {id(v): v for v in group.variables}
    return (v for v in seen.values() if not v.fixed)


def _primal_names(model: Any, reference: Reference, given: Mapping[Any, Any]) -> dict[int, str]:
    """Return id of the student's variable -> name in the bilevel model: as given, the same object, or the same name."""
    used = {id(v): v for v in _variables(model)}
    by_name = {v.name: v for v in used.values()}
    short: dict[str, list[str]] = {}
    for v in reference.primal:
        short.setdefault(_short(v), []).append(v.name)
    names: dict[int, str] = {}
    for student, ours in given.items():
        found = by_name.get(student) if isinstance(student, str) else student
        name = ours if isinstance(ours, str) else ours.name
        if found is None or name not in {v.name for v in reference.primal}:
            raise BilevoltError(
                f"variables={{{student!s}: {ours!s}}}: there is no such pair of variables. Give the student's variable "
                "first and the bilevel model's second; indexed ones member by member."
            )
        names[id(found)] = name
    for v in reference.primal:
        if v.name in names.values():
            continue
        known_as = [v.name, *([_short(v)] if short[_short(v)] == [v.name] else [])]
        candidates = [used.get(id(v)), *map(by_name.get, known_as)]
        found = next((candidate for candidate in candidates if candidate is not None), None)
        if found is None or id(found) in names:
            near = get_close_matches(v.name, by_name, n=3, cutoff=0.4)
            raise BilevoltError(
                f"the student's model has no variable {v.name!r} of the bilevel model"
                f"{' (similar: ' + ', '.join(near) + ')' if near else ''}. Name it so, or say which it is with "
                f"variables={{student's variable: {v.name!r}}}."
            )
        names[id(found)] = v.name
    return names


def _short(variable: Any) -> str:
    """Return a variable's name without the blocks that it is in."""
    return variable.getname(fully_qualified=False)


def _rows(model: Any, read: Any) -> tuple[list[Statement], list[Couple]]:
    statements: list[Statement] = []
    couples: list[Couple] = []
    for row in model.component_data_objects(pyo.Constraint, active=True, descend_into=pyo.Block):
        statements += sides(row, row.name, read, "")
    for pair in model.component_data_objects(Complementarity, active=True, descend_into=pyo.Block):
        parts = [_side(part, pair.name, read) for part in pair._args]
        statements += parts
        if not any(part.equality for part in parts):
            couples.append(Couple(pair.name, parts[0].polynomial, parts[1].polynomial))
    for group in model.component_data_objects(pyo.SOSConstraint, active=True, descend_into=pyo.Block):
        members = [read(v, group.name) for v in group.variables]
        if len(members) != 2 or group.level != 1:
            raise BilevoltError(
                f"{group.name!r} is an SOS{group.level} of {len(members)} variables; complementarity is an SOS1 of "
                "two, a multiplier and a slack. Write one for each pair."
            )
        couples.append(Couple(group.name, members[0], members[1]))
    return statements, couples


def _side(part: Any, name: str, read: Any) -> Statement:
    """Return one side of a ``complements(...)`` as a statement."""
    if isinstance(part, EqualityExpression):
        return Statement(name, read(part.arg(0), name) - read(part.arg(1), name), True)
    if not isinstance(part, InequalityExpression):
        raise BilevoltError(
            f"{name!r}: the side {part} of a complementarity is no plain inequality. Write it as complements(a >= 0, "
            "b >= 0), once for each finite side of a row."
        )
    return Statement(name, read(part.arg(1), name) - read(part.arg(0), name))


def _objective(model: Any, read: Any) -> Polynomial:
    found = list(model.component_data_objects(pyo.Objective, active=True, descend_into=pyo.Block))
    if len(found) != 1:
        raise BilevoltError(
            f"the student's model has {len(found)} active objectives ({', '.join(o.name for o in found) or 'none'}); "
            "exactly one is needed, the leader's."
        )
    objective = read(found[0].expr, found[0].name)
    return objective.scaled(-1.0) if found[0].sense == pyo.maximize else objective


def _without_slacks(
    statements: list[Statement], couples: list[Couple], primal: set[str], integers: frozenset[str], reference: Reference
) -> tuple[list[Statement], list[Couple]]:
    """Replace slack variables by what they are defined to be.

    A variable of the student's own is a slack if a row defines it by variables of the bilevel model alone, and this
    is a slack of ours; or, for definitions with a mistake, if it is in no other row and complements something else.
    """
    slacks = [couple.second for couple in reference.couples]
    accepted: dict[str, tuple[Statement, Polynomial]] = {}
    doubtful: dict[str, tuple[Statement, Polynomial]] = {}
    for row in statements:
        own = row.names - primal
        if not row.equality or len(own) != 1 or own <= integers:
            continue
        (name,) = own
        coefficient = row.polynomial.terms.get((name,), 0.0)
        rest = Polynomial({m: a for m, a in row.polynomial.terms.items() if m != (name,)})
        if not coefficient or name in rest.names or not rest.names or name in accepted:
            continue
        definition = rest.scaled(-1.0 / coefficient)
        known = any(definition.ratio(slack) is not None for slack in slacks)
        (accepted if known else doubtful)[name] = (row, definition)
    for name, (row, definition) in doubtful.items():
        partners = _partners(name, statements, couples) - primal - {name}
        elsewhere = any(s.equality and s is not row and _alone(name, s) for s in statements)
        if partners and not elsewhere and not partners & accepted.keys():
            accepted[name] = (row, definition)
    values = {name: definition for name, (_, definition) in accepted.items()}
    rows = {id(row) for row, _ in accepted.values()}
    kept = System(tuple(s for s in statements if id(s) not in rows), tuple(couples), Polynomial({}), integers)
    replaced = kept.rewritten(values)
    return list(replaced.statements), list(replaced.couples)


def _alone(name: str, statement: Statement) -> bool:
    """Whether a variable is in a row as such, and not in products alone."""
    return (name,) in statement.polynomial.terms


def _partners(name: str, statements: list[Statement], couples: list[Couple]) -> set[str]:
    """Return the variables that are in a pair, or a product, with this one."""
    parts = [c.names for c in couples]
    parts += [set(m) for s in statements for m in s.polynomial.terms if len(m) > 1]
    return set().union(*(part for part in parts if name in part))


def _products(
    statements: list[Statement], primal: set[str], integers: frozenset[str], reference: Reference
) -> tuple[list[Statement], list[Couple]]:
    """Take the rows that say that products of multipliers and slacks are 0 out of the statements, as pairs."""
    slacks = [couple.second for couple in reference.couples]
    kept, couples = [], []
    for statement in statements:
        factors = _factors(statement.polynomial, primal, integers)
        if not any(
            factor.names & reference.follower_variables or any(factor.ratio(slack) for slack in slacks)
            for factor in factors.values()
        ):
            factors = {}  # a row of the leader, or of stationarity: products with the leader's variables
        found = [Couple(statement.name, Polynomial.variable(name), factor) for name, factor in factors.items()]
        redundant = not statement.equality and any(
            (couple.second.ratio(slack) or 0.0) > 0 for couple in found for slack in slacks
        )  # multiplier * slack >= 0 holds anyway
        if found and not redundant and not _of_both_signs(found, statements, slacks):
            couples += found
        else:
            kept.append(statement)
    return kept, couples


def _of_both_signs(products: list[Couple], statements: list[Statement], slacks: list[Polynomial]) -> bool:
    """Whether products in a sum can have different signs, so that the sum may be 0 where they are not."""
    signs = set()
    for couple in products:
        (name,) = couple.first.names
        ratio = next((k for slack in slacks if (k := couple.second.ratio(slack)) is not None), 0.0)
        signs.add(sign_of(name, statements) * ((ratio > 0) - (ratio < 0)))
    return len(products) > 1 and {-1, 1} <= signs


def _factors(row: Polynomial, primal: set[str], integers: frozenset[str]) -> dict[str, Polynomial]:
    """Split ``sum multiplier * factor`` by multiplier; empty if a term has none, or a factor is a number."""
    parts: dict[str, list[tuple[tuple[str, ...], float]]] = {}
    for monomial, coefficient in row.terms.items():
        own = [name for name in monomial if name not in primal]
        if len(own) != 1 or own[0] in integers:
            return {}
        parts.setdefault(own[0], []).append((tuple(n for n in monomial if n != own[0]), coefficient))
    factors = {name: Polynomial.of(terms) for name, terms in parts.items()}
    return factors if all(factor.names for factor in factors.values()) else {}


def _oriented(couple: Couple, primal: set[str]) -> Couple:
    """Put the multiplier first."""

    def is_multiplier(part: Polynomial) -> bool:
        found = part.single()
        return found is not None and found[0] not in primal

    if is_multiplier(couple.second) and not is_multiplier(couple.first):
        return Couple(couple.name, couple.second, couple.first, (couple.limits[1], couple.limits[0]))
    return couple
