"""Formulas as strings: precedence, signs and line breaks here; how a piece looks in each format's own printer."""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence

from .formula import (
    BigSum,
    Call,
    Data,
    Formula,
    Index,
    IndexSet,
    IndexVar,
    Lookup,
    Name,
    Number,
    Power,
    Product,
    Quantifier,
    Quotient,
    Relation,
    Shifted,
    Sum,
    Symbol,
    Words,
    is_span,
    negate,
    parts_of,
    split,
)

#: Names that are written as the Greek letter; lambda, nu and pi are not among them, for they are our multipliers.
GREEK = {
    "alpha": "α", "beta": "β", "gamma": "γ", "delta": "δ", "epsilon": "ε", "zeta": "ζ", "eta": "η", "theta": "θ",
    "kappa": "κ", "mu": "μ", "xi": "ξ", "rho": "ρ", "sigma": "σ", "tau": "τ", "phi": "φ", "chi": "χ", "psi": "ψ",
    "omega": "ω", "Gamma": "Γ", "Delta": "Δ", "Theta": "Θ", "Xi": "Ξ", "Sigma": "Σ", "Phi": "Φ", "Psi": "Ψ",
    "Omega": "Ω",
}  # fmt: skip
LONG = 4  # terms of a sum in parentheses between which a line may be broken
WIDTH = 88  # characters of plain text after which a displayed formula is broken


Piece = tuple[str, int]
"""A part of a displayed formula, and the depth of parentheses around it."""


