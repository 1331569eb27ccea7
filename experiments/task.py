"""One run of a tournament: what is asked, and a key that is the same wherever and whenever the same is asked."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from functools import cached_property
from typing import Any

from ..errors import ArgumentError
from ..heuristics import METHODS, options_of
from ..reports.plan import Run
from ..reports.row import Row
from ..solvers import SOLVERS


@dataclass(frozen=True)
class Task:
    """A model, how it is treated, and under which limits.

    :ivar instance: the model's name in the tables.
    :ivar spec: what finds the model again from any folder, see :mod:`bilevolt.reports.targets`; None for a model that
        was given as an object.
    :ivar content: digest of the model's data, so that a row is not taken for one of other data.
    :ivar changes: field of the instance -> number, of a sweep.
    :ivar arguments: further arguments of :func:`bilevolt.solve`, for all runs alike.
    """

    instance: str
    spec: str | None
    content: str
    method: str
    reformulation: str | None
    solver: str
    seed: int | None = None
    changes: dict[str, float] = field(default_factory=dict)
    arguments: dict[str, Any] = field(default_factory=dict)

    @cached_property
    def key(self) -> str:
        """What the same task has in every run, on every machine."""
        data = self.to_dict()
        data.pop("spec")  # where a file lies says nothing about what is in it
        return hashlib.sha256(json.dumps(data, sort_keys=True).encode()).hexdigest()[:32]

    @property
    def label(self) -> str:
        """The competitor, as it was asked for: reformulation (or heuristic) and solver."""
        return f"{self.way} {self.solver}"

    @property
    def way(self) -> str:
        """The reformulation, or the heuristic; of a rival, what it is."""
        return self.method if self.reformulation is None else self.reformulation

    def row(self) -> Row:
        """Return a row for what comes of it."""
        return Row(self.instance, self.method, self.reformulation, self.solver, seed=self.seed)

    def to_dict(self) -> dict[str, Any]:
        """Return everything as data that JSON has."""
        found: dict[str, Any] = plain(asdict(self))
        return found

    def solve_arguments(self) -> dict[str, Any]:
        """Return the arguments of ``solve``, the seed where solver and method have one."""
        found = dict(self.arguments)
        if self.seed is None:
            return found
        if (option := _solver_seed(self.solver)) is not None:
            found["options"] = {option: self.seed, **(found.get("options") or {})}
        if _method_seed(self.method):
            found["method_options"] = {"seed": self.seed, **(found.get("method_options") or {})}
        return found


def refuse_useless_seeds(runs: list[Run]) -> None:
    """Refuse seeds where nothing would take them, so that repeats are not taken for repeats.

    :raises ArgumentError: neither the solver nor the method of a run has a seed.
    """
    for run in runs:
        if _solver_seed(run.solver) is None and not _method_seed(run.method):
            raise ArgumentError(
                f"seeds: {' '.join(filter(None, run))} takes none. Name the solvers (highs, scip, gurobi) instead of "
                "'auto', or leave seeds out."
            )


def _solver_seed(name: str) -> str | None:
    return None if name == "auto" else SOLVERS[name].seed_option


def _method_seed(method: str) -> bool:
    return method in METHODS and "seed" in options_of(method)


def plain(item: Any) -> Any:
    """Return data that JSON has: names for components, lists for tuples, null for what is not finite."""
    if isinstance(item, Mapping):
        return {str(name): plain(value) for name, value in item.items()}
    if isinstance(item, list | tuple):
        return [plain(value) for value in item]
    if isinstance(item, float):
        return item if item - item == 0 else None
    return item if item is None or isinstance(item, bool | int | str) else str(item)
