"""What a heuristic hands back: the best point that it saw."""

from dataclasses import dataclass, field
from typing import Any

from pyomo.common.collections import ComponentMap
from pyomo.core.base.var import VarData

from ..levels.point import Point
from ..solvers.status import Status


@dataclass
class HeuristicResult:
    """The best bilevel feasible point that a heuristic saw, and what it saw on the way.

    The point has the shadow prices of the followers' rows where the leader uses any.
    """

    status: Status
    objective: float | None = None
    point: Point | None = None
    history: list[dict[str, Any]] = field(default_factory=list)
    message: str = ""

    @property
    def values(self) -> ComponentMap:
        """The point's values: of both levels' variables and of ``dual_of`` variables."""
        return ComponentMap() if self.point is None else self.point.values

    def record(self, **entry: Any) -> int:
        """Write the next iteration into the history; return its number."""
        self.history.append({"iteration": len(self.history) + 1, **entry})
        return len(self.history)

    def keep(self, objective: float | None, point: Point) -> None:
        """Take a point, and the objective that it was found with."""
        self.status, self.objective, self.point = Status.feasible, objective, point


def rounded(variable: VarData, number: float) -> float:
    """Return a solver's number for a variable, an integer without the solver's tolerance."""
    return number if variable.is_continuous() else float(round(number))
