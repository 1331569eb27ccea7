r"""KKT: each follower is replaced by its optimality conditions; the result is an MPCC.

With the follower brought to :math:`\min f(y)` s.t. :math:`g_i(y) \ge b_i` (:math:`\lambda_i \ge 0`),
:math:`h_k(y) = d_k` (:math:`\nu_k` free), finite bounds as rows with multipliers of their own:

.. math::
   \nabla_y f - \sum_i \lambda_i \nabla g_i - \sum_k \nu_k \nabla h_k = 0, \qquad
   0 \le \lambda_i \perp g_i(y) - b_i \ge 0, \qquad h_k(y) = d_k

Necessary and sufficient for LP and convex QP followers (linear rows need no constraint qualification). Rows are
built from coefficients, which may contain the leader's variables. Complementarity is expressed with
``pyomo.mpec``, so that Pyomo's own ``mpec.*`` and ``gdp.*`` transformations apply to the result.

Source: S. Dempe, *Foundations of Bilevel Programming*, Kluwer 2002, ch. 5; G. B. Allende and G. Still, *Solving
bilevel programs with the KKT approach*, Math. Program. 138, 2013.
"""

from collections.abc import Iterable
from typing import Any

from pyomo.common.collections import ComponentMap, ComponentSet
from pyomo.core import Any as AnyIndex
from pyomo.core import Block, ConcreteModel, Constraint, NonNegativeReals, Objective, Var
from pyomo.core.base.constraint import ConstraintData
from pyomo.core.base.var import VarData
from pyomo.core.expr import LinearExpression
from pyomo.core.expr.visitor import identify_variables, replace_expressions
from pyomo.mpec import Complementarity, complements

from ..errors import NotBilevelError
from ..levels.follower_form import FollowerForm, Row, follower_form, is_number
from ..levels.reading import Bilevel, Leader
from ..levels.rows import add_sos
from .mapping import Pair, SingleLevelMap, attach, shadow_price


def apply(bilevel: Bilevel) -> ConcreteModel:
    """Return the MPCC of a bilevel model: new constraints and multipliers on the user's own variables.

    The user's model is not changed. The result has the blocks ``leader`` (rows, sos, objective) and
    ``followers[name]`` (multiplier, stationarity, equality, complementarity).

    :raises NonconvexFollowerError: see :func:`follower_form`.
    """
    forms = tuple(follower_form(bilevel, follower) for follower in bilevel.followers)
    single = ConcreteModel(name=f"KKT({bilevel.model.name})")
    single_map = SingleLevelMap(bilevel, forms)
    single.leader = Block()
    single.followers = Block(AnyIndex)
    for form in forms:
        _add_follower(single.followers[form.follower.name], form, single_map)
    _add_leader(single.leader, bilevel.leader, single_map)
    attach(single, single_map)
    return single


def _add_leader(block: Any, leader: Leader, single_map: SingleLevelMap) -> None:
    prices = price_expressions(leader.prices, single_map)
    add_rows(block, leader.constraints, prices)
    add_sos(block, leader.sos)
    block.objective = Objective(expr=with_prices(leader.objective.expr, prices), sense=leader.objective.sense)


def add_rows(block: Any, constraints: Iterable[ConstraintData], prices: dict[int, Any]) -> None:
    """Write rows anew as ``block.rows``, by name, with multipliers for dual_of variables."""
    block.rows = Constraint(AnyIndex)
    for constraint in constraints:
        block.rows[constraint.name] = with_prices(constraint.expr, prices)


def with_prices(expression: Any, prices: dict[int, Any]) -> Any:
    """Return the expression with dual_of variables (by id) replaced."""
    if prices and any(id(v) in prices for v in identify_variables(expression)):
        return replace_expressions(expression, prices)
    return expression


