"""The certificate: how far a point is from each condition of a bilevel solution, component by component."""

from dataclasses import asdict, dataclass, field
from typing import Any


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
    violations: dict[str, float] = field(default_factory=dict)
    solvers: dict[str, str] = field(default_factory=dict)
    tolerance: float = 1e-5
    decisions: str = ""
    confirmed_by: str | None = None
    refuted_by: str | None = None
    better_objective: float | None = None
    better_values: dict[str, float] = field(default_factory=dict)

    def to_dict(self) -> dict[str, Any]:
        """Return the certificate as plain data."""
        return asdict(self)

    def report(self) -> str:
        """Return the certificate as text, one condition a line."""
        yes = {True: "yes", False: "NO", None: "not established"}
        lines = [
            f"bilevel feasible     {yes[self.bilevel_feasible]} (tolerance {self.tolerance:g})",
            f"globally optimal     {yes[self.globally_optimal]}",
            f"leader violation     {self.leader_violation:.3g}",
            f"follower violation   {self.follower_violation:.3g}",
        ]
        if self.confirmed_by:
            lines.insert(2, f"confirmed by         {self.confirmed_by}: nothing better found")
        if self.refuted_by:
            lines.insert(2, f"refuted by           {self.refuted_by}: objective {self.better_objective:.10g}, verified")
        if self.decisions:
            lines.insert(0, f"who decides what     {self.decisions}")
        for name, gap in self.follower_gap.items():
            lines.append(f"follower gap         {gap:.3g}  ({name}, solved again by {self.solvers.get(name, '?')})")
        if self.complementarity is not None:
            lines.append(f"complementarity      {self.complementarity:.3g}")
        if self.multiplier_violation is not None:
            lines.append(f"multipliers          {self.multiplier_violation:.3g}")
        if self.pessimistic_objective is not None or self.pessimistic_note:
            lines.append(f"pessimistic value    {self._pessimistic()}")
        for name, distance in self.pessimistic_violations.items():
            lines.append(f"pessimistic          violates {name}: {distance:.3g} for some optimal response")
        lines += [f"violated             {name}: {distance:.3g}" for name, distance in self.violations.items()]
        return "\n".join(lines)

    def _pessimistic(self) -> str:
        if self.pessimistic_objective is None:
            return self.pessimistic_note
        return f"{self.pessimistic_objective:.10g}" + f" ({self.pessimistic_note})" * bool(self.pessimistic_note)
