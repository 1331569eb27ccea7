"""Random small bilevel problems: number k of a seed is always the same one.

Rows are mostly made around a point, so that most problems have one; how much of everything there is, is in ``SHARES``.
"""

from dataclasses import dataclass, field, replace
from random import Random

from .problem import LEADER, PRICE, Column, Level, Problem, Row, Term, Terms

#: How often a problem has what is named; the first four are per problem and independent of each other.
SHARES = {
    "scaled": 0.3,
    "boxed": 0.45,  # every column has both bounds: what a proof of a big-M needs
    "products": 0.35,
    "prices": 0.25,
    "quadratic": 0.3,  # per follower
    "other followers": 0.1,  # a follower that sees another's columns
    "auxiliary": 0.2,  # a leader's column that no follower sees, above a row of leader and followers
    "unplanted": 0.08,  # a row with a random side
    "same row": 0.06,
    "tight": 0.3,  # a row without slack at the planted point
    "fixed": 0.03,
}
SENSES = (1, -1)


@dataclass
class _Draft:
    """A problem in the making, with the point around which its rows are made."""

    random: Random
    columns: dict[str, Column] = field(default_factory=dict)
    rows: dict[str, Row] = field(default_factory=dict)
    levels: dict[str, Level] = field(default_factory=dict)
    point: dict[str, int] = field(default_factory=dict)
    boxed: bool = False

    def has(self, what: str) -> bool:
        """Whether something with a share is wanted here."""
        return self.random.random() < SHARES[what]

    def chance(self, probability: float) -> bool:
        """Whether something is wanted here."""
        return self.random.random() < probability

    def coefficient(self) -> int:
        """Return a number that is not zero."""
        return self.random.choice(SENSES) * self.random.choice((1, 1, 2, 2, 3, 3, 4, 5))

    def add_column(self, name: str, owner: str, integer: bool = False) -> None:
        """Add a column; the leader's are bounded more often, and integers always."""
        lower = self.random.randint(-2, 1) if integer else self.random.randint(-4, 1)
        upper = lower + self.random.randint(0 if owner == LEADER else 1, 3 if integer else 7)
        self.point[name] = self.random.randint(lower, upper)
        open_end = 0.0 if integer or self.boxed else (0.12 if owner == LEADER else 0.28)
        ends = (None if self.chance(open_end) else lower, None if self.chance(open_end) else upper)
        fixed = self.point[name] if self.has("fixed") else None
        self.columns[name] = Column(owner, *ends, integer, fixed)

    def add_row(self, name: str, owner: str, terms: Terms) -> None:
        """Add a row of a random kind."""
        if not terms:
            return
        activity = sum(term.coefficient * self._value(term) for term in terms)
        if self.has("unplanted"):
            activity = self.random.randint(-9, 9)
        slack = 0 if self.has("tight") else self.random.randint(1, 6)
        kind = self.random.choices(("<=", ">=", "range", "=="), (40, 30, 18, 12))[0]
        other = activity - self.random.randint(0, 6)
        sides = {
            "<=": (None, activity + slack),
            ">=": (activity - slack, None),
            "range": (min(other, activity + slack - 1), activity + slack),
            "==": (activity, activity),
        }
        self.rows[name] = Row(owner, terms, *sides[kind])

    def _value(self, term: Term) -> int:
        product = 1
        for factor in term.factors:
            product *= self.point[factor]
        return product


def generate(seed: int, number: int) -> Problem:
    """Return a random problem, the same for the same seed and number."""
    draft = _Draft(Random(f"{seed}/{number}"))
    draft.boxed, products, prices = draft.has("boxed"), draft.has("products"), draft.has("prices")
    leaders = _leader_columns(draft)
    count = draft.random.choices((1, 2, 3), (65, 25, 10))[0]
    draft.levels[LEADER] = Level(draft.random.choice(SENSES))
    for k in range(count):
        _add_follower(draft, k, count, leaders, products)
    _add_leader(draft, leaders, products, prices)
    return _scale(draft) if draft.has("scaled") else Problem(draft.columns, draft.rows, draft.levels)


def _leader_columns(draft: _Draft) -> list[str]:
    kind = draft.random.choice(("integer", "continuous", "mixed"))
    count = 2 if kind == "mixed" else draft.random.randint(1, 2)
    names = [f"x{k}" for k in range(count)]
    for k, name in enumerate(names):
        draft.add_column(name, LEADER, integer=kind == "integer" or (kind == "mixed" and k == 0))
    return names


def _linear(draft: _Draft, names: list[str], probability: float) -> list[Term]:
    return [Term(draft.coefficient(), (name,)) for name in names if draft.chance(probability)]


def _products(draft: _Draft, leaders: list[str], own: list[str], probability: float) -> list[Term]:
    return [Term(draft.coefficient(), (x, y)) for x in leaders for y in own if draft.chance(probability)]


