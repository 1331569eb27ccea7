"""A small formula tree: numbers, symbols with indices, sums over index sets, relations with quantifiers.

What is shown is also what can be checked: :func:`evaluate` computes a formula at a point, so that every coefficient on
a page can be compared with the expression that a solver gets.
"""

import math
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import product as cartesian
from typing import Any

Element = Any  # what a user has in an index: str, int, float
Elements = tuple[Element, ...]


@dataclass(frozen=True, slots=True)
class IndexVar:
    """An index that runs: the ``t`` of ``P[g, t]``."""

    name: str


@dataclass(frozen=True, slots=True)
class Shifted:
    """An index beside another one: ``t - 1``."""

    var: IndexVar
    by: int


@dataclass(frozen=True, eq=False)
class Table:
    """Data under a name: values by index. ``of_model`` says that it is a Param of the user's."""

    name: str
    values: Mapping[Elements, Any]
    of_model: bool = False


@dataclass(frozen=True, slots=True)
class Lookup:
    """An index that another one determines: the bus ``b(l)`` at which line ``l`` begins."""

    table: Table
    args: tuple[IndexVar, ...]


Index = Any  # an Element, IndexVar, Shifted or Lookup


@dataclass(frozen=True, eq=False)
class IndexSet:
    """A set of index tuples, or one for each value of ``args``: the lines ``I(b)`` at bus ``b``.

    An empty ``name`` is a set that is shown by its members; ``whole`` is the named set, of which this may be a part.
    """

    name: str
    members: Mapping[Elements, tuple[Elements, ...]]
    args: tuple[IndexVar, ...] = ()
    whole: tuple[Elements, ...] = ()

    @property
    def without(self) -> tuple[Elements, ...]:
        """What the named set has and this one has not."""
        return tuple(element for element in self.whole if element not in self.members[()])

    def at(self, binding: Mapping[IndexVar, Element]) -> tuple[Elements, ...]:
        """Return the members for these values of ``args``."""
        return self.members.get(tuple(binding[arg] for arg in self.args), ())


def is_span(members: Sequence[Elements]) -> bool:
    """Whether the members are consecutive whole numbers, at least three."""
    numbers = [m[0] for m in members if len(m) == 1 and isinstance(m[0], int)]
    return len(numbers) == len(members) >= 3 and numbers == list(range(numbers[0], numbers[0] + len(numbers)))


@dataclass(frozen=True)
class Quantifier:
    """``vars in over``."""

    vars: tuple[IndexVar, ...]
    over: IndexSet


@dataclass(frozen=True, slots=True)
class Name:
    """What a symbol is called: ``label`` for the user's own; ``head`` and ``side`` for multipliers (λ, l, "demand")."""

    label: str
    head: str = ""
    side: str = ""

    @property
    def sign(self) -> str:
        """What a multiplier is written with, ``λ^l``; empty for the user's own."""
        return f"{self.head}^{self.side}" if self.side else self.head


@dataclass(frozen=True, slots=True)
class Number:
    """A number; ``role`` is the name that it would like to have where it varies (M)."""

    value: float
    role: str = field(default="", compare=False)


@dataclass(frozen=True, slots=True)
class Symbol:
    """A variable, parameter, named expression or multiplier, with its indices."""

    name: Name
    index: tuple[Index, ...] = ()


@dataclass(frozen=True, slots=True)
class Data:
    """A number that varies with indices."""

    table: Table
    args: tuple[IndexVar, ...]


@dataclass(frozen=True)
class Composite:
    """An operation on formulas, by its class."""

    parts: tuple["Formula", ...]


class Sum(Composite):
    """``a + b + ...``."""


class Product(Composite):
    """``a * b * ...``; a number comes first."""


class Quotient(Composite):
    """``a / b``."""


class Power(Composite):
    """``a ** b``."""


@dataclass(frozen=True, slots=True)
class Call:
    """A function of one argument: ``exp(a)``."""

    function: str
    parts: tuple["Formula", ...]


@dataclass(frozen=True, slots=True)
class BigSum:
    """The sum of ``parts[0]`` over all values of the quantifiers."""

    over: tuple[Quantifier, ...]
    parts: tuple["Formula", ...]


@dataclass(frozen=True, slots=True)
class Relation:
    """``parts[0] signs[0] parts[1] signs[1] ...`` with signs among <=, >=, =, :=, in, ⟂, => and ``and``."""

    parts: tuple["Formula", ...]
    signs: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Words:
    """A piece of notation that has no value: ``min``, a domain, ``SOS1``; ``parts`` are its arguments."""

    text: str
    parts: tuple["Formula", ...] = ()


Formula = Number | Symbol | Data | Sum | Product | Quotient | Power | Call | BigSum | Relation | Words
ZERO, ONE = Number(0.0), Number(1.0)


def parts_of(formula: Formula) -> tuple[Formula, ...]:
    """Return the formula's direct parts."""
    return () if isinstance(formula, Number | Symbol | Data) else formula.parts


