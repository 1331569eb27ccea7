"""A PAO model of two linear levels, in the names of their file."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import pyomo.environ as pyo
from pyomo.core.expr.numeric_expr import LinearExpression

from ...instances.linear_bilevel import LinearBilevelInstance, LinearRow, LinearVariable
from ...levels.pao_adapter import SubModel
from .names import families, free_name, places, prefix_of

_SENSES = {"minimize": pyo.minimize, "maximize": pyo.maximize}


def build(instance: LinearBilevelInstance) -> pyo.ConcreteModel:
    """Build both levels.

    Variables are called as in the file: ``x[1]`` becomes a member of ``x``, and ``F.y`` the variable ``y`` of a
    follower ``F`` where all such names are the follower's own. The follower's rows are on its SubModel. A name that
    Pyomo keeps for its own use gets an underscore.
    """
    instance = LinearBilevelInstance.expect(instance, "problem.mps")
    model = pyo.ConcreteModel(name=instance.name)
    own = {variable.name: variable for variable in instance.variables if variable.level == "follower"}
    others = [variable for variable in instance.variables if variable.name not in own]
    rows = [row for row in instance.rows if row.level == "leader"]
    lower_rows = [row for row in instance.rows if row.level == "follower"]
    prefix = prefix_of(own, [variable.name for variable in others] + [row.name for row in rows])
    inside = [variable for name, variable in own.items() if prefix and name.startswith(f"{prefix}.")]
    outside = [variable for variable in instance.variables if variable not in inside]

    variables = _variables(model, outside)
    seen = {name for row in lower_rows for name, _ in row.terms}
    block = SubModel(fixed=[variables[variable.name] for variable in others if variable.name in seen])
    taken = [row.name for row in rows]
    name = prefix or free_name(model, "follower", taken)
    model.add_component(name, block)
    variables |= _variables(block, inside, f"{name}.")

    _rows(model, rows, variables)
    _rows(block, lower_rows, variables, f"{name}.")
    costs = {v.name: v.cost for v in instance.variables}, {v.name: v.follower_cost for v in instance.variables}
    _objective(model, instance.sense, costs[0], variables, instance.offset)
    _objective(block, instance.follower_sense, costs[1], variables)
    return model


def summary(model: pyo.ConcreteModel) -> dict[str, Any]:
    """Return the objectives of both levels at the model's values."""
    (block,) = model.component_data_objects(SubModel, active=True)
    owners = {"leader_objective": model, "follower_objective": block}
    return {
        name: pyo.value(next(owner.component_data_objects(pyo.Objective, active=True, descend_into=False)))
        for name, owner in owners.items()
    }


def _variables(block: Any, given: Iterable[LinearVariable], prefix: str = "") -> dict[str, Any]:
    """Declare variables on a block; return them by the names of the file."""
    by_name = {variable.name.removeprefix(prefix): variable for variable in given}
    found = {}
    for component, members in families(places(block, by_name)).items():
        declared = pyo.Var() if None in members else pyo.Var(pyo.Any, dense=False)
        block.add_component(component, declared)
        for index, name in members.items():
            data, variable = declared[index], by_name[name]
            data.domain = pyo.Integers if variable.integer else pyo.Reals
            data.setlb(variable.lower)
            data.setub(variable.upper)
            found[variable.name] = data
    return found


def _rows(block: Any, given: Sequence[LinearRow], variables: Mapping[str, Any], prefix: str = "") -> None:
    """Declare rows on a block; one without a side says nothing, and is left out."""
    by_name = {row.name.removeprefix(prefix): row for row in given if row.lower is not None or row.upper is not None}
    for component, members in families(places(block, by_name)).items():
        declared = pyo.Constraint() if None in members else pyo.Constraint(pyo.Any)
        block.add_component(component, declared)
        for index, name in members.items():
            declared[index] = _relation(by_name[name], variables)


def _relation(row: LinearRow, variables: Mapping[str, Any]) -> Any:
    body = LinearExpression(
        linear_coefs=[number for _, number in row.terms], linear_vars=[variables[name] for name, _ in row.terms]
    )
    return body == row.upper if row.lower == row.upper else pyo.inequality(row.lower, body, row.upper)


def _objective(
    block: Any, sense: str, costs: Mapping[str, float], variables: Mapping[str, Any], offset: float = 0.0
) -> None:
    used = {name: cost for name, cost in costs.items() if cost}
    body = LinearExpression(
        constant=offset, linear_coefs=list(used.values()), linear_vars=[variables[name] for name in used]
    )
    block.add_component(free_name(block, "objective"), pyo.Objective(expr=body, sense=_SENSES[sense]))
