r"""Products relaxed by the linear form that multiplies a variable: a new variable for each form, not each product.

For :math:`W = v \, L(u)` with :math:`L(u) = \sum_i a_i u_i`, :math:`v \in [\underline v, \overline v]` and
:math:`L \in [\underline L, \overline L]`, McCormick's envelope over the two:

.. math:: (v - \underline v)(L - \underline L) \ge 0, \quad (\overline v - v)(\overline L - L) \ge 0, \quad
          (v - \underline v)(\overline L - L) \ge 0, \quad (\overline v - v)(L - \underline L) \ge 0

with :math:`W` for :math:`v L`. Forms that are multiples of one another share W, so that a row that bounds it from
below in one place does so wherever it is. Coarser than an exact linearization of each product, :math:`u_i` binary, but
with fewer columns by the length of the forms; where a side has no limit, W is free.

Source: G. P. McCormick, *Computability of global solutions to factorable nonconvex programs*, Math. Program. 10, 1976.
"""

import math
from collections import Counter, defaultdict
from typing import Any

from pyomo.core import Any as AnyIndex
from pyomo.core import Block, Constraint, Objective, Var
from pyomo.core.base.var import VarData
from pyomo.core.expr import LinearExpression
from pyomo.repn.quadratic import QuadraticRepnVisitor

from ..bounds.mccormick import envelope, put_body
from ..levels.follower_form import VariableRecorder
from ..reformulations.single_level import SingleLevel

Terms = list[tuple[int, float]]  # of a form: id of a variable, coefficient

_DIGITS = 12
"""Forms whose coefficients agree to so many digits are the same: they differ by the rounding of a division."""


def apply(single: SingleLevel) -> bool:
    """Relax every product in the active rows and objective, in place; return whether the model is linear then."""
    recorder = VariableRecorder()
    visitor = QuadraticRepnVisitor({}, var_recorder=recorder)
    found = []
    for component in single.model.component_data_objects((Constraint, Objective), active=True, descend_into=Block):
        repn = visitor.walk_expression(component.body if component.ctype is Constraint else component.expr)
        if repn.nonlinear is not None:
            return False
        if repn.quadratic:
            found.append((component, repn))
    if found:
        block = single.model.forms = Block()
        relaxing = _Forms(single, block, recorder, found)
        for component, repn in found:
            relaxing.rewrite(component, repn)
    return True


class _Forms:
    """Makes the variables, with the rows of their envelopes, and puts them in the place of products."""

    def __init__(self, single: SingleLevel, block: Any, recorder: VariableRecorder, found: list[Any]) -> None:
        self.block, self.variables, self.order = block, recorder.var_map, recorder.var_order
        self.ranges, self.owner = single.ranges, single.bilevel.owner
        block.product = Var(AnyIndex, dense=False)
        block.rows = Constraint(AnyIndex)
        self.met = Counter(i for _, repn in found for pair in repn.quadratic for i in pair)
        self.of: dict[tuple[Any, ...], VarData] = {}

    def rewrite(self, component: Any, repn: Any) -> None:
        """Replace the products in a row or objective."""
        forms: dict[int, Terms] = defaultdict(list)
        for (i, j), coefficient in repn.quadratic.items():
            centre, other = (i, j) if self._rank(i) >= self._rank(j) else (j, i)
            forms[centre].append((other, coefficient))
        terms = [(a, self.variables[i]) for i, a in repn.linear.items()]
        for centre, form in forms.items():
            form.sort(key=lambda term: self.order[term[0]])
            scale = max((a for _, a in form), key=abs)
            terms.append((scale, self._product(centre, [(i, a / scale) for i, a in form])))
        body = LinearExpression(
            constant=repn.constant, linear_coefs=[a for a, _ in terms], linear_vars=[v for _, v in terms]
        )
        put_body(component, body)

    def _rank(self, i: int) -> tuple[bool, bool, int]:
        """Tell which of two factors the others are collected around: the same one in every row."""
        variable = self.variables[i]
        return variable.is_continuous(), variable in self.owner, self.met[i]

    def _product(self, centre: int, form: Terms) -> VarData:
        """Return what stands for a variable times a form."""
        key = (centre, *((i, f"{a:.{_DIGITS}g}") for i, a in form))
        if key not in self.of:
            self.of[key] = self._made(self.variables[centre], form)
        return self.of[key]

    def _made(self, factor: VarData, form: Terms) -> VarData:
        product: VarData = self.block.product[f"{factor.name}*form {len(self.of) + 1}"]
        expression = LinearExpression(
            linear_coefs=[a for _, a in form], linear_vars=[self.variables[i] for i, _ in form]
        )
        first, second = self.ranges.of_variable(factor), self.ranges.of_expression(expression)
        if all(map(math.isfinite, (*first, *second))):
            lowest, highest, rows = envelope(first, second)
            product.setlb(lowest)
            product.setub(highest)
            for k, (sign, a, b) in enumerate(rows):
                excess = product - b * factor - a * expression + a * b
                self.block.rows[f"{product.name} {k}"] = sign * excess >= 0
        return product