def _add_follower(draft: _Draft, k: int, count: int, leaders: list[str], products: bool) -> None:
    follower, letter = f"L{k}", "yvw"[k]
    weights = (30, 45, 25) if count == 1 else (55, 40, 5)  # with more followers, fewer columns each
    own = [f"{letter}{j}" for j in range(draft.random.choices((1, 2, 3), weights)[0])]
    others = [n for n, c in draft.columns.items() if c.owner != LEADER and draft.has("other followers")]
    given = leaders + others[:1]
    for name in own:
        draft.add_column(name, follower)
    integers = [name for name in leaders if draft.columns[name].integer]
    for i in range(draft.random.randint(1, 4 if count == 1 else 3 - count // 3)):
        name = f"c{k}{i}"
        terms = _linear(draft, own, 0.75) + _linear(draft, given, 0.6)
        if products:  # a continuous leader's columns in a follower's coefficients would leave no LPs
            terms += _products(draft, integers, own, 0.25)
        if draft.has("same row") and draft.rows:
            terms = list(next(reversed(draft.rows.values())).terms)
            terms = terms if {f for t in terms for f in t.factors} <= {*own, *given} else []
        draft.add_row(name, follower, tuple(terms))
    sense = draft.random.choice(SENSES)
    cost = _linear(draft, own, 0.85) + _linear(draft, given, 0.2)
    if products:
        cost += _products(draft, given, own, 0.3)
    if draft.has("quadratic"):
        cost += _quadratic(draft, own, sense)
    rows = [term for row in draft.rows.values() if row.owner == follower for term in row.terms]
    seen = {factor for term in (*cost, *rows) for factor in term.factors}
    cost += [Term(draft.coefficient(), (name,)) for name in own if name not in seen]
    draft.levels[follower] = Level(sense, tuple(cost))


def _quadratic(draft: _Draft, own: list[str], sense: int) -> list[Term]:
    """Return sense * |B y|^2 / 2 of a small B, which is convex for a minimising follower, concave otherwise."""
    factors = [[draft.random.choice((-1, 0, 1, 2)) for _ in own] for _ in range(draft.random.randint(1, len(own)))]
    terms = []
    for i, first in enumerate(own):
        for j, second in enumerate(own[i:], start=i):
            entry = sum(row[i] * row[j] for row in factors)
            if entry:
                terms.append(Term(sense * entry * (0.5 if i == j else 1.0), (first, second)))
    return terms


def _add_leader(draft: _Draft, leaders: list[str], products: bool, prices: bool) -> None:
    """Add the leader's rows and objective, over everything."""
    followers = [name for name, column in draft.columns.items() if column.owner != LEADER]
    integers = [name for name in leaders if draft.columns[name].integer]
    for i in range(draft.random.choices((0, 1, 2), (45, 35, 20))[0]):
        terms = _linear(draft, leaders, 0.7) + _linear(draft, followers, 0.5)
        if products:
            terms += _products(draft, integers, followers, 0.15)
        draft.add_row(f"r{i}", LEADER, tuple(terms))
    cost = _linear(draft, leaders, 0.8) + _linear(draft, followers, 0.7)
    if products:
        cost += _products(draft, integers, followers, 0.2)
    if draft.has("auxiliary"):
        draft.columns["z"] = Column(LEADER, 0, draft.random.choice((5, 5 if draft.boxed else None)))
        terms = _linear(draft, [*leaders, *followers], 0.5)
        below = sum(term.coefficient * draft.point[term.factors[0]] for term in terms) - draft.random.randint(0, 4)
        draft.rows["above"] = Row(LEADER, (Term(1, ("z",)), *(replace(t, coefficient=-t.coefficient) for t in terms)))
        draft.rows["above"] = replace(draft.rows["above"], lower=min(-below, 0))
        cost.append(Term(draft.levels[LEADER].sense * draft.random.randint(1, 3), ("z",)))
    if prices:
        cost += _price_terms(draft, integers, followers)
    draft.levels[LEADER] = replace(draft.levels[LEADER], terms=tuple(cost))


def _price_terms(draft: _Draft, integers: list[str], followers: list[str]) -> list[Term]:
    """Return terms of the leader's objective in shadow prices; now and then, add a row that limits a price."""
    candidates = [name for name, row in draft.rows.items() if row.owner != LEADER]
    candidates += [n for n in followers if draft.columns[n].fixed is None and draft.chance(0.3)]
    candidates = draft.random.sample(candidates, min(len(candidates), draft.random.randint(1, 2)))
    terms = []
    for name in candidates:
        weight = draft.random.choice((-2, -1, -0.5, 0.5, 1, 2))
        if integers and draft.chance(0.4):
            terms.append(Term(weight, (draft.random.choice(integers), PRICE + name)))
        elif draft.chance(0.8):
            terms.append(Term(weight, (PRICE + name,)))
        if draft.chance(0.5):
            side = draft.random.randint(0, 5)
            draft.rows[f"limit_{name}"] = Row(LEADER, (Term(1, (PRICE + name,)),), -side, side)
    return terms


def _scale(draft: _Draft) -> Problem:
    """Return the problem with powers of ten on columns, rows or objectives; integers keep their units."""
    most = draft.random.choice((2, 3, 6))

    def power(wanted: bool) -> int:
        return draft.random.randint(-most, most) if wanted else 0

    what = draft.random.choice((("columns",), ("rows",), ("columns", "rows"), ("objectives",), ("columns", "rows")))
    for name, column in draft.columns.items():
        draft.columns[name] = replace(column, power=power("columns" in what and not column.integer))
    for name, row in draft.rows.items():
        draft.rows[name] = replace(row, power=power("rows" in what))
    for name, level in draft.levels.items():
        draft.levels[name] = replace(level, power=power("objectives" in what))
    return Problem(draft.columns, draft.rows, draft.levels)
