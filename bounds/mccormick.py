r"""McCormick's envelopes: the convex hull of a product of two bounded variables, as four linear rows.

For :math:`w = u v` with :math:`u \in [\underline u, \overline u]` and :math:`v \in [\underline v, \overline v]`:

.. math:: (u - \underline u)(v - \underline v) \ge 0, \quad (\overline u - u)(\overline v - v) \ge 0, \quad
          (u - \underline u)(\overline v - v) \ge 0, \quad (\overline u - u)(v - \underline v) \ge 0

with :math:`w` for :math:`u v`.

Source: G. P. McCormick, *Computability of global solutions to factorable nonconvex programs*, Math. Program. 10, 1976.
"""

import math
from collections.abc import Callable, Iterable
from typing import Any

from pyomo.core import Any as AnyIndex
from pyomo.core import Constraint, Objective, Reals, Var, value
from pyomo.core.base.var import VarData
from pyomo.core.expr import LinearExpression
from pyomo.repn.quadratic import QuadraticRepnVisitor

from ..levels.follower_form import VariableRecorder
from .ranges import Ranges

Terms = list[tuple[float, VarData]]
Linearize = Callable[[VarData, VarData, str], Terms | None]


def envelope(
    first: tuple[float, float], second: tuple[float, float]
) -> tuple[float, float, list[tuple[int, float, float]]]:
    """Return the range of a product over two finite ranges, and its rows.

    :returns: smallest, largest, and (sign, a, b) for each row ``sign * (w - b * u - a * v + a * b) >= 0``.
    """
    corners = [a * b for a in first for b in second]
    return min(corners), max(corners), envelope_rows(first, second)


def envelope_rows(first: tuple[Any, Any], second: tuple[Any, Any]) -> list[tuple[int, Any, Any]]:
    """Return (sign, a, b) of each row, as in :func:`envelope`, of numbers or of arrays of these."""
    (l1, u1), (l2, u2) = first, second
    return [(1, l1, l2), (1, u1, u2), (-1, l1, u2), (-1, u1, l2)]


def relax(block: Any, rows: Iterable[tuple[str, Any]], ranges: Ranges) -> list[str]:
    """Add linear relaxations of quadratic rows to a block: products by McCormick's envelopes, integers not expanded.

    :param rows: (name, relational expression); one with a product of an unbounded factor is left out.
    :returns: the names of the rows that were left out.
    """
    envelopes = Envelopes(block, ranges)
    block.relaxed = Constraint(AnyIndex)
    recorder = VariableRecorder()
    visitor = QuadraticRepnVisitor({}, var_recorder=recorder)
    left_out = []
    for name, expression in rows:
        block.relaxed[name] = expression
        row = block.relaxed[name]
        repn = visitor.walk_expression(row.body)
        is_linear = repn.nonlinear is None and not repn.quadratic
        if is_linear or (repn.nonlinear is None and envelopes.rewrite(row, repn, recorder.var_map, envelopes.hull)):
            continue
        del block.relaxed[name]
        left_out.append(name)
    return left_out


class Envelopes:
    """Makes one variable for each product, with the rows of its envelope, and puts it into rows and objectives."""

    def __init__(self, block: Any, ranges: Ranges) -> None:
        self.block, self.ranges = block, ranges
        block.product = Var(AnyIndex, dense=False, domain=Reals)
        block.rows = Constraint(AnyIndex)
        self.of: dict[tuple[int, int], VarData] = {}

    def rewrite(self, component: Any, repn: Any, var_map: dict[int, VarData], linearize: Linearize) -> bool:
        """Replace the products in a row or objective as far as possible; return whether all are."""
        coefficients: dict[int, float] = dict(repn.linear)
        kept: Any = 0
        for (i, j), coefficient in repn.quadratic.items():
            terms = linearize(var_map[i], var_map[j], component.name)
            if terms is None:
                kept += coefficient * var_map[i] * var_map[j]
                continue
            for factor, variable in terms:
                coefficients[id(variable)] = coefficients.get(id(variable), 0.0) + coefficient * factor
                var_map[id(variable)] = variable
                self.used(variable, component, coefficient * factor)
        body = LinearExpression(
            constant=repn.constant,
            linear_coefs=list(coefficients.values()),
            linear_vars=[var_map[i] for i in coefficients],
        )
        put_body(component, body + kept)
        return kept.__class__ is int

    def used(self, variable: VarData, component: Any, coefficient: float) -> None:
        """Be told that a variable stands for a product in a row or objective; nothing to do for a hull."""

    def hull(self, first: VarData, second: VarData, where: str) -> Terms | None:
        """Return a variable within the convex hull of the product over the factors' ranges; None if unbounded."""
        (l1, u1), (l2, u2) = self.ranges.of_variable(first), self.ranges.of_variable(second)
        if not all(map(math.isfinite, (l1, u1, l2, u2))):
            return None
        key = (min(id(first), id(second)), max(id(first), id(second)))
        if key not in self.of:
            w = self.of[key] = self.block.product[f"{first.name}*{second.name}"]
            smallest, largest, rows = envelope((l1, u1), (l2, u2))
            w.setlb(smallest)
            w.setub(largest)
            for k, (sign, a, b) in enumerate(rows):
                self.row(w.name, k, sign * (w - b * first - a * second + a * b) >= 0)
        return [(1.0, self.of[key])]

    def row(self, name: str, what: Any, expression: Any) -> None:
        """Add a row that ties products to their factors."""
        self.block.rows[f"{name} {what}"] = expression


def put_body(component: Any, body: Any) -> None:
    """Write another body to a row, which keeps its sides, or to an objective."""
    if component.ctype is Objective:
        component.set_value(body)
    elif component.equality:
        component.set_value(body == value(component.upper))
    else:
        component.set_value((value(component.lower), body, value(component.upper)))
