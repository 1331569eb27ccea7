"""Rows and bounds of a model as statements about named variables, ``polynomial >= 0`` or ``polynomial = 0``."""

from collections.abc import Iterable, Iterator, Mapping
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
        return self.distance(values) / (self.polynomial.size or 1.0)

    def distance(self, values: Mapping[str, float]) -> float:
        """Return by how much it is violated at a point, as it is written."""
        number = self.polynomial.at(values)
        return abs(number) if self.equality else max(0.0, -number)

    def __str__(self) -> str:
        return f"{self.polynomial} {'=' if self.equality else '>='} 0"


def sides(row: Any, name: str, read: Any, role: str) -> Iterator[Statement]:
    """Yield a Pyomo constraint as statements, one for each finite side."""
    lower, body, upper = row.to_bounded_expression(evaluate_bounds=True)
    return _between(lower, read(body, name), upper, role, (name, name, name))


def bounds(variable: Any, at: Polynomial, name: str) -> Iterator[Statement]:
    """Yield a variable's bounds (of its domain, too) as statements."""
    names = (f"{name} (bounds)", f"{name} (lower bound)", f"{name} (upper bound)")
    return _between(variable.lb, at, variable.ub, "bound", names)


def _between(
    lower: float | None, body: Polynomial, upper: float | None, role: str, names: tuple[str, str, str]
) -> Iterator[Statement]:
    if lower is not None and lower == upper:
        yield Statement(names[0], body - Polynomial.constant(lower), True, role)
        return
    if lower is not None:
        yield Statement(names[1], body - Polynomial.constant(lower), role=role)
    if upper is not None:
        yield Statement(names[2], Polynomial.constant(upper) - body, role=role)


def sign_of(name: str, statements: Iterable[Statement]) -> int:
    """Return 1 if a variable is said to be >= 0, -1 if <= 0, 0 if neither or both."""
    signs = {
        1 if single[1] > 0 else -1
        for s in statements
        if not s.equality and (single := s.polynomial.single()) is not None and single[0] == name
    }
    return signs.pop() if len(signs) == 1 else 0
