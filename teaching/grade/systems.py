r"""A single-level system as statements about named variables, and the KKT system of a bilevel model in that form.

Every row is ``polynomial >= 0`` or ``polynomial = 0``; complementarity is a pair of polynomials of which one is 0.
A system made by hand and the one of :func:`bilevolt.reformulate` are compared in this form.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Self

from pyomo.core import maximize

from ...levels.follower_form import FollowerForm
from ...reformulations import reformulate
from ...reformulations.single_level import SingleLevel, map_of
from ..polynomials import Polynomial, polynomial
from ..statements import Statement, bounds, sides


@dataclass(frozen=True)
class Couple:
    """Two polynomials of which one is 0; ``limits`` are the big-Ms of the first and the second, where it has any."""

    name: str
    first: Polynomial
    second: Polynomial
    limits: tuple[float | None, float | None] = (None, None)

    @property
    def names(self) -> set[str]:
        """The variables in it."""
        return self.first.names | self.second.names

    def violation(self, values: Mapping[str, float]) -> float:
        """Return the smaller of the two values at a point, relative to their coefficients."""
        return min(abs(p.at(values)) / (p.size or 1.0) for p in (self.first, self.second))

    def distance(self, values: Mapping[str, float]) -> float:
        """Return the smaller of the two values at a point, as they are written."""
        return min(abs(p.at(values)) for p in (self.first, self.second))

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
        return set().union(self.integers, *(s.names for s in self.statements), *(c.names for c in self.couples))

    def rewritten(self, values: Mapping[str, Polynomial]) -> Self:
        """Replace variables by polynomials, everywhere."""
        return replace(
            self,
            statements=tuple(replace(s, polynomial=s.polynomial.substitute(values)) for s in self.statements),
            couples=tuple(
                replace(c, first=c.first.substitute(values), second=c.second.substitute(values)) for c in self.couples
            ),
            objective=self.objective.substitute(values),
        )

    def without(self, multipliers: Iterable[str]) -> Self:
        """Return the system with multipliers left out: their terms, their signs and their pairs."""
        left = self.rewritten({name: Polynomial({}) for name in multipliers})
        statements = tuple(s for s in left.statements if s.names)
        return replace(left, statements=statements, couples=tuple(c for c in left.couples if c.first.names))


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
        tuple(s for s in statements if s.names),
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
