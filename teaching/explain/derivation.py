"""What all steps of an explanation share: followers as formulas, names, and families as displayed lines."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from ...levels.bilevel import Bilevel
from ...levels.follower_form import FollowerForm, Row
from ...reformulations.single_level import SingleLevel
from . import reading
from .calculus import Calculus
from .catalogue import Catalogue
from .document import Display, Line
from .folding import Folder
from .formula import ONE, ZERO, Elements, Formula, Relation, Sum, Symbol, Words, add, multiply, negate, subtract
from .formula import Number as Num
from .names import Names

Member = tuple[str, Elements, Formula]  # label of a family, index, statement


@dataclass(frozen=True)
class Written:
    """One row or bound of a follower, read: ``sides`` maps "lower", "upper" or "equality" to (multiplier, limit)."""

    row: Row
    label: str
    index: Elements
    body: Formula
    sides: dict[str, tuple[Symbol, Formula]]

    def slack(self, side: str) -> Formula:
        """Return ``body - lower`` or ``upper - body``; for an equality, ``body - rhs``."""
        limit = self.sides[side][1]
        return subtract(limit, self.body) if side == "upper" else subtract(self.body, limit)


class FollowerView:
    """One follower as formulas, and the parts of its KKT conditions."""

    def __init__(self, form: FollowerForm, names: Names) -> None:
        self.form = form
        self.name = form.follower.name
        self.sign = form.sign
        self.variables = tuple(names.of(y) for y in form.follower.variables)
        self.objective = reading.read(form.follower.objective.expr, names)
        self.rows = tuple(_written(row, names) for row in form.rows)
        self.calculus = Calculus(self.variables, names.definitions)

    @property
    def signed_objective(self) -> Formula:
        """The objective brought to min."""
        return self.objective if self.sign > 0 else negate(self.objective)

    def lagrangian(self) -> Formula:
        """Return ``s f - sum of multiplier * slack``."""
        terms = [
            negate(multiply((multiplier, written.slack(side))))
            for written in self.rows
            for side, (multiplier, _) in written.sides.items()
        ]
        return add((self.signed_objective, *terms))

    def stationarity(self) -> dict[Symbol, Formula]:
        """Return variable -> derivative of the Lagrangian."""
        terms: dict[Symbol, list[Formula]] = {y: [] for y in self.variables}
        for y, slope in self.calculus.gradient(self.signed_objective).items():
            terms[y].append(slope)
        for written in self.rows:
            slopes = self.calculus.gradient(written.body)
            for side, (multiplier, _) in written.sides.items():
                weight = Num(1.0 if side == "upper" else -1.0)
                for y, slope in slopes.items():
                    terms[y].append(multiply((weight, slope, multiplier)))
        return {y: add(parts) for y, parts in terms.items()}

    def primal(self) -> Formula:
        """Return ``s grad f(y) y``: the objective that is compared with the dual one, without its constant."""
        slopes = self.calculus.gradient(self.signed_objective)
        return add(multiply((slope, y)) for y, slope in slopes.items())

    def dual(self) -> Formula:
        """Return the sum of multiplier x right-hand side, net of the leader's part of each row."""
        terms = []
        for written in self.rows:
            given = self.calculus.without_own(written.body)
            for side, (multiplier, limit) in written.sides.items():
                weight = Num(-1.0 if side == "upper" else 1.0)
                terms.append(multiply((weight, subtract(limit, given), multiplier)))
        return add(terms)

    def price(self, written: Written) -> Formula:
        """Return the shadow price of a row in the follower's own sense."""
        parts = [
            multiplier if side != "upper" else negate(multiplier) for side, (multiplier, _) in written.sides.items()
        ]
        return multiply((Num(float(self.sign)), add(parts)))


def _written(row: Row, names: Names) -> Written:
    label, index = names.row_label(row.source)
    which = ["equality"] if row.equality else [side for side, _ in row.sides()]
    sides = {side: (reading.multiplier(row, side, names), reading.limit(row, side, names)) for side in which}
    return Written(row, label, index, reading.read(row.body, names), sides)


