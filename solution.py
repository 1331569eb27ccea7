"""What ``solve`` returns: status, objective, bound, what was used, and the certificate."""

import json
import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from .errors import MalformedError
from .json_text import parse
from .levels.names import names
from .levels.point import Point
from .record_reading import read_record
from .showing import as_html, as_text, solution_lines
from .solvers.status import Status
from .solvers.trace import Mark
from .verification.certificate import Certificate

if TYPE_CHECKING:
    from pandas import DataFrame

_BESIDES = ("gap", "target", "summary")
"""What is written beside the fields: computed, or the command line's."""


@dataclass
class Solution:
    """The answer to one solve; the values are on the user's model too.

    ``objective`` and ``bound`` are the leader's, in the model's own sense; ``multipliers`` maps the followers' rows and
    bounded variables to shadow prices in the follower's own sense; ``notes`` say what was chosen and why;
    ``assumptions`` are what an optimum rests on without proof (the user's big-Ms); ``interrupted``: Ctrl-C or SIGTERM
    ended the run, and this is the answer so far; ``rel_gap``: the relative gap at which a point was to be called
    optimal (of the exact method). ``stance`` is the weight of the worst response in the objective, and
    ``follower_tolerance`` by what share of their optimum followers may be off; with a weight, the followers' values are
    those of the worst response.
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
    interrupted: bool = False
    rel_gap: float | None = None
    stance: float = 0.0
    follower_tolerance: float = 0.0

    # The Proof, of ``solve(proof=True)``: no field, as it is saved as a file of its own.
    proof = None

    def __post_init__(self) -> None:
        # How the exact method's solver got there, and its bound before it branched: no fields, as they are about the
        # run, not the answer.
        self.trace: list[Mark] = []
        self.root_bound: float | None = None

    def take(self, point: Point) -> None:
        """Take a point's values, prices and objectives, by name."""
        self.objective, self.lower_objectives = point.objective, point.lower_objectives
        self.multipliers = point.multipliers
        self.values = dict(zip(names(point.values), point.values.values(), strict=True))

    @property
    def gap(self) -> float | None:
        """Distance of objective and bound relative to max(1, |objective|); None if one is missing."""
        if self.objective is None or self.bound is None or not math.isfinite(self.bound):
            return None
        return abs(self.objective - self.bound) / max(1.0, abs(self.objective))

    def __str__(self) -> str:
        return as_text(solution_lines(self))

    def _repr_html_(self) -> str:
        return as_html(solution_lines(self).items())

    def to_frame(self) -> "DataFrame":
        """Return values and shadow prices as a pandas DataFrame with the columns kind, name, value."""
        from pandas import DataFrame

        rows = [("variable", *item) for item in self.values.items()]
        rows += [("shadow price", *item) for item in self.multipliers.items()]
        return DataFrame(rows, columns=["kind", "name", "value"])

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
    def from_json(cls, text: str, where: str = "solution") -> "Solution":
        """Read what ``to_json``, or ``bilevolt solve -o``, wrote.

        :param where: starts the message of an error: the file's name.
        :raises MalformedError: not JSON, or a field is missing, unknown, or of another type.
        """
        data = parse(text, where, MalformedError)
        if isinstance(data, dict):
            data = {name: item for name, item in data.items() if name not in _BESIDES}
        solution = read_record(cls, data, where)
        for name, number in solution.values.items():
            if not math.isfinite(number):
                raise MalformedError(f"{where}: values[{name!r}] is no number; a point has one for every variable.")
        return solution


def _finite(data: Any) -> Any:
    if isinstance(data, dict):
        return {str(key): _finite(item) for key, item in data.items()}
    if isinstance(data, list):
        return [_finite(item) for item in data]
    return None if isinstance(data, float) and not math.isfinite(data) else data
