"""The certificate: how far a point is from each condition of a bilevel solution, component by component."""

from dataclasses import asdict, dataclass, field
from typing import Any

from ..quantities import plain
from ..showing import as_html

_SHOWN = 10  # intervals in the report; all are in the field


@dataclass
class Interval:
    """The numbers from ``lower`` to ``upper``; None: there is no limit on that side."""

    lower: float | None
    upper: float | None

    @property
    def is_point(self) -> bool:
        """Whether there is one number only, up to rounding."""
        if self.lower is None or self.upper is None:
            return False
        return abs(self.upper - self.lower) <= 1e-6 * (1 + abs(self.lower))

    def __str__(self) -> str:
        if self.lower is None:
            return "any number" if self.upper is None else f"{plain(self.upper)} or less"
        if self.upper is None:
            return f"{plain(self.lower)} or more"
        return f"{plain(self.lower)}" if self.is_point else f"{plain(self.lower)} to {plain(self.upper)}"


@dataclass
class Degeneracy:
    """What the followers, and shadow prices, may be instead, at the same decision of the leader.

    ``dimension`` is that of each follower's optimal face, 0 where its response is unique; ``multipliers`` is the
    interval of each shadow price that the leader uses (``dual_of``), by row, over all that belong to optimal responses.
    ``rests_on_ties`` is how much the leader's objective would lose if followers took the worst of these for the leader:
    its distance from the pessimistic value (infinite if there is no limit; None if that value is not known). ``note``
    says what was not computed, and why.
    """

    dimension: dict[str, int] = field(default_factory=dict)
    multipliers: dict[str, Interval] = field(default_factory=dict)
    rests_on_ties: float | None = None
    note: str = ""

    @property
    def is_unique(self) -> bool:
        """Whether there is nothing else that followers and prices may be."""
        return not (self.note or any(self.dimension.values())) and all(i.is_point for i in self.multipliers.values())

    def lines(self) -> list[str]:
        """Return the report, a line for each follower, and for each price, that is not unique."""
        several = {name: k for name, k in self.dimension.items() if k}
        lines = [f"responses            several: a face of dimension {k}  ({name})" for name, k in several.items()]
        lines += _of_the_others("responses", len(self.dimension), len(several))
        ranges = {name: interval for name, interval in self.multipliers.items() if not interval.is_point}
        lines += [f"shadow price         {ranges[name]}  (dual_of {name})" for name in list(ranges)[:_SHOWN]]
        if len(ranges) > _SHOWN:
            lines.append(f"shadow prices        {len(ranges) - _SHOWN} more are not unique")
        lines += _of_the_others("shadow prices", len(self.multipliers), len(ranges))
        if self.rests_on_ties is not None:
            lines.append(f"rests on ties        {plain(self.rests_on_ties, 10)} of the objective")
        if self.note:
            lines.append(f"ties                 {self.note}")
        return lines


def _of_the_others(what: str, count: int, several: int) -> list[str]:
    if count == several:
        return []
    return [f"{what:21}unique" + f" ({count - several} others)" * bool(several)]


