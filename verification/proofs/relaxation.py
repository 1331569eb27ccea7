"""The linear relaxation of a system, as an LP that HiGHS keeps from node to node.

A monomial of degree two is a column of its own; at every node it is tied to its factors by products of their bounds
(McCormick), or, where a factor has one value, by that value. Each LP row knows which item of a proof its weight is.
"""

import math
from fractions import Fraction
from typing import Any

import highspy
import numpy as np

from ...errors import ProofError
from ..replay import Box, Poly, System, times

OPTIMAL, INFEASIBLE, UNBOUNDED, UNKNOWN = "optimal", "infeasible", "unbounded", "unknown"
PAIR_SLOT = 1
CORNERS = (("lower", "lower"), ("upper", "upper"), ("lower", "upper"), ("upper", "lower"))
TOLERANCE = 1e-9
LARGEST_MULTIPLES = 60
FEW = 50  # products with an integer that strong duality may add to the LP, if other rows have as many


class Relaxation:
    """An LP over the monomials of a system."""

    def __init__(self, system: System) -> None:
        self.system = system
        self.rows: list[tuple[Any, ...]] = []  # LP row -> ("rows", i), ("squares", terms) or ("product", k, slot)
        self.base = _used_rows(system)
        self.monomials: list[tuple[int, ...]] = [(j,) for j in range(len(system.names))]
        seen: set[tuple[int, ...]] = set()
        for expression in [system.objective, *(system.rows[i][1] for i in self.base)]:
            seen.update(m for m in expression if len(m) > 1)
        self.forms = _square_forms(system.objective)
        for form, _ in self.forms:
            seen.update(m for m in times(form, form) if len(m) > 1)
        if deep := next((m for m in seen if len(m) > 2), None):
            raise ProofError(
                f"{'*'.join(system.names[j] for j in deep)} is a product of more than two columns of the KKT "
                "conditions; proofs cover products of two. Replace one product by a leader's variable."
            )
        self.multiples = _multiples(system, seen - {m for form, _ in self.forms for m in times(form, form)})
        seen |= {m for i, j in self.multiples for m in self._multiple(i, j) if len(m) > 1}
        self.products = sorted(seen)
        # Strong duality follows from the pairs, and the claim from the objective.
        needed = [row for i, row in enumerate(system.rows) if i not in {*system.duality, len(system.rows) - 1}]
        used = {m for expression in (system.objective, *(row[1] for row in needed)) for m in expression}
        self.essential = [m for m in self.products if m in used]
        self.monomials += self.products
        self.index = {m: k for k, m in enumerate(self.monomials)}
        n = len(system.names)
        self.floats, self._loaded = np.zeros((2, n)), ([None] * n, [None] * n)
        self._products_of: dict[int, set[tuple[int, ...]]] = {}
        for product in [*self.products, *system.zero]:
            for j in product:
                self._products_of.setdefault(j, set()).add(product)
        self._slots: dict[tuple[int, ...], list[tuple[int, int]]] = {}  # product -> its LP rows and their slots
        self.highs = self._built()
        self.claim_row = self.rows.index(("rows", len(system.rows) - 1))
        self.cost = self._dense(system.objective)
        self.offset = float(system.objective.get((), 0))
        self.iterations = 0

    def _built(self) -> Any:
        highs = highspy.Highs()
        options = {
            "output_flag": False,
            "presolve": "off",
            "solver": "simplex",
            "threads": 1,
            "primal_feasibility_tolerance": TOLERANCE,
            "dual_feasibility_tolerance": TOLERANCE,
        }
        for name, setting in options.items():
            highs.setOptionValue(name, setting)
        n, inf = len(self.monomials), highspy.kHighsInf
        highs.addVars(n, np.full(n, -inf), np.full(n, inf))
        for i in self.base:
            _, body, lower, upper = self.system.rows[i]
            self._add(highs, ("rows", i), body, lower, upper)
        for i, j in self.multiples:
            self._add(highs, ("multiples", i, j), self._multiple(i, j), Fraction(0), Fraction(0))
        for product in [*self.products, *sorted(self.system.zero)]:
            # Of a pair, whose product is 0, only (upper - multiplier) (upper - slack) >= 0 says something.
            slots = (PAIR_SLOT,) if product in self.system.zero else range(len(CORNERS))
            self._slots[product] = [(len(self.rows) + k, slot) for k, slot in enumerate(slots)]
            terms = [(j,) for j in sorted({*product})] + ([product] if product in self.index else [])
            columns = np.array([self.index[m] for m in terms], dtype=np.int32)
            for slot in slots:
                highs.addRow(-inf, inf, len(columns), columns, np.full(len(columns), 1.0))
                self.rows.append(("product", product, slot))
        return highs

    def _add(self, highs: Any, item: tuple[Any, ...], body: Poly, lower: Any, upper: Any) -> None:
        constant = body.get((), Fraction(0))
        columns = [m for m in body if m and body[m]]
        highs.addRow(
            _float(lower - constant),
            _float(upper - constant),
            len(columns),
            np.array([self.index[m] for m in columns], dtype=np.int32),
            np.array([float(body[m]) for m in columns]),
        )
        self.rows.append(item)

    def _dense(self, target: Poly) -> np.ndarray:
        cost = np.zeros(len(self.monomials))
        for m, a in target.items():
            if m:
                cost[self.index[m]] = float(a)
        return cost

    def load(self, box: Box, limit: float = math.inf) -> None:
        """Set the bounds of a node.

        :param limit: what a column without a bound may be at most; only to guide, nothing proven rests on it.
        """
        changed = self._changed(box)
        lower, upper = np.maximum(self.floats[0], -limit), np.minimum(self.floats[1], limit)
        n = len(lower)
        self.highs.changeColsBounds(n, np.arange(n, dtype=np.int32), lower, np.maximum(lower, upper))
        for product in {p for j in changed for p in self._products_of.get(j, ())}:
            self._load_product(product, box)

    def _changed(self, box: Box) -> set[int]:
        """Return the columns whose bounds are others than those loaded last, and note the new ones."""
        changed = set()
        for floats, bounds, loaded in zip(self.floats, box, self._loaded, strict=True):
            for j, (new, old) in enumerate(zip(bounds, loaded, strict=True)):
                if new is not old:
                    floats[j] = float(new)
                    changed.add(j)
            loaded[:] = bounds
        return changed

    def crossed(self, box: Box) -> str | None:
        """Return the name of a column whose bounds, loaded last, leave it no value; None if there is none."""
        near = np.flatnonzero(self.floats[0] >= self.floats[1])
        return next((self.system.names[j] for j in near if box[0][j] > box[1][j]), None)

    def _load_product(self, product: tuple[int, ...], box: Box) -> None:
        """Write a product's rows anew (see ``product_row``), in floats."""
        inf, (i, j), (lower, upper) = highspy.kHighsInf, product, self.floats
        tied = self.tied(product, box)
        for row, slot in self._slots[product]:
            if tied is not None and (slot or product in self.system.zero):
                self.highs.changeRowBounds(row, -inf, inf)
                continue
            sign = 1.0
            if tied is not None:
                i, j = tied
                a, b = lower[i], 0.0
            else:
                side, other = CORNERS[slot]
                a, b = (lower if side == "lower" else upper)[i], (lower if other == "lower" else upper)[j]
                if not self.has_corner(product, slot, box):
                    self.highs.changeRowBounds(row, -inf, inf)
                    continue
                sign = 1.0 if side == other else -1.0
            if product in self.index:
                self.highs.changeCoeff(row, self.index[product], sign)
            for k, coefficient in ((i, -sign * (a + b)),) if i == j else ((i, -sign * b), (j, -sign * a)):
                self.highs.changeCoeff(row, k, coefficient)
            self.highs.changeRowBounds(row, -sign * a * b, inf if tied is None else 0.0)

    def has_corner(self, product: tuple[int, ...], slot: int, box: Box) -> bool:
        """Whether the bounds of a product's factors, of which none has a single value, make this row."""
        i, j = product
        side, other = CORNERS[slot]
        return not (
            math.isinf(box[side == "upper"][i]) or math.isinf(box[other == "upper"][j]) or (i == j and slot == 3)
        )

    def tied(self, product: tuple[int, ...], box: Box) -> tuple[int, int] | None:
        """Return the factors of a product, first one that has a single value; None if there is none."""
        for fixed, other in (product, product[::-1]):
            if box[0][fixed] == box[1][fixed]:
                return fixed, other
        return None

    def product_row(self, product: tuple[int, ...], slot: int, box: Box) -> Poly | None:
        """Return the polynomial that is >= 0 (or, where a factor has one value, 0) over a box."""
        if (tied := self.tied(product, box)) is not None:
            return (
                None
                if slot or product in self.system.zero
                else corner(tied[0], box[0][tied[0]], tied[1], Fraction(0), 1)
            )
        if not self.has_corner(product, slot, box):
            return None
        (i, j), (side, other) = product, CORNERS[slot]
        return corner(i, box[side == "upper"][i], j, box[other == "upper"][j], 1 if side == other else -1)

    def _multiple(self, i: int, j: int) -> Poly:
        """Return (row - its right-hand side) * column, which is 0."""
        _, body, side, _ = self.system.rows[i]
        found = times(body, {(j,): Fraction(1)})
        found[j,] = found.get((j,), Fraction(0)) - side
        return {m: a for m, a in found.items() if m not in self.system.zero}

    def add_square(self, form: Poly) -> None:
        """Add the row (linear form)^2 >= 0, which holds everywhere."""
        self._add(self.highs, ("squares", form), times(form, form), Fraction(0), math.inf)

    def body(self, row: int, box: Box) -> Poly | None:
        """Return the polynomial of an LP row at a node; None if it is not there."""
        kind, *what = self.rows[row]
        if kind == "rows":
            return self.system.rows[what[0]][1]
        if kind == "squares":
            return times(what[0], what[0])
        if kind == "multiples":
            return self._multiple(*what)
        return self.product_row(what[0], what[1], box)

    def limit_claim(self, claim: Fraction | None) -> None:
        """Add the row that the objective is at most the claim (the last of the system), or take it away."""
        constant = float(self.system.objective.get((), 0))
        upper = highspy.kHighsInf if claim is None else float(claim) - constant
        self.highs.changeRowBounds(self.claim_row, -highspy.kHighsInf, upper)

    def aim(self, target: Poly | None = None) -> None:
        """Minimise this polynomial; by default the leader's objective."""
        cost = self.cost if target is None else self._dense(target)
        n = len(cost)
        self.highs.changeColsCost(n, np.arange(n, dtype=np.int32), cost)

    def solve(self, iterations: int | None = None) -> str:
        """Solve the LP from the last basis; return its status.

        :param iterations: at most so many; the status is then ``unknown``.
        """
        self.highs.setOptionValue("simplex_iteration_limit", 1_000_000 if iterations is None else iterations)
        self.highs.run()
        status = self.highs.getModelStatus()
        self.iterations += max(0, self.highs.getInfo().simplex_iteration_count)
        known = highspy.HighsModelStatus
        if iterations is None and status not in (known.kOptimal, known.kInfeasible, known.kUnbounded):
            self.highs.clearSolver()
            self.highs.run()
            status = self.highs.getModelStatus()
        return {known.kOptimal: OPTIMAL, known.kInfeasible: INFEASIBLE, known.kUnbounded: UNBOUNDED}.get(
            status, UNKNOWN
        )

    @property
    def value(self) -> float:
        """The LP's objective value, without the constant of the leader's objective."""
        return float(self.highs.getInfo().objective_function_value)

    @property
    def objective(self) -> float:
        """The LP's objective value, of the leader's objective."""
        return self.value + self.offset

    def point(self) -> list[float]:
        """Return the value of every monomial."""
        return list(self.highs.getSolution().col_value)

    def duals(self) -> list[float]:
        """Return the weight of every row at the LP's optimum."""
        return list(self.highs.getSolution().row_dual)

    def ray(self) -> list[float] | None:
        """Return weights that prove the LP infeasible, up to their common sign; None if HiGHS has none."""
        _, has, ray = self.highs.getDualRay()
        return list(ray) if has else None

    def basis(self) -> Any:
        """Return the present basis, to be set again."""
        return self.highs.getBasis()

    def restart(self, basis: Any) -> None:
        """Set a basis."""
        self.highs.setBasis(basis)


