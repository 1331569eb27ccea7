"""What is known of the optimum: a bound, the best point, and how far apart they are."""

from dataclasses import dataclass

from ..levels.point import Point


@dataclass(eq=False)
class Bounds:
    """The bound from master problems, and the best point at their decisions.

    :param sense: 1 if the leader minimises, -1 if it maximises.
    :param rel_gap: relative gap at which bound and point meet.
    """

    sense: int
    rel_gap: float
    bound: float | None = None
    best: Point | None = None
    impossible: bool = False
    """Whether the master problem, and hence the model, has no point."""
    ceiling: float | None = None
    """The leader's objective, minimised, up to which responses that are held on to were seen not to be lost."""

    @property
    def objective(self) -> float | None:
        """The best point's."""
        return None if self.best is None else self.best.objective

    @property
    def minimised(self) -> float | None:
        """The bound, of the leader's objective to be minimised."""
        return None if self.bound is None else self.sense * self.bound

    @property
    def met(self) -> bool:
        """Whether bound and point are as near as asked."""
        return self.near(self.bound)

    def near(self, bound: float | None) -> bool:
        """Whether the point is as near to a bound as asked."""
        if self.best is None or bound is None:
            return False
        objective = self.best.objective
        return self.sense * (objective - bound) <= self.rel_gap * max(1.0, abs(objective))

    @property
    def worth_finding(self) -> float | None:
        """The leader's objective, minimised, from which on a point is no better by half of the gap asked for."""
        if self.best is None:
            return None
        objective = self.best.objective
        return self.sense * objective - self.rel_gap / 2 * max(1.0, abs(objective))

    def raise_to(self, bound: float) -> None:
        """Take a master problem's bound, if it says more: no more than up to the ceiling."""
        found = self.sense * bound
        if self.ceiling is not None:
            found = min(found, self.ceiling)
        if self.bound is None or found > self.sense * self.bound:
            self.bound = self.sense * found

    def without_a_point(self) -> None:
        """Take that a master problem has no point: up to the ceiling, there is none of the model."""
        if self.ceiling is None:
            self.impossible = True
        else:  # but for points that are no better than the one known
            self.bound = self.sense * self.ceiling

    def lower_ceiling(self, level: float | None) -> None:
        """Take up to which objective a response was seen not to be lost; None: whatever the objective."""
        if level is not None:
            self.ceiling = level if self.ceiling is None else min(self.ceiling, level)

    def better(self, point: Point) -> bool:
        """Whether a point is better than the best."""
        return self.best is None or self.sense * (point.objective - self.best.objective) < 0
