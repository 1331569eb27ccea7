"""What every schema shares: frozen data, no unknown fields, no NaN; a name, a source, a summary."""

from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Hashable, Iterable, Iterator
from pathlib import Path
from typing import Annotated, Any, ClassVar, Self, TypeVar, get_args

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from ..errors import InstanceError

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

    endings: ClassVar[tuple[str, ...]] = ()
    """How names of files end that are not JSON, and that :meth:`of_file` reads."""

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

    @classmethod
    def of_file(cls, path: Path, beside: Path | None) -> dict[str, Any]:
        """Make a document of this schema of a file whose name has one of the ``endings``.

        :param beside: a second file that goes with it, where the caller names one.
        :raises InstanceError: the file cannot be read.
        """
        raise NotImplementedError

    @property
    @abstractmethod
    def summary(self) -> str:
        """Sizes in one line, as shown by :func:`bilevolt.instances.list_instances`."""

    @classmethod
    def expect(cls, given: object, example: str) -> Self:
        """Return what is given if it is an instance of this problem; ``example`` is the name of one.

        :raises InstanceError: it belongs to another problem.
        """
        if isinstance(given, cls):
            return given
        (problem,) = get_args(cls.model_fields["problem"].annotation)
        raise InstanceError(
            f"instance: {type(given).__name__} is not a{'n' * (cls.__name__[0] in 'AEIOU')} {cls.__name__}; "
            f'pass load_instance("{example}") or a file whose "problem" is "{problem}".'
        )

    @model_validator(mode="after")
    def _own_ids(self) -> Self:
        """Refuse two records of a kind with one id."""
        for kind, records in self:
            ids = [r.id for r in records if hasattr(r, "id")] if isinstance(records, tuple) else []
            if (twice := first_duplicate(ids)) is not None:
                raise ValueError(f"{kind}: id '{twice}' occurs twice; give every one its own id")
        return self


def _numbers(given: object) -> Iterator[int | float]:
    if isinstance(given, int | float):
        yield given
    elif isinstance(given, tuple):
        for item in given:
            yield from _numbers(item)


_Key = TypeVar("_Key", bound=Hashable)


def first_duplicate(identifiers: Iterable[_Key]) -> _Key | None:
    """First identifier that occurs more than once, or None."""
    return next((identifier for identifier, count in Counter(identifiers).items() if count > 1), None)