class Derivation:
    """A bilevel model with its formulas and names."""

    def __init__(self, bilevel: Bilevel, kkt_map: SingleLevel, few: int) -> None:
        self.bilevel = bilevel
        self.names = Names(bilevel)
        self.folder = Folder(Catalogue(self.names), few)
        self.register(kkt_map)
        self.followers = tuple(FollowerView(form, self.names) for form in kkt_map.conditions.forms)

    def register(self, single_map: SingleLevel) -> None:
        """Call the multipliers of every single-level model of these levels by the same names."""
        for _, row, multipliers in single_map.conditions.multipliers():
            for side, variable in multipliers.items():
                self.names.register(variable, reading.multiplier(row, side, self.names))

    def pairs(self) -> Iterator[tuple[Written, str, Symbol]]:
        """Yield what is complementary to its slack: (row, side, multiplier)."""
        for follower in self.followers:
            for written in follower.rows:
                yield from ((written, side, dual) for side, (dual, _) in written.sides.items() if side != "equality")

    def lines(self, members: Iterable[Member]) -> list[Line]:
        """Return statements as lines, family by family, in order of appearance."""
        families: dict[str, list[tuple[Elements, Formula]]] = {}
        for label, index, statement in members:
            families.setdefault(label, []).append((index, statement))
        return [
            Line(with_index(label, folded.index), folded.statement, folded.quantifiers)
            for label, own in families.items()
            for folded in self.folder.family(own)
        ]

    def display(self, members: Iterable[Member]) -> tuple[Display, ...]:
        """Return statements as one display; none where there are none."""
        lines = tuple(self.lines(members))
        return (Display(lines),) if lines else ()

    def constraint(self, constraint: Any) -> Member:
        """Return a constraint as it is stored."""
        label, index = self.names.row_label(constraint)
        body = reading.read(constraint.body, self.names)
        if constraint.equality:
            return label, index, Relation((body, reading.read(constraint.upper, self.names)), ("=",))
        lower = reading.read(constraint.lower, self.names) if constraint.has_lb() else None
        upper = reading.read(constraint.upper, self.names) if constraint.has_ub() else None
        return label, index, between(lower, body, upper)

    def domain(self, variable: Any) -> Member:
        """Return a variable's domain and bounds."""
        symbol = self.names.of(variable)
        lower, upper = variable.bounds
        member = symbol.name.label, symbol.index
        if variable.is_binary():
            return *member, Relation((symbol, Words("{0, 1}")), ("in",))
        bounds = between(_number(lower), symbol, _number(upper)) if (lower, upper) != (None, None) else None
        if variable.is_continuous():
            return *member, bounds or Relation((symbol, Words("real")), ("in",))
        integer = Relation((symbol, Words("integer")), ("in",))
        return *member, Relation((*bounds.parts, integer), (*bounds.signs, "and")) if bounds else integer

    def definitions(self) -> list[Member]:
        """Return what the named expressions that were met stand for."""
        return [
            (symbol.name.label, symbol.index, Relation((symbol, body), (":=",)))
            for symbol, body in self.names.definitions.items()
        ]


def between(lower: Formula | None, body: Formula, upper: Formula | None) -> Relation:
    """Return ``lower <= body <= upper`` with the sides that there are."""
    if lower is None and upper is not None:
        return Relation((body, upper), ("<=",))
    if upper is None:
        return Relation((body, lower or ZERO), (">=",))
    return Relation((lower or ZERO, body, upper), ("<=", "<="))


def binary(symbol: Symbol) -> Relation:
    """Return ``symbol in {0, 1}``."""
    return Relation((symbol, Words("{0, 1}")), ("in",))


def one_minus(symbol: Symbol) -> Formula:
    """Return ``1 - symbol``."""
    return Sum((ONE, negate(symbol)))


def with_index(label: str, index: Elements) -> str:
    """Return ``label[i, j]``; of ``"row, upper"``, ``row[i, j], upper``."""
    name, comma, rest = label.partition(",")
    return f"{name}[{', '.join(map(str, index))}]{comma}{rest}" if index else label


def counted(symbols: Sequence[Symbol]) -> str:
    """Return the names of variables, with their numbers where there are several: ```u` (87), `q[1]`, `x```."""
    families: dict[str, list[Symbol]] = {}
    for symbol in symbols:
        families.setdefault(symbol.name.label, []).append(symbol)
    shown = [
        f"`{label}` ({len(own)})" if len(own) > 1 else f"`{with_index(label, own[0].index)}`"
        for label, own in families.items()
    ]
    return ", ".join(shown) or "nothing"


def _number(value: float | None) -> Formula | None:
    return None if value is None else Num(float(value))
