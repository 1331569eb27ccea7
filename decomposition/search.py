"""The search: master problems for bounds, the followers at their decisions for points, until these meet."""

from dataclasses import dataclass, field
from typing import Any

from pyomo.common.collections import ComponentMap

from ..quantities import plain
from ..solution import Solution
from ..solvers.records import SolverResult
from ..solvers.status import Status
from .answers import Answers, answers, take_point
from .bounds import Bounds
from .brink import hold_on
from .column import Response
from .master import Master
from .options import Options
from .oracle import Oracle


@dataclass(eq=False)
class Search:
    """What was found, and why it ended."""

    master: Master
    oracle: Oracle
    options: Options
    bounds: Bounds = field(init=False)
    brink: str = ""
    """The follower whose response is lost on the brink, if the bound is stuck there."""
    why: str = ""
    """Why the search ended without an answer."""
    history: list[dict[str, Any]] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.bounds = Bounds(self.master.bilevel.sense, self.oracle.request.rel_gap)

    @property
    def _over(self) -> bool:
        if self.oracle.session.over:
            self.why = self.oracle.session.why
        elif len(self.history) >= self.options.max_iterations:
            self.why = f"stopped after {len(self.history)} iterations"
        return bool(self.why)

    @property
    def _known(self) -> tuple[int, float | None]:
        """What a search for points can add to: responses, whose columns hold anywhere, and the best objective."""
        return len(self.master.responses), self.bounds.objective

    def start(self, wanted: Any) -> None:
        """Answer the decision that the caller wants to start from."""
        if not wanted:
            return
        known = wanted.values if isinstance(wanted, Solution) else {}
        values: ComponentMap = ComponentMap()
        for variable in self.master.bilevel.variables:
            number = known.get(variable.name, variable.value)
            if number is not None:
                values[variable] = number
        missing = [v.name for item in self.master.followers for v in item.linking if v not in values]
        if missing:
            self.notes.append(f"no start: {missing[0]} has no value")
            return
        self._learn(self._answers(values).wrong)
        objective = self.bounds.objective
        found = "no point" if objective is None else f"a point with objective {plain(objective, 10)}"
        self.notes.append(f"started from a decision, at which there is {found}")

    def run(self) -> None:
        """Search until bound and point meet, or nothing more can be done."""
        while not self._bound() and self.brink and not self._over:
            before = self._known
            self._points()
            if self.bounds.met or self._over or self._known == before:
                return
            self.brink = ""

    def _bound(self) -> bool:
        """Raise the bound until it meets the point; return whether there is nothing left to do."""
        while not self._over:
            result = self._ask(0.0)
            if result is None:
                return True
            found = self._answers(result.values)
            self._record()
            if self.bounds.met or self.why:
                return True
            if not (self._learn(found.wrong) or self._settle(found)):
                if hold_on(self.master, self.oracle, self.bounds, found.wrong, self.options.margin):
                    continue
                if not found.wrong:
                    self.why = "bound and point differ by the tolerances of the solvers"
                self.brink = ", ".join(repr(response.item.name) for response in found.wrong)
                return not found.wrong
        return True

    def _points(self) -> None:
        """Look for points a margin away from where responses are lost; the bounds are not those of the model."""
        self.oracle.session.say(f"looking for points, {self.options.margin:g} away from the brink")
        while not self._over:
            result = self._ask(self.options.margin)
            if result is None:
                return
            found = self._answers(result.values)
            self._record(margin=self.options.margin)
            if self.why or self.bounds.near(result.bound) or not (self._learn(found.wrong) or self._settle(found)):
                return

    def _ask(self, margin: float) -> SolverResult | None:
        """Solve the master problem; None where it has no point, which ends the search."""
        problem, _ = self.master.problem(margin)
        _, result = self.oracle.solve(problem)
        if result.status in (Status.unbounded, Status.infeasible_or_unbounded):
            _, result = self.oracle.solve(self.master.anywhere(margin))
            if result.values is not None:
                result.bound = None
        if margin == 0.0 and result.bound is not None and result.status is not Status.error:
            self.bounds.raise_to(result.bound)
        if result.values is not None:
            return result
        if margin == 0.0 and result.status is Status.infeasible:
            self.bounds.without_a_point()
            self.history.append({"iteration": len(self.history) + 1, "message": result.message})
        elif result.status is not Status.infeasible:
            self.why = self.oracle.session.why or f"the master problem is {result.status} ({result.message})"
        return None

    def _answers(self, values: ComponentMap) -> Answers:
        """Let the followers answer, and keep the best point at their decision."""
        found = answers(self.master, values, self.oracle)
        self.why = self.why or found.why
        if not found.why:
            take_point(self.master, found, self.oracle, self.bounds)
        return found

    def _learn(self, responses: list[Response]) -> bool:
        """Give the master the columns of the responses; return whether one is new."""
        new = [self.master.learn(response) for response in responses]
        return any(new)

    def _settle(self, found: Answers) -> bool:
        """Cut by what followers do at this very decision; return whether one can be."""
        items = [response.item for response in found.wrong] or self.master.followers
        made = [self.master.decide(found.at(item)) for item in items]
        return any(made)

    def _record(self, **more: Any) -> None:
        entry = {
            "bound": self.bounds.bound, "objective": self.bounds.objective,
            "responses": len(self.master.responses), **more,
        }  # fmt: skip
        self.history.append({"iteration": len(self.history) + 1, **entry})
        said = ", ".join(f"{name} {plain(number, 10)}" for name, number in entry.items() if number is not None)
        self.oracle.session.say(f"iteration {len(self.history)}: {said}")
