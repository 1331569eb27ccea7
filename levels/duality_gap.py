r"""The duality gap of each block of a follower: primal minus dual objective.

For a follower brought to min, every feasible point with dual feasible multipliers has

.. math:: \sigma \nabla f(y)^\top y - \Big( \sum_i \lambda_i\, b_i(x) + \sum_k \nu_k\, d_k(x) \Big)
          = \sum_i \lambda_i \, (g_i(x, y) - b_i) \ge 0

and 0 exactly at the follower's optima. Blocks share no row and no quadratic term, only the leader.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from pyomo.core import quicksum
from pyomo.core.base.var import VarData

from ..connectivity import connected_components
from .follower_form import FollowerForm, Row
from .optimality import OptimalityConditions


@dataclass(frozen=True, eq=False)
class DualityGap:
    """A block's primal minus dual objective: ``expression`` >= 0 at feasible points, 0 at optimal ones."""

    name: str
    form: FollowerForm
    variables: tuple[VarData, ...]
    rows: tuple[Row, ...]
    multipliers: tuple[dict[str, VarData], ...]  # of each row
    quadratic: bool

    @cached_property
    def expression(self) -> Any:
        """The gap itself."""
        sign, gradient = self.form.sign, self.form.gradient_terms if self.quadratic else {}
        primal = quicksum(sign * self.form.linear[y] * y for y in self.variables)
        curved = quicksum(sign * q * y * z for y in self.variables if self.quadratic for z, q in gradient[y])
        of_rows = zip(self.rows, self.multipliers, strict=True)
        return primal + curved - quicksum(term for row, own in of_rows for term in dual_terms(row, own))


def duality_gaps(conditions: OptimalityConditions) -> Iterator[DualityGap]:
    """Yield each block's primal minus dual objective."""
    multipliers = {id(row): own for _, row, own in conditions.multipliers()}
    for form in conditions.forms:
        curved = {id(y) for first, second, _ in form.quadratic for y in (first, second)}
        blocks = list(_blocks(form))
        for k, (variables, rows) in enumerate(blocks):
            name = form.follower.name if len(blocks) == 1 else f"{form.follower.name}.{k + 1}"
            quadratic = any(id(y) in curved for y in variables)
            yield DualityGap(name, form, variables, rows, tuple(multipliers[id(row)] for row in rows), quadratic)


def dual_terms(row: Row, multipliers: dict[str, Any]) -> Iterator[Any]:
    """Yield multiplier x right-hand side, net of the leader's part of the row, with the sign of the dual objective."""
    for side, multiplier in multipliers.items():
        limit, weight = (row.upper, -1) if side == "upper" else (row.lower, 1)
        yield weight * (limit - row.constant) * multiplier


def _blocks(form: FollowerForm) -> Iterator[tuple[tuple[VarData, ...], tuple[Row, ...]]]:
    """Split a follower into blocks that share no row and no quadratic term; rows without variables go along free."""
    order = {id(y): k for k, y in enumerate(form.follower.variables)}
    links = [(order[id(row.terms[0][0])], order[id(y)]) for row in form.rows for y, _ in row.terms]
    links += [(order[id(y)], order[id(z)]) for y, z, _ in form.quadratic]
    first, second = np.array(links, dtype=int).reshape(-1, 2).T
    count, label = connected_components(len(order), first, second)
    count = max(count, 1)  # a follower whose variables are all fixed still has rows
    variables: list[list[VarData]] = [[] for _ in range(count)]
    rows: list[list[Row]] = [[] for _ in range(count)]
    for y in form.follower.variables:
        variables[label[order[id(y)]]].append(y)
    for row in form.rows:
        rows[label[order[id(row.terms[0][0])]] if row.terms else 0].append(row)
    for k in range(count):
        yield tuple(variables[k]), tuple(rows[k])
