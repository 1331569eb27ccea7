r"""A response as the follower can keep to it: an integer that a binary of the leader's forbids goes to what it allows.

Where rows :math:`l \le a z + c \, x_i \le u` of one integer z and one binary :math:`x_i` leave z the interval
:math:`Z_0` at :math:`x_i = 0` and :math:`Z_1` at :math:`x_i = 1`, the response :math:`z^k` is replaced by

.. math:: z^k(x) = z^k_0 + (z^k_1 - z^k_0) \, x_i, \qquad z^k_v = \text{the integer in } Z_v \text{ nearest to } z^k.

It is an integer at every decision, hence a response like any other, and what it was where it could be given: its column
is at least as strong. Of interdiction problems, :math:`y_j \le u_j (1 - x_j)`, these are the interdiction cuts of
M. Fischetti, I. Ljubic, M. Monaci and M. Sinnl, *Interdiction games and monotonicity, with application to knapsack
problems*, INFORMS J. Comput. 31, 2019, without their assumption: the other rows are looked at by the column.
"""

import math
from typing import Any

from pyomo.core.base.var import VarData
from pyomo.repn import generate_standard_repn

from ..bounds.ranges import Ranges
from ..levels.follower_form import Row, is_number
from ..levels.rows import has_variables
from .integer_follower import IntegerFollower

ROUNDING = 1e-9
"""What quotients may be off by, relative to 1 + |quotient|."""


def repaired(item: IntegerFollower, values: dict[int, int], ranges: Ranges) -> dict[int, Any]:
    """Return id of an integer -> its number, or an expression in a binary.

    :param values: the response.
    """
    found: dict[int, Any] = dict(values)
    for row in item.rows:
        if len(row.terms) != 1 or id(row.terms[0][0]) not in values:
            continue
        variable, binary = row.terms[0][0], _binary(row, ranges)
        if binary is None or found[id(variable)] is not values[id(variable)] or not _plain(variable, item):
            continue
        rows = [
            r for r in item.rows if len(r.terms) == 1 and r.terms[0][0] is variable and _binary(r, ranges) is binary
        ]
        off, on = (_nearest(variable, values[id(variable)], rows, number, ranges) for number in (0, 1))
        if off is not None and on is not None and off != on:
            found[id(variable)] = off + (on - off) * binary
    return found


def _binary(row: Row, ranges: Ranges) -> VarData | None:
    """Return the leader's only variable in a row, if it is a binary."""
    if is_number(row.constant) or not is_number(row.terms[0][1]):
        return None
    repn = generate_standard_repn(row.constant, quadratic=False, compute_values=True)
    if repn.nonlinear_expr is not None or len(repn.linear_vars) != 1:
        return None
    variable = repn.linear_vars[0]
    return variable if not variable.is_continuous() and ranges.of_variable(variable) == (0, 1) else None


def _plain(variable: VarData, item: IntegerFollower) -> bool:
    """Whether the follower has no product of the variable with one of the leader's."""
    own = [a for row in item.rows for v, a in row.terms if v is variable]
    return all(is_number(a) or not has_variables(a) for a in (*own, item.form.linear.get(variable, 0.0)))


def _nearest(variable: VarData, number: int, rows: list[Row], binary: int, ranges: Ranges) -> int | None:
    """Return the integer nearest to a number that rows allow at a value of the binary."""
    lower, upper = ranges.of_variable(variable)
    for row in rows:
        repn = generate_standard_repn(row.constant, quadratic=False, compute_values=True)
        constant, a = repn.constant + repn.linear_coefs[0] * binary, float(row.terms[0][1])
        ends = sorted(
            (end - constant) / a
            for end in (
                -math.inf if row.lower is None else row.lower,
                math.inf if row.upper is None else row.upper,
            )
        )
        lower, upper = max(lower, ends[0]), min(upper, ends[1])
    lower = math.ceil(lower - ROUNDING * (1 + abs(lower)))
    upper = math.floor(upper + ROUNDING * (1 + abs(upper)))
    return min(max(number, lower), upper) if lower <= upper else None
