"""What ``tournament`` returns: a comparison with seeds, known optima, profiles, and where each row was run."""

import json
import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..errors import ArgumentError, MalformedError
from ..reports.comparison import Comparison
from ..reports.culprits import AGREEMENT, mark
from ..reports.row import REFUSED, Row
from ..solvers.status import Status
from ..spelling import canonical
from . import profiles
from .ledger import Ledger
from .task import Task, plain

if TYPE_CHECKING:
    from matplotlib.figure import Figure
    from pandas import DataFrame

PROOFS = (Status.optimal, Status.infeasible, Status.unbounded)
MEASURES = ("seconds_cpu", "seconds_total", "nodes")
"""What competitors may be compared by."""
LEAST = {"seconds_cpu": 0.01, "seconds_total": 0.01, "nodes": 1.0}
"""Smaller costs count as that much in a performance profile: they are below what a clock, or a count, tells apart."""
SHIFTS = {"seconds_cpu": 1.0, "seconds_total": 1.0, "nodes": 10.0}
TARGET = 1e-3
"""How near (relatively) to the best known objective a point has to be, in a data profile."""


@dataclass
class Entry:
    """A row, and the task that it is of. ``known`` is the published optimum, ``environment`` the ``id`` of one."""

    task: Task
    row: Row
    minimising: bool = True
    environment: str = ""
    known: float | None = None

    @property
    def solved(self) -> bool:
        """Whether the row ended with a proof that nothing refutes."""
        return self.row.status in PROOFS and self.row.culprit is None and self.row.verified is not False

    @property
    def proves(self) -> bool:
        """Whether it may prove anything: heuristics do not."""
        return self.task.reformulation is not None

    @property
    def applies(self) -> bool:
        """Whether it was run, and not refused."""
        return self.row.status != REFUSED

    def cost(self, measure: str) -> float:
        """Return what the proof cost; infinite where there is none."""
        found = getattr(self.row, measure) if self.solved else None
        return math.inf if found is None else float(found)

    def seconds_to(self, target: float) -> float:
        """Return the seconds, building included, until there was a point as good as a target; infinite: never."""
        row = self.row
        if not row.verified or row.culprit or row.objective is None:
            return math.inf
        sense = 1 if self.minimising else -1
        before = (row.seconds_build or 0.0) + (row.seconds_hand_over or 0.0)
        reached = (seconds for seconds, found, _ in row.trace if found is not None and sense * (found - target) <= 0)
        if (first := next(reached, None)) is not None:
            return before + first
        total = row.seconds_total
        return total if total is not None and sense * (row.objective - target) <= 0 else math.inf


