r"""Multipliers that were eliminated by hand: the slack of the row that is left is introduced as the multiplier.

Stationarity of a variable with the bound :math:`y \ge l` is :math:`c - A^\top \lambda - w = 0`; most people leave
:math:`w` out and write

.. math:: 0 \le c - A^\top \lambda \;\perp\; y - l \ge 0 .

With :math:`w := c - A^\top \lambda` this is the KKT system again. The inequality may stand alone, where strong duality
takes the place of complementarity.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from ..polynomials import Polynomial
from ..statements import Statement
from .duality import RowKind, RowKinds
from .systems import Couple, Reference

_DEGREE = 4


@dataclass
class _Introduced:
    """The multipliers that were introduced: (name, what it is, what it complements)."""

    rows: list[tuple[str, Polynomial, Polynomial]] = field(default_factory=list)

    def multiplier(self, part: Polynomial, partner: Polynomial, where: str) -> Polynomial:
        """Return the multiplier that an expression is in a pair, a new one if need be."""
        for name, other, slack in self.rows:
            ratio = part.ratio(other)
            if ratio is not None and (slack == partner or slack.ratio(partner) is not None):
                return Polynomial.variable(name).scaled(ratio)
        taken = {name for name, _, _ in self.rows}
        name = f"student's {where} (eliminated)"
        while name in taken:
            name += "'"
        self.rows.append((name, part, partner))
        return Polynomial.variable(name)

    def known(self, part: Polynomial) -> list[Polynomial]:
        """Return what an expression is in variables that were introduced: more than one where columns are the same."""
        ratios = [(name, part.ratio(other)) for name, other, _ in self.rows]
        return [Polynomial.variable(name).scaled(ratio) for name, ratio in ratios if ratio is not None]

    def definitions(self) -> list[Statement]:
        """Return the rows that define them: stationarity, as it was before the elimination."""
        return [
            Statement(name.removeprefix("student's "), part - Polynomial.variable(name), True)
            for name, part, _ in self.rows
        ]


def introduce_multipliers(
    statements: Sequence[Statement], couples: Sequence[Couple], primal: set[str], reference: Reference
) -> tuple[list[Statement], list[Couple]]:
    """Give each multiplier that was eliminated its name back.

    :param primal: names that are no multipliers.
    """
    introduced, kinds = _Introduced(), RowKinds(reference, primal)
    pairs = [_with_multiplier(couple, statements, primal, reference, introduced) for couple in couples]
    rows = []
    for row in statements:
        parts = [] if row.equality else introduced.known(row.polynomial)
        if not (row.equality or parts or _limits_one(row)) and row.names - primal:
            misspelt = any(row.polynomial.terms.keys() == other.terms.keys() for _, other, _ in introduced.rows)
            if not misspelt and kinds.of(row) is RowKind.stationarity:
                parts = [introduced.multiplier(row.polynomial, Polynomial({}), row.name)]
        rows += [replace(row, polynomial=part) for part in parts] or [row]
    return rows + introduced.definitions(), pairs


def products_with_slacks(
    statements: Sequence[Statement], primal: set[str], reference: Reference
) -> tuple[list[Statement], list[Couple]]:
    """Take the rows ``(c - A'l) * slack = 0`` out of the statements, as pairs."""
    kept, couples = [], []
    for row in statements:
        pair = _as_product(row, statements, primal, reference)
        if pair is None:
            kept.append(row)
        else:
            couples.append(pair)
    return kept, couples


def _as_product(
    row: Statement, statements: Sequence[Statement], primal: set[str], reference: Reference
) -> Couple | None:
    if not row.names - primal or max(map(len, row.polynomial.terms)) < 2:
        return None
    for couple in reference.couples:
        part = divided(row.polynomial, couple.second)
        if part is None or not part.names - primal or _single_of(part) is not None:
            continue
        signs = [s.polynomial.ratio(part) or 0.0 for s in statements if not s.equality]
        if row.equality or not any(sign > 0 for sign in signs):  # else it says that a product is >= 0, as it is anyway
            return Couple(row.name, part, couple.second)
    return None


def divided(whole: Polynomial, part: Polynomial) -> Polynomial | None:
    """Return q with ``whole = q * part``, or None where there is none; a variable of ``part`` must be linear in it."""
    lead = next((n for n in sorted(part.names) if [m for m in part.terms if n in m] == [(n,)]), None)
    if lead is None:
        return None
    quotient, rest = Polynomial({}), whole
    for _ in range(_DEGREE):
        degree = max((m.count(lead) for m in rest.terms), default=0)
        if not degree:
            break
        top = {m: a / part.terms[(lead,)] for m, a in rest.terms.items() if m.count(lead) == degree}
        factor = Polynomial({tuple(_without(m, lead)): a for m, a in top.items()})
        quotient, rest = quotient + factor, rest - factor * part
        rest = Polynomial({m: a for m, a in rest.terms.items() if abs(a) > 1e-9 * whole.size})
    return None if rest.terms else quotient


def _with_multiplier(
    couple: Couple, statements: Sequence[Statement], primal: set[str], reference: Reference, introduced: _Introduced
) -> Couple:
    turned = Couple(couple.name, couple.second, couple.first, (couple.limits[1], couple.limits[0]))
    for pair in (couple, turned):
        if not pair.second.names - primal and _is_reduced_cost(pair, statements, primal, reference):
            return replace(pair, first=introduced.multiplier(pair.first, pair.second, pair.name))
    return couple


def _is_reduced_cost(pair: Couple, statements: Sequence[Statement], primal: set[str], reference: Reference) -> bool:
    """Whether the first part is what stationarity says that a multiplier is, and no multiplier itself."""
    own = pair.first.names - primal
    single = _single_of(pair.first)
    if own and (single is None or single in primal):
        return True
    ours = next((c.first.names for c in reference.couples if pair.second.ratio(c.second) is not None), set())
    rows = [s.polynomial for s in reference.statements if s.role == "stationarity" and ours & s.names]
    if len(rows) != 1:
        return False
    left = Polynomial({m: a for m, a in rows[0].terms.items() if not ours & set(m)})
    if not own:  # no other multiplier is in that row
        return pair.first.ratio(left) is not None
    # It is another multiplier, up to a factor, if this is all there is in the row and the student lacks the row.
    links = [s for s in statements if s.equality and s.names & own and len(s.polynomial.terms) == 2]
    there = any(not s.names & primal for s in links)
    return not there and _single_of(left) in reference.multipliers


def _limits_one(row: Statement) -> bool:
    """Whether a row is the bound of one variable."""
    return _single_of(Polynomial({m: a for m, a in row.polynomial.terms.items() if m})) is not None


def _single_of(part: Polynomial) -> str | None:
    single = part.single()
    return None if single is None else single[0]


def _without(monomial: Sequence[str], name: str) -> list[str]:
    left = list(monomial)
    left.remove(name)
    return left
