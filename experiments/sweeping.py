"""``sweep``: one model, with other numbers in one of its fields, or two: a table and a figure of the answers."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from itertools import product
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..errors import ArgumentError
from ..option_names import Method, Reformulation, SolverName
from ..reports.comparison import Comparison
from ..reports.plan import plan
from ..reports.targets import Target, resolve
from ..request import Progress
from ..spelling import canonical
from .content import content_of
from .limits import Limits
from .playing import play
from .results import Tournament
from .running import Job
from .task import Task, plain

if TYPE_CHECKING:
    from matplotlib.figure import Figure

MOST_POINTS = 100_000
"""Of one field: more is a slip of the pen."""
Values = Sequence[float] | str


def sweep(
    instance: str | Path,
    vary: Mapping[str, Values],
    *,
    reformulation: Reformulation = "auto",
    solver: SolverName = "auto",
    method: Method = "exact",
    time_limit: float | None = 60,
    rel_gap: float = 1e-6,
    threads: int = 1,
    executor: Any = None,
    ledger: str | Path | None = None,
    memory_limit: float | None = None,
    task_limit: float | None = None,
    progress: Progress | bool | None = None,
    **options: Any,
) -> "Sweep":
    """Solve a model at every value of a field, or at every pair of values of two, and check each answer.

    :param instance: an instance by name or path, whose numeric fields are varied (``sell_price_usd_per_kwh``, or of a
        record ``buses[3].need_kwh``), or ``FILE.py:function``, whose arguments are.
    :param vary: field -> values, or ``"first:last:step"``; the last value is one of them where the steps meet it.
    :param executor: as of :func:`tournament`, and so are ``ledger``, ``memory_limit`` and ``task_limit``.
    :param options: the further arguments of :func:`bilevolt.solve`.
    :raises BilevoltError: there is no such field, its schema refuses a value, or what :func:`tournament` refuses.
    """
    target = resolve(instance)
    grid = {name: values_of(name, given) for name, given in vary.items()}
    if len(grid) not in (1, 2):
        raise ArgumentError(f"vary: {len(grid)} fields are given. Name one, or two.")
    given = {"time_limit": time_limit, "rel_gap": rel_gap, "threads": threads, **options}
    is_exact = canonical("method", method, ("exact", method)) == "exact"
    steps, methods = ((reformulation,), ()) if is_exact else ((), (method,))
    (run,), arguments = plan(steps, (solver,), methods, given)
    jobs = []
    for point in product(*grid.values()):
        changes = dict(zip(grid, point, strict=True))
        task = Task(
            f"{target.name}[{', '.join(f'{name}={value!r}' for name, value in changes.items())}]", target.spec,
            content_of(_changed(target, changes)), *run, changes=changes, arguments=plain(arguments),
        )  # fmt: skip
        jobs.append(Job(task))
    found = play(jobs, {}, arguments, executor, Limits.of(memory_limit, task_limit), ledger, progress)
    return Sweep(found.rows, found.settings, found.interrupted, found.entries, found.environments, list(grid))


@dataclass
class Sweep(Tournament):
    """The rows of a sweep; ``fields`` are what was varied."""

    fields: list[str] = field(default_factory=list)

    @property
    def figures(self) -> list[str]:
        """What may be drawn: the objective, and the problem's own figures that are numbers."""
        own = {name for row in self.rows for name, item in row.figures.items() if isinstance(item, int | float)}
        return ["objective", *sorted(own - {"objective"})]

    def points(self, of: str = "objective") -> list[tuple[tuple[float, ...], float | None]]:
        """Return the values of the fields, and of a figure there; None where there is no verified point."""
        name = canonical("figure", of, self.figures)
        found = []
        for entry in self.entries:
            row = entry.row
            item = row.objective if name == "objective" else row.figures.get(name)
            fine = bool(row.verified) and row.culprit is None and isinstance(item, int | float)
            at = tuple(entry.task.changes[one] for one in self.fields)
            found.append((at, float(item) if fine and item is not None else None))
        return found

    def plot(  # type: ignore[override]
        self, path: str | Path | None = None, *, of: str = "objective"
    ) -> "Figure":
        """Return a figure of the objective, or of another figure of the problem, over the fields; also save it."""
        from .sweep_figure import draw

        figure = draw(self, canonical("figure", of, self.figures))
        if path is not None:
            figure.savefig(path, dpi=150)
        return figure

    def to_latex(self, path: str | Path | None = None, **_: Any) -> str:
        """Return the table of the rows in LaTeX (package booktabs); also write it, if there is a path."""
        return Comparison.to_latex(self, path)

    def to_html(self, path: str | Path | None = None) -> str:
        """Return a page with table, notes and figure, in one file; also write it, if there is a path."""
        return Comparison.to_html(self, path)


def values_of(name: str, given: Values) -> list[float]:
    """Return the values of a field: a sequence as it is, ``first:last:step`` or ``a,b,c`` in exact decimals.

    >>> values_of("price", "1.35:1.38:0.01")
    [1.35, 1.36, 1.37, 1.38]

    :raises ArgumentError: it is none of these, or there are no values, or far too many.
    """
    if not isinstance(given, str):
        found = [float(one) for one in given if isinstance(one, int | float) and one - one == 0]
        if not found or len(found) != len(given):
            raise ArgumentError(f"vary: {name}={given!r}: give finite numbers, at least one.")
        return found
    try:
        parts = [Decimal(part.strip()) for part in given.replace(":", ",").split(",")]
        if not all(part.is_finite() for part in parts):
            raise InvalidOperation
    except InvalidOperation:
        raise ArgumentError(f"vary: {name}={given}: write first:last:step, or numbers with commas.") from None
    if ":" not in given:
        return [float(part) for part in parts]
    if given.count(":") != 2 or "," in given:
        raise ArgumentError(f"vary: {name}={given}: write first:last:step, or numbers with commas.")
    first, last, step = parts
    if step == 0 or (last - first) * step < 0:
        raise ArgumentError(f"vary: {name}={given}: steps of {step} do not lead from {first} to {last}.")
    count = int((last - first) / step) + 1
    if count > MOST_POINTS:
        raise ArgumentError(f"vary: {name}={given}: {count} points are more than {MOST_POINTS}. Take a larger step.")
    return [float(first + k * step) for k in range(count)]


def _changed(target: Target, changes: Mapping[str, float]) -> Target:
    if target.changed is None:
        raise ArgumentError(
            f"{target.name}: there is no field to vary. Name an instance, or FILE.py:function with arguments that are "
            "numbers."
        )
    return target.changed(changes)
