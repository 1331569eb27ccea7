"""Big-Ms: what the model states and what the user gives, each with the class of its proof and the reason.

A bound is *proven* (derived here, or stated by the model with a reason), or *user* (a number given with ``big_m=``,
or stated without a reason: checked after the solve). There is no default number.
"""

import math
from collections.abc import Iterable, Mapping
from typing import Any

from pyomo.common.collections import ComponentMap

from ..errors import UnprovenBigMError
from ..levels.follower_form import Row
from ..levels.optimality import OptimalityConditions, Pair
from ..levels.state_bound import MULTIPLIER_BOUND, StatedBound
from ..levels.state_bound import stated_bounds as stated_in
from .ranges import Bound, Proof, Ranges

BigM = float | Mapping[Any, Any] | None


class UserBigM:
    """What the user passed as ``big_m``: one number, or numbers by follower's row, variable or name.

    A dict's value is one number for both, or a pair (M of the multiplier, M of the slack).
    """

    def __init__(self, big_m: BigM, conditions: OptimalityConditions) -> None:
        self.everywhere: float | None = None
        self.by_row: dict[int, tuple[float, float]] = {}
        if isinstance(big_m, Mapping):
            rows = {row.name: row.source for form in conditions.forms for row in form.rows}
            sources = {id(source) for source in rows.values()}
            for key, number in big_m.items():
                pair = (float(number[0]), float(number[1])) if isinstance(number, tuple) else (float(number),) * 2
                for source in _members(rows.get(key, key) if isinstance(key, str) else key):
                    if id(source) not in sources:
                        raise UnprovenBigMError(
                            f"big_m names {getattr(source, 'name', source)!r}, which is no active row or bounded "
                            f"variable of a follower. The rows are: {', '.join(list(rows)[:20])}."
                        )
                    self.by_row[id(source)] = pair
        elif big_m is not None:
            self.everywhere = float(big_m)
        for number in (self.everywhere, *(m for pair in self.by_row.values() for m in pair)):
            if number is not None and not (0 < number < math.inf):
                raise UnprovenBigMError(
                    f"big_m must be positive and finite, not {number}. Give a bound, or use "
                    "reformulation='sos1' (with solver='gurobi' or solver='scip')."
                )

    def explicit(self, source: Any, which: int) -> Bound | None:
        """Return the number given for this very row: which = 0 for its multiplier, 1 for its slack."""
        pair = self.by_row.get(id(source))
        return None if pair is None else Bound(pair[which], Proof.user, "given for this row with big_m=")

    def general(self) -> Bound | None:
        """Return the one number given for everything."""
        return None if self.everywhere is None else Bound(self.everywhere, Proof.user, "given with big_m=")


def stated_bounds(conditions: OptimalityConditions) -> ComponentMap:
    """Map multipliers to the bounds that need no search: those that the model states, and 0 where a row is vacuous."""
    found: ComponentMap = ComponentMap()
    stated: ComponentMap = ComponentMap()
    for form in conditions.forms:
        stated.update(stated_in(form.follower, MULTIPLIER_BOUND))
    for form, row, multipliers in conditions.multipliers():
        if not row.terms:
            bound = Bound(0.0, Proof.proven, "no variable of the follower is in this row, so that 0 is a multiplier")
        elif row.source in stated:
            bound = _declared(stated[row.source], row, form.sign)
        else:
            continue
        sides = ((multiplier, _of_side(bound, side)) for side, multiplier in multipliers.items())
        found.update((multiplier, known) for multiplier, known in sides if math.isfinite(known.value))
    return found


def given_bounds(conditions: OptimalityConditions, big_m: UserBigM) -> ComponentMap:
    """Map multipliers to the numbers that the user gave for their very rows."""
    found: ComponentMap = ComponentMap()
    for _, row, multipliers in conditions.multipliers():
        bound = big_m.explicit(row.source, 0)
        if bound is not None:
            found.update((multiplier, bound) for multiplier in multipliers.values())
    return found


def impose(ranges: Ranges, bounds: ComponentMap) -> None:
    """Put the bounds on the multipliers (variables of the single-level model, not of the user's), and note them."""
    for multiplier, bound in bounds.items():
        lower, upper = bound.range or (-bound.value, bound.value)
        multiplier.setub(upper)
        if multiplier.lb is None:
            multiplier.setlb(lower)
    ranges.imposed.update(bounds)


def impose_proven(conditions: OptimalityConditions, ranges: Ranges) -> None:
    """Impose the stated bounds that come with a reason: a step that needs no bound must not trust any other."""
    bounds = stated_bounds(conditions)
    proven = ((multiplier, bound) for multiplier, bound in bounds.items() if bound.proof is Proof.proven)
    impose(ranges, ComponentMap(proven))


def slack_bound(pair: Pair, ranges: Ranges) -> Bound | None:
    """Return the bound on a pair's slack that interval arithmetic gives, if any."""
    upper = largest_slack(pair, ranges)
    if not math.isfinite(upper):
        return None
    return Bound(max(0.0, upper), Proof.proven, "interval arithmetic on the variables' bounds")


def largest_slack(pair: Pair, ranges: Ranges) -> float:
    """Return the upper end that interval arithmetic gives for a pair's slack, infinite where there is none."""
    if not pair.row.is_bound:
        return ranges.of_expression(pair.slack)[1]
    low, high = ranges.of_variable(pair.row.source)  # the usual case, without walking an expression
    limit = getattr(pair.row, pair.side)
    return high - limit if pair.side == "lower" else limit - low


def refuse_unproven(multipliers: "Iterable[Pair]", slacks: "Iterable[Pair]") -> None:
    """Raise UnprovenBigMError if any pair is left without an M, naming the multipliers and slacks."""
    multipliers, slacks = list(multipliers), list(slacks)
    if not multipliers and not slacks:
        return
    parts = []
    for what, pairs, remedy in (
        ("multiplier", multipliers, "state it: bilevolt.state_bound(row, -M, M, reason)"),
        ("slack", slacks, "bound the variables of the row"),
    ):
        if pairs:
            names = ", ".join(pair.name for pair in pairs[:10]) + (", ..." if len(pairs) > 10 else "")
            parts.append(f"no M is known for {len(pairs)} {what}(s): {names} ({remedy})")
    raise UnprovenBigMError(
        "; ".join(parts) + ". Or pass big_m=number or big_m={row: number} (checked after the solve), "
        "or use one that needs none: reformulation='branch' (with solver='highs') or 'sos1' (with 'gurobi' or 'scip')."
    )


def _declared(stated: StatedBound, row: Row, sign: int) -> Bound:
    """Read the range of the row's shadow price, in the sign of the multipliers."""
    lower, upper = sorted(sign * end for end in stated[:2])
    proof = Proof.user if stated.reason is None else Proof.proven
    reason = stated.reason or f"stated without a reason on {row.name}"
    return Bound(max(abs(lower), abs(upper)), proof, reason, (lower, upper))


def _of_side(bound: Bound, side: str) -> Bound:
    """Return what a row's price says of one side's multiplier: the lower side's is (price)+, the upper's (-price)+.

    At most one of the two is nonzero, as both sides cannot be active at once.
    """
    if bound.range is None or side == "equality":
        return bound
    lower, upper = bound.range
    return Bound(max(0.0, upper if side == "lower" else -lower), bound.proof, bound.reason)


def _members(component: Any) -> Iterable[Any]:
    is_indexed = getattr(component, "is_indexed", None)
    return component.values() if is_indexed is not None and is_indexed() else (component,)
