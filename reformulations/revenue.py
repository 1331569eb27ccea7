r"""Bilinear objective: products of the leader's and a follower's variables made linear by strong duality.

A leader who sets prices :math:`x` earns :math:`B = \sum_{ij} b_{ij} x_i y_j`, the bilinear terms of the follower's
objective :math:`\sigma f = \sigma (B + c^\top y)`. Multiplying stationarity by :math:`y` and using
complementarity,

.. math:: B = \sigma \Big( \sum_i \lambda_i\, b_i + \sum_k \nu_k\, d_k \Big) - c^\top y

with the right-hand sides net of constants. Where these do not depend on the leader, a leader's objective that
contains :math:`\alpha B` becomes linear: no product of two continuous variables is left in it. Left alone are QP
followers (their :math:`y^\top Q y` would come instead). Exact wherever stationarity and complementarity hold.

Source: M. Labbé, P. Marcotte and G. Savard, *A bilevel model of taxation and its application to optimal highway
pricing*, Manage. Sci. 44, 1998.
"""

from typing import Any

from pyomo.core import quicksum
from pyomo.core.base.var import VarData
from pyomo.core.expr import SumExpression
from pyomo.repn.quadratic import QuadraticRepnVisitor

from ..levels.duality_gap import dual_terms
from ..levels.follower_form import FollowerForm, VariableRecorder, is_number
from .single_level import map_of

Key = tuple[int, int]


def apply(single: Any) -> list[str]:
    """Substitute in the leader's objective, in place; return the followers whose bilinear terms were replaced."""
    single_map = map_of(single)
    recorder = VariableRecorder()
    visitor = QuadraticRepnVisitor({}, var_recorder=recorder)
    objective = single.leader.objective
    repn = visitor.walk_expression(objective.expr)
    if repn.nonlinear is not None or not repn.quadratic:
        return []
    quadratic = {_key(i, j): q for (i, j), q in repn.quadratic.items()}
    replaced = []
    for form in single_map.conditions.forms:
        bilinear = _bilinear_terms(form)
        multiple = _multiple(bilinear, quadratic)
        if multiple is None or form.quadratic or any(not is_number(row.constant) for row in form.rows):
            continue
        products = quicksum(b * first * second for b, first, second in bilinear.values())
        own = quicksum(c * y for y, c in _numeric_costs(form))
        by_duality = multiple * (form.sign * _dual_value(single_map, form) - own - products)
        # Not `+`: Pyomo would append to the list of arguments that the user's own sum shares.
        objective.set_value(SumExpression([objective.expr, by_duality]))
        quadratic = {key: q for key, q in quadratic.items() if key not in bilinear}
        replaced.append(form.follower.name)
    single_map.by_duality += replaced
    return replaced


def _key(i: int, j: int) -> Key:
    return (i, j) if i <= j else (j, i)


def _bilinear_terms(form: FollowerForm) -> dict[Key, tuple[float, VarData, VarData]]:
    """Return the products of a leader's and a follower's variable in the follower's objective; {} if not bilinear."""
    terms: dict[Key, tuple[float, VarData, VarData]] = {}
    recorder = VariableRecorder()
    visitor = QuadraticRepnVisitor({}, var_recorder=recorder)
    for y, coefficient in form.linear.items():
        if is_number(coefficient):
            continue
        repn = visitor.walk_expression(coefficient)
        if repn.quadratic or repn.nonlinear is not None:
            return {}
        for i, b in repn.linear.items():
            terms[_key(i, id(y))] = (b, recorder.var_map[i], y)
    return terms


def _numeric_costs(form: FollowerForm) -> list[tuple[VarData, float]]:
    visitor = QuadraticRepnVisitor({}, var_recorder=VariableRecorder())
    return [(y, c if is_number(c) else visitor.walk_expression(c).constant) for y, c in form.linear.items()]


def _multiple(bilinear: dict[Key, tuple[float, VarData, VarData]], quadratic: dict[Key, float]) -> float | None:
    """Return alpha if the leader has alpha times the follower's bilinear terms, and these have continuous prices."""
    if not any(first.is_continuous() for _, first, _ in bilinear.values()):
        return None  # integer x continuous is linearised product by product
    multiples = {quadratic.get(key, 0.0) / b for key, (b, _, _) in bilinear.items()}
    first = next(iter(multiples))
    return first if first and all(abs(s - first) <= 1e-12 * abs(first) for s in multiples) else None


def _dual_value(single_map: Any, form: FollowerForm) -> Any:
    """Return the dual objective of the follower brought to min."""
    of_form = ((row, m) for f, row, m in single_map.conditions.multipliers() if f is form)
    return quicksum(term for row, multipliers in of_form for term in dual_terms(row, multipliers))
