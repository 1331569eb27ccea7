"""Polynomials in named variables: in this form rows of two models are compared, whatever their order and scale."""

import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from pyomo.common.numeric_types import native_numeric_types
from pyomo.core import value
from pyomo.core.base.expression import NamedExpressionData
from pyomo.core.expr.numeric_expr import (
    DivisionExpression,
    NegationExpression,
    PowExpression,
    ProductExpression,
    SumExpressionBase,
)
from pyomo.core.expr.visitor import StreamBasedExpressionVisitor

from ..errors import BilevoltError

Monomial = tuple[str, ...]
"""Names of variables in alphabetical order, with repetition; () is the constant."""

_RELATIVE = 1e-7  # coefficients nearer than this are equal: models are typed, and rescaled in floating point


@dataclass(frozen=True)
class Polynomial:
    """``sum coefficient * product of variables``; zeros are left out."""

    terms: Mapping[Monomial, float]

    @classmethod
    def of(cls, terms: Iterable[tuple[Monomial, float]]) -> "Polynomial":
        """Add up terms; what cancels is left out."""
        total: dict[Monomial, float] = {}
        largest: dict[Monomial, float] = {}
        for monomial, coefficient in terms:
            total[monomial] = total.get(monomial, 0.0) + coefficient
            largest[monomial] = max(largest.get(monomial, 0.0), abs(coefficient))
        return cls({m: a for m, a in total.items() if abs(a) > 1e-12 * largest[m]})

    @classmethod
    def variable(cls, name: str) -> "Polynomial":
        """Return the variable of that name."""
        return cls({(name,): 1.0})

    @classmethod
    def constant(cls, number: float) -> "Polynomial":
        """Return a number."""
        return cls({(): float(number)} if number else {})

    def __add__(self, other: "Polynomial") -> "Polynomial":
        return Polynomial.of([*self.terms.items(), *other.terms.items()])

    def __sub__(self, other: "Polynomial") -> "Polynomial":
        return self + other.scaled(-1.0)

    def __mul__(self, other: "Polynomial") -> "Polynomial":
        return Polynomial.of(
            (tuple(sorted(m + n)), a * b) for m, a in self.terms.items() for n, b in other.terms.items()
        )

    def scaled(self, factor: float) -> "Polynomial":
        """Multiply by a number."""
        return Polynomial({m: factor * a for m, a in self.terms.items()} if factor else {})

    @property
    def names(self) -> set[str]:
        """The variables in it."""
        return {name for monomial in self.terms for name in monomial}

    @property
    def size(self) -> float:
        """Its largest coefficient."""
        return max(map(abs, self.terms.values()), default=0.0)

    def single(self) -> tuple[str, float] | None:
        """Return (variable, coefficient) if that is all there is, else None."""
        if len(self.terms) != 1:
            return None
        ((monomial, coefficient),) = self.terms.items()
        return (monomial[0], coefficient) if len(monomial) == 1 else None

    def substitute(self, values: Mapping[str, "Polynomial"]) -> "Polynomial":
        """Replace variables by polynomials."""
        if not self.names & values.keys():
            return self
        result = Polynomial({})
        for monomial, coefficient in self.terms.items():
            term = Polynomial.constant(coefficient)
            for name in monomial:
                term = term * values.get(name, Polynomial.variable(name))
            result = result + term
        return result

    def at(self, values: Mapping[str, float]) -> float:
        """Evaluate; a variable without a value counts as 0."""
        return sum(a * math.prod(values.get(name, 0.0) for name in m) for m, a in self.terms.items())

    def expression(self, variables: Mapping[str, Any]) -> Any:
        """Return it as a Pyomo expression in these variables."""
        return sum(a * math.prod(variables[name] for name in m) for m, a in self.terms.items())

    def ratio(self, other: "Polynomial") -> float | None:
        """Return k with ``self = k * other``, or None where there is none."""
        if self.terms.keys() != other.terms.keys() or not self.terms:
            return None
        pivot = max(other.terms, key=lambda m: abs(other.terms[m]))
        factor = self.terms[pivot] / other.terms[pivot]
        return factor if all(near(a, factor * other.terms[m]) for m, a in self.terms.items()) else None

    def __str__(self) -> str:
        shown = ""
        for monomial, coefficient in sorted(self.terms.items(), key=lambda item: (-len(item[0]), item[0])):
            sign = "-" if coefficient < 0 else "+"
            factors = [] if abs(coefficient) == 1 and monomial else [f"{abs(coefficient):.6g}"]
            term = "*".join([*factors, *monomial])
            shown += f" {sign} {term}" if shown else (f"-{term}" if sign == "-" else term)
        return shown or "0"


def near(a: float, b: float) -> bool:
    """Whether two coefficients are the same number, written differently."""
    return math.isclose(a, b, rel_tol=_RELATIVE, abs_tol=1e-11)


def polynomial(expression: Any, name_of: Callable[[Any], str], where: str) -> Polynomial:
    """Read a Pyomo expression; fixed variables are numbers.

    :param name_of: variable -> the name that it gets.
    :param where: the component, for the error message.
    :raises BilevoltError: the expression is no polynomial, or has no value for a parameter.
    """

    def leaf(_: Any, child: Any, __: int = 0) -> tuple[bool, Any]:
        if child.__class__ in native_numeric_types:
            return False, Polynomial.constant(child)
        if child.is_expression_type():
            return True, None
        if child.is_variable_type() and not child.fixed:
            return False, Polynomial.variable(name_of(child))
        return False, Polynomial.constant(value(child))

    def combine(node: Any, parts: list[Polynomial]) -> Polynomial:
        if isinstance(node, SumExpressionBase):
            return Polynomial.of(term for part in parts for term in part.terms.items())
        if isinstance(node, ProductExpression):
            return parts[0] * parts[1]
        if isinstance(node, NegationExpression):
            return parts[0].scaled(-1.0)
        if isinstance(node, NamedExpressionData):
            return parts[0]
        if isinstance(node, DivisionExpression) and not parts[1].names:
            return parts[0].scaled(1.0 / parts[1].at({}))
        if isinstance(node, PowExpression) and not parts[1].names and parts[1].at({}) in (0, 1, 2, 3):
            result = Polynomial.constant(1.0)
            for _ in range(int(parts[1].at({}))):
                result = result * parts[0]
            return result
        raise BilevoltError(
            f"{where} has the term {node}, which is no polynomial, so that it cannot be compared. Write it with "
            "sums and products only."
        )

    walker = StreamBasedExpressionVisitor(initializeWalker=lambda e: leaf(None, e), beforeChild=leaf, exitNode=combine)
    return walker.walk_expression(expression)