@dataclass
class Certificate:
    """Distances of a point from bilevel feasibility, measured without the model that found it.

    ``bilevel_feasible``: leader's rows, bounds and integrality hold, followers' rows hold, and each follower's
    objective equals its optimum, found anew by ``solvers[follower]``. ``globally_optimal`` is True when a solver also
    proved its bound within the requested gap with exact reformulations only, None when that is not established.
    ``follower_gap`` is the follower's objective minus its true optimum (>= 0 in its own sense of worse).
    ``multiplier_violation`` is the largest violation of stationarity, sign and complementarity by the shadow prices.
    ``pessimistic_objective`` is the leader's objective where followers, among all their optimal responses to the
    leader's decision, take the worst for the leader (infinite if there is no limit; None, with the reason in
    ``pessimistic_note``, if it was not computed). The leader's rows do not bind them: ``pessimistic_feasible`` says
    whether these hold for every response, ``pessimistic_violations`` which do not, and by how much at most.
    Of an answer to another stance than the optimistic one, ``stance`` and ``follower_tolerance`` are those that it was
    asked for with, and ``optimistic_objective`` is the leader's objective at the best of the optimal responses;
    ``price_of_ties`` is the distance of the two values. ``degeneracy`` tells what else the followers, and
    prices, may be at this decision; None if it was not asked for.
    ``decisions`` says who decides what, as the levels were read. ``confirmed_by`` is who was asked for a better point
    (``solve(confirm=...)``) and found none, ``refuted_by`` who found one: ``better_objective``, ``better_values``.
    """

    bilevel_feasible: bool
    globally_optimal: bool | None = None
    leader_violation: float = 0.0
    follower_violation: float = 0.0
    follower_gap: dict[str, float] = field(default_factory=dict)
    complementarity: float | None = None
    multiplier_violation: float | None = None
    pessimistic_objective: float | None = None
    pessimistic_feasible: bool | None = None
    pessimistic_violations: dict[str, float] = field(default_factory=dict)
    pessimistic_note: str = ""
    stance: float = 0.0
    follower_tolerance: float = 0.0
    optimistic_objective: float | None = None
    degeneracy: Degeneracy | None = None
    violations: dict[str, float] = field(default_factory=dict)
    solvers: dict[str, str] = field(default_factory=dict)
    tolerance: float = 1e-5
    decisions: str = ""
    confirmed_by: str | None = None
    refuted_by: str | None = None
    better_objective: float | None = None
    better_values: dict[str, float] = field(default_factory=dict)

    @property
    def price_of_ties(self) -> float | None:
        """What the leader loses, at this decision, from the best to the worst response; None if one is not known."""
        if self.pessimistic_objective is None or self.optimistic_objective is None:
            return None
        return abs(self.pessimistic_objective - self.optimistic_objective)

    def to_dict(self) -> dict[str, Any]:
        """Return the certificate as plain data."""
        return asdict(self)

    def report(self) -> str:
        """Return the certificate as text, one condition a line."""
        yes = {True: "yes", False: "NO", None: "not established"}
        lines = [
            f"bilevel feasible     {yes[self.bilevel_feasible]} (tolerance {self.tolerance:g})",
            f"globally optimal     {yes[self.globally_optimal]}",
            f"leader violation     {plain(self.leader_violation, 3)}",
            f"follower violation   {plain(self.follower_violation, 3)}",
        ]
        if self.confirmed_by:
            lines.insert(2, f"confirmed by         {self.confirmed_by}: nothing better found")
        if self.refuted_by:
            lines.insert(
                2, f"refuted by           {self.refuted_by}: objective {plain(self.better_objective, 10)}, verified"
            )
        if self.decisions:
            lines.insert(0, f"who decides what     {self.decisions}")
        for name, gap in self.follower_gap.items():
            lines.append(
                f"follower gap         {plain(gap, 3)}  ({name}, solved again by {self.solvers.get(name, '?')})"
            )
        if self.complementarity is not None:
            lines.append(f"complementarity      {plain(self.complementarity, 3)}")
        if self.multiplier_violation is not None:
            lines.append(f"multipliers          {plain(self.multiplier_violation, 3)}")
        if self.stance or self.follower_tolerance:
            near = f", followers within {self.follower_tolerance:.6g} of their optimum" * bool(self.follower_tolerance)
            lines.append(f"stance               {self.stance:g} (0 optimistic, 1 pessimistic){near}")
        if self.optimistic_objective is not None:
            lines.append(f"optimistic value     {plain(self.optimistic_objective, 10)}")
        if self.pessimistic_objective is not None or self.pessimistic_note:
            lines.append(f"pessimistic value    {self._pessimistic()}")
        if self.price_of_ties is not None:
            lines.append(f"price of ties        {plain(self.price_of_ties, 10)}")
        for name, distance in self.pessimistic_violations.items():
            lines.append(f"pessimistic          violates {name}: {plain(distance, 3)} for some optimal response")
        if self.degeneracy is not None:
            lines += self.degeneracy.lines()
        lines += [f"violated             {name}: {plain(distance, 3)}" for name, distance in self.violations.items()]
        return "\n".join(lines)

    def __str__(self) -> str:
        return self.report()

    def _repr_html_(self) -> str:
        lines = (line.partition("  ") for line in self.report().splitlines())
        return as_html((label, text.strip()) for label, _, text in lines)

    def _pessimistic(self) -> str:
        if self.pessimistic_objective is None:
            return self.pessimistic_note
        return f"{plain(self.pessimistic_objective, 10)}" + f" ({self.pessimistic_note})" * bool(self.pessimistic_note)
