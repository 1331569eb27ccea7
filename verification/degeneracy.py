"""How degenerate a decision is: the followers' optimal faces, and the intervals of the shadow prices that are used."""

from collections.abc import Callable, Iterator

import numpy as np
from pyomo.common.collections import ComponentMap
from pyomo.core.expr.visitor import identify_variables

from ..errors import NonconvexFollowerError
from ..levels.bilevel import Bilevel
from ..levels.follower_form import coefficients
from ..levels.integers import has_integers
from .certificate import Degeneracy, Interval
from .faces import Array, Extreme, OptimalFace, Work
from .pessimistic import SAME, Effort, size_of

PATIENTLY = "verify(..., pessimistic=True) does it"


def degeneracy(bilevel: Bilevel, optimum: dict[int, float], effort: Effort) -> Degeneracy:
    """Describe all optimal responses to the decision on the model, each follower at what it takes as given there.

    :param optimum: id -> number of the followers' variables, at any optimum of theirs.
    """
    size = size_of(bilevel)
    if size > effort.size:
        return Degeneracy(note=f"not computed: {size} rows and variables; {PATIENTLY}")
    try:
        whole = any(map(has_integers, bilevel.followers))  # which are left out below
        forms = tuple(map(coefficients, bilevel.followers)) if whole else bilevel.forms
    except NonconvexFollowerError as refusal:
        return Degeneracy(note=f"not computed: {refusal}")
    found, reasons, work = Degeneracy(), [], Work(effort.iterations)
    used = ComponentMap((source, None) for source in bilevel.leader.prices.values())
    for form in forms:
        name = form.follower.name
        if any(id(y) not in optimum for y in form.follower.variables):
            reasons.append(f"no optimum of {name} is known at this decision")
            continue
        if not all(y.is_continuous() for y in form.follower.variables):
            reasons.append(f"{name} owns integers")
            continue
        face = OptimalFace.at(form, optimum, work)
        if face is None:
            reasons.append(f"no multipliers belong to the optimum of {name} that was found")
            continue
        dimension = face.dimension()
        if dimension is None:
            reasons.append(f"the dimension of {name}'s optimal face takes too long")
        else:
            found.dimension[name] = dimension
        wanted = {row.name: face.price(r) for r, row in enumerate(form.rows) if row.source in used}
        found.multipliers.update(_intervals(wanted, face.extreme))
        if missing := len(wanted.keys() - found.multipliers.keys()):
            reasons.append(f"the intervals of {missing} of {name}'s prices take too long; {PATIENTLY}")
    found.note = "; ".join(reasons)
    return found


def one_response(bilevel: Bilevel, found: Degeneracy) -> bool:
    """Whether the leader sees no difference between the optimal responses of LP followers, by what is known of them."""
    interacting = any(v in bilevel.owner for follower in bilevel.followers for v in follower.given)
    if found.note or interacting or any(form.quadratic for form in bilevel.forms):
        return False
    if any(price.upper is None or price.lower != price.upper for price in found.multipliers.values()):
        return False
    if not any(found.dimension.values()):
        return True
    own = (bilevel.leader.objective, *bilevel.leader.constraints)
    return not any(v in bilevel.owner for c in own for v in identify_variables(c.expr, include_fixed=False))


def _intervals(prices: dict[str, Array], extreme: Callable[[Array], Extreme]) -> Iterator[tuple[str, Interval]]:
    """Yield the interval of each price over the multipliers; those that cannot be told are left out.

    A group whose weighted sum has its minimum and its maximum at the same prices is settled at once: for almost all
    weights, a sum is constant only where each part is. Others are halved.

    :param prices: name -> weights of the multipliers that make the price.
    """
    weights = np.random.default_rng(0).uniform(1.0, 2.0, len(prices))
    weight = dict(zip(prices, weights.tolist(), strict=True))
    groups = [list(prices)] if prices else []
    while groups:
        group = groups.pop()
        total = sum(weight[name] * prices[name] for name in group) if len(group) > 1 else prices[group[0]]
        low, high = extreme(total), extreme(-total)
        ends = [(name, _end(prices[name], low), _end(prices[name], high)) for name in group]
        if len(group) == 1:
            if low.told and high.told:
                yield group[0], Interval(ends[0][1], ends[0][2])
        elif all(a is not None and b is not None and abs(a - b) <= SAME * (1 + abs(a)) for _, a, b in ends):
            yield from ((name, Interval(a, a)) for name, a, _ in ends)
        elif (low.told and high.told) or len(group) > 1:
            groups += [group[len(group) // 2 :], group[: len(group) // 2]]


def _end(price: Array, extreme: Extreme) -> float | None:
    """Return the price at an end of the interval; None where there is no end, or where it is not known."""
    return None if extreme.multipliers is None else float(price @ extreme.multipliers)
