r"""The least positive violation of a row in integers: a row violated by less is not violated.

With integer variables and rational coefficients, :math:`b - \sum_j a_j x_j` is a multiple of
:math:`g = \gcd(b, a_1, a_2, \dots)`. Coefficients are read as the decimals that they are written as.
"""

import math
from fractions import Fraction
from typing import Any

from pyomo.repn import generate_standard_repn

COARSE = 1e-3
"""A lattice finer than this, relative to the largest coefficient, is none for solvers' tolerances."""


def least_violation(body: Any, limit: float) -> float | None:
    """Return the least positive value of ``|limit - body|``; None where it can be any number.

    :param body: an expression in the leader's variables.
    """
    repn = generate_standard_repn(body, quadratic=False, compute_values=True)
    if repn.nonlinear_expr is not None or any(v.is_continuous() for v in repn.linear_vars):
        return None
    numbers = [Fraction(repr(float(a))) for a in (*repn.linear_coefs, limit, repn.constant)]
    denominator = math.lcm(*(number.denominator for number in numbers))
    step = math.gcd(*(int(number * denominator) for number in numbers)) / denominator
    largest = max((abs(float(a)) for a in repn.linear_coefs), default=0.0)
    return step if step > COARSE * largest else None
