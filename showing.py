"""Solutions, certificates and comparisons as they are seen at the prompt and in notebooks."""

from collections.abc import Iterable, Mapping
from html import escape
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .solution import Solution

_SHOWN_VALUES = 12


def outcome_lines(solution: "Solution") -> dict[str, str]:
    """Return label -> text of what came out, and by which method; what is not known is empty or a dash."""
    from .reports.rendering import gap, method_label, number

    return {
        "status": str(solution.status),
        "objective": number(solution.objective),
        "bound": number(solution.bound),
        "gap": gap(solution.gap),
        **{f"objective of {name}": number(item) for name, item in solution.lower_objectives.items()},
        "method": method_label(solution.method),
        "reformulation": number(solution.reformulation),
        "solver": number(solution.solver),
    }


def known(lines: Mapping[str, str]) -> dict[str, str]:
    """Return the lines that say something."""
    return {label: text for label, text in lines.items() if text not in ("", "–")}


def solution_lines(solution: "Solution") -> dict[str, str]:
    """Return label -> text of what a solution says; what is not known is left out."""
    from .reports.rendering import number

    certificate = solution.certificate
    lines = {
        "model": solution.model or "",
        **outcome_lines(solution),
        "seconds": f"{sum(solution.seconds.values()):.2f}" if solution.seconds else "",
        "bilevel feasible": "" if certificate is None else number(certificate.bilevel_feasible),
        "values": values_text(solution.values, _SHOWN_VALUES, ".values"),
    }
    return known(lines)


def values_text(values: Mapping[str, float], most: int, where: str) -> str:
    """Return the values that are not 0 in a line, up to so many.

    :param where: where all of them are.
    """
    nonzero = [f"{name} = {item:.6g}" for name, item in values.items() if abs(item) > 1e-9]
    hidden = len(nonzero) - most
    more = [f"{hidden} more (all are in {where})"] if hidden > 0 else []
    zeros = len(values) - len(nonzero)
    return ", ".join([*nonzero[:most], *more, *([f"{zeros} are 0"] if zeros else [])])


def as_text(lines: Mapping[str, str]) -> str:
    """Return label and text in two columns."""
    width = max(map(len, lines), default=0)
    return "\n".join(f"{label:{width}}  {text}" for label, text in lines.items())


def as_html(lines: Iterable[tuple[str, str]]) -> str:
    """Return label and text as a table, for notebooks."""
    rows = (
        f'<tr><th style="text-align:left">{escape(label)}</th><td style="text-align:left">{escape(text)}</td></tr>'
        for label, text in lines
    )
    return f"<table>{''.join(rows)}</table>"
