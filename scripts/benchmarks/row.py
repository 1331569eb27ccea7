"""A row of the benchmark: what ours needs, what a peer needs, measured in turns, in seconds of the processor."""

import resource
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from statistics import median
from typing import Any

Task = Callable[[], Any]


@dataclass
class Row:
    """What is measured against what; ``aim`` is the ratio ours / peer that is aimed at, or of ours where no peer is.

    :ivar bound_by: what keeps ours from being faster.
    :ivar unit: of ours, the peer's and (without a peer) the aim; "" for a share.
    """

    name: str
    peer_name: str
    aim: float
    ours: float
    peer: float | None
    bound_by: str
    detail: dict[str, Any] = field(default_factory=dict)
    unit: str = "s"

    @property
    def ratio(self) -> float | None:
        """Ours / peer."""
        return self.ours / self.peer if self.peer else None

    @property
    def met(self) -> bool:
        """Whether the aim is met."""
        return (self.ours if self.ratio is None else self.ratio) <= self.aim

    def as_dict(self) -> dict[str, Any]:
        """Return what goes to a JSON file."""
        return {
            "row": self.name, "ours": self.ours, "peer": self.peer, "peer_name": self.peer_name, "ratio": self.ratio,
            "unit": self.unit, "aim": self.aim, "met": self.met, "bound_by": self.bound_by, **self.detail,
        }  # fmt: skip


def cpu_seconds(task: Task) -> float:
    """Return the seconds of the processor that a task takes, those of processes that it starts and awaits included."""
    begin = _used()
    task()
    return _used() - begin


def in_turns(repeats: int, *tasks: Task) -> tuple[float, ...]:
    """Return the median of each task's seconds; they run one after the other, so that the machine's moods hit all."""
    taken = [[cpu_seconds(task) for task in tasks] for _ in range(repeats)]
    return tuple(median(column) for column in zip(*taken, strict=True))


def _used() -> float:
    children = resource.getrusage(resource.RUSAGE_CHILDREN)
    return time.process_time() + children.ru_utime + children.ru_stime
