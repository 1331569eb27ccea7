"""What a decision is worth for a leader that is not, or not only, optimistic: from the followers' optima alone."""

import math
from dataclasses import dataclass

from ..levels.bilevel import Bilevel
from .certificate import Certificate
from .pessimistic import PATIENT, best_case


@dataclass(frozen=True)
class Stance:
    """``weight`` is that of the worst response in the leader's objective, ``near`` by what share of its optimum a
    follower's response may be off."""

    weight: float = 0.0
    near: float = 0.0

    def __bool__(self) -> bool:
        """Whether it is another than the optimistic one."""
        return bool(self.weight or self.near)

    def judge(self, bilevel: Bilevel, optimum: dict[int, float], certificate: Certificate) -> None:
        """Note the best value beside the worst one, and what of the leader's rows does not hold for every response.

        :param optimum: id -> number of the followers' variables, at any optimum of theirs.
        """
        certificate.stance, certificate.follower_tolerance = self.weight, self.near
        for name, distance in certificate.pessimistic_violations.items():
            certificate.violations.setdefault(name, distance)
        if certificate.pessimistic_objective is None:
            certificate.violations[f"the worst response is not known ({certificate.pessimistic_note})"] = math.nan
        else:
            certificate.optimistic_objective = best_case(bilevel, optimum, effort=PATIENT)
        if certificate.pessimistic_feasible is None:
            certificate.violations.setdefault("whether the leader's rows hold for all responses is unknown", math.nan)
        if self.worth(certificate) is None:
            certificate.violations.setdefault("what the decision is worth is not known", math.nan)
        certificate.bilevel_feasible = not certificate.violations

    def worth(self, certificate: Certificate) -> float | None:
        """Return the leader's objective at the certificate's decision; None where it is that at the point."""
        best, worst = certificate.optimistic_objective, certificate.pessimistic_objective
        if not self:
            return None
        if self.weight in (0, 1):  # the other value may be infinite, and is not needed
            return worst if self.weight else best
        if best is None or worst is None:
            return None
        return (1 - self.weight) * best + self.weight * worst
