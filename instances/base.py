"""What every schema shares: frozen data, no unknown fields, no NaN; a name, a source, a summary."""

from abc import ABC, abstractmethod
from collections.abc import Iterable
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

Identifier = Annotated[str, Field(min_length=1, description="unique among its kind")]
Minutes = Annotated[int, Field(ge=0, description="minutes after midnight of the service day; may pass 1440")]
Positive = Annotated[float, Field(gt=0)]
NonNegative = Annotated[float, Field(ge=0)]
Position = Annotated[tuple[float, float], Field(description="x, y on a plane, km")]


class Record(BaseModel):
    """A frozen part of an instance; unknown fields and infinite numbers are refused."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


class Instance(Record, ABC):
    """Base of every problem's schema; a child adds ``problem: Literal["..."]`` and its data."""

    problem: str
    name: Identifier
    source: Annotated[str, Field(min_length=1, description="where the numbers come from, what is calibrated")]

    @property
    @abstractmethod
    def summary(self) -> str:
        """Sizes in one line, as shown by :func:`bilevolt.instances.list_instances`."""


def first_duplicate(identifiers: Iterable[str]) -> str | None:
    """First identifier that occurs a second time, or None."""
    seen: set[str] = set()
    for identifier in identifiers:
        if identifier in seen:
            return identifier
        seen.add(identifier)
    return None
