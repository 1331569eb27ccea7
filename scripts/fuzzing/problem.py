"""A small bilevel problem as plain data: no Pyomo, no numpy, and everything by name, so that parts can be taken out.

The numbers are those of a well-scaled problem; ``power`` says by which power of ten a column, a row or an objective is
multiplied in the model that is handed to the library. The truth is found on the former, see :mod:`enumeration`.
"""

import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace

LEADER = "leader"
PRICE = "price:"  # a factor "price:c0" is the shadow price of the follower's row or column c0


@dataclass(frozen=True)
class Term:
    """A coefficient times columns and prices; without factors, a constant."""

    coefficient: float
    factors: tuple[str, ...] = ()


Terms = tuple[Term, ...]


@dataclass(frozen=True)
class Column:
    """A variable of a level. One that is ``fixed`` is a number, as Pyomo's ``fix()`` makes it."""

    owner: str
    lower: float | None = None
    upper: float | None = None
    integer: bool = False
    fixed: float | None = None
    power: int = 0


@dataclass(frozen=True)
class Row:
    """``lower <= terms <= upper``; an equality where both are one number."""

    owner: str
    terms: Terms
    lower: float | None = None
    upper: float | None = None
    power: int = 0


@dataclass(frozen=True)
class Level:
    """An objective: sense 1 minimises, -1 maximises."""

    sense: int
    terms: Terms = ()
    power: int = 0


@dataclass(frozen=True)
class Problem:
    """Columns, rows and levels by name; the level "leader" comes first, every other is a follower."""

    columns: dict[str, Column]
    rows: dict[str, Row]
    levels: dict[str, Level]

    @property
    def followers(self) -> list[str]:
        """The followers' names."""
        return [name for name in self.levels if name != LEADER]

    def columns_of(self, owner: str) -> list[str]:
        """Return the level's columns that are decided, that is, not fixed."""
        return [name for name, column in self.columns.items() if column.owner == owner and column.fixed is None]

    def rows_of(self, owner: str) -> list[str]:
        """Return the names of the level's rows."""
        return [name for name, row in self.rows.items() if row.owner == owner]

    def terms_of(self, owner: str) -> Iterator[Term]:
        """Yield every term of the level's objective and rows."""
        yield from self.levels[owner].terms
        for name in self.rows_of(owner):
            yield from self.rows[name].terms

    def seen_by(self, owner: str) -> list[str]:
        """Return the columns in the level's objective or rows."""
        factors = {factor for term in self.terms_of(owner) for factor in term.factors}
        return [name for name in self.columns if name in factors]

    def priced(self) -> set[str]:
        """Return the names of rows and columns whose price the leader uses."""
        factors = (factor for term in self.terms_of(LEADER) for factor in term.factors)
        return {factor.removeprefix(PRICE) for factor in factors if factor.startswith(PRICE)}

    @property
    def scaled(self) -> bool:
        """Whether the model differs from the well-scaled problem."""
        return any(item.power for group in (self.columns, self.rows, self.levels) for item in group.values())

    def to_json(self) -> str:
        """Return everything as one line of JSON."""
        return json.dumps(asdict(self))

    @classmethod
    def from_json(cls, text: str) -> "Problem":
        """Read what ``to_json`` wrote."""
        data = json.loads(text)
        return cls(
            {name: Column(**column) for name, column in data["columns"].items()},
            {name: Row(**{**row, "terms": _terms(row["terms"])}) for name, row in data["rows"].items()},
            {name: Level(**{**level, "terms": _terms(level["terms"])}) for name, level in data["levels"].items()},
        )


def _terms(data: list[dict]) -> Terms:
    return tuple(Term(term["coefficient"], tuple(term["factors"])) for term in data)


def flaw(problem: Problem) -> str | None:
    """Return why the record is no problem whose model means the same, or None.

    A level owns what occurs in its objective or rows: a follower's column that does not is the leader's in the model.
    """
    known = {*problem.columns, *(PRICE + name for name in (*problem.columns, *problem.rows))}
    for owner in problem.levels:
        factors = {factor for term in problem.terms_of(owner) for factor in term.factors}
        if not factors <= known:
            return f"{owner} refers to what is not there: {sorted(factors - known)}"
        if owner != LEADER and not set(problem.columns_of(owner)) <= factors:
            return f"a column of {owner} occurs in none of its terms"
        if any(term.coefficient == 0 for term in problem.terms_of(owner)):
            return "a coefficient is zero"
    if any(not problem.seen_by(follower) for follower in problem.followers) or not problem.followers:
        return "a follower without columns"
    for name, row in problem.rows.items():
        if row.lower is None and row.upper is None:
            return f"row {name} has no side"
        if row.lower is not None and row.upper is not None and row.lower > row.upper:
            return f"row {name} has crossed sides"
        if not any(term.factors for term in row.terms):
            return f"row {name} has no column"
    for name, column in problem.columns.items():
        if column.integer and column.fixed is None and None in (column.lower, column.upper):
            return f"integer column {name} has no end"
        if None not in (column.lower, column.upper) and column.lower > column.upper:
            return f"column {name} has crossed bounds"
    return None


def scaled_number(number: float, power: int) -> float:
    """Return number * 10**power, without the dust of the multiplication."""
    return float(f"{number * 10.0**power:.12g}")


def model_terms(problem: Problem, terms: Terms, power: int) -> Terms:
    """Return terms of the well-scaled problem in the units of the model.

    A column of the model is 10**power times that of the problem. A shadow price is the change of an objective per unit
    of a side, so that it has the power of the follower's objective, less that of the row or column.
    """
    changed = []
    for term in terms:
        total = power
        for factor in term.factors:
            if factor.startswith(PRICE):
                name = factor.removeprefix(PRICE)
                item = problem.rows.get(name) or problem.columns[name]
                total += item.power - problem.levels[item.owner].power
            else:
                total -= problem.columns[factor].power
        changed.append(replace(term, coefficient=scaled_number(term.coefficient, total)))
    return tuple(changed)
