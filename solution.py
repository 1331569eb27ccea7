"""What ``solve`` returns: status, objective, bound, what was used, and the certificate."""

import json
import math
from dataclasses import dataclass, field
from typing import Any

from .solvers.status import Status
from .verification.certificate import Certificate


@dataclass
class Solution:
    """The answer to one solve; the values are on the user's model too.

    ``objective`` and ``bound`` are the leader's, in the model's own sense; ``multipliers`` maps the followers' rows and
    bounded variables to shadow prices in the follower's own sense; ``notes`` say what was chosen and why;
    ``assumptions`` are what an optimum rests on without proof (the user's big-Ms).
    """

    status: Status
    objective: float | None = None
    bound: float | None = None
    lower_objectives: dict[str, float] = field(default_factory=dict)
    multipliers: dict[str, float] = field(default_factory=dict)
    values: dict[str, float] = field(default_factory=dict)
    method: str = "exact"
    reformulation: str | None = None
    solver: str | None = None
    sizes: dict[str, int] = field(default_factory=dict)
    seconds: dict[str, float] = field(default_factory=dict)
    nodes: int | None = None
    certificate: Certificate | None = None
    history: list[dict[str, Any]] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    assumptions: list[str] = field(default_factory=list)
    model: str | None = None

    @property
    def gap(self) -> float | None:
        """Distance of objective and bound relative to max(1, |objective|); None if one is missing."""
        if self.objective is None or self.bound is None or not math.isfinite(self.bound):
            return None
        return abs(self.objective - self.bound) / max(1.0, abs(self.objective))

    def to_dict(self) -> dict[str, Any]:
        """Return everything as plain data (what ``to_json`` writes)."""
        data = {name: getattr(self, name) for name in self.__dataclass_fields__}
        data["status"] = str(self.status)
        data["gap"] = self.gap
        data["certificate"] = None if self.certificate is None else self.certificate.to_dict()
        return data

    def to_json(self, indent: int | None = 2) -> str:
        """Return everything as JSON; infinite numbers become null."""
        return json.dumps(_finite(self.to_dict()), indent=indent)

    @classmethod
    def from_json(cls, text: str) -> "Solution":
        """Read what ``to_json`` wrote."""
        data = json.loads(text)
        data.pop("gap", None)
        certificate = data.pop("certificate", None)
        data["status"] = Status(data["status"])
        return cls(**data, certificate=None if certificate is None else Certificate(**certificate))


def _finite(data: Any) -> Any:
    if isinstance(data, dict):
        return {str(key): _finite(item) for key, item in data.items()}
    if isinstance(data, list):
        return [_finite(item) for item in data]
    return None if isinstance(data, float) and not math.isfinite(data) else data
