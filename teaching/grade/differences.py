"""Where two systems differ, row by row, up to sign, scale and order; nothing is said here of whether it matters."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from ..polynomials import Monomial, Polynomial, near
from ..statements import Statement
from .matching import assign, mode
from .systems import Couple, System


@dataclass(frozen=True)
class RowDifference:
    """A row that one system lacks (the other's is None), or two that belong together and differ as ``remarks`` say."""

    ours: Statement | None
    theirs: Statement | None
    remarks: tuple[str, ...] = ()


@dataclass(frozen=True)
class CoupleDifference:
    """A pair that one system lacks, or a multiplier that complements something else."""

    ours: Couple | None
    theirs: Couple | None


def row_differences(theirs: System, ours: System) -> list[RowDifference]:
    """Return the rows that differ; rows that are multiples of one another are the same."""
    mine, own = _equalities_joined(theirs.statements), _equalities_joined(ours.statements)
    left = [row for row in own if not any(_same(row, other) for other in mine)]
    loose = [row for row in mine if not any(_same(row, other) for other in own)]
    loose = [row for k, row in enumerate(loose) if not any(_same(row, other) for other in loose[:k])]
    cost = [[_distance(row, other) for other in left] for row in loose]
    half = [[len(row.polynomial.terms) / 2 + 0.3 for row in rows] for rows in (loose, left)]
    together = assign(cost, *half)
    found = [RowDifference(left[j], loose[i], tuple(_remarks(left[j], loose[i]))) for i, j in together.items()]
    found += [RowDifference(row, None) for j, row in enumerate(left) if j not in together.values()]
    found += [RowDifference(None, row) for i, row in enumerate(loose) if i not in together]
    return found


def couple_differences(theirs: System, ours: System) -> list[CoupleDifference]:
    """Return the complementarity pairs that differ."""
    left = [c for c in ours.couples if not any(_same_couple(c, other) for other in theirs.couples)]
    loose = [c for c in theirs.couples if not any(_same_couple(c, other) for other in ours.couples)]
    found = []
    for couple in left:
        other = next((c for c in loose if couple.first.ratio(c.first) is not None), None)
        if other is not None:
            loose.remove(other)
        found.append(CoupleDifference(couple, other))
    return found + [CoupleDifference(None, couple) for couple in loose]


def objective_remark(theirs: Polynomial, ours: Polynomial) -> str | None:
    """Say how the student's objective differs; constants and positive factors do not count."""
    mine, own = (Polynomial({m: a for m, a in p.terms.items() if m}) for p in (theirs, ours))
    ratio = mine.ratio(own)
    if (not mine.terms and not own.terms) or (ratio is not None and ratio > 0):
        return None
    if ratio is not None:
        return "the sense is the wrong one"
    return "; ".join(_entries(own, mine, mode(_votes(own, mine), prefer=1) or 1.0)) or "it differs"


def _same(a: Statement, b: Statement) -> bool:
    ratio = a.polynomial.ratio(b.polynomial)
    return ratio is not None and a.equality == b.equality and (a.equality or ratio > 0)


def _same_couple(a: Couple, b: Couple) -> bool:
    return any(
        a.first.ratio(first) is not None and a.second.ratio(second) is not None
        for first, second in ((b.first, b.second), (b.second, b.first))
    )


def _equalities_joined(statements: Iterable[Statement]) -> list[Statement]:
    """Make one equality of two inequalities that are opposite to one another."""
    rows = list(statements)
    joined: list[Statement] = []
    for row in rows:
        opposite = not row.equality and any(
            not other.equality and (row.polynomial.ratio(other.polynomial) or 0.0) < 0 for other in rows
        )
        new = Statement(row.name, row.polynomial, True, row.role) if opposite else row
        if not opposite or not any(_same(new, other) for other in joined):
            joined.append(new)
    return joined


def _votes(ours: Polynomial, theirs: Polynomial) -> list[float]:
    return [theirs.terms[m] / a for m, a in ours.terms.items() if m in theirs.terms]


def _distance(theirs: Statement, ours: Statement) -> float:
    """Count the entries that differ, in the scale that most agree on."""
    a, b = theirs.polynomial, ours.polynomial
    factor = mode(_votes(b, a), prefer=0 if ours.equality else 1)
    if factor is None:
        return float(len(a.terms) + len(b.terms))
    wrong = sum(not near(a.terms.get(m, 0.0), factor * b.terms.get(m, 0.0)) for m in a.terms.keys() | b.terms.keys())
    other = theirs.equality != ours.equality or (not ours.equality and factor < 0)
    return wrong + 0.5 * other


def _remarks(ours: Statement, theirs: Statement) -> list[str]:
    a, b = theirs.polynomial, ours.polynomial
    factor = mode(_votes(b, a), prefer=0 if ours.equality else 1) or 1.0
    remarks = []
    if theirs.equality != ours.equality:
        remarks.append("it must be an equality" if ours.equality else "it must be an inequality")
    elif not ours.equality and factor < 0:
        remarks.append("the inequality is the wrong way round")
    return remarks + _entries(b, a, factor)


def _entries(ours: Polynomial, theirs: Polynomial, factor: float) -> list[str]:
    """Name the entries that differ, in our scale."""
    remarks = []
    for m in sorted(ours.terms.keys() | theirs.terms.keys(), key=lambda m: (-len(m), m)):
        a, b = theirs.terms.get(m, 0.0) / factor, ours.terms.get(m, 0.0)
        if near(a, b):
            continue
        if not a:
            remarks.append(f"the term {_term(m, b)} is missing")
        elif not b:
            remarks.append(f"the term {_term(m, a)} does not belong there")
        elif near(a, -b):
            remarks.append(f"the term {_term(m, b)} has the wrong sign")
        else:
            remarks.append(f"{_term(m, a)} must be {_term(m, b)}")
    return remarks


def _term(monomial: Monomial, coefficient: float) -> str:
    return str(Polynomial({monomial: coefficient}))


def name_of_slack(part: Polynomial, couples: Sequence[Couple]) -> str:
    """Return the name of the row whose slack this is, or the expression itself."""
    return next((f"the slack of {c.name}" for c in couples if part.ratio(c.second) is not None), str(part))
