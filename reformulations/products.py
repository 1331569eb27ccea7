r"""Exact linearization of products of an integer variable and a bounded one.

For a binary :math:`u` and :math:`v \in [l, h]`, :math:`w = u v` is, exactly,

.. math:: l u \le w \le h u, \qquad l (1 - u) \le v - w \le h (1 - u)

A bounded integer is expanded in binaries first: as a row of the leader (or one that the model offers) says,
:math:`u = u_0 + \sum_k a_k b_k`, else in digits of its own, :math:`a_k = 2^k`. A continuous variable is
treated like an integer where a row says so. Where a product is only in inequalities
that one side of w can violate, the rows of the other side are left out: they change no relaxation. Where the leader's
rows say that of some binaries exactly (or at most) one is 1, the second pair is written once for all that multiply
:math:`v`, :math:`l (1 - \sum u_i) \le v - \sum w_i \le h (1 - \sum u_i)`, which is fewer rows and a tighter relaxation
(and :math:`\sum w_i = v` where they are all there). Products of two continuous variables, and those with an
unbounded factor, are left as they are and named.

Source: G. P. McCormick, *Computability of global solutions to factorable nonconvex programs*, Math. Program. 10,
1976; F. Glover, *Improved linear integer programming formulations of nonlinear integer problems*, Manage. Sci. 22,
1975; H. D. Sherali and W. P. Adams, *A reformulation-linearization technique*, Kluwer 1999 (the row products).
"""

import math
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from pyomo.common.collections import ComponentMap
from pyomo.core import Any as AnyIndex
from pyomo.core import Binary, Block, Constraint, Objective, Reals, Var, minimize, value
from pyomo.core.base.var import VarData
from pyomo.core.expr import LinearExpression
from pyomo.repn.linear import LinearRepnVisitor
from pyomo.repn.quadratic import QuadraticRepnVisitor

from ..bounds.ranges import Ranges
from ..errors import UnsupportedBySolverError
from ..levels.follower_form import VariableRecorder
from .mapping import map_of

Terms = list[tuple[float, VarData]]
Expansion = tuple[float, Terms]  # of an integer: constant, and weights with binaries
Linearize = Callable[[VarData, VarData, str], Terms | None]

OFFERED = "offered"  # the blocks of valid inequalities
CUTS = "duality_cut"  # the block of rows that are redundant, so that products in them may be relaxed
LARGEST_EXPANSION = 2**20  # an integer with more values than this is not expanded


@dataclass(frozen=True, eq=False)
class Product:
    """A product ``first * second`` and what stands for it: ``variable`` if linearised, else the ``reason`` why not."""

    first: VarData
    second: VarData
    variable: VarData | None
    where: str
    reason: str = ""


def apply(single: Any, enlarge_for_cuts: bool = True) -> list[Product]:
    """Replace every integer x bounded product in the active rows and objective, in place; return all products.

    :param enlarge_for_cuts: whether redundant rows may bring products that no other row has; else they are left out.
    :raises UnsupportedBySolverError: an expression of a degree above two.
    """
    single_map = map_of(single)
    ranges = single_map.ranges
    quadratic = list(_quadratic_components(single))
    if not quadratic:
        return []
    block = single.products = Block()
    linearizer = _Linearizer(block, ranges, _partitions(single.leader), _expansions(single))
    cuts = getattr(single, CUTS, None)
    for component, repn, var_map in sorted(quadratic, key=lambda item: item[0].parent_block() is cuts):  # cuts last
        if component.parent_block() is not cuts:
            linearizer.rewrite(component, repn, var_map, linearizer.exact)
            continue
        linearize = linearizer.exact_or_hull if enlarge_for_cuts else linearizer.known
        if not linearizer.rewrite(component, repn, var_map, linearize):
            component.deactivate()
    linearizer.write_rows()
    single_map.products += linearizer.made
    single_map.expansions += linearizer.bits.items()
    single_map.steps.append("products")
    return linearizer.made


