"""Which rows and bounds of a bilevel model contradict each other, by linear programs, in the user's own names."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from pyomo.core import Any as AnyIndex
from pyomo.core import Block, ConcreteModel, Constraint

from ..bounds.dual_relaxation import stationarity_rows
from ..bounds.mccormick import relax
from ..levels.bilevel import Bilevel
from ..reformulations import kkt
from ..reformulations.single_level import map_of
from ..solvers.conflict import Conflict, conflict
from ..solvers.program import program_of
from ..solvers.reading import CONSTANT_ROW_TOLERANCE, read

LEADER = ""  # the owner of the leader's rows; no follower has no name
SHOWN = 8


@dataclass(frozen=True)
class _Row:
    """A row of the relaxation, of a follower or LEADER; ``dual`` says that it is of the optimality conditions.

    ``name`` is that of the user's row, or for a dual row of the follower's variable. None: defines what is relaxed.
    """

    owner: str
    name: str | None
    dual: bool


class Contradictions:
    """Rows of both levels and dual feasibility in one linear program, of which parts are asked for contradictions."""

    def __init__(self, bilevel: Bilevel) -> None:
        self.single = kkt.apply(bilevel)
        self._map = map_of(self.single)
        model = ConcreteModel()
        model.primal = Block()
        model.dual = Constraint(AnyIndex)
        rows = list(primal_rows(self.single))
        relax(model.primal, [(key, expression) for key, _, _, expression in rows], self._map.ranges)
        known = {key: _Row(owner, name, False) for key, owner, name, _ in rows}
        of: dict[int, _Row] = {id(row): known[key] for key, row in model.primal.relaxed.items()}
        model.relaxed_terms = Block()
        for owner, variable, expression in stationarity_rows(
            self._map.conditions, self._map.ranges, model.relaxed_terms
        ):
            model.dual[f"{owner} {variable.name}"] = expression == 0
            of[id(model.dual[f"{owner} {variable.name}"])] = _Row(owner, variable.name, True)
        self._reading = read(model)
        self._program = program_of(self._reading)
        helper = _Row(LEADER, None, False)
        self._rows = [of.get(id(row), helper) for row in self._reading.rows]
        self._columns = list(self._reading.variables.values())
        self._priced = {
            id(m): row.name for _, row, several in self._map.conditions.multipliers() for m in several.values()
        }
        own = bilevel.leader.variables, bilevel.follower_variables
        self._of_user = {id(v) for variables in own for v in variables}

    def constant_rows(self) -> str | None:
        """Name a row without a free variable that does not hold."""
        for row, (low, repn, high) in zip(self._rows, self._reading.rows.values(), strict=True):
            if row.name is None or row.dual or repn.linear:
                continue
            missing = [0.0 if low is None else low - repn.constant, 0.0 if high is None else repn.constant - high]
            if (excess := max(missing)) > CONSTANT_ROW_TOLERANCE:
                return f"no solution, because row {row.name!r} has no free variable and misses by {excess:.6g}."
        return None

    def rows_of_both(self) -> str | None:
        """Say which rows of the levels contradict each other: a follower's own, or those of several."""
        found = self._conflict(lambda row: not row.dual)
        if found is None:
            return None
        if not found.rows:
            return f"no solution, because {self._told(found)}."
        for follower in self._map.bilevel.followers:
            own = self._conflict(_of(follower.name, dual=False))
            if own is not None:
                return (
                    f"no solution, because follower {follower.name!r} has no feasible point, whatever is decided "
                    f"within the bounds: {self._told(own)}."
                )
        return (
            "no solution, because the leader's rows and the followers' rows cannot hold together (the high-point "
            f"relaxation is infeasible): {self._told(found)}."
        )

    def optima(self) -> str | None:
        """Say which follower is unbounded at every decision at which it is feasible."""
        if self._conflict(lambda row: row.dual) is None:
            return None
        for follower in self._map.bilevel.followers:
            found = self._conflict(_of(follower.name, dual=True))
            if found is not None:
                better = "falls" if follower.objective.sense == 1 else "rises"
                return (
                    f"no solution, because follower {follower.name!r} has no optimum, whatever the leader decides: "
                    f"where it is feasible, {follower.objective.name!r} {better} without end{self._ray(found)}"
                )
        return (
            "no solution, because no decision leaves all followers an optimum: where one has it, another is unbounded. "
            "Bound the followers' variables."
        )

    def together(self) -> str | None:
        """Say which rows contradict the followers' optimality."""
        found = self._conflict(lambda row: True)
        if found is None:
            return None
        optimal = listed_names(self._rows[k].name for k in found.rows if self._rows[k].dual)
        return (
            "no solution, because no follower's optimum, and no shadow prices, fit the leader's and the "
            f"followers' rows: {self._told(found)}{f' (or change the costs of {optimal})' if optimal else ''}."
        )

    def _conflict(self, wanted: Callable[[_Row], bool]) -> Conflict | None:
        chosen = [k for k, row in enumerate(self._rows) if row.name is None or wanted(row)]
        return conflict(self._program, np.array(chosen, dtype=int))

    def _told(self, found: Conflict) -> str:
        rows = [self._rows[k] for k in found.rows]
        named = list(dict.fromkeys(row.name for row in rows if row.name and not row.dual))
        optimal = list(dict.fromkeys(row.name for row in rows if row.name and row.dual))
        columns = [(self._columns[k], k, side) for k, side in found.bounds]
        signs = [self._priced[id(v)] for v, _, _ in columns if id(v) in self._priced]
        bounds = [self._bound(k, side) for v, k, side in columns if id(v) in self._of_user]
        parts = [
            f"{what}{'s' * (len(names) > 1)}{of} {listed_names(names)}"
            for what, of, names in (
                ("row", "", named), ("bound", "", bounds), ("condition", " of optimality of", optimal),
                ("sign", " of the price of", list(dict.fromkeys(signs))),
            )
            if names
        ]  # fmt: skip
        known = self._of_user | set(self._priced)
        if any(row.name is None for row in rows) or any(id(v) not in known for v, _, _ in columns):
            parts.append("the ranges of products")
        told = "; ".join(parts)
        if not found.irreducible:
            return f"among {told} is a contradiction"
        return f"{told} contradict each other, and no fewer do. Relax one"

    def _bound(self, column: int, side: str) -> str:
        sign, limit = (">=", self._program.lower) if side == "lower" else ("<=", self._program.upper)
        return f"{self._columns[column].name} {sign} {limit[column]:g}"

    def _ray(self, found: Conflict) -> str:
        """Say which way the follower improves without end; with coefficients that were relaxed, only in what."""
        ways = {self._rows[k]: weight for k, weight in found.rows.items() if self._rows[k].dual}
        names = listed_names(row.name for row in ways)
        if len(ways) < len(found.rows):
            return f". Bound its variables, {names} among them (Var bounds, or rows of the follower)."
        moves = [f"{row.name} {'grows' if weight > 0 else 'falls'}" for row, weight in ways.items()]
        way = ", ".join(moves[:SHOWN]) + ", ..." * (len(moves) > SHOWN)
        limits = {"above" if weight > 0 else "below" for weight in ways.values()}
        how = f" {limits.pop()}" if len(limits) == 1 else ""
        return (
            f" as {way}. Bound {'one of ' * (len(ways) > 1)}{names}{how} (Var bounds, or a row of the follower), or "
            "correct the objective's sense."
        )


def _of(follower: str, *, dual: bool) -> Callable[[_Row], bool]:
    return lambda row: row.dual == dual and row.owner == follower


def listed_names(names: Iterable[str | None]) -> str:
    """Return names, the first few of many."""
    known = [name for name in dict.fromkeys(names) if name]
    return ", ".join(known[:SHOWN]) + f", {len(known) - SHOWN} more" * (len(known) > SHOWN)


def primal_rows(single: Any) -> Iterator[tuple[str, str, str, Any]]:
    """Yield (key, owner, the user's name, relational expression) of the rows of both levels."""
    for name, row in single.leader.rows.items():
        if row.lower is not None or row.upper is not None:
            yield f"leader {name}", LEADER, name, row.expr
    for form in map_of(single).conditions.forms:
        for row in form.rows:
            if not row.is_bound and (row.lower is not None or row.upper is not None):
                key = f"follower {form.follower.name} {row.name}"
                yield key, form.follower.name, row.name, (row.lower, row.body, row.upper)
