"""A bilevel model as a problem in exact numbers: what a proof is about, and what its checker reads."""

import math
from fractions import Fraction
from typing import Any

from pyomo.core import minimize, value

from ...errors import ProofError
from ...levels.bilevel import Bilevel
from ..replay import Poly
from .polynomials import polynomial


def exact(number: Fraction | int | None) -> int | str | None:
    """Return a rational number as it is written in a proof."""
    if number is None:
        return None
    return number.numerator if number.denominator == 1 else f"{number.numerator}/{number.denominator}"


def written(expression: Poly) -> list[list[Any]]:
    """Return a polynomial as it is written in a proof."""
    return [[exact(a), *monomial] for monomial, a in sorted(expression.items())]


def stated(bilevel: Bilevel, assume: bool = False) -> dict[str, Any]:
    """Return the bilevel problem of a model in exact numbers (see ``replay.derive``).

    :param assume: whether the valid inequalities that the model offers are used, and listed as assumptions.
    :raises ProofError: a row or objective is no polynomial, or the leader has special ordered sets.
    """
    if bilevel.leader.sos:
        raise ProofError(
            f"the leader has the special ordered set {bilevel.leader.sos[0].name!r}, which a proof does not cover. "
            "Write it with binaries."
        )
    assumed = bilevel.user_cuts if assume else ()
    variables: list[Any] = [*bilevel.leader.variables, *bilevel.follower_variables]
    price_of = [*bilevel.leader.prices.items()]
    for block in assumed:
        variables += block.variables
        price_of += [item for item in block.prices.items() if item[0] not in bilevel.leader.prices]
    variables += [price for price, _ in price_of]
    index = {id(v): j for j, v in enumerate(variables)}

    def terms(expression: Any, where: str) -> list[list[Any]]:
        return written(polynomial(expression, lambda v: index[id(v)], where))

    def rows(constraints: Any) -> list[list[Any]]:
        found = []
        for c in constraints:
            lower, body, upper = c.to_bounded_expression(evaluate_bounds=True)
            found.append([c.name, limit(lower), terms(body, f"row {c.name!r}"), limit(upper)])
        return found

    for v in variables:
        if not (v.is_continuous() or v.is_integer() or v.is_binary()):
            raise ProofError(
                f"variable {v.name!r} has the domain {v.domain}, which is neither an interval nor integers, and which "
                "a proof does not cover. Write it with binaries."
            )
    sense = {True: 1, False: -1}
    objective = bilevel.leader.objective
    return {
        "name": bilevel.model.name,
        "variables": [[v.name, limit(v.lb), limit(v.ub), not v.is_continuous()] for v in variables],
        "leader": {
            "sense": sense[objective.sense == minimize],
            "objective": terms(objective.expr, f"objective {objective.name!r}"),
            "rows": rows(bilevel.leader.constraints),
        },
        "followers": [
            {
                "name": follower.name,
                "sense": sense[follower.objective.sense == minimize],
                "variables": [index[id(v)] for v in follower.variables],
                "objective": terms(follower.objective.expr, f"objective {follower.objective.name!r}"),
                "rows": rows(follower.constraints),
            }
            for follower in bilevel.followers
        ],
        "prices": [[index[id(price)], source.name] for price, source in price_of],
        "assumed": [
            {"name": block.name, "reason": block.reason or f"the rows of {block.name}", "rows": rows(block.constraints)}
            for block in assumed
        ],
    }


def limit(bound: Any) -> int | str | None:
    """Return a bound as it is written in a proof; None where there is none."""
    if bound is None or not math.isfinite(value(bound)):
        return None
    return exact(Fraction(value(bound)))
