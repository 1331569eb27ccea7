r"""Big-M rows of a student's model, as complementarity pairs with their Ms.

.. math:: a \le M z, \quad b \le N (1 - z), \quad z \in \{0, 1\} \qquad\Longrightarrow\qquad
          a = 0 \text{ or } b = 0, \quad a \le M, \quad b \le N
"""

from collections.abc import Collection, Sequence

from ..polynomials import Polynomial
from ..statements import Statement
from .systems import Couple


def read_switches(statements: Sequence[Statement], binaries: Collection[str]) -> tuple[list[Statement], list[Couple]]:
    """Take the rows of these binaries out of the statements, and return what is left and the pairs.

    A binary that is in a row of another form keeps its rows: they are no big-M pair.
    """
    kept: list[Statement] = list(statements)
    couples: list[Couple] = []
    for z in sorted(binaries):
        rows = [s for s in kept if z in s.names and s.role != "bound"]
        off = {value: [_switched(s, z, value) for s in rows if _off_at(s, z) == value] for value in (0, 1)}
        if not (off[0] and off[1]) or len(off[0]) + len(off[1]) < len(rows):
            continue
        couples += [Couple(z.removeprefix("student's "), a, b, (m, n)) for a, m in off[0] for b, n in off[1]]
        kept = [s for s in kept if z not in s.names]
    return kept, couples


def _off_at(row: Statement, z: str) -> int | None:
    """Return the value of z at which ``row`` says that something is at most 0; None if it is no big-M row."""
    if row.equality or any(z in monomial and len(monomial) > 1 for monomial in row.polynomial.terms):
        return None
    return 0 if row.polynomial.terms[(z,)] > 0 else 1


def _switched(row: Statement, z: str, value: int) -> tuple[Polynomial, float]:
    """Return (what is at most 0 at that value, its M at the other value)."""
    weight = row.polynomial.terms[(z,)]
    rest = Polynomial({m: a for m, a in row.polynomial.terms.items() if z not in m})
    return (rest + Polynomial.constant(weight * value)).scaled(-1.0), abs(weight)
