"""Derivatives and parts of formulas: what stationarity and duality need, in the user's own symbols.

Params and named expressions keep their names where a variable of the follower is not inside them.
"""

from collections.abc import Iterable, Mapping

from .formula import (
    ONE,
    ZERO,
    BigSum,
    Formula,
    Number,
    Power,
    Product,
    Quotient,
    Sum,
    Symbol,
    add,
    multiply,
    parts_of,
    with_parts,
)

Definitions = Mapping[Symbol, Formula]


class Calculus:
    """Derivatives with respect to one follower's variables.

    :param own: the follower's variables.
    :param definitions: named expression -> what it stands for.
    """

    def __init__(self, own: Iterable[Symbol], definitions: Definitions) -> None:
        self.own = frozenset(own)
        self.definitions = definitions
        self._depends: dict[Formula, bool] = {}

    def depends(self, formula: Formula) -> bool:
        """Whether a variable of the follower is in the formula, or in the definition of a name in it."""
        if formula not in self._depends:
            if isinstance(formula, Symbol):
                inside = self.definitions.get(formula)
                found = formula in self.own or (inside is not None and self.depends(inside))
            else:
                found = any(map(self.depends, parts_of(formula)))
            self._depends[formula] = found
        return self._depends[formula]

    def gradient(self, formula: Formula) -> dict[Symbol, Formula]:
        """Return variable -> derivative, for the variables that are in the formula."""
        if not self.depends(formula):
            return {}
        match formula:
            case Symbol() if formula in self.own:
                return {formula: ONE}
            case Symbol():
                return self.gradient(self.definitions[formula])
            case Sum(parts):
                return _added(self.gradient(part) for part in parts)
            case Product(parts):
                return _added(
                    _scaled(self.gradient(part), (*parts[:k], *parts[k + 1 :])) for k, part in enumerate(parts)
                )
            case Quotient((top, bottom)) if not self.depends(bottom):
                return {y: Quotient((slope, bottom)) for y, slope in self.gradient(top).items()}
            case Power((base, Number(exponent))):
                lower = base if exponent == 2 else Power((base, Number(exponent - 1)))
                return _scaled(self.gradient(base), (Number(exponent), lower))
        raise TypeError(f"{type(formula).__name__} of a follower's variable is neither linear nor quadratic.")

    def without_own(self, formula: Formula) -> Formula:
        """Return the formula with the follower's variables at 0."""
        if not self.depends(formula):
            return formula
        match formula:
            case Symbol():
                return ZERO if formula in self.own else self.without_own(self.definitions[formula])
            case Sum(parts):
                return add(map(self.without_own, parts))
            case Product(parts):
                return multiply(map(self.without_own, parts))
            case Quotient((top, bottom)):
                inside = self.without_own(top)
                return ZERO if inside == ZERO else Quotient((inside, bottom))
            case Power((base, exponent)):
                inside = self.without_own(base)
                return ZERO if inside == ZERO else Power((inside, exponent))
            case BigSum():
                raise TypeError("a folded sum cannot be split; split it first.")
        return with_parts(formula, map(self.without_own, parts_of(formula)))


def _added(gradients: Iterable[dict[Symbol, Formula]]) -> dict[Symbol, Formula]:
    terms: dict[Symbol, list[Formula]] = {}
    for gradient in gradients:
        for symbol, slope in gradient.items():
            terms.setdefault(symbol, []).append(slope)
    return {symbol: add(slopes) for symbol, slopes in terms.items()}


def _scaled(gradient: dict[Symbol, Formula], factors: Iterable[Formula]) -> dict[Symbol, Formula]:
    fixed = tuple(factors)
    return {symbol: multiply((*fixed, slope)) for symbol, slope in gradient.items()}
