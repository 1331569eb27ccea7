"""Schema of ``textbook.json``: small published bilevel problems as text, with their known answers."""

from collections.abc import Iterator, Mapping
from functools import cache
from importlib.resources import files
from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

_COMPONENT = r"[A-Za-z]\w*(\[\d+\])?"
RowName = Annotated[str, Field(pattern=rf"^{_COMPONENT}$")]
VariableName = Annotated[str, Field(pattern=rf"^([A-Za-z]\w*\.)?{_COMPONENT}$")]


class _Data(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


class Variable(_Data):
    """A variable: ``"x"``, ``"x[1]"`` (upper block) or ``"F.y[1]"`` (on follower F); ``None``: no bound."""

    name: VariableName
    lower: float | None = None
    upper: float | None = None
    domain: Literal["continuous", "integer", "binary"] = "continuous"


class Row(_Data):
    """``lower <= body <= upper``: an equality where both are equal, a range where both are given."""

    name: RowName
    lower: float | None = None
    body: str
    upper: float | None = None

    @model_validator(mode="after")
    def _bounded(self) -> Self:
        if self.lower is None and self.upper is None:
            raise ValueError(f"row {self.name!r} has neither lower nor upper")
        if self.lower is not None and self.upper is not None and self.lower > self.upper:
            raise ValueError(f"row {self.name!r} has lower {self.lower} > upper {self.upper}")
        return self


class Level(_Data):
    """One level: what it decides, its objective and its rows."""

    sense: Literal["minimize", "maximize"]
    objective: str
    variables: tuple[Variable, ...]
    rows: tuple[Row, ...] = ()


class FollowerLevel(Level):
    """A lower level. ``prices``: name in the leader's expressions -> this follower's row whose dual it is."""

    name: str = Field(pattern=r"^[A-Za-z]\w*$")
    prices: Mapping[str, RowName] = {}


class TextbookProblem(_Data):
    """A published problem and its verified optimistic answer.

    ``objective`` and ``lower_objective`` are in the sense of their own level. ``lower_objective`` is ``None``
    where it is not unique or there are several followers. ``solution`` is one optimum; ``unique`` names the
    variables that have the same value in every optimum.
    """

    name: str
    source: str
    tags: tuple[str, ...]
    note: str = ""
    leader: Level
    followers: tuple[FollowerLevel, ...] = Field(min_length=1)
    status: Literal["optimal", "infeasible", "unbounded"]
    objective: float | None = None
    lower_objective: float | None = None
    solution: Mapping[str, float]
    unique: tuple[str, ...]

    @property
    def variables(self) -> Iterator[Variable]:
        """The variables of all levels, the leader's first."""
        return (variable for level in (self.leader, *self.followers) for variable in level.variables)

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        declared = [variable.name for variable in self.variables]
        if len(declared) != len(set(declared)):
            raise ValueError(f"{self.name}: a variable is declared twice among {declared}")
        for level, own in [(self.leader, None), *((follower, follower.name) for follower in self.followers)]:
            strangers = [v.name for v in level.variables if "." in v.name and v.name.split(".")[0] != own]
            if strangers:
                raise ValueError(f"{self.name}: {strangers} are declared on a block of another level")
        if (self.status == "optimal") != (self.objective is not None):
            raise ValueError(f"{self.name}: status {self.status!r} contradicts objective {self.objective}")
        if set(self.solution) != (set(declared) if self.status == "optimal" else set()):
            raise ValueError(f"{self.name}: solution does not list exactly the variables {declared}")
        if not set(self.unique) <= set(self.solution):
            raise ValueError(f"{self.name}: unique names variables that solution does not")
        for follower in self.followers:
            unknown = set(follower.prices.values()) - {row.name for row in follower.rows}
            if unknown:
                raise ValueError(f"{self.name}: prices of unknown rows {sorted(unknown)} of {follower.name}")
        return self


class _TextbookFile(_Data):
    description: str
    problems: tuple[TextbookProblem, ...]


@cache
def load_textbook() -> Mapping[str, TextbookProblem]:
    """Return all problems of ``textbook.json`` by name, in the order of the file."""
    text = files(__package__).joinpath("textbook.json").read_text(encoding="utf-8")
    return {problem.name: problem for problem in _TextbookFile.model_validate_json(text).problems}
