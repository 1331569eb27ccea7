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

from collections.abc import Iterable, Iterator
from typing import Any

from pyomo.common.collections import ComponentMap
from pyomo.core import Any as AnyIndex
from pyomo.core import Block, ConcreteModel, Constraint, NonNegativeReals, Objective, Reals, Var
from pyomo.core.base.constraint import ConstraintData
from pyomo.core.expr import EqualityExpression, SumExpression
from pyomo.core.expr.visitor import identify_variables, replace_expressions
from pyomo.mpec import Complementarity, complements

from ..errors import NotBilevelError
from ..levels.bilevel import Bilevel, Leader
from ..levels.follower_form import FollowerForm, Row
from ..levels.names import Names
from ..levels.optimality import OptimalityConditions, Pair
from ..levels.rows import add_sos
from .single_level import SingleLevel, attach, shadow_price


def apply(bilevel: Bilevel, with_complementarity: bool = True) -> ConcreteModel:
    """Return the MPCC of a bilevel model: new constraints and multipliers on the user's own variables.

    The user's model is not changed. The result has the blocks ``leader`` (rows, sos, objective) and
    ``followers[name]`` (multiplier, stationarity, equality, complementarity).

    :param with_complementarity: whether the pairs are written, too. Who makes them linear at once needs no components
        for them, which would take as much time as all others; :func:`write_complementarity` writes those that are left.
    :raises NonconvexFollowerError: see :func:`follower_form`.
    """
    single = ConcreteModel(name=f"KKT({bilevel.model.name})")
    conditions = OptimalityConditions(bilevel.forms)
    single_map = SingleLevel(single, bilevel, conditions)
    single.leader = Block()
    single.followers = Block(AnyIndex)
    for form in conditions.forms:
        _add_follower(single.followers[form.follower.name], form, conditions)
    names = Names()
    known = {id(row.source): row.name for _, row, _ in conditions.rows if row.is_bound}
    for form, variable, gradient in conditions.stationarity():
        rows = single.followers[form.follower.name].stationarity
        name = known.get(id(variable)) or names(variable)
        rows[form.follower.localised(name)] = EqualityExpression((gradient, 0))
    _add_leader(single.leader, bilevel.leader, single_map)
    if with_complementarity:
        write_complementarity(single_map)
    attach(single_map)
    return single


def write_complementarity(single_map: SingleLevel) -> None:
    """Write the pairs that no step has made linear as ``pyomo.mpec`` components."""
    blocks = {
        form.follower.name: single_map.model.followers[form.follower.name] for form in single_map.conditions.forms
    }
    for block in blocks.values():
        block.complementarity = Complementarity(AnyIndex)
    for pair in single_map.pending():
        components = blocks[pair.follower].complementarity
        label = pair.name.removeprefix(f"{pair.follower}.")
        components[label] = complements(pair.multiplier >= 0, pair.slack >= 0)
        pair.complementarity = components[label]


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
    wanted = {id(source) for source in prices.values()}
    rows = single_map.conditions.rows
    of_source = {id(row.source): (form, row, own) for form, row, own in rows if id(row.source) in wanted}
    expressions: dict[int, Any] = {}
    for price, source in prices.items():
        if id(source) not in of_source:
            raise NotBilevelError(
                f"dual_of({source.name}) is used, but {source.name!r} is no active row (or bounded variable) of a "
                "follower. Activate it, or remove the price from the leader's rows and objective."
            )
        form, row, multipliers = of_source[id(source)]
        if not row.terms:
            raise NotBilevelError(
                f"dual_of({source.name}) is used, but no variable of the follower is in {source.name!r}: it is a "
                "condition on the leader alone, and has no shadow price. Move the row to the leader, or leave the "
                "price out."
            )
        expressions[id(price)] = shadow_price(form.sign, multipliers)
    return expressions


def _add_follower(block: Any, form: FollowerForm, conditions: OptimalityConditions) -> None:
    block.multiplier = Var(AnyIndex, dense=False, domain=NonNegativeReals)
    block.stationarity = Constraint(AnyIndex)
    block.equality = Constraint(AnyIndex)
    multiplier, equality = block.multiplier, block.equality
    for row in form.rows:
        label = form.follower.localised(row.name)
        if row.equality:
            equality[label] = row.body == row.lower
            own = {"equality": multiplier[label]}
            own["equality"].domain = Reals
        else:
            own = {side: multiplier[f"{label}.{side}"] for side, _ in row.sides()}
            conditions.pairs += _pairs(form.follower.name, row, own)
        conditions.rows.append((form, row, own))


def _pairs(follower: str, row: Row, multipliers: dict[str, Any]) -> Iterator[Pair]:
    """Yield the pairs of the finite sides of a row."""
    body = row.body
    for side, limit in row.sides():
        own = SumExpression(body.args) if isinstance(body, SumExpression) else body
        # Not the user's own sum: Pyomo's `-` appends to its list of arguments, and a clone would follow them to us.
        slack = own - limit if side == "lower" else limit - own
        yield Pair(f"{row.name}.{side}", follower, row, side, multipliers[side], slack)
