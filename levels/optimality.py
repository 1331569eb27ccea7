"""The followers' optimality conditions as data: rows with their multipliers, complementarity pairs, stationarity."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from pyomo.common.collections import ComponentMap
from pyomo.core.base.var import VarData
from pyomo.core.expr import LinearExpression, MonomialTermExpression

from .follower_form import FollowerForm, Row, is_number


@dataclass(eq=False, slots=True)
class Pair:
    """``0 <= multiplier`` complements ``0 <= slack``: one finite side of a follower's row or bound.

    ``complementarity`` is the component that says so in the model, where one was written.
    """

    name: str
    follower: str
    row: Row
    side: str
    multiplier: VarData
    slack: Any
    complementarity: Any = None


@dataclass
class OptimalityConditions:
    """The followers in coefficients, and the multipliers of their rows.

    ``rows`` has each row once, follower by follower, with its multipliers: {"lower": ..., "upper": ...}, those of its
    finite sides, or {"equality": ...}.
    """

    forms: tuple[FollowerForm, ...]
    pairs: list[Pair] = field(default_factory=list)
    rows: list[tuple[FollowerForm, Row, dict[str, VarData]]] = field(default_factory=list)

    def multipliers(self) -> Iterator[tuple[FollowerForm, Row, dict[str, VarData]]]:
        """Yield each follower's rows with their multipliers."""
        return iter(self.rows)

    @property
    def equality_multipliers(self) -> ComponentMap:
        """The multipliers of equalities, by source."""
        return ComponentMap((row.source, own["equality"]) for _, row, own in self.rows if row.equality)

    def stationarity(self) -> Iterator[tuple[FollowerForm, VarData, Any]]:
        """Yield each follower's variables with d(Lagrangian)/d(variable), which is 0 at its optima.

        It is a linear expression, plus products where the leader is in coefficients.
        """
        linear: dict[int, list[Any]] = {}
        products: dict[int, list[Any]] = {}
        for _, row, multipliers in self.rows:
            for side, multiplier in multipliers.items():
                weight = 1 if side == "upper" else -1
                for variable, coefficient in row.terms:
                    if is_number(coefficient):
                        term = MonomialTermExpression((weight * coefficient, multiplier))
                        linear.setdefault(id(variable), []).append(term)
                    else:
                        products.setdefault(id(variable), []).append(weight * coefficient * multiplier)
        for form in self.forms:
            quadratic = form.gradient_terms if form.quadratic else ComponentMap()
            for variable in form.follower.variables:
                own = [MonomialTermExpression((form.sign * q, z)) for z, q in quadratic.get(variable, ())]
                own += linear.pop(id(variable), ())
                yield form, variable, _gradient(form, variable, own, products.pop(id(variable), ()))


def _gradient(form: FollowerForm, variable: VarData, linear: list[Any], products: Sequence[Any]) -> Any:
    cost = form.linear[variable]
    if not linear:
        linear = [MonomialTermExpression((0, variable))]  # keeps the row an expression, also where no variable is left
    if not is_number(cost):
        return LinearExpression(linear) + form.sign * cost + sum(products)
    if cost:
        linear = [form.sign * cost, *linear]
    return LinearExpression(linear) + sum(products) if products else LinearExpression(linear)
