"""Step: sizes before and after."""

from collections.abc import Sequence
from typing import Any

from ...reformulations.single_level import map_of
from .derivation import Derivation
from .document import Grid, Step, paragraph


def sizes(derivation: Derivation, single: Any, kkt: Any, name: str) -> Step:
    """Count both levels, the MPCC and the single-level model."""
    leader = derivation.bilevel.leader
    rows = [_row("leader", leader.variables, len(leader.constraints))]
    for follower in derivation.followers:
        level = follower.form.follower
        rows.append(_row(f"follower `{level.name}`", level.variables, len(level.constraints)))
    rows.append(_after("KKT conditions (MPCC)", map_of(kkt).sizes))
    if single is not kkt:
        rows.append(_after(f"single level, `{name}`", map_of(single).sizes))
    header = ("model", "variables", "of them integer", "rows", "pairs", "SOS")
    note = "Bounds of variables are not counted as rows; a pair is one finite side of a follower's row or bound."
    return Step("sizes", "sizes", "Sizes before and after", (Grid(header, tuple(rows)), paragraph(note)))


def _row(what: str, variables: Sequence[Any], rows: int) -> tuple[str, ...]:
    integers = sum(not v.is_continuous() for v in variables)
    return what, str(len(variables)), str(integers), str(rows), "", ""


def _after(what: str, sizes: dict[str, int]) -> tuple[str, ...]:
    counted = ("variables", "binaries", "constraints", "complementarities", "sos")
    return what, *(str(sizes[key]) for key in counted)
