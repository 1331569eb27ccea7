"""Schema of two linear levels as the field's files have them: a program, and what of it is the lower level.

.. math:: \\min_{x,y} \\; c^\\top x + d^\\top y + c_0 \\;\\text{ s.t. }\\; \\text{the leader's rows}, \\quad
          y \\in \\arg\\min_y \\{ e^\\top y : \\text{the follower's rows} \\}

Rows of either level may hold variables of both; bounds belong to the level of their variable. A pair of files (MPS or
LP, and AUX) is read as a document of this schema.
"""

from pathlib import Path
from typing import Annotated, Any, ClassVar, Literal, Self

from pydantic import Field, model_validator

from .base import Instance, Record, first_duplicate
from .files.pair import ENDINGS, read_pair

Level = Literal["leader", "follower"]
Sense = Literal["minimize", "maximize"]
Name = Annotated[str, Field(pattern=r"^\S+$", description="unique among its kind, without spaces")]
Term = Annotated[tuple[str, float], Field(description="name of a variable, and its coefficient")]


class LinearVariable(Record):
    """A variable; a bound that is None is none."""

    name: Name
    level: Level
    lower: float | None = None
    upper: float | None = None
    integer: bool = False
    cost: Annotated[float, Field(description="in the leader's objective")] = 0.0
    follower_cost: Annotated[float, Field(description="in the follower's objective")] = 0.0


class LinearRow(Record):
    """``lower <= sum of coefficient * variable <= upper``; a side that is None is none."""

    name: Name
    level: Level
    lower: float | None = None
    upper: float | None = None
    terms: tuple[Term, ...] = ()


class LinearBilevelInstance(Instance):
    """Data of a problem with two linear levels, either of which may have integer variables."""

    endings: ClassVar[tuple[str, ...]] = ENDINGS

    problem: Literal["linear_bilevel"]
    sense: Sense = "minimize"
    offset: Annotated[float, Field(description="constant of the leader's objective")] = 0.0
    follower_sense: Sense = "minimize"
    variables: Annotated[tuple[LinearVariable, ...], Field(min_length=1)]
    rows: tuple[LinearRow, ...] = ()

    @classmethod
    def of_file(cls, path: Path, beside: Path | None) -> dict[str, Any]:
        """Read an MPS or LP file with its AUX file."""
        return read_pair(path, beside)

    @property
    def summary(self) -> str:
        """Sizes in one line."""
        parts = []
        for level in ("leader", "follower"):
            own = [variable for variable in self.variables if variable.level == level]
            whole = sum(variable.integer for variable in own)
            rows = sum(row.level == level for row in self.rows)
            parts.append(f"{level}: {len(own)} variables ({whole} integer), {rows} rows")
        return "; ".join(parts)

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        names = [variable.name for variable in self.variables]
        for kind, given in (("variable", names), ("row", [row.name for row in self.rows])):
            if (twice := first_duplicate(given)) is not None:
                raise ValueError(f"{kind} {twice!r} occurs twice; give every one its own name")
        known = set(names)
        for row in self.rows:
            inside = [name for name, _ in row.terms]
            if (stranger := next((name for name in inside if name not in known), None)) is not None:
                raise ValueError(f"row {row.name!r}: unknown variable {stranger!r}; declare it, or correct its name")
            if (twice := first_duplicate(inside)) is not None:
                raise ValueError(f"row {row.name!r}: variable {twice!r} occurs twice; write the sum")
        for variable in self.variables:
            if variable.level == "leader" and variable.follower_cost:
                raise ValueError(
                    f"variable {variable.name!r}: it is the leader's, so that a follower_cost decides nothing; write 0"
                )
        if all(variable.level == "leader" for variable in self.variables):
            raise ValueError("no variable is the follower's; the second level decides something")
        return self