def with_parts(formula: Formula, parts: Iterable[Formula]) -> Formula:
    """Return the same kind of formula with other parts."""
    return formula if isinstance(formula, Number | Symbol | Data) else replace(formula, parts=tuple(parts))


def walk(formula: Formula) -> Iterator[Formula]:
    """Yield the formula and all that is in it."""
    yield formula
    for part in parts_of(formula):
        yield from walk(part)


def split(formula: Formula) -> tuple[Number, Formula]:
    """Return (number, rest) with formula = number * rest."""
    if isinstance(formula, Number):
        return formula, ONE
    if isinstance(formula, Product) and isinstance(formula.parts[0], Number):
        rest = formula.parts[1:]
        return formula.parts[0], rest[0] if len(rest) == 1 else Product(rest)
    return ONE, formula


def add(parts: Iterable[Formula]) -> Formula:
    """Return the sum: flat, numbers and equal terms together, zeros left out.

    A constant is written first if it is positive and came first (``12 - x``), else last (``x - 3``).
    """
    coefficients: dict[Formula, float] = {}
    for part in parts:
        for term in part.parts if isinstance(part, Sum) else (part,):
            number, rest = split(term)
            coefficients[rest] = coefficients.get(rest, 0.0) + number.value
    leads = next(iter(coefficients), None) == ONE
    constant = coefficients.pop(ONE, 0.0)
    terms = [multiply((Number(c), rest)) for rest, c in coefficients.items() if c]
    if constant or not terms:
        terms.insert(0 if leads and constant > 0 else len(terms), Number(constant))
    return terms[0] if len(terms) == 1 else Sum(tuple(terms))


def multiply(parts: Iterable[Formula]) -> Formula:
    """Return the product: flat, numbers together in front."""
    coefficient, role = 1.0, ""
    factors: list[Formula] = []
    for part in parts:
        for factor in part.parts if isinstance(part, Product) else (part,):
            if isinstance(factor, Number):
                coefficient, role = coefficient * factor.value, role or factor.role
            else:
                factors.append(factor)
    if coefficient == 0 or not factors:
        return Number(coefficient, role)
    inverse = next((f for f in factors if isinstance(f, Quotient) and isinstance(f.parts[0], Number)), None)
    if inverse is not None and len(factors) > 1:  # 1/r * y is y/r
        top, bottom = inverse.parts
        rest = multiply(f for f in factors if f is not inverse)
        return multiply((Number(coefficient), top, Quotient((rest, bottom))))
    if coefficient == -1 and len(factors) == 1 and isinstance(factors[0], Sum):
        return Sum(tuple(negate(term) for term in factors[0].parts))
    if coefficient != 1:
        factors.insert(0, Number(coefficient, role))
    return factors[0] if len(factors) == 1 else Product(tuple(factors))


def negate(formula: Formula) -> Formula:
    """Return minus the formula."""
    return multiply((Number(-1.0), formula))


def subtract(first: Formula, second: Formula) -> Formula:
    """Return ``first - second``."""
    return add((first, negate(second)))


Values = Callable[[Symbol], float]


def evaluate(formula: Formula, values: Values, binding: Mapping[IndexVar, Element] | None = None) -> float:
    """Compute a formula.

    :param values: gives the value of a symbol with plain indices.
    :param binding: the values of running indices, for a formula that stands under quantifiers.
    """
    at = binding or {}
    match formula:
        case Number(number):
            return number
        case Symbol(name, index):
            return values(Symbol(name, tuple(resolve(i, at) for i in index)))
        case Data(table, args):
            return table.values[tuple(at[arg] for arg in args)]
        case Sum(parts):
            return math.fsum(evaluate(part, values, at) for part in parts)
        case Product(parts):
            return math.prod(evaluate(part, values, at) for part in parts)
        case Quotient((top, bottom)):
            return evaluate(top, values, at) / evaluate(bottom, values, at)
        case Power((base, exponent)):
            return evaluate(base, values, at) ** evaluate(exponent, values, at)
        case Call(function, (argument,)):
            apply = abs if function == "abs" else getattr(math, function)
            return float(apply(evaluate(argument, values, at)))
        case BigSum(over, (body,)):
            return math.fsum(evaluate(body, values, inner) for inner in bindings(over, at))
    raise TypeError(f"{type(formula).__name__} has no value; evaluate its parts.")


def bindings(quantifiers: tuple[Quantifier, ...], at: Mapping[IndexVar, Element]) -> Iterator[dict[IndexVar, Element]]:
    """Yield every choice of the quantified indices, together with those that are chosen already."""
    for choice in cartesian(*(quantifier.over.at(at) for quantifier in quantifiers)):
        inner = dict(at)
        for quantifier, elements in zip(quantifiers, choice, strict=True):
            inner.update(zip(quantifier.vars, elements, strict=True))
        yield inner


def resolve(index: Index, at: Mapping[IndexVar, Element]) -> Element:
    """Return the element that an index stands for."""
    match index:
        case IndexVar():
            return at[index]
        case Shifted(var, by):
            return at[var] + by
        case Lookup(table, args):
            return table.values[tuple(at[arg] for arg in args)]
    return index