class Printer(ABC):
    """Writes formulas in one format: by forms, which ``%`` fills in, and by methods where a form cannot say it."""

    fraction: str
    power: str
    big_sum: str  # over what, of what
    times: str  # between factors
    comma = ", "
    index_comma = ", "
    round_fences = "(", ")"
    line_fences = "(", ")"  # of a fixed size, for they may stand on different lines
    braces = "{", "}"
    dots = "..."
    signs: Mapping[str, str]  # +, - and a relation's signs where they look otherwise; "-1" is the sign of a first term
    draws_bars = True  # whether a fraction needs no parentheses
    code = "%s"  # what stands in backquotes in a text
    in_text = "%s"  # a formula in a text

    @abstractmethod
    def number(self, value: float) -> str:
        """Write a number."""

    @abstractmethod
    def symbol(self, name: Name, index: Sequence[str]) -> str:
        """Write a symbol with its indices."""

    @abstractmethod
    def label(self, text: str) -> str:
        """Write a user's name, or an element of an index set."""

    @abstractmethod
    def words(self, text: str) -> str:
        """Write a piece of notation without a value, such as ``min`` or ``SOS1``."""

    def arguments(self, name: str, args: Sequence[str]) -> str:
        """Write a lookup or a set that depends on indices: ``b(l)``."""
        return f"{self.label(name)}({self.index_comma.join(args)})"

    def sign(self, sign: str) -> str:
        """Write a sign, with spaces where it stands between two things."""
        return "-" if sign == "-1" else f" {self.signs.get(sign, sign)} "

    def fenced(self, fences: tuple[str, str], inside: str) -> str:
        """Write something between fences."""
        return inside.join(fences)

    def parentheses(self, inside: str) -> str:
        """Write parentheses."""
        return self.fenced(self.round_fences, inside)

    def escape(self, text: str) -> str:
        """Return a text so that it is read as it stands."""
        return text

    def inline(self, part: str | Formula) -> str:
        """Write a part of a paragraph, or a cell of a table."""
        if not isinstance(part, str):
            return self.in_text % self.show(part)
        spans = enumerate(map(self.escape, part.split("`")))
        return "".join(self.code % span if k % 2 else span for k, span in spans)

    def show(self, formula: Formula) -> str:
        """Write a formula on one line."""
        match formula:
            case Sum(parts):
                return "".join([piece for k, part in enumerate(parts) for piece in self._term(part, first=k == 0)])
            case Relation(parts, signs):
                pieces = [self.show(parts[0])]
                for sign, part in zip(signs, parts[1:], strict=True):
                    pieces += [self.sign(sign), self.show(part)]
                return "".join(pieces)
            case Words(text, parts):
                if not parts:
                    return self.words(text)
                return self.words(text) + self.parentheses(self.comma.join(map(self.show, parts)))
        return "".join(self._term(formula, first=True))

    def pieces(self, formula: Formula) -> list[Piece]:
        """Write a formula in pieces between which a line may be broken; (piece, depth of parentheses around it)."""
        match formula:
            case Sum(parts):
                return [piece for k, part in enumerate(parts) for piece in self._term_pieces(part, first=k == 0)]
            case Relation(parts, signs):
                found = self.pieces(parts[0])
                for sign, part in zip(signs, parts[1:], strict=True):
                    (first, _), *rest = self.pieces(part)
                    found += [(self.sign(sign) + first, 0), *rest]
                return found
            case Words("min" | "max" as sense, (body,)):
                (first, _), *rest = self.pieces(body)
                return [(self.words(sense) + first, 0), *rest]
        return [(self.show(formula), 0)]

    def lines(self, formula: Formula, plain: "Printer") -> list[Piece]:
        """Write a formula on as many lines as it needs, measured in plain text."""
        lines: list[tuple[list[str], int]] = []
        width = WIDTH
        for (piece, depth), (text, _) in zip(self.pieces(formula), plain.pieces(formula), strict=True):
            if width + len(text) > WIDTH:
                lines.append(([], depth))
                width = 0
            lines[-1][0].append(piece)
            width += len(text) + 1
        return [("".join(line), depth) for line, depth in lines]

    def quantifiers(self, quantifiers: Sequence[Quantifier]) -> str:
        """Write ``s in S, t in T``."""
        return self.comma.join(self.quantifier(quantifier) for quantifier in quantifiers)

    def quantifier(self, quantifier: Quantifier) -> str:
        """Write ``t in T``."""
        letters = self.comma.join(self.label(var.name) for var in quantifier.vars)
        if len(quantifier.vars) > 1:
            letters = self.parentheses(letters)
        return letters + self.sign("in") + self.set(quantifier.over)

    def set(self, over: IndexSet) -> str:
        """Write the name of a set, or its members."""
        if not over.name:
            return self.elements(next(iter(over.members.values())))
        name = self.arguments(over.name, [self.label(arg.name) for arg in over.args]) if over.args else None
        shown = name or self.label(over.name)
        if not over.without:
            return shown
        return shown + self.sign("without") + self.elements(over.without)

    def elements(self, members: Sequence[tuple[Index, ...]]) -> str:
        """Write a set by its members: consecutive numbers by the first and last."""
        if is_span(members) and len(members) > 3:
            shown = [self.index(members[0][0]), self.dots, self.index(members[-1][0])]
        else:
            shown = [self.element(member) for member in members]
        return self.fenced(self.braces, self.comma.join(shown))

    def element(self, member: tuple[Index, ...]) -> str:
        """Write an index, or a tuple of several."""
        shown = self.comma.join(map(self.index, member))
        return self.parentheses(shown) if len(member) > 1 else shown

    def index(self, index: Index) -> str:
        """Write one index."""
        match index:
            case IndexVar(name):
                return self.label(name)
            case Shifted(var, by):
                return self.label(var.name) + self.sign("+" if by > 0 else "-") + self.number(abs(by))
            case Lookup(table, args):
                return self.arguments(table.name, [self.label(arg.name) for arg in args])
            case int() | float():
                return self.number(index)
        return self.label(str(index))

    def _term(self, part: Formula, first: bool) -> list[str]:
        number, _ = split(part)
        if number.value < 0:
            return [self.sign("-1" if first else "-"), self._atom_or_product(negate(part))]
        return [*([] if first else [self.sign("+")]), self._atom_or_product(part)]

    def _term_pieces(self, part: Formula, first: bool) -> list[Piece]:
        """Write a term; one that ends in a long sum in parentheses may be broken inside them."""
        number, _ = split(part)
        term = negate(part) if number.value < 0 else part
        over, body = (term.over, term.parts[0]) if isinstance(term, BigSum) else ((), term)
        long = isinstance(body, Product) and isinstance(body.parts[-1], Sum) and len(body.parts[-1].parts) >= LONG
        if not long:
            return [("".join(self._term(part, first)), 0)]
        *front, inside = parts_of(body)
        opening, closing = self.line_fences
        shown = self.times.join([*map(self._factor, front), opening])
        shown = self.big_sum % (self.quantifiers(over), shown) if over else shown
        sign = self.sign("-1" if first else "-") if number.value < 0 else "" if first else self.sign("+")
        (head, _), *tail = self.pieces(inside)
        deeper = [(text, depth + 1) for text, depth in tail]
        last, depth = deeper.pop()
        return [(sign + shown + head, 0), *deeper, (last + closing, depth)]

    def _atom_or_product(self, formula: Formula) -> str:
        """Write what a sum may hold without parentheses."""
        match formula:
            case Product(parts):
                *front, last = parts
                tail = self._atom_or_product(last) if isinstance(last, BigSum) else self._factor(last)
                return self.times.join([*(self._factor(part) for part in front), tail])
            case BigSum(over, (body,)):
                inner = self._atom_or_product(body) if split(body)[0].value >= 0 else self._enclosed(body)
                return self.big_sum % (self.quantifiers(over), inner)
        return self._factor(formula)

    def _factor(self, formula: Formula) -> str:
        match formula:
            case Number(value):
                return self.number(value) if value >= 0 else self._enclosed(formula)
            case Symbol(name, index):
                return self.symbol(name, [self.index(i) for i in index])
            case Data(table, args):
                return self.symbol(Name(table.name), [self.label(arg.name) for arg in args])
            case Quotient((top, bottom)):
                show = self.show if self.draws_bars else self._factor
                return self.fraction % (show(top), show(bottom))
            case Power((base, exponent)):
                tight = isinstance(base, Symbol | Data) or (isinstance(base, Number) and base.value >= 0)
                shown = self._factor(base) if tight else self._enclosed(base)
                return self.power % (shown, self.show(exponent) if self.draws_bars else self._factor(exponent))
            case Call(function, (argument,)):
                return self.words(function) + self._enclosed(argument)
        return self._enclosed(formula)

    def _enclosed(self, formula: Formula) -> str:
        return self.parentheses(self.show(formula))


def plain_number(value: float) -> str:
    """Return a number with up to 12 significant digits: ``3``, ``0.25``, ``1e-07``.

    >>> plain_number(3.0), plain_number(0.1 + 0.2), plain_number(1e-7)
    ('3', '0.3', '1e-07')
    """
    return f"{value:.12g}"