def relax(block: Any, rows: Iterable[tuple[str, Any]], ranges: Ranges) -> list[str]:
    """Add linear relaxations of quadratic rows to a block: products by McCormick's envelopes, integers not expanded.

    :param rows: (name, relational expression); one with a product of an unbounded factor is left out.
    :returns: the names of the rows that were left out.
    """
    linearizer = _Linearizer(block, ranges, {}, {})
    block.relaxed = Constraint(AnyIndex)
    recorder = VariableRecorder()
    visitor = QuadraticRepnVisitor({}, var_recorder=recorder)
    left_out = []
    for name, expression in rows:
        block.relaxed[name] = expression
        row = block.relaxed[name]
        repn = visitor.walk_expression(row.body)
        is_linear = repn.nonlinear is None and not repn.quadratic
        if is_linear or (repn.nonlinear is None and linearizer.rewrite(row, repn, recorder.var_map, linearizer.hull)):
            continue
        del block.relaxed[name]
        left_out.append(name)
    linearizer.write_rows()
    return left_out


def remaining(products: list[Product]) -> list[Product]:
    """Return the products that are still in the model as they were."""
    return [product for product in products if product.variable is None]


def _quadratic_components(single: Any) -> Iterator[tuple[Any, Any, dict[int, VarData]]]:
    recorder = VariableRecorder()
    visitor = QuadraticRepnVisitor({}, var_recorder=recorder)
    for component in list(single.component_data_objects((Constraint, Objective), active=True, descend_into=Block)):
        expression = component.body if component.ctype is Constraint else component.expr
        repn = visitor.walk_expression(expression)
        if repn.nonlinear is not None and component.parent_block() is getattr(single, CUTS, None):
            component.deactivate()  # redundant, and of a degree above two
            continue
        if repn.nonlinear is not None:
            raise UnsupportedBySolverError(
                f"{component.name!r} contains {repn.nonlinear}, which is neither linear nor quadratic; "
                "no solver here takes it. Write it with products of two variables."
            )
        if repn.quadratic:
            yield component, repn, recorder.var_map


def _violable(component: Any, coefficient: float) -> set[str]:
    """Return from which sides a product must be bounded ("least", "most"), so that a row or objective is not fooled."""
    if component.ctype is Objective:
        small, large = component.sense == minimize, component.sense != minimize
    else:
        small, large = component.upper is not None, component.lower is not None
    if coefficient < 0:
        small, large = large, small
    return {side for side, needed in (("least", small), ("most", large)) if needed}


def _expansions(single: Any) -> dict[int, Expansion]:
    """Map id(variable) -> (constant, terms), from rows "variable = constant + sum of weights x binaries"."""
    recorder = VariableRecorder()
    visitor = LinearRepnVisitor({}, var_recorder=recorder)
    found: dict[int, Expansion] = {}
    for constraint in _declared_rows(single):
        if not constraint.equality:
            continue
        repn = visitor.walk_expression(constraint.body)
        wide = [i for i in repn.linear if not recorder.var_map[i].is_binary()]
        if repn.nonlinear is not None or len(wide) != 1:
            continue
        own = repn.linear.pop(wide[0])
        bits = [(-a / own, recorder.var_map[i]) for i, a in repn.linear.items()]
        found.setdefault(wide[0], ((value(constraint.upper) - repn.constant) / own, bits))
    return found


def _declared_rows(single: Any) -> Iterator[Any]:
    """Yield the leader's rows, then those of the valid inequalities."""
    yield from single.leader.rows.values()
    for block in getattr(single, OFFERED, {}).values():
        yield from block.rows.values()


def _partitions(leader: Any) -> dict[int, tuple[int, bool, int]]:
    """Map id(binary) -> (group, whether exactly one is 1, group size), from rows ``sum = 1`` or ``<= 1``."""
    recorder = VariableRecorder()
    visitor = QuadraticRepnVisitor({}, var_recorder=recorder)
    rows = []
    for constraint in leader.rows.values():
        repn = visitor.walk_expression(constraint.body)
        if repn.quadratic or repn.nonlinear is not None or len(repn.linear) < 2:
            continue
        if any(a != 1 for a in repn.linear.values()) or not all(recorder.var_map[i].is_binary() for i in repn.linear):
            continue
        upper = value(constraint.upper, exception=False)
        if upper is not None and upper - repn.constant == 1:
            rows.append((bool(constraint.equality), repn.linear))
    rows.sort(key=lambda row: (not row[0], -len(row[1])))
    group: dict[int, tuple[int, bool, int]] = {}
    for k, (exactly, members) in enumerate(rows):
        for i in members:
            group.setdefault(i, (k, exactly, len(members)))
    return group


