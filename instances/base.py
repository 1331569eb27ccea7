"""What every schema shares: frozen data, no unknown fields, no NaN; a name, a source, a summary."""

from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, field_validator

Identifier = Annotated[str, Field(min_length=1, description="unique among its kind")]
Count = Annotated[int, Field(ge=1, le=10_000, description="of things that are built, a variable for each")]
Minutes = Annotated[int, Field(ge=0, description="minutes after midnight of the service day; may pass 1440")]
Positive = Annotated[float, Field(gt=0)]
NonNegative = Annotated[float, Field(ge=0)]
Position = Annotated[tuple[float, float], Field(description="x, y on a plane, km")]


LARGEST = 1e12
"""No quantity of ours comes near it; beyond, powers overflow and solvers see infinity."""


class Record(BaseModel):
    """A frozen part of an instance; unknown fields, and numbers that are infinite or beyond reason, are refused."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    @field_validator("*")
    @classmethod
    def _within_reason(cls, given: object) -> object:
        for number in _numbers(given):
            if abs(number) > LARGEST:
                raise ValueError(f"a number beyond {LARGEST:g}; correct it, or its unit")
        return given


class Instance(Record, ABC):
    """Base of every problem's schema; a child adds ``problem: Literal["..."]`` and its data."""

    problem: str
    name: Identifier
    source: Annotated[str, Field(min_length=1, description="where the numbers come from, what is calibrated")]

    @classmethod
    def adopt(cls, document: Any, name: str) -> dict[str, Any] | None:
        """Make a document in a format that others publish one of this schema; None where it is none of that format.

        :param document: what a JSON file holds that names no problem of ours.
        :param name: what the instance is to be called, such as the file's name.
        :raises ValueError: it is of that format, and something in it is wrong.
        """
        return None

    @property
    @abstractmethod
    def summary(self) -> str:
        """Sizes in one line, as shown by :func:`bilevolt.instances.list_instances`."""


def _numbers(given: object) -> Iterator[int | float]:
    if isinstance(given, int | float):
        yield given
    elif isinstance(given, tuple):
        for item in given:
            yield from _numbers(item)


def first_duplicate(identifiers: Iterable[str]) -> str | None:
    """First identifier that occurs a second time, or None."""
    seen: set[str] = set()
    for identifier in identifiers:
        if identifier in seen:
            return identifier
        seen.add(identifier)
    return None
