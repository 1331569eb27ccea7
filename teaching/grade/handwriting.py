"""Writing a system as a Pyomo model, as somebody else would: other names, order, scales, form of complementarity."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyomo.environ as pyo
from pyomo.common.modeling import unique_component_name
from pyomo.mpec import ComplementarityList, complements

from ..polynomials import Polynomial
from ..statements import Statement
from .systems import Couple, Reference

WITH_LIMITS = "bigm"
"""The form that needs a limit for each side of a pair."""

_FACTORS = (0.5, 1.0, 1.0, 2.0, 3.0, 10.0)


@dataclass(frozen=True)
class Handwriting:
    """What is done differently: ``shuffle`` the order, ``rescale`` rows and multipliers (some to the opposite sign)."""

    form: str = "mpec"
    shuffle: bool = True
    rescale: bool = True


def write(system: Reference, hand: Handwriting, random: np.random.Generator) -> pyo.ConcreteModel:
    """Return the system as a model of its own, with the bilevel model's variables under their short names.

    For ``WITH_LIMITS``, the pairs need limits.
    """
    model = pyo.ConcreteModel(name="single level by hand")
    variables = _primal(model, system)
    multipliers = _added(model, "u", pyo.VarList(domain=pyo.Reals))
    rows = _added(model, "rows", pyo.ConstraintList())
    scales = {}
    for name in _order(sorted(system.multipliers), hand, random):
        if name in system.names:
            variables[name] = multipliers.add()
            sign = random.choice((1, 1, 1, -1)) if hand.rescale else 1
            scales[name] = Polynomial.variable(name).scaled(float(sign * _factor(hand, random)))
    # Rows in the new multipliers: where ours is lambda, the model has u with lambda = scale * u.
    written = system.rewritten(scales)
    for statement in _order(written.statements, hand, random):
        _write_row(rows, statement, variables, _factor(hand, random), bool(random.integers(2)))
    couples = [_rescaled(c, _factor(hand, random)) for c in _order(written.couples, hand, random)]
    _WRITERS[hand.form](model, rows, couples, variables)
    flip = bool(random.integers(2)) and hand.rescale
    objective = written.objective.scaled(-1.0 if flip else 1.0).expression(variables)
    _added(model, "objective", pyo.Objective(expr=objective, sense=pyo.maximize if flip else pyo.minimize))
    return model


def _added(model: pyo.ConcreteModel, name: str, component: Any) -> Any:
    """Add a component under a name that the bilevel model's variables have not taken."""
    name = unique_component_name(model, name)
    model.add_component(name, component)
    return model.component(name)


def _primal(model: pyo.ConcreteModel, system: Reference) -> dict[str, Any]:
    """Declare the bilevel model's variables: under short names where these are unique, else in blocks as there."""
    shorts = [v.getname(fully_qualified=False) for v in system.primal]
    short = len(set(shorts)) == len(shorts)
    components: dict[int, list[Any]] = {}
    for v in system.primal:
        components.setdefault(id(v.parent_component()), []).append(v)
    variables = {}
    for members in components.values():
        source = members[0].parent_component()
        home = model if short else _block_like(model, source.parent_block())
        made = pyo.Var([v.index() for v in members]) if source.is_indexed() else pyo.Var()
        home.add_component(source.local_name, made)
        for v in members:
            variables[v.name] = made[v.index()]
            if v.name in system.integers:
                made[v.index()].domain = pyo.Integers
    return variables


def _block_like(model: pyo.ConcreteModel, block: Any) -> Any:
    """Return the block of that name, made as a plain one if it is not there yet."""
    if block.parent_block() is None:
        return model
    home = _block_like(model, block.parent_block())
    if home.component(block.local_name) is None:
        home.add_component(block.local_name, pyo.Block())
    return home.component(block.local_name)


def _write_row(rows: Any, statement: Statement, variables: dict[str, Any], factor: float, bound: bool) -> None:
    """Write a statement as a row, or, where it can be one, as a variable's bound."""
    part = statement.polynomial.scaled(factor)
    linear = Polynomial({m: a for m, a in part.terms.items() if m}).single()
    if bound and linear is not None and not statement.equality:
        name, coefficient = linear
        limit = -part.terms.get((), 0.0) / coefficient
        variable = variables[name]
        if (variable.lb if coefficient > 0 else variable.ub) is None:  # a second one would take the place of the first
            (variable.setlb if coefficient > 0 else variable.setub)(limit)
            return
    body = part.expression(variables)
    rows.add(body == 0 if statement.equality else body >= 0)


def _mpec(model: pyo.ConcreteModel, rows: Any, couples: list[Couple], variables: dict[str, Any]) -> None:
    pairs = _added(model, "pairs", ComplementarityList())
    for couple in couples:
        pairs.add(complements(couple.first.expression(variables) >= 0, couple.second.expression(variables) >= 0))


def _product(model: pyo.ConcreteModel, rows: Any, couples: list[Couple], variables: dict[str, Any]) -> None:
    for couple in couples:
        rows.add(couple.first.expression(variables) * couple.second.expression(variables) == 0)


def _sos1(model: pyo.ConcreteModel, rows: Any, couples: list[Couple], variables: dict[str, Any]) -> None:
    slacks = _added(model, "slack", pyo.VarList(domain=pyo.Reals))
    members: dict[int, list[Any]] = {}
    for k, couple in enumerate(couples):
        slack = slacks.add()
        rows.add(slack == couple.second.expression(variables))
        members[k] = [variables[next(iter(couple.first.names))], slack]
    _added(model, "pairs", pyo.SOSConstraint(list(members), sos=1, rule=lambda _, k: members[k]))


def _bigm(model: pyo.ConcreteModel, rows: Any, couples: list[Couple], variables: dict[str, Any]) -> None:
    switches = _added(model, "z", pyo.VarList(domain=pyo.Binary))
    for couple in couples:
        z = switches.add()
        m, n = couple.limits
        rows.add(couple.first.expression(variables) <= m * z)
        rows.add(couple.second.expression(variables) <= n * (1 - z))


_WRITERS = {"mpec": _mpec, "product": _product, "sos1": _sos1, WITH_LIMITS: _bigm}

FORMS = tuple(form for form in _WRITERS if form != WITH_LIMITS)
"""How complementarity can be written without knowing any limits."""


def _rescaled(couple: Couple, factor: float) -> Couple:
    m, n = couple.limits
    limits = (m, None if n is None else n * factor)
    return Couple(couple.name, couple.first, couple.second.scaled(factor), limits)


def _order(items: Iterable[Any], hand: Handwriting, random: np.random.Generator) -> list[Any]:
    found = list(items)
    return [found[k] for k in random.permutation(len(found))] if hand.shuffle else found


def _factor(hand: Handwriting, random: np.random.Generator) -> float:
    return float(random.choice(_FACTORS)) if hand.rescale else 1.0
