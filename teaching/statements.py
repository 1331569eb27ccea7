"""Rows and bounds of a model as statements about named variables, ``polynomial >= 0`` or ``polynomial = 0``."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from .polynomials import Polynomial


@dataclass(frozen=True)
class Statement:
    """``polynomial >= 0``, or ``polynomial = 0``; ``role`` says which part of the KKT system it is."""

    name: str
    polynomial: Polynomial
    equality: bool = False
    role: str = ""

    @property
    def names(self) -> set[str]:
        """The variables in it."""
        return self.polynomial.names

    def violation(self, values: Mapping[str, float]) -> float:
        """Return by how much it is violated at a point, relative to its largest coefficient."""
        number = self.polynomial.at(values) / (self.polynomial.size or 1.0)
        return abs(number) if self.equality else max(0.0, -number)

    def __str__(self) -> str:
        return f"{self.polynomial} {'=' if self.equality else '>='} 0"


def sides(row: Any, name: str, read: Any, role: str) -> Iterator[Statement]:
    """Yield a Pyomo constraint as statements, one for each finite side."""
    lower, body, upper = row.to_bounded_expression(evaluate_bounds=True)
    inner = read(body, name)
    if lower is not None and lower == upper:
        yield Statement(name, inner - Polynomial.constant(lower), True, role)
        return
    if lower is not None:
        yield Statement(name, inner - Polynomial.constant(lower), role=role)
    if upper is not None:
        yield Statement(name, Polynomial.constant(upper) - inner, role=role)


def bounds(variable: Any, at: Polynomial, name: str) -> Iterator[Statement]:
    """Yield a variable's bounds (of its domain, too) as statements."""
    lower, upper = variable.bounds
    if lower is not None and lower == upper:
        yield Statement(f"{name} (bounds)", at - Polynomial.constant(lower), True, "bound")
        return
    if lower is not None:
        yield Statement(f"{name} (lower bound)", at - Polynomial.constant(lower), role="bound")
    if upper is not None:
        yield Statement(f"{name} (upper bound)", Polynomial.constant(upper) - at, role="bound")
