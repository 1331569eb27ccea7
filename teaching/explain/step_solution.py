"""Step: the numbers of a solution: which rows are active, which multipliers are 0."""

from typing import Any

from ...errors import BilevoltError
from ...solution import Solution
from .derivation import Derivation, FollowerView, Written, with_index
from .document import Grid, Item, Step, paragraph
from .formula import Formula, Symbol, evaluate
from .printer import plain_number

_MOST = 40  # pairs that are listed one by one
_TOLERANCE = 1e-6


class Point:
    """The values of a solution, by symbol: variables, multipliers, Params and named expressions."""

    def __init__(self, derivation: Derivation, solution: Solution) -> None:
        self.names = derivation.names
        self._values: dict[Symbol, float] = dict(derivation.names.parameters)
        bilevel = derivation.bilevel
        for variable in (*bilevel.leader.variables, *bilevel.leader.prices, *bilevel.follower_variables):
            self._values[self.names.of(variable)] = _given(solution.values, variable.name)
        for follower in derivation.followers:
            for written in follower.rows:
                self._take_price(follower, written, _given(solution.multipliers, written.row.name))

    def _take_price(self, follower: FollowerView, written: Written, price: float) -> None:
        signed = follower.sign * price
        for side, (multiplier, _) in written.sides.items():
            self._values[multiplier] = {"equality": signed, "lower": max(0.0, signed), "upper": max(0.0, -signed)}[side]

    def __call__(self, symbol: Symbol) -> float:
        """Return the value of a symbol."""
        if symbol not in self._values:
            self._values[symbol] = evaluate(self.names.definitions[symbol], self)
        return self._values[symbol]


def _given(values: dict[str, float], name: str) -> float:
    if name not in values:
        raise BilevoltError(
            f"the solution has no value for {name!r}. Pass what bilevolt.solve(model) returned for this very model."
        )
    return values[name]


def numbers(derivation: Derivation, solution: Solution) -> Step:
    """Show objectives, the duality gap, and each pair at a solution."""
    point = Point(derivation, solution)
    title = f"At the solution ({solution.status})"
    items: list[Item] = [_objectives(derivation, solution, point)]
    pairs = [
        (written, side, multiplier, point(multiplier), evaluate(written.slack(side), point))
        for written, side, multiplier in derivation.pairs()
    ]
    items.append(_one_by_one(pairs) if len(pairs) <= _MOST else _by_family(pairs))
    note = (
        f"A slack below {_TOLERANCE:g} (relative to the row's limit) counts as 0. `weakly active`: both are 0. The "
        "multipliers are those of the solution; where they are not unique, others may be valid too."
    )
    return Step("solution", "solution", title, (*items, paragraph(note)))


def _objectives(derivation: Derivation, solution: Solution, point: Point) -> Grid:
    rows: list[tuple[str | Formula, ...]] = []
    if solution.objective is not None:
        rows.append(("leader's objective", _short(solution.objective)))
    for follower in derivation.followers:
        primal, dual = evaluate(follower.primal(), point), evaluate(follower.dual(), point)
        rows += [
            (f"objective of `{follower.name}`", _short(evaluate(follower.objective, point))),
            (f"`{follower.name}`: primal and dual side of the strong-duality row", f"{_short(primal)}, {_short(dual)}"),
        ]
    return Grid(("what", "value"), tuple(rows))


def _one_by_one(pairs: list[Any]) -> Grid:
    rows = tuple(
        (
            f"`{with_index(written.label, written.index)}`, {side}",
            multiplier,
            _short(dual),
            _short(slack),
            _state(written, side, dual, slack),
        )
        for written, side, multiplier, dual, slack in pairs
    )
    return Grid(("row or bound", "multiplier", "its value", "slack", "state"), rows)


def _by_family(pairs: list[Any]) -> Grid:
    families: dict[tuple[str, str], dict[str, list[str]]] = {}
    for written, side, _, dual, slack in pairs:
        states = families.setdefault((written.label, side), {})
        shown = ", ".join(map(str, written.index)) or "itself"
        states.setdefault(_state(written, side, dual, slack), []).append(shown)
    rows = [
        (f"`{label}`, {side}", state, str(len(where)), "; ".join(where[:6]) + ("; ..." if len(where) > 6 else ""))
        for (label, side), states in families.items()
        for state, where in states.items()
    ]
    return Grid(("row or bound", "state", "how many", "at"), tuple(rows))


def _state(written: Written, side: str, dual: float, slack: float) -> str:
    limit = written.row.upper if side == "upper" else written.row.lower
    tight = abs(slack) <= _TOLERANCE * (1 + abs(limit or 0.0))
    zero = abs(dual) <= _TOLERANCE
    if tight:
        return "weakly active" if zero else "active"
    return "multiplier 0" if zero else "NOT complementary"


def _short(number: float) -> str:
    return plain_number(round(number, 9) + 0.0)