@dataclass
class Tournament(Comparison):
    """The rows of a tournament, in the order of its plan; ``environments`` are the machines, by ``id``."""

    entries: list[Entry] = field(default_factory=list)
    environments: dict[str, dict[str, Any]] = field(default_factory=dict)

    @classmethod
    def of(
        cls,
        entries: Sequence[Entry],
        settings: Mapping[str, Any],
        environments: Mapping[str, dict[str, Any]],
        interrupted: bool = False,
    ) -> "Tournament":
        """Return a tournament, with those rows marked that others, their own check or the known optimum refute."""
        for name in dict.fromkeys(entry.row.instance for entry in entries):
            own = [entry for entry in entries if entry.row.instance == name]
            tolerance = float(settings.get("rel_gap") or 0.0)
            mark([entry.row for entry in own], own[0].minimising, tolerance)
            for entry in own:
                entry.row.culprit = entry.row.culprit or _against_known(entry, tolerance)
        return cls([one.row for one in entries], dict(settings), interrupted, list(entries), dict(environments))

    # Tables ----------------------------------------------------------------------------------------------

    @property
    def frame(self) -> "DataFrame":
        """The rows as a pandas DataFrame, with competitor, known optimum, and primal integral."""
        found = super().frame
        integrals, known = self._integrals(), [entry.known for entry in self.entries]
        found.insert(1, "competitor", self._labels())
        found.insert(list(found.columns).index("bound") + 1, "known", known)
        found.insert(list(found.columns).index("root_bound") + 1, "primal_integral", integrals)
        for place, name in enumerate(dict.fromkeys(n for entry in self.entries for n in entry.task.changes)):
            found.insert(1 + place, name, [entry.task.changes.get(name) for entry in self.entries])
        return found.astype({"seed": "Int64"})

    def to_json(self, path: str | Path | None = None, indent: int | None = 2) -> str:
        """Return settings, rows and environments as JSON; also write it, if there is a path."""
        rows = [
            {**entry.task.changes, **entry.row.to_dict(), "competitor": entry.task.label, "known": entry.known,
             "primal_integral": integral, "environment": entry.environment}
            for entry, integral in zip(self.entries, self._integrals(), strict=True)
        ]  # fmt: skip
        document = {
            "interrupted": self.interrupted, "settings": self.settings, "environments": self.environments, "rows": rows
        }  # fmt: skip
        text = json.dumps(plain(document), indent=indent)
        if path is not None:
            Path(path).write_text(text, encoding="utf-8")
        return text

    def summary(self, measure: str = "seconds_cpu") -> "DataFrame":
        """Return a line for each competitor: rows, proofs, wrong answers, and means.

        ``mean`` is the shifted geometric mean over what it applies to; an exact run without a proof counts with what it
        took, and at least with the time limit.
        """
        import pandas as pd

        measure = canonical("measure", measure, MEASURES)
        lines = []
        for name, own in self._competitors().items():
            ran = [entry for entry in own if entry.applies]
            lines.append({
                "competitor": name,
                "rows": len(own),
                "refused": len(own) - len(ran),
                "proven": sum(entry.solved for entry in ran),
                "verified": sum(bool(entry.row.verified) for entry in ran),
                "wrong": sum(entry.row.culprit is not None for entry in ran),
                "mean": profiles.shifted_geometric_mean(
                    (self._penalised(entry, measure) for entry in ran), SHIFTS[measure]
                ),
                "seconds": math.fsum(entry.row.seconds_total or 0.0 for entry in own),
            })  # fmt: skip
        return pd.DataFrame(lines)

    def to_latex(self, path: str | Path | None = None, *, by: str = "way", measure: str = "seconds_cpu") -> str:
        """Return a table in LaTeX (package booktabs): a column for each solver, the best of a line in bold.

        :param by: "way": a line for each reformulation and heuristic, with proofs and shifted geometric mean;
            "instance": a line for each model and way, with the cost of the proof.
        :param measure: "seconds_cpu", "seconds_total" or "nodes".
        """
        from . import latex

        tables = {"way": latex.by_way, "instance": latex.by_instance}
        text = tables[canonical("by", by, tables)](self, canonical("measure", measure, MEASURES))
        if path is not None:
            Path(path).write_text(text, encoding="utf-8")
        return text

    def to_html(self, path: str | Path | None = None) -> str:
        """Return a page with tables, figures, notes and origin of the rows, in one file; also write it."""
        from .page import page

        text = page(self)
        if path is not None:
            Path(path).write_text(text, encoding="utf-8")
        return text

    def plot(
        self, path: str | Path | None = None, *, kind: str = "performance", measure: str = "seconds_cpu"
    ) -> "Figure":
        """Return a figure; also save it, if there is a path.

        :param kind: "performance", "data", "cactus", "gap", "means", or "rows": time and gap of every row.
        """
        from . import figures

        kinds: dict[str, Callable[[], Figure]] = {
            "performance": lambda: figures.performance(self, canonical("measure", measure, MEASURES)),
            "data": lambda: figures.data(self),
            "cactus": lambda: figures.cactus(self, canonical("measure", measure, MEASURES)),
            "gap": lambda: figures.gap(self),
            "means": lambda: figures.means(self, canonical("measure", measure, MEASURES)),
            "rows": super().plot,
        }
        figure = kinds[canonical("kind", kind, kinds)]()
        if path is not None:
            figure.savefig(path, dpi=150)
        return figure

    # Numbers ---------------------------------------------------------------------------------------------

    def costs(self, measure: str = "seconds_cpu") -> dict[str, list[float]]:
        """Return competitor -> cost of the proof of each problem (a model and a seed); infinite without one.

        Heuristics, which prove nothing, are left out, and so are problems that no competitor applies to, and
        competitors that apply to none.
        """
        return self._table([entry for entry in self.entries if entry.proves], lambda entry: entry.cost(measure))

    def seconds_to_target(self, target: float = TARGET) -> dict[str, list[float]]:
        """Return competitor -> seconds until a point was within ``target`` of the best that is known, by problem."""
        if not 0 <= target < math.inf:
            raise ArgumentError(f"target={target!r} is out of range. Give a relative distance, 0 or more.")
        best = self.best_known()

        def seconds(entry: Entry) -> float:
            reference = best.get(entry.row.instance)
            if reference is None:
                return math.inf
            slack = max(target, AGREEMENT) * max(1.0, abs(reference))
            return entry.seconds_to(reference + (slack if entry.minimising else -slack))

        return self._table(self.entries, seconds)

    def gaps(self) -> dict[str, profiles.Steps]:
        """Return competitor -> mean over the problems of the gap over time, of those whose solver tells it.

        A proof closes the gap, also the proof that there is no point.
        """
        found = {}
        for name, own in self._competitors().items():
            told = [
                profiles.gap_over_time(entry.row.trace) + [(entry.row.trace[-1][0], 0.0)] * entry.solved
                for entry in own
                if entry.row.trace
            ]
            if told:
                found[name] = profiles.mean(told)
        return found

    def best_known(self) -> dict[str, float]:
        """Return model -> its known optimum, or else the best objective of a verified point."""
        found: dict[str, float] = {}
        for entry in self.entries:
            row, name = entry.row, entry.row.instance
            if entry.known is not None:
                found[name] = entry.known
            elif row.verified and row.objective is not None and not row.culprit:
                better = min if entry.minimising else max
                found[name] = better(found.get(name, row.objective), row.objective)
        return found

    def style(self, label: str) -> dict[str, Any]:
        """Return how a competitor's line is drawn."""
        from ..colours import style

        task = next(entry.task for entry in self.entries if entry.task.label == label)
        return style(task.way, task.solver)

    def _competitors(self) -> dict[str, list[Entry]]:
        found: dict[str, list[Entry]] = {}
        for entry in self.entries:
            found.setdefault(entry.task.label, []).append(entry)
        return found

    def _labels(self) -> list[str]:
        return [entry.task.label for entry in self.entries]

    def _table(self, entries: Sequence[Entry], cost: Callable[[Entry], float]) -> dict[str, list[float]]:
        ran = [entry for entry in entries if entry.applies]
        problems = dict.fromkeys(_problem(entry) for entry in ran)
        table = {entry.task.label: dict.fromkeys(problems, math.inf) for entry in ran}
        for entry in ran:
            table[entry.task.label][_problem(entry)] = cost(entry)
        return {label: list(costs.values()) for label, costs in table.items()}

    def _penalised(self, entry: Entry, measure: str) -> float:
        took = getattr(entry.row, measure) or 0.0
        limit = self.settings.get("time_limit")
        if entry.solved or not entry.proves or limit is None or not measure.startswith("seconds"):
            return float(took)
        return max(float(took), float(limit))

    def _integrals(self) -> list[float | None]:
        best = self.best_known()
        return [_integral(entry, best.get(entry.row.instance)) for entry in self.entries]


