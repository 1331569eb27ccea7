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
from pyomo.core.expr import SumExpression
from pyomo.core.expr.visitor import identify_variables, replace_expressions
from pyomo.mpec import Complementarity, complements

from ..errors import NotBilevelError
from ..levels.bilevel import Bilevel, Leader
from ..levels.follower_form import FollowerForm, Row
from ..levels.optimality import OptimalityConditions, Pair
from ..levels.rows import add_sos
from .single_level import SingleLevel, attach, shadow_price


def apply(bilevel: Bilevel) -> ConcreteModel:
    """Return the MPCC of a bilevel model: new constraints and multipliers on the user's own variables.

    The user's model is not changed. The result has the blocks ``leader`` (rows, sos, objective) and
    ``followers[name]`` (multiplier, stationarity, equality, complementarity).

    :raises NonconvexFollowerError: see :func:`follower_form`.
    """
    single = ConcreteModel(name=f"KKT({bilevel.model.name})")
    conditions = OptimalityConditions(bilevel.forms)
    single_map = SingleLevel(single, bilevel, conditions)
    single.leader = Block()
    single.followers = Block(AnyIndex)
    for form in conditions.forms:
        _add_follower(single.followers[form.follower.name], form, conditions)
    for form, variable, gradient in conditions.stationarity():
        stationarity = single.followers[form.follower.name].stationarity
        stationarity[form.follower.local_name(variable)] = gradient == 0
    _add_leader(single.leader, bilevel.leader, single_map)
    attach(single_map)
    return single


def _add_leader(block: Any, leader: Leader, single_map: SingleLevel) -> None:
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


def price_expressions(prices: ComponentMap, single_map: SingleLevel) -> dict[int, Any]:
    """Map id(dual_of variable) -> its expression in multipliers.

    :param prices: dual_of variable -> row (or bounded variable) of a follower.
    """
    if not prices:
        return {}
    of_source = ComponentMap(
        (row.source, shadow_price(form.sign, multipliers))
        for form, row, multipliers in single_map.conditions.multipliers()
    )
    with_terms = ComponentSet(row.source for form in single_map.conditions.forms for row in form.rows if row.terms)
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


def _add_follower(block: Any, form: FollowerForm, conditions: OptimalityConditions) -> None:
    block.multiplier = Var(AnyIndex, dense=False)
    block.stationarity = Constraint(AnyIndex)
    block.equality = Constraint(AnyIndex)
    block.complementarity = Complementarity(AnyIndex)
    for row in form.rows:
        _add_row(block, form, row, form.follower.localised(row.name), conditions)


def _add_row(block: Any, form: FollowerForm, row: Row, label: str, conditions: OptimalityConditions) -> None:
    """Add the row's feasibility and multipliers."""
    if row.equality:
        block.equality[label] = row.body == row.lower
        conditions.equality_multipliers[row.source] = block.multiplier[label]
        return
    for side, limit in row.sides():
        name = f"{label}.{side}"
        multiplier = block.multiplier[name]
        multiplier.domain = NonNegativeReals
        body = SumExpression(list(row.body.args)) if isinstance(row.body, SumExpression) else row.body
        # Not the user's own sum: Pyomo's `-` appends to its list of arguments, and a clone would follow them to us.
        slack = body - limit if side == "lower" else limit - body
        block.complementarity[name] = complements(multiplier >= 0, slack >= 0)
        conditions.pairs.append(
            Pair(f"{row.name}.{side}", form.follower.name, row, side, multiplier, slack, block.complementarity[name])
        )