def corner(i: int, a: Fraction, j: int, b: Fraction, sign: int) -> Poly:
    """Return sign * (v_i - a) * (v_j - b)."""
    if i == j:
        return {(i, i): Fraction(sign), (i,): -sign * (a + b), (): sign * a * b}
    return {(i, j): Fraction(sign), (i,): -sign * b, (j,): -sign * a, (): sign * a * b}


def _used_rows(system: System) -> list[int]:
    """Return the rows of the LP: strong duality only where its products are few, next to those of the other rows."""
    duality = set(system.duality)
    base = [i for i in range(len(system.rows)) if i not in duality]
    seen = {m for i in base for m in system.rows[i][1] if len(m) > 1} | {m for m in system.objective if len(m) > 1}
    new = {m for i in duality for m in system.rows[i][1] if len(m) > 1} - seen
    chosen = []
    for i in sorted(duality):
        products = {m for m in system.rows[i][1] if len(m) > 1}
        if any(len(m) > 2 for m in products):
            continue
        if products <= seen or (len(new) <= min(len(seen), FEW) and all(system.integer & {*m} for m in new)):
            chosen.append(i)
    return base + chosen


def _multiples(system: System, products: set[tuple[int, ...]]) -> list[tuple[int, int]]:
    """Return equality rows and columns to multiply them by: for products of two continuous columns, if they are few.

    A follower's reaction, linear once its pairs are settled, then ties their products to those of the leader alone
    (the reformulation-linearization technique of Sherali and Adams).
    """
    skipped = {*system.duality, len(system.rows) - 1}
    found: dict[tuple[int, int], None] = {}
    for product in sorted(products):
        if system.integer & {*product}:
            continue
        for j, other in (product, product[::-1]):
            for i, (_, body, lower, upper) in enumerate(system.rows):
                if i not in skipped and lower == upper and (other,) in body and all(len(m) < 2 for m in body):
                    found[i, j] = None
    return list(found) if len(found) <= LARGEST_MULTIPLES else []


