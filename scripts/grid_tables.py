"""The tables of the grid: a symbol per run, a line per problem, sums per pair as text and as Markdown."""

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from bilevolt.reports import Row
from bilevolt.reports.rivals import RIVAL

SYMBOLS = {
    "=": "proven, and no other answer contradicts it",
    "~": "not proven: a feasible point, or 'infeasible or unbounded'",
    "?": "claimed by a rival with a guessed M, which proves nothing; no other answer contradicts it",
    "t": "no point within the time limit",
    "r": "refused, for a reason listed below",
    "!": "given up: the solver failed, or its point failed the check",
    "x": "WRONG: refuted by a verified point or by another proof",
}
BY_STATUS = {
    "optimal": "=",
    "infeasible": "=",
    "unbounded": "=",
    "feasible": "~",
    "infeasible_or_unbounded": "~",
    "no_solution": "t",
    "refused": "r",
    "error": "!",
}
HEADINGS = {"proven": "=", "not proven": "~?", "refused": "r", "no answer": "t!", "wrong": "x"}
"""Columns of the Markdown table, and the symbols that each counts."""


@dataclass(frozen=True)
class Column:
    """A block of the table: a title, and the names of the solvers below it."""

    title: str
    solvers: tuple[str, ...]

    @property
    def letters(self) -> str:
        """The solvers' first letters."""
        return "".join(solver[0] for solver in self.solvers)

    @property
    def width(self) -> int:
        """How wide the block is."""
        return max(len(self.title), len(self.solvers))


def symbol(row: Row) -> str:
    """Return what came of a run, as one of ``SYMBOLS``."""
    if row.culprit and row.status != "error":
        return "x"
    sign = BY_STATUS[row.status]
    return "?" if sign == "=" and row.method == RIVAL else sign


def wrong(rows: Iterable[Row]) -> list[Row]:
    """Return the rows, known answers too, with a claim that is refuted."""
    return [row for row in rows if symbol(row) == "x"]


def heading(width: int, columns: Sequence[Column]) -> str:
    """Return the two lines above the table: reformulations, and the first letters of their solvers."""
    above = "  ".join(f"{column.title:<{column.width}}" for column in columns)
    below = "  ".join(f"{column.letters:<{column.width}}" for column in columns)
    return f"{'':<{width}}  {above}\n{'problem':<{width}}  {below}"


def line(name: str, width: int, rows: Sequence[Row], columns: Sequence[Column]) -> str:
    """Return a problem's line of the table; the rows are in the order of the columns."""
    symbols = iter(map(symbol, rows))
    cells = ("".join(next(symbols) for _ in column.solvers).ljust(column.width) for column in columns)
    return f"{name:<{width}}  {'  '.join(cells)}"


def cpu(rows: Iterable[Row]) -> float:
    """Return the CPU seconds of these runs; a refusal's are counted as none."""
    return sum(row.summary.get("cpu_seconds", 0.0) for row in rows)


def pair_of(row: Row) -> str:
    """Return the pair that was asked, as the sums name it."""
    return f"{row.reformulation} {row.solver}"


def by_pair(rows: Iterable[Row]) -> dict[str, list[Row]]:
    """Return the rows of every pair; known answers are of none."""
    groups: dict[str, list[Row]] = {}
    for row in rows:
        if row.solver is not None:
            groups.setdefault(pair_of(row), []).append(row)
    return groups


def summary(rows: Sequence[Row]) -> list[str]:
    """Return a line per pair (how often each symbol, seconds), then the kinds of refusals, then what went wrong."""
    lines = [f"{'pair':<24}" + "".join(f"{sign:>6}" for sign in SYMBOLS) + "  CPU seconds"]
    for pair, own in by_pair(rows).items():
        counts = Counter(map(symbol, own))
        lines.append(f"{pair:<24}" + "".join(f"{counts[sign]:>6}" for sign in SYMBOLS) + f"{cpu(own):>13.1f}")
    lines += [f"{sign}  {meaning}" for sign, meaning in SYMBOLS.items()]
    lines += refusals(rows)
    lines += [f"!  {row.instance}, {row.label}: {row.remark}" for row in rows if symbol(row) == "!"]
    return lines + [f"x  {row.instance}, {row.label}: {row.culprit}" for row in wrong(rows)]


def markdown(rows: Sequence[Row], set_of: Callable[[str], str]) -> str:
    """Return a table in Markdown: a line per set of problems and pair.

    :param set_of: a problem's name -> the name of its set.
    """
    lines = [
        f"| problems | pair | {' | '.join(HEADINGS)} | CPU s |",
        "| --- | --- |" + " ---: |" * (len(HEADINGS) + 1),
    ]
    sets: dict[str, list[Row]] = {}
    for row in rows:
        sets.setdefault(set_of(row.instance), []).append(row)
    for name, members in sets.items():
        count = len({row.instance for row in members})
        for pair, own in by_pair(members).items():
            counts = Counter(map(symbol, own))
            cells = (str(sum(counts[sign] for sign in signs)) for signs in HEADINGS.values())
            lines.append(f"| {count} {name} | {pair} | {' | '.join(cells)} | {cpu(own):.1f} |")
    return "\n".join(lines)


def kind_of_refusal(row: Row) -> str:
    """Return the name of the error that refused a run."""
    return (row.reason or "").partition(":")[0]


def refusals(rows: Iterable[Row]) -> list[str]:
    """Return a line per kind of refusal and reformulation: how often by which solver, and the first reason."""
    groups: dict[tuple[str, str | None], list[Row]] = {}
    for row in rows:
        if row.reason:
            groups.setdefault((kind_of_refusal(row), row.reformulation), []).append(row)
    lines = []
    for (_, reformulation), own in groups.items():
        counts = Counter(row.solver for row in own)
        often = ", ".join(f"{count} {solver}" for solver, count in counts.items())
        lines.append(f"r  {reformulation} ({often}), such as {own[0].instance} on {own[0].solver}: {own[0].reason}")
    return lines
