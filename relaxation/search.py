r"""The loop: a bound from the high-point relaxation, the followers' answer to its decision, rows that it violates.

1. The relaxation (:mod:`.high_point`), a MILP, is solved; what bounds it bounds the model.
2. The followers answer its decision, and the best point that the leader can make of that is one of the model.
3. Where bound and point do not meet, the model's separators are asked for rows that the relaxation's point violates.

Each MILP begins at the best decision known. It is exact where it ends with a bound that meets the point, and no more
than a bound and a point where the separators have nothing to add before.

Source: the loop is that of cutting planes for mixed-integer bilevel problems, S. DeNegre and T. Ralphs, *A
branch-and-cut algorithm for integer bilevel linear programs*, in Operations Research and Cyber-Infrastructure, 2009,
with the rows of the model's own separators.
"""

from dataclasses import dataclass, field
from time import perf_counter
from typing import Any

from pyomo.common.collections import ComponentMap

from ..decomposition.bounds import Bounds
from ..heuristics.follower.reaction import multipliers_at, react
from ..pipeline.separation import cutter_of, separate
from ..quantities import plain
from ..reformulations import kkt, user_cuts
from ..reformulations.single_level import SingleLevel, map_of
from ..solvers.reading import Reading, read
from ..solvers.records import SolverResult
from ..solvers.session import Session
from ..solvers.status import Status
from ..solvers.trace import Mark

MILPS = 40
"""At most so many MILPs."""


@dataclass(eq=False)
class Search:
    """What is known so far.

    :ivar single: the relaxation.
    :ivar session: for the relaxation; ``followers``: for the followers' answers.
    :ivar mpcc: the model's KKT conditions, from which these are.
    :ivar values: of the best point and its multipliers; ``decision``: what followers see of it.
    :ivar refuted: whether a point is better than what the relaxation allows: something in it is not valid.
    """

    single: SingleLevel
    session: Session
    followers: Session
    bounds: Bounds
    tolerance: float
    mpcc: Any = None
    values: ComponentMap = field(default_factory=ComponentMap)
    decision: ComponentMap | None = None
    nodes: int = 0
    milps: int = 0
    separated: int = 0
    refuted: bool = False
    notes: list[str] = field(default_factory=list)
    history: list[dict[str, Any]] = field(default_factory=list)
    marks: list[Mark] = field(default_factory=list)
    root_bound: float | None = None
    begin: float = field(default_factory=perf_counter)

    def run(self, reading: Reading) -> None:
        """Search until bound and point meet, or nothing more can be done."""
        bilevel = self.single.bilevel
        self.mpcc = kkt.apply(bilevel)
        reading, said = separate(self.single, reading)
        self.notes.append(said)
        while self.milps < MILPS and not self.session.over:
            result = self._solve(reading)
            if result.bound is not None and result.status is not Status.error:
                self.bounds.raise_to(result.bound)
            if result.values is not None:
                self._answer(result.values)
            self.refuted = self._refutes(result)
            self._record()
            if result.values is None:
                return
            if self.bounds.met or self.refuted or result.status is not Status.optimal:
                return
            with bilevel.kept_values(self.single.variables):
                for variable, number in result.values.items():
                    variable.set_value(number, skip_validation=True)
                if not list(user_cuts.ask_separators(self.single)):
                    return
            reading = read(self.single.model)

    def _solve(self, reading: Reading) -> SolverResult:
        """Solve the relaxation, from the best decision known."""
        self.milps += 1
        start = self.decision
        with self.single.bilevel.kept_values(self.single.variables):
            for variable in self.single.variables:  # the solver finds what else belongs to the decision
                known = None if start is None else start.get(variable)
                variable.set_value(known, skip_validation=True)
            result = self.session.solve(reading, warm_start=start is not None, cutter=cutter_of(self.single, reading))
        self.nodes += result.nodes or 0
        self.separated += result.separated
        if self.milps == 1:
            self.root_bound = result.root_bound
        return result

    def _answer(self, values: ComponentMap) -> None:
        """Let the followers answer the decision of the relaxation's point, and keep the point, if it is the best."""
        bilevel = self.single.bilevel
        decision: ComponentMap = ComponentMap()
        for variable in bilevel.visible:
            number = values.get(variable, variable.value)
            if number is None:
                return
            decision[variable] = float(number) if variable.is_continuous() else float(round(number))
        found = react(self.mpcc, {id(v): number for v, number in decision.items()}, self.followers.solve)
        if found.objective is None:
            return
        with bilevel.kept_values():
            for variable, number in found.values.items():
                variable.set_value(number, skip_validation=True)
            if any(v.value is None for v in bilevel.variables) or not multipliers_at(self.mpcc, self.followers.solve):
                return
            level = map_of(self.mpcc)
            multipliers = [m for _, _, several in level.conditions.multipliers() for m in several.values()]
            known = ComponentMap([*found.values.items(), *((m, m.value) for m in multipliers)])
            point = level.point(known)
        if self.bounds.better(point):
            self.bounds.best, self.decision, self.values = point, decision, known

    def _refutes(self, result: SolverResult) -> bool:
        """Whether the best point is none of the relaxation."""
        bound, objective = self.bounds.bound, self.bounds.objective
        if objective is None:
            return False
        if result.status is Status.infeasible:
            return True
        allowed = self.tolerance * max(1.0, abs(objective))
        return bound is not None and self.bounds.sense * (bound - objective) > allowed

    def _record(self) -> None:
        entry = {"bound": self.bounds.bound, "objective": self.bounds.objective, "nodes": self.nodes}
        self.history.append({"iteration": len(self.history) + 1, **entry})
        self.marks.append((perf_counter() - self.begin, self.bounds.objective, self.bounds.bound))
        said = ", ".join(f"{name} {plain(number, 10)}" for name, number in entry.items() if number is not None)
        self.followers.say(f"relaxation {len(self.history)}: {said}")