def _square_forms(objective: Poly) -> list[tuple[Poly, Fraction]]:
    """Return linear forms whose weighted squares are the objective's quadratic part, if that is convex.

    Else the squares of single columns that it contains with a positive coefficient.
    """
    quadratic = {m: a for m, a in objective.items() if len(m) == 2 and a}
    order = sorted({j for m in quadratic for j in m})
    matrix: dict[int, dict[int, Fraction]] = {j: {} for j in order}
    for (i, j), a in quadratic.items():
        matrix[i][j] = matrix[i].get(j, Fraction(0)) + a / 2
        matrix[j][i] = matrix[j].get(i, Fraction(0)) + a / 2
    single: list[tuple[Poly, Fraction]] = [
        ({(i,): Fraction(1)}, a) for (i, j), a in quadratic.items() if i == j and a > 0
    ]
    forms: list[tuple[Poly, Fraction]] = []
    for k in order:
        row = {j: a for j, a in matrix.pop(k).items() if a}
        pivot = row.get(k, Fraction(0))
        if pivot < 0 or (pivot == 0 and row):
            return single
        if not row:
            continue
        forms.append(({(j,): a / pivot for j, a in row.items()}, pivot))
        for i in row:
            if i != k:
                matrix[i].pop(k)
                for j in row:
                    if j != k:
                        matrix[i][j] = matrix[i].get(j, Fraction(0)) - row[i] * row[j] / pivot
    return forms


def _float(number: Any) -> float:
    return float(number)
