r"""Exact linearization of products of an integer variable and a bounded one.

For a binary :math:`u` and :math:`v \in [l, h]`, :math:`w = u v` is, exactly,

.. math:: l u \le w \le h u, \qquad l (1 - u) \le v - w \le h (1 - u)

A bounded integer is expanded in binaries first: as a row of the leader (or one that the model offers) says,
:math:`u = u_0 + \sum_k a_k b_k`, else in digits of its own, :math:`a_k = 2^k`. A continuous
variable is treated like an integer where a row says so. Where a product is only in inequalities
that need its underestimators (or its overestimators), the rows of the others are left out: they change no relaxation.
Where the leader's rows say that of some binaries exactly (or at most) one is 1, the second pair is written once for all
that multiply :math:`v`, :math:`l (1 - \sum u_i) \le v - \sum w_i \le h (1 - \sum u_i)`, which is fewer rows and a
tighter relaxation (and :math:`\sum w_i = v` where they are all there). Products of two continuous variables, and those
with an unbounded factor, are left as they are and named.

Source: G. P. McCormick, *Computability of global solutions to factorable nonconvex programs*, Math. Program. 10,
1976; F. Glover, *Improved linear integer programming formulations of nonlinear integer problems*, Manage. Sci. 22,
1975; H. D. Sherali and W. P. Adams, *A reformulation-linearization technique*, Kluwer 1999 (the row products).
"""

import math
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from pyomo.common.collections import ComponentMap
from pyomo.core import Any as AnyIndex
from pyomo.core import Binary, Block, Constraint, Objective, Var, minimize, value
from pyomo.core.base.var import VarData
from pyomo.repn.linear import LinearRepnVisitor
from pyomo.repn.quadratic import QuadraticRepnVisitor

from ..bounds.mccormick import Envelopes, Terms
from ..bounds.ranges import Ranges
from ..errors import UnsupportedBySolverError
from ..levels.follower_form import VariableRecorder
from ..linear_sums import is_sum
from .single_level import map_of

Expansion = tuple[float, Terms]  # of an integer: constant, and weights with binaries

USER_CUTS = "user_cuts"  # the blocks of valid inequalities
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
    return linearizer.made


def remaining(products: list[Product]) -> list[Product]:
    """Return the products that are still in the model as they were."""
    return [product for product in products if product.variable is None]


def _quadratic_components(single: Any) -> Iterator[tuple[Any, Any, dict[int, VarData]]]:
    recorder = VariableRecorder()
    visitor = QuadraticRepnVisitor({}, var_recorder=recorder)

    def meet(variable: VarData) -> None:  # as a visitor would: which factor of a product comes first depends on it
        if not variable.fixed:
            recorder.add(variable)

    for component in list(single.component_data_objects((Constraint, Objective), active=True, descend_into=Block)):
        if is_sum(component.expr, recorder.var_map, meet):
            continue
        repn = visitor.walk_expression(component.body if component.ctype is Constraint else component.expr)
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


def _estimators(component: Any, coefficient: float) -> set[str]:
    """Return which of McCormick's estimators of a product an occurrence needs: "under" (w not too small), "over"."""
    if component.ctype is Objective:
        under, over = component.sense == minimize, component.sense != minimize
    else:
        under, over = component.upper is not None, component.lower is not None
    if coefficient < 0:
        under, over = over, under
    return {name for name, needed in (("under", under), ("over", over)) if needed}


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
    for block in getattr(single, USER_CUTS, {}).values():
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


class _Linearizer(Envelopes):
    """Makes one variable per product, then the rows that define them, grouped by partition."""

    def __init__(
        self,
        block: Any,
        ranges: Ranges,
        partitions: dict[int, tuple[int, bool, int]],
        expansions: dict[int, Expansion],
    ) -> None:
        super().__init__(block, ranges)
        self.partitions, self.expansions = partitions, expansions
        block.bit = Var(AnyIndex, dense=False, domain=Binary)
        block.expansion = Constraint(AnyIndex)
        self.made: list[Product] = []
        self._by_factor: dict[int, list[tuple[VarData, VarData]]] = defaultdict(list)
        self._factor: dict[int, VarData] = {}
        self.bits: ComponentMap = ComponentMap()
        self._estimators: dict[int, set[str]] = defaultdict(set)  # id(product variable) -> those it needs

    def used(self, variable: VarData, component: Any, coefficient: float) -> None:
        """Note which estimators a product needs."""
        self._estimators[id(variable)] |= _estimators(component, coefficient)

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
        found = self.of.get((id(first), id(second)), self.of.get((id(second), id(first))))
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
        if key not in self.of:
            variable = self.of[key] = self.block.product[f"{binary.name}*{other.name}"]
            lower, upper = self.ranges.of_variable(other)
            variable.setlb(min(0.0, lower))
            variable.setub(max(0.0, upper))
            self._by_factor[id(other)].append((binary, variable))
            self._factor[id(other)] = other
            self.made.append(Product(binary, other, variable, where))
        return self.of[key]

    def write_rows(self) -> None:
        """Write the defining rows of all products made."""
        for key, products in self._by_factor.items():
            factor = self._factor[key]
            lower, upper = self.ranges.of_variable(factor)
            groups: dict[Any, list[tuple[VarData, VarData]]] = defaultdict(list)
            for binary, variable in products:
                groups[self.partitions.get(id(binary), (binary.name,))[0]].append((binary, variable))
                for limit, sign, name in ((upper, 1, "over"), (lower, -1, "under")):
                    if limit and name in self._estimators[id(variable)]:  # at 0 the product's own bound says it
                        self.row(variable.name, name, sign * (variable - limit * binary) <= 0)
            for group, members in groups.items():
                _, exactly, size = self.partitions.get(id(members[0][0]), (None, False, 1))
                rest = factor - sum(variable for _, variable in members)
                if exactly and size == len(members):
                    self.row(factor.name, group, rest == 0)
                    continue
                others = 1 - sum(binary for binary, _ in members)
                needed = set().union(*(self._estimators[id(variable)] for _, variable in members))
                if "over" in needed:
                    self.row(factor.name, f"{group} over", rest - lower * others >= 0)
                if "under" in needed:
                    self.row(factor.name, f"{group} under", rest - upper * others <= 0)
