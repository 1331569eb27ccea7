"""The followers' optimality conditions as data: rows with their multipliers, complementarity pairs, stationarity."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from pyomo.common.collections import ComponentMap
from pyomo.core.base.var import VarData
from pyomo.core.expr import LinearExpression

from .follower_form import FollowerForm, Row, is_number


@dataclass(frozen=True, eq=False)
class Pair:
    """``0 <= multiplier`` complements ``0 <= slack``: one finite side of a follower's row or bound."""

    name: str
    follower: str
    row: Row
    side: str
    multiplier: VarData
    slack: Any
    complementarity: Any


@dataclass
class OptimalityConditions:
    """The followers in coefficients, and the multipliers of their rows; ``equality_multipliers`` is by source."""

    forms: tuple[FollowerForm, ...]
    pairs: list[Pair] = field(default_factory=list)
    equality_multipliers: ComponentMap = field(default_factory=ComponentMap)

    def multipliers(self) -> Iterator[tuple[FollowerForm, Row, dict[str, VarData]]]:
        """Yield each follower's rows with their multipliers: {"lower": ..., "upper": ...} or {"equality": ...}."""
        of_row: dict[int, dict[str, VarData]] = {}
        for pair in self.pairs:
            of_row.setdefault(id(pair.row), {})[pair.side] = pair.multiplier
        for form in self.forms:
            for row in form.rows:
                if row.equality:
                    yield form, row, {"equality": self.equality_multipliers[row.source]}
                else:
                    yield form, row, of_row.get(id(row), {})

    def stationarity(self) -> Iterator[tuple[FollowerForm, VarData, Any]]:
        """Yield each follower's variables with d(Lagrangian)/d(variable), which is 0 at its optima.

        It is a linear expression, plus products where the leader is in coefficients.
        """
        gradient: ComponentMap = ComponentMap()
        for _, row, multipliers in self.multipliers():
            for side, multiplier in multipliers.items():
                weight = 1 if side == "upper" else -1
                for variable, coefficient in row.terms:
                    gradient.setdefault(variable, []).append((weight, coefficient, multiplier))
        for form in self.forms:
            quadratic = form.gradient_terms
            for variable in form.follower.variables:
                yield form, variable, _gradient(form, variable, quadratic[variable], gradient.get(variable, []))


def _gradient(
    form: FollowerForm,
    variable: VarData,
    quadratic: list[tuple[VarData, float]],
    rows: list[tuple[int, Any, VarData]],
) -> Any:
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