def read_ledger(path: str | Path) -> Tournament:
    """Return the rows of a ledger, in the order in which they ended.

    :raises BilevoltError: it is no ledger, or a line of it cannot be read.
    """
    if not Path(path).is_file():
        raise ArgumentError(f"{path}: there is no such file. Give the ledger of a tournament.")
    with Ledger(path) as book:
        records, environments = list(book.rows.values()), book.environments
    entries = [entry_of(record, _published(record["task"].get("spec")), path) for record in records]
    return Tournament.of(entries, _shared(entries), environments)


def entry_of(record: Mapping[str, Any], known: float | None, where: object = "rows") -> Entry:
    """Return a record of a ledger as an entry.

    :param where: starts the message of an error: the file's name.
    :raises MalformedError: a field is missing, unknown, or of another kind.
    """
    from .running import row_of

    try:
        task, row = Task(**record["task"]), row_of(record["row"])
        return Entry(task, row, bool(record["row"]["minimising"]), str(record["environment"]), known)
    except (TypeError, KeyError, IndexError, AttributeError) as error:
        raise MalformedError(
            f"{where}: the row of key {record['key']} cannot be read ({error}). Delete its line; the task is then run "
            "again, and all other rows are kept."
        ) from error


def _shared(entries: Iterable[Entry]) -> dict[str, Any]:
    """Return those limits that all rows have in common."""
    found = [entry.task.arguments for entry in entries]
    names = ("time_limit", "rel_gap", "threads")
    return {name: found[0].get(name) for name in names if found and len({str(one.get(name)) for one in found}) == 1}


def _published(spec: str | None) -> float | None:
    """Return the known optimum of a textbook problem."""
    from ..models import textbook

    return textbook.problem(spec).objective if spec in textbook.NAMES else None


def _problem(entry: Entry) -> tuple[str, int | None]:
    return entry.row.instance, entry.task.seed


def _integral(entry: Entry, reference: float | None) -> float | None:
    if not entry.row.trace or reference is None:
        return None
    return profiles.primal_integral(entry.row.trace, entry.row.trace[-1][0], reference)


def _against_known(entry: Entry, rel_gap: float) -> str | None:
    """Say how a row contradicts the published optimum, or None."""
    row, known = entry.row, entry.known
    if known is None:
        return None
    sense = 1 if entry.minimising else -1
    margin = (AGREEMENT + rel_gap) * (1 + abs(known))
    if row.status == Status.infeasible:
        return f"claims infeasible, but the known optimum is {known:.10g}"
    if row.objective is not None and row.status == Status.optimal and sense * (row.objective - known) > margin:
        return f"claims the optimum {row.objective:.10g}, but the known one is {known:.10g}"
    if row.bound is not None and sense * (row.bound - known) > margin:
        return f"claims the bound {row.bound:.10g}, but the known optimum is {known:.10g}"
    return None