def price_expressions(prices: ComponentMap, single_map: SingleLevelMap) -> dict[int, Any]:
    """Map id(dual_of variable) -> its expression in multipliers.

    :param prices: dual_of variable -> row (or bounded variable) of a follower.
    """
    if not prices:
        return {}
    of_source = ComponentMap(
        (row.source, shadow_price(form.sign, multipliers)) for form, row, multipliers in single_map.multipliers()
    )
    with_terms = ComponentSet(row.source for form in single_map.forms for row in form.rows if row.terms)
    expressions: dict[int, Any] = {}
    for price, source in prices.items():
        if source not in of_source:
            raise NotBilevelError(
                f"dual_of({source.name}) is used, but {source.name!r} is no active row (or bounded variable) of a "
                "follower. Activate it, or remove the price from the leader's rows and objective."
            )
        if source not in with_terms:
            raise NotBilevelError(
                f"dual_of({source.name}) is used, but no variable of the follower is in {source.name!r}: it is a "
                "condition on the leader alone, and has no shadow price. Move the row to the leader, or leave the "
                "price out."
            )
        expressions[id(price)] = of_source[source]
    return expressions


def _add_follower(block: Any, form: FollowerForm, single_map: SingleLevelMap) -> None:
    block.multiplier = Var(AnyIndex, dense=False)
    block.stationarity = Constraint(AnyIndex)
    block.equality = Constraint(AnyIndex)
    block.complementarity = Complementarity(AnyIndex)
    gradient_rows: ComponentMap = ComponentMap((y, []) for y in form.follower.variables)
    for row in form.rows:
        label = form.follower.local_name(row.source)
        for weight, multiplier in _add_row(block, form, row, label, single_map):
            for variable, coefficient in row.terms:
                gradient_rows[variable].append((weight, coefficient, multiplier))
    quadratic = form.gradient_terms
    for variable in form.follower.variables:
        block.stationarity[form.follower.local_name(variable)] = (
            _stationarity(form, variable, quadratic[variable], gradient_rows[variable]) == 0
        )


def _add_row(
    block: Any, form: FollowerForm, row: Row, label: str, single_map: SingleLevelMap
) -> list[tuple[int, VarData]]:
    """Add the row's feasibility and multipliers; return (sign in the Lagrangian's gradient, multiplier)."""
    if row.equality:
        block.equality[label] = row.body == row.lower
        nu = block.multiplier[label]
        single_map.equality_multipliers[row.source] = nu
        return [(-1, nu)]
    weights = []
    for side, limit in row.sides():
        name = f"{label}.{side}"
        multiplier = block.multiplier[name]
        multiplier.domain = NonNegativeReals
        slack = row.body - limit if side == "lower" else limit - row.body
        block.complementarity[name] = complements(multiplier >= 0, slack >= 0)
        single_map.pairs.append(
            Pair(f"{row.name}.{side}", form.follower.name, row, side, multiplier, slack, block.complementarity[name])
        )
        weights.append((-1 if side == "lower" else 1, multiplier))
    return weights


def _stationarity(
    form: FollowerForm,
    variable: VarData,
    quadratic: list[tuple[VarData, float]],
    rows: list[tuple[int, Any, VarData]],
) -> Any:
    """Return d(Lagrangian)/d(variable): a linear expression, plus products where the leader is in coefficients."""
    constant = form.linear[variable]
    numbers = [(form.sign * q, z) for z, q in quadratic]
    numbers += [(weight * a, multiplier) for weight, a, multiplier in rows if is_number(a)]
    if not numbers:
        numbers = [(0, variable)]  # keeps the row an expression, also where no variable is left
    linear = LinearExpression(
        constant=form.sign * constant if is_number(constant) else 0,
        linear_coefs=[a for a, _ in numbers],
        linear_vars=[v for _, v in numbers],
    )
    products = sum(weight * a * multiplier for weight, a, multiplier in rows if not is_number(a))
    return linear + (0 if is_number(constant) else form.sign * constant) + products
