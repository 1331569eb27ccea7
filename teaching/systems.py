r"""A single-level system as statements about named variables, and the KKT system of a bilevel model in that form.

Every row is ``polynomial >= 0`` or ``polynomial = 0``; complementarity is a pair of polynomials of which one is 0.
A system made by hand and the one of :func:`bilevolt.reformulate` are compared in this form.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from pyomo.core import maximize

from ..levels.follower_form import FollowerForm
from ..reformulations import reformulate
from ..reformulations.single_level import SingleLevel, map_of
from .polynomials import Polynomial, polynomial


@dataclass(frozen=True)
class Statement:
    """``polynomial >= 0``, or ``polynomial = 0``; ``role`` says which part of the KKT system it is."""

    name: str
    polynomial: Polynomial
    equality: bool = False
    role: str = ""

    def violation(self, values: Mapping[str, float]) -> float:
        """Return by how much it is violated at a point, relative to its largest coefficient."""
        number = self.polynomial.at(values) / (self.polynomial.size or 1.0)
        return abs(number) if self.equality else max(0.0, -number)

    def __str__(self) -> str:
        return f"{self.polynomial} {'=' if self.equality else '>='} 0"


@dataclass(frozen=True)
class Couple:
    """Two polynomials of which one is 0; ``limits`` are the big-Ms of the first and the second, where it has any."""

    name: str
    first: Polynomial
    second: Polynomial
    limits: tuple[float | None, float | None] = (None, None)

    def violation(self, values: Mapping[str, float]) -> float:
        """Return the smaller of the two values at a point, relative to their coefficients."""
        return min(abs(p.at(values)) / (p.size or 1.0) for p in (self.first, self.second))

    def statements(self) -> Iterator[Statement]:
        """Yield the limits as statements."""
        for part, limit in zip((self.first, self.second), self.limits, strict=True):
            if limit is not None:
                yield Statement(self.name, Polynomial.constant(limit) - part, role="big-M")


@dataclass(frozen=True)
class System:
    """A single-level system; ``objective`` is to be minimised."""

    statements: tuple[Statement, ...]
    couples: tuple[Couple, ...]
    objective: Polynomial
    integers: frozenset[str]

    @property
    def names(self) -> set[str]:
        """All variables of its rows and pairs."""
        parts = [s.polynomial for s in self.statements] + [p for c in self.couples for p in (c.first, c.second)]
        return set().union(*(p.names for p in parts)) | self.integers

    def rewritten(self, values: Mapping[str, Polynomial]) -> "System":
        """Replace variables by polynomials, everywhere."""
        return System(
            tuple(replace(s, polynomial=s.polynomial.substitute(values)) for s in self.statements),
            tuple(
                replace(c, first=c.first.substitute(values), second=c.second.substitute(values)) for c in self.couples
            ),
            self.objective.substitute(values),
            self.integers,
        )


@dataclass(frozen=True)
class Reference(System):
    """The KKT system of a bilevel model: ``multipliers`` maps a multiplier's name to whether its sign is free.

    ``gradients`` has, for each follower and each stationarity row, the part that is the objective's gradient.
    """

    multipliers: dict[str, bool] = field(default_factory=dict)
    gradients: dict[str, dict[str, Polynomial]] = field(default_factory=dict)
    maximising: frozenset[str] = frozenset()
    primal: tuple[Any, ...] = ()
    model: Any = None  # kept, as variables do not keep the model that they are of
    follower_variables: frozenset[str] = frozenset()


def multiplier_name(of: str) -> str:
    """Return the name of a multiplier in statements: ``multiplier[L.c1.upper]``."""
    return f"multiplier[{of}]"


def stationarity_name(variable: str) -> str:
    """Return the name of a stationarity row."""
    return f"stationarity of {variable}"


def reference_system(model: Any) -> Reference:
    """Return the KKT system of a PAO model, as statements.

    :raises BilevoltError: the model is none that :func:`bilevolt.reformulate` takes.
    """
    single = reformulate(model, "kkt")
    single_map = map_of(single)
    bilevel = single_map.bilevel
    names = _names(single_map)

    def read(expression: Any, where: str) -> Polynomial:
        return polynomial(expression, lambda v: names.get(id(v), v.name), where)

    statements = [
        statement for name, row in single.leader.rows.items() for statement in sides(row, name, read, "leader's row")
    ]
    couples: list[Couple] = []
    for pair in single_map.conditions.pairs:
        name, slack = multiplier_name(pair.name), read(pair.slack, pair.name)
        multiplier = Polynomial.variable(name)
        role = "bound" if pair.row.is_bound else "follower's row"
        statements.append(Statement(pair.name, slack, role=role))
        statements.append(Statement(f"sign of {name}", multiplier, role="multiplier sign"))
        couples.append(Couple(pair.name, multiplier, slack))
    gradients = {form.follower.name: _gradient(form, read) for form in single_map.conditions.forms}
    for form in single_map.conditions.forms:
        block = single.followers[form.follower.name]
        for row in form.rows:
            if row.equality:
                found = block.equality[form.follower.local_name(row.source)]
                statements += sides(found, row.name, read, "follower's row")
        for y in form.follower.variables:
            found = block.stationarity[form.follower.local_name(y)]
            statements += sides(found, stationarity_name(y.name), read, "stationarity")
    leader = bilevel.leader
    statements += [s for v in leader.variables for s in bounds(v, Polynomial.variable(v.name), v.name)]
    objective = read(single.leader.objective.expr, "the leader's objective")
    return Reference(
        tuple(s for s in statements if s.polynomial.names),
        tuple(couples),
        objective.scaled(-1.0) if single.leader.objective.sense == maximize else objective,
        frozenset(v.name for v in leader.variables if not v.is_continuous()),
        {
            names[id(m)]: side == "equality"
            for _, _, of_row in single_map.conditions.multipliers()
            for side, m in of_row.items()
        },
        gradients,
        frozenset(form.follower.name for form in single_map.conditions.forms if form.sign < 0),
        (*leader.variables, *bilevel.follower_variables),
        model,
        frozenset(v.name for v in bilevel.follower_variables),
    )


def _names(single_map: SingleLevel) -> dict[int, str]:
    names = {id(pair.multiplier): multiplier_name(pair.name) for pair in single_map.conditions.pairs}
    return names | {
        id(nu): multiplier_name(source.name) for source, nu in single_map.conditions.equality_multipliers.items()
    }


def _gradient(form: FollowerForm, read: Any) -> dict[str, Polynomial]:
    """Return, by stationarity row, the gradient of the follower's objective brought to min."""
    curved = form.gradient_terms
    found = {}
    for y in form.follower.variables:
        where = stationarity_name(y.name)
        quadratic = sum((Polynomial.variable(z.name).scaled(q) for z, q in curved[y]), Polynomial({}))
        found[where] = (read(form.linear[y], where) + quadratic).scaled(float(form.sign))
    return found


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
