r"""Big-M: a binary per pair says which of multiplier and slack may be nonzero.

.. math:: 0 \le \lambda \perp g(x, y) \ge 0 \quad\Longrightarrow\quad g(x, y) \ge 0,\;
          \lambda \le M_\lambda (1 - z),\; g(x, y) \le M_g z,\; z \in \{0, 1\}

Exact if and only if every M is valid. Each M is proven (with its reason) or the user's (checked after the solve);
where there is neither, the step refuses.

Source: J. Fortuny-Amat and B. McCarl, *A representation and economic interpretation of a two-level programming
problem*, J. Oper. Res. Soc. 32, 1981. Why a wrong M lies: S. Pineda and J. M. Morales, *Solving linear bilevel
problems using big-Ms: not all that glitters is gold*, IEEE Trans. Power Syst. 34, 2019.
"""

from collections.abc import Iterator, Sequence
from typing import Any

from pyomo.common.collections import ComponentMap
from pyomo.core import value

from ..bounds.given import (
    BigM,
    UserBigM,
    given_bounds,
    impose,
    impose_proven,
    refuse_unproven,
    slack_bound,
    stated_bounds,
)
from ..bounds.proofs import prove
from ..bounds.ranges import Bound, Proof
from ..levels.optimality import Pair
from .linearization import Formulas, Linearization, Notation, add_switches
from .single_level import Linearized, SingleLevel


class BigMs(Linearization):
    """A binary for each pair, and an M for each of its two sides."""

    name = "bigm"
    about = (
        "A binary z for each pair says which of the two may be nonzero. The rows are exact if and only if every M is "
        "valid, that is, if some optimal solution respects them all."
    )
    needs = frozenset({"milp"})
    options = ("big_m",)

    def write(self, block: Any, level: SingleLevel, pairs: Sequence[Pair], big_m: BigM = None) -> list[Linearized]:
        """Find every M, then write each pair's rows.

        :param big_m: a number for every M that is not proven, or numbers by follower's row, variable or name.
        :raises UnprovenBigMError: an M is neither proven nor given; nothing was changed.
        """
        of_multiplier, of_slack = _bounds(level, pairs, UserBigM(big_m, level.conditions))
        refuse_unproven(
            (pair for pair in pairs if pair.multiplier not in of_multiplier),
            (pair for pair in pairs if id(pair) not in of_slack),
        )
        impose(level.ranges, of_multiplier)
        add_switches(block, pairs)
        return [self._pair(block, p, of_multiplier[p.multiplier], of_slack[id(p)]) for p in pairs]

    def _pair(self, block: Any, pair: Pair, multiplier_m: Bound, slack_m: Bound) -> Linearized:
        switch = block.switch[pair.name]
        block.multiplier_off[pair.name] = pair.multiplier <= multiplier_m.value * (1 - switch)
        block.slack_off[pair.name] = pair.slack <= slack_m.value * switch
        return Linearized(pair, self.name, pair.slack, switch, multiplier_m, slack_m)

    def formulas(self, made: Linearized, say: Notation) -> Formulas:
        """Say both rows, also where an M is 0."""
        assert made.multiplier_m is not None and made.slack_m is not None  # what _pair records
        z = say.symbol("z")
        above = say.times(say.number(made.multiplier_m.value, "M"), say.one_minus(z))
        below = say.times(say.number(made.slack_m.value, "M"), z)
        return [
            (", multiplier", say.relation(say.multiplier, "<=", above)),
            (", slack", say.relation(say.slack, "<=", below)),
            (", binary", say.binary(z)),
        ]


def _bounds(single_map: SingleLevel, pairs: Sequence[Pair], user: UserBigM) -> tuple[ComponentMap, dict[int, Bound]]:
    """Find an M for each multiplier and slack: stated or proven; the user's for its row; the user's for all.

    The user's numbers are left out of the proofs, which would otherwise rest on them. One that is below what is proven
    is taken as it is asked for, but nothing found with it is called optimal.
    """
    impose_proven(single_map.conditions, single_map.ranges)
    stated, given = stated_bounds(single_map.conditions), given_bounds(single_map.conditions, user)
    of_multiplier = ComponentMap(stated.items())
    of_slack = {id(p): b for p in pairs if (b := slack_bound(p, single_map.ranges))}
    unknown = [m for _, _, of_row in single_map.conditions.multipliers() for m in of_row.values() if m not in stated]
    proven, slacks = prove(single_map.system, unknown, [pair for pair in pairs if id(pair) not in of_slack])
    of_multiplier.update(proven)
    of_slack.update(slacks)
    for multiplier, bound in given.items():
        of_multiplier[multiplier] = _of_two(bound, of_multiplier.get(multiplier))
    for pair in pairs:
        own = user.explicit(pair.row.source, 1)
        if own is not None:
            of_slack[id(pair)] = _of_two(own, of_slack.get(id(pair)))
    general = user.general()
    if general is not None:
        of_multiplier.update((m, general) for m in unknown if m not in of_multiplier)
        of_slack = {id(p): general for p in pairs} | of_slack
    return of_multiplier, of_slack


def _of_two(given: Bound, known: Bound | None) -> Bound:
    """Return the user's bound or the known one: the smaller, and its class."""
    if known is None:
        return given
    if known.value <= given.value:
        return known
    return Bound(given.value, Proof.unproven, f"{given.reason}, but only {known.value:g} is known ({known.reason})")


def integrality(single_map: SingleLevel) -> float | None:
    """Return an integrality tolerance at which a large M lets little complementarity leak; None for the default."""
    largest = max(
        (m.value for item in single_map.linearized for m in (item.multiplier_m, item.slack_m) if m is not None),
        default=0.0,
    )
    return max(1e-9, 1e-4 / largest) if largest > 1e3 else None


def assumptions(single_map: SingleLevel) -> list[str]:
    """Say how many Ms are not proven, and name some."""
    rests_on = list(unproven(single_map))
    some = ", ".join(f"{what} <= {bound.value:g}" for what, _, bound in rests_on[:5]) + ", ..." * (len(rests_on) > 5)
    return [f"{len(rests_on)} big-Ms are not proven: {some}"] if rests_on else []


def unproven(single_map: SingleLevel) -> Iterator[tuple[str, Any, Bound]]:
    """Yield (name, expression, bound) of the multipliers and slacks that have an M which is not proven."""
    names = ComponentMap((pair.multiplier, pair.name) for pair in single_map.conditions.pairs)
    names.update((nu, source.name) for source, nu in single_map.conditions.equality_multipliers.items())
    for multiplier, bound in single_map.ranges.imposed.items():
        if bound.proof is not Proof.proven:
            yield f"multiplier of {names[multiplier]}", multiplier, bound
    for item in single_map.linearized:
        if item.slack_m is not None and item.slack_m.proof is not Proof.proven:
            yield f"slack of {item.pair.name}", item.pair.slack, item.slack_m


def at_limit(single_map: SingleLevel, tolerance: float = 1e-6) -> list[str]:
    """Name the Ms that may have cut the optimum off: not proven and reached, or smaller than what is proven."""
    return [
        f"{what} is {reached:.6g}, its M is {bound.value:.6g} ({bound.reason})"
        for what, expression, bound in unproven(single_map)
        if abs(reached := value(expression, exception=False) or 0.0) >= bound.value * (1 - tolerance)
        or bound.proof is Proof.unproven
    ]


STEP = BigMs()
