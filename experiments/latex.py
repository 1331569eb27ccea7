r"""Tables of a tournament in LaTeX, with the rules of booktabs and no other package.

Numbers stand in two columns, ``r@{.}l``, so that their points are below one another, also where some are bold.
"""

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

from ..reports.rendering import latex_escape, method_label
from . import profiles

if TYPE_CHECKING:
    from .results import Entry, Tournament

_DECIMALS = {"seconds_cpu": 2, "seconds_total": 2, "nodes": 1}
_UNITS = {"seconds_cpu": "CPU (s)", "seconds_total": "time (s)", "nodes": "nodes"}


def by_way(results: "Tournament", measure: str) -> str:
    """Return a line for each reformulation and heuristic; for each solver its proofs and the mean cost."""
    ways = list(dict.fromkeys(entry.task.way for entry in results.entries))
    solvers = list(dict.fromkeys(entry.task.solver for entry in results.entries))
    summary = results.summary(measure).set_index("competitor")
    mean = {
        (way, solver): float(summary["mean"][f"{way} {solver}"])
        for way in ways
        for solver in solvers
        if f"{way} {solver}" in summary.index
        and summary["rows"][f"{way} {solver}"] > summary["refused"][f"{way} {solver}"]
    }
    exact = {(entry.task.way, entry.task.solver) for entry in results.entries if entry.proves}
    proven = {pair: int(summary["proven"][" ".join(pair)]) for pair in mean if pair in exact}
    most, least = max(proven.values(), default=0), _least([mean[pair] for pair in proven if proven[pair]], measure)
    lines = []
    for way in ways:
        cells = [latex_escape(method_label(way))]
        for solver in solvers:
            pair = (way, solver)
            if pair not in mean:
                cells += [_NONE, _wide(_NONE)]
                continue
            best = pair in proven and _rounded(mean[pair], measure) == least
            cells.append(_bold(str(proven[pair]), proven[pair] == most > 0) if pair in proven else _NONE)
            cells.append(_number(mean[pair], _DECIMALS[measure], best))
        lines.append(" & ".join(cells) + r" \\")
    groups = "".join(rf" & \multicolumn{{3}}{{c}}{{{latex_escape(solver)}}}" for solver in solvers)
    rules = "".join(rf"\cmidrule(lr){{{3 * k + 2}-{3 * k + 4}}}" for k in range(len(solvers)))
    heads = "way" + rf" & proven & \multicolumn{{2}}{{c}}{{{_UNITS[measure]}}}" * len(solvers)
    problems = len({(entry.row.instance, entry.task.seed) for entry in results.entries})
    said = f"{problems} problems; {_UNITS[measure]}: shifted geometric mean over those that the way applies to"
    return _tabular("l" + "r r@{.}l" * len(solvers), [groups + r" \\", rules, heads + r" \\"], lines, said)


def by_instance(results: "Tournament", measure: str) -> str:
    """Return a line for each model and way, and for each solver the cost of its proof: over seeds, the mean."""
    solvers = list(dict.fromkeys(entry.task.solver for entry in results.entries))
    models: dict[str, dict[str, dict[str, list[Entry]]]] = {}
    for entry in results.entries:
        ways = models.setdefault(entry.row.instance, {})
        ways.setdefault(entry.task.way, {}).setdefault(entry.task.solver, []).append(entry)
    has_known = any(entry.known is not None for entry in results.entries)
    lines = []
    for name, ways in models.items():
        costs = {(way, solver): _cost(own, measure) for way, cells in ways.items() for solver, own in cells.items()}
        exact = {way for way, cells in ways.items() for own in cells.values() if own[0].proves}
        proofs = [cost for (way, _), cost in costs.items() if isinstance(cost, float) and way in exact]
        least = _least(proofs, measure)
        known = next((own[0].known for cells in ways.values() for own in cells.values()), None)
        for place, way in enumerate(ways):
            cells = [latex_escape(name) if place == 0 else ""]
            if has_known:
                cells.append((_wide(_NONE) if known is None else _number(known, 3)) if place == 0 else _wide(""))
            cells.append(latex_escape(method_label(way)))
            for solver in solvers:
                cost = costs.get((way, solver), _NONE)
                cells.append(
                    _wide(cost)
                    if isinstance(cost, str)
                    else _number(cost, _DECIMALS[measure], way in exact and _rounded(cost, measure) == least)
                )
            lines.append(" & ".join(cells) + r" \\")
    known_column, known_head = ("r@{.}l ", r" & \multicolumn{2}{c}{known}") if has_known else ("", "")
    heads = "".join(rf" & \multicolumn{{2}}{{c}}{{{latex_escape(solver)}}}" for solver in solvers)
    said = f"{_UNITS[measure]} of the proof, of a heuristic's point; --: refused, open: neither, wrong: refuted"
    columns = "l " + known_column + "l" + " r@{.}l" * len(solvers)
    return _tabular(columns, [f"instance{known_head} & way{heads}" + r" \\"], lines, said)


_NONE = "--"


def _cost(own: "Sequence[Entry]", measure: str) -> float | str:
    """Return the mean cost over the seeds, or the word that says why there is none."""
    if any(entry.row.culprit for entry in own):
        return "wrong"
    if not any(entry.applies for entry in own):
        return _NONE
    costs = [entry.cost(measure) if entry.proves else _cost_of_point(entry, measure) for entry in own]
    found = profiles.shifted_geometric_mean(costs) if all(map(math.isfinite, costs)) else None
    return "open" if found is None else found


def _cost_of_point(entry: "Entry", measure: str) -> float:
    found = getattr(entry.row, measure) if entry.row.verified else None
    return math.inf if found is None else float(found)


def _tabular(columns: str, heads: list[str], lines: list[str], said: str) -> str:
    parts = [f"% {said}", rf"\begin{{tabular}}{{{columns}}}", r"\toprule", *heads, r"\midrule", *lines]
    return "\n".join([*parts, r"\bottomrule", r"\end{tabular}", ""])


def _number(number: float, decimals: int, bold: bool = False) -> str:
    """Return both halves of a number, as cells.

    >>> _number(-3.25, 2), _number(0.5, 1, bold=True)
    ('$-$3 & 25', '\\\\textbf{0} & \\\\textbf{5}')
    """
    whole, _, part = f"{abs(number):.{decimals}f}".partition(".")
    negative = number < 0 and float(f"{abs(number):.{decimals}f}") != 0
    return f"{'$-$' if negative else ''}{_bold(whole, bold)} & {_bold(part, bold)}"


def _bold(text: str, bold: bool) -> str:
    return rf"\textbf{{{text}}}" if bold else text


def _wide(text: str) -> str:
    return rf"\multicolumn{{2}}{{c}}{{{text}}}"


def _rounded(number: float, measure: str) -> float:
    return round(number, _DECIMALS[measure])


def _least(numbers: list[float], measure: str) -> float | None:
    return min((_rounded(number, measure) for number in numbers), default=None)