class _Linearizer:
    """Makes one variable per product, then the rows that define them, grouped by partition."""

    def __init__(
        self,
        block: Any,
        ranges: Ranges,
        partitions: dict[int, tuple[int, bool, int]],
        expansions: dict[int, Expansion],
    ) -> None:
        self.block, self.ranges, self.partitions, self.expansions = block, ranges, partitions, expansions
        block.product = Var(AnyIndex, dense=False, domain=Reals)
        block.rows = Constraint(AnyIndex)
        block.bit = Var(AnyIndex, dense=False, domain=Binary)
        block.expansion = Constraint(AnyIndex)
        self.made: list[Product] = []
        self._of: dict[tuple[int, int], VarData] = {}
        self._by_factor: dict[int, list[tuple[VarData, VarData]]] = defaultdict(list)
        self._factor: dict[int, VarData] = {}
        self.bits: ComponentMap = ComponentMap()
        self._sides: dict[int, set[str]] = defaultdict(set)  # id(product variable) -> from where it is to be bounded

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
                self._sides[id(variable)] |= _violable(component, coefficient * factor)
        body = LinearExpression(
            constant=repn.constant,
            linear_coefs=list(coefficients.values()),
            linear_vars=[var_map[i] for i in coefficients],
        )
        body = body + kept
        if component.ctype is Objective:
            component.set_value(body)
        elif component.equality:
            component.set_value(body == value(component.upper))
        else:
            component.set_value((value(component.lower), body, value(component.upper)))
        return kept.__class__ is int

    def exact(self, first: VarData, second: VarData, where: str) -> Terms | None:
        """Return first * second as a sum of coefficient * variable; None, and the reason noted, where it stays."""
        terms, reason = self._exact(first, second, where)
        if terms is None:
            self.made.append(Product(first, second, None, where, reason))
        return terms

    def exact_or_hull(self, first: VarData, second: VarData, where: str) -> Terms | None:
        """Return the product exactly where possible, else relaxed (for redundant rows)."""
        return self._exact(first, second, where)[0] or self.hull(first, second, where)

    def known(self, first: VarData, second: VarData, where: str) -> Terms | None:
        """Return the product if a variable stands for it already, or none is needed."""
        if (constant := self._with_constant(first, second)) is not None:
            return constant
        found = self._of.get((id(first), id(second)), self._of.get((id(second), id(first))))
        return None if found is None else [(1.0, found)]

    def _exact(self, first: VarData, second: VarData, where: str) -> tuple[Terms | None, str]:
        if first is second and first.is_binary():
            return [(1.0, first)], ""
        if (constant := self._with_constant(first, second)) is not None:
            return constant, ""
        reasons = []
        for integer, other in sorted(((first, second), (second, first)), key=lambda p: not p[0].is_binary()):
            reason = self._obstacle(integer, other)
            if reason is None:
                return list(self._expanded(integer, other, where)), ""
            reasons.append(reason)
        return None, "; ".join(dict.fromkeys(reasons))

    def _with_constant(self, first: VarData, second: VarData) -> Terms | None:
        """Return the product if bounds leave a factor one value only (such as a price that no decision changes)."""
        for factor, other in ((first, second), (second, first)):
            lower, upper = self.ranges.of_variable(factor)
            if lower == upper:
                return [(lower, other)]
        return None

    def hull(self, first: VarData, second: VarData, where: str) -> Terms | None:
        """Return a variable within the convex hull of the product over the factors' ranges; None if unbounded."""
        (l1, u1), (l2, u2) = self.ranges.of_variable(first), self.ranges.of_variable(second)
        if not all(map(math.isfinite, (l1, u1, l2, u2))):
            return None
        key = (min(id(first), id(second)), max(id(first), id(second)))
        if key not in self._of:
            w = self._of[key] = self.block.product[f"{first.name}*{second.name}"]
            corners = [a * b for a in (l1, u1) for b in (l2, u2)]
            w.setlb(min(corners))
            w.setub(max(corners))
            for k, (a, b, sign) in enumerate(((l1, l2, 1), (u1, u2, 1), (l1, u2, -1), (u1, l2, -1))):
                self._row(w.name, k, sign * (w - b * first - a * second + a * b) >= 0)
        return [(1.0, self._of[key])]

    def _obstacle(self, integer: VarData, other: VarData) -> str | None:
        expanded = id(integer) in self.expansions
        if integer.is_continuous() and not expanded:
            return f"{integer.name} is continuous"
        lower, upper = integer.bounds
        if not (integer.is_binary() or expanded) and (
            lower is None or upper is None or upper - lower >= LARGEST_EXPANSION
        ):
            return f"{integer.name} is an integer without (small) bounds"
        if not all(math.isfinite(bound) for bound in self.ranges.of_variable(other)):
            return f"{other.name} has no finite (proven) bounds"
        return None

    def _expanded(self, integer: VarData, other: VarData, where: str) -> Iterator[tuple[float, VarData]]:
        if integer.is_binary():
            yield 1.0, self._product(integer, other, where)
            return
        constant, bits = self.expansions.get(id(integer)) or self._own_expansion(integer)
        if constant:
            yield constant, other
        for weight, bit in bits:
            yield weight, self._product(bit, other, where)

    def _own_expansion(self, integer: VarData) -> Expansion:
        lowest = math.ceil(integer.lb)
        if integer not in self.bits:
            span = max(0, math.floor(integer.ub) - lowest)
            bits = [(float(2**k), self.block.bit[f"{integer.name}.{k}"]) for k in range(span.bit_length())]
            self.block.expansion[integer.name] = integer == lowest + sum(w * b for w, b in bits)
            self.bits[integer] = bits
        return float(lowest), self.bits[integer]

    def _product(self, binary: VarData, other: VarData, where: str) -> VarData:
        key = (id(binary), id(other))
        if key not in self._of:
            variable = self._of[key] = self.block.product[f"{binary.name}*{other.name}"]
            lower, upper = self.ranges.of_variable(other)
            variable.setlb(min(0.0, lower))
            variable.setub(max(0.0, upper))
            self._by_factor[id(other)].append((binary, variable))
            self._factor[id(other)] = other
            self.made.append(Product(binary, other, variable, where))
        return self._of[key]

    def write_rows(self) -> None:
        """Write the defining rows of all products made."""
        for key, products in self._by_factor.items():
            factor = self._factor[key]
            lower, upper = self.ranges.of_variable(factor)
            groups: dict[Any, list[tuple[VarData, VarData]]] = defaultdict(list)
            for binary, variable in products:
                groups[self.partitions.get(id(binary), (binary.name,))[0]].append((binary, variable))
                for limit, sign, name, side in ((upper, 1, "below", "most"), (lower, -1, "above", "least")):
                    if limit and side in self._sides[id(variable)]:  # at 0 the product's own bound says it
                        self._row(variable.name, name, sign * (variable - limit * binary) <= 0)
            for group, members in groups.items():
                _, exactly, size = self.partitions.get(id(members[0][0]), (None, False, 1))
                rest = factor - sum(variable for _, variable in members)
                if exactly and size == len(members):
                    self._row(factor.name, group, rest == 0)
                    continue
                others = 1 - sum(binary for binary, _ in members)
                sides = set().union(*(self._sides[id(variable)] for _, variable in members))
                if "most" in sides:
                    self._row(factor.name, f"{group} least", rest - lower * others >= 0)
                if "least" in sides:
                    self._row(factor.name, f"{group} most", rest - upper * others <= 0)

    def _row(self, name: str, what: Any, expression: Any) -> None:
        self.block.rows[f"{name} {what}"] = expression
