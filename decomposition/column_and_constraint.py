r"""Column-and-constraint generation: exact for followers with integers.

Each iteration solves the master problem (:mod:`.master`), whose optimum bounds that of the model; then the followers
at its decision (:mod:`.subproblem`), whose responses make a point of the model and the master's next columns. It ends
when bound and point meet. Where they cannot, because a follower sees continuous variables and a response is lost on
the brink of a decision, it is found out from which level of the leader's objective on it can be lost at all; where that
is the bound itself (the optimum is not attained, or that is not known), points are looked for a margin away.

Source: B. Zeng and Y. An, *Solving bilevel mixed integer program by reformulations and decomposition*, Optimization
Online, 2014; on responses that are infeasible for other decisions: D. Yue, J. Gao, B. Zeng and F. You, *A
projection-based reformulation and decomposition algorithm for global optimization of a class of mixed integer bilevel
linear programs*, J. Glob. Optim. 73, 2019.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from pyomo.common.collections import ComponentMap
from pyomo.core import value

from ..errors import ArgumentError
from ..levels.bilevel import Bilevel
from ..levels.point import Point, point_at
from ..levels.rows import at_values
from ..quantities import plain
from ..request import Request
from ..solution import Solution
from ..solvers.records import SolverResult
from ..solvers.status import Status
from .column import Response
from .extent import extents
from .integer_follower import IntegerFollower, integer_followers
from .master import Decision, Master
from .options import NAME, Options
from .oracle import Oracle
from .polish import polished
from .subproblem import held, optimistic, respond, seen

SHALLOW = 1e-6
"""A response that is out of reach by less, relative to 1 + |limit|, is so within solvers' tolerances only."""

CAUTION = 0.99
"""How far up from the bound to where a response was seen to be lost a level is tried."""

STEP = 1e-3
"""The least rise of a level, relative to max(1, |bound|): each takes a few problems."""

WORSE = 1e-7
"""By how much a follower's objective is no longer its optimum, relative to 1 + |optimum|."""


def column_and_constraint(bilevel: Bilevel, request: Request) -> Solution:
    """Solve a bilevel model whose followers may own integers; the point is on the model afterwards.

    :raises BilevoltError: the model, or what is asked, is not covered; before the first master problem.
    """
    _refuse(request)
    options = Options.checked(request.method_options)
    followers = integer_followers(bilevel)
    oracle = Oracle(request)
    with bilevel.kept_values():
        master = Master(bilevel, followers, extents(bilevel, followers, oracle.exactly))
        _refuse_unfit(master, oracle)
        search = _Search(master, oracle, options)
        search.start(request.warm_start)
        search.run()
    return search.solution()


def _refuse(request: Request) -> None:
    for name, why in (
        ("proof", "proofs rest on KKT conditions, which followers with integers do not have"),
        ("confirm", "it asks by the KKT conditions of followers, which those with integers do not have"),
    ):
        if getattr(request, name):
            raise ArgumentError(f"{name}={getattr(request, name)!r} is not used by {NAME!r}: {why}. Leave it out.")
    if isinstance(request.reformulation, Mapping):
        raise ArgumentError(f"{NAME!r} takes the name of a reformulation, not a dict row -> name.")
    if isinstance(request.warm_start, str):
        raise ArgumentError(
            f"warm_start={request.warm_start!r}: heuristics do not cover followers with integers. "
            "Give True (the values on the model) or a Solution."
        )


def _refuse_unfit(master: Master, oracle: Oracle) -> None:
    """Refuse what the solver does not take of a column, with one that is not used: the least integers in range."""
    trial = Master(master.bilevel, master.followers, master.ranges)
    for item in master.followers:
        trial.learn(Response(item, {id(z): round(trial.ranges.of_variable(z)[0]) for z in item.integers}))
    oracle.prepare(trial.problem()[0])


@dataclass(eq=False)
class _Search:
    """Bound, best point, and what is known of the responses."""

    master: Master
    oracle: Oracle
    options: Options
    bound: float | None = None
    best: Point | None = None
    impossible: bool = False
    ceiling: float | None = None
    """The leader's objective, minimised, up to which responses that are held on to were seen not to be lost."""
    brink: str = ""
    """The follower whose response is lost on the brink, if the bound is stuck there."""
    why: str = ""
    """Why the search ended without an answer."""
    history: list[dict[str, Any]] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    @property
    def sense(self) -> int:
        """1 if the leader minimises, -1 if it maximises."""
        return self.master.bilevel.sense

    @property
    def met(self) -> bool:
        """Whether bound and point are as near as asked."""
        return self._near(self.bound)

    def _near(self, bound: float | None) -> bool:
        if self.best is None or bound is None:
            return False
        objective = self.best.objective
        return self.sense * (objective - bound) <= self.oracle.request.rel_gap * max(1.0, abs(objective))

    @property
    def _over(self) -> bool:
        if self.oracle.session.over:
            self.why = self.oracle.session.why
        elif len(self.history) >= self.options.max_iterations:
            self.why = f"stopped after {len(self.history)} iterations"
        return bool(self.why)

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
        for item, response, _ in self._answer(values):
            self.master.learn(Response(item, response))
        found = "no point" if self.best is None else f"a point with objective {plain(self.best.objective, 10)}"
        self.notes.append(f"started from a decision, at which there is {found}")

    def run(self) -> None:
        """Search until bound and point meet, or nothing more can be done."""
        while not self._bounds() and self.brink and not self._over:
            before = self._known
            self._points()
            if self.met or self._over or self._known == before:
                return
            self.brink = ""

    @property
    def _known(self) -> tuple[int, float | None]:
        """What a search for points can add to: responses, whose columns hold anywhere, and the best objective."""
        return len(self.master.responses), None if self.best is None else self.best.objective

    def _bounds(self) -> bool:
        """Raise the bound until it meets the point; return whether there is nothing left to do."""
        while not self._over:
            result = self._ask(0.0)
            if result is None:
                return True
            wrong = self._answer(result.values)
            self._record(result)
            if self.met or self.why:
                return True
            if not (self._learn(wrong) or self._settle(wrong)):
                if self._inside(wrong):
                    continue
                if not wrong:
                    self.why = "bound and point differ by the tolerances of the solvers"
                self.brink = ", ".join(repr(item.name) for item, _, _ in wrong)
                return not wrong
        return True

    def _points(self) -> None:
        """Look for points a margin away from where responses are lost; the bounds are not those of the model."""
        self.oracle.session.say(f"looking for points, {self.options.margin:g} away from the brink")
        while not self._over:
            result = self._ask(self.options.margin)
            if result is None:
                return
            wrong = self._answer(result.values)
            self._record(result, margin=self.options.margin)
            if self.why or self._near(result.bound) or not (self._learn(wrong) or self._settle(wrong)):
                return

    # One iteration ---------------------------------------------------------------------------------------

    def _ask(self, margin: float) -> SolverResult | None:
        """Solve the master problem; None where it has no point, which ends the search."""
        problem, _ = self.master.problem(margin)
        _, result = self.oracle.solve(problem)
        if result.status in (Status.unbounded, Status.infeasible_or_unbounded):
            _, result = self.oracle.solve(self.master.anywhere(margin))
            if result.values is not None:
                result.bound = None
        if margin == 0.0:
            self._take_bound(result)
        if result.values is not None:
            return result
        if margin == 0.0 and result.status is Status.infeasible:
            if self.ceiling is None:
                self.impossible = True
            else:  # but for points that are no better than the one known
                self.bound = self.sense * self.ceiling
            self.history.append({"iteration": len(self.history) + 1, "message": result.message})
        elif result.status is not Status.infeasible:
            self.why = self.oracle.session.why or f"the master problem is {result.status} ({result.message})"
        return None

    def _take_bound(self, result: SolverResult) -> None:
        """Keep the best bound; with Ms that are not proven it is none."""
        if result.bound is None or result.status is Status.error:
            return
        bound = self.sense * result.bound
        if self.ceiling is not None:
            bound = min(bound, self.ceiling)
        if self.bound is None or bound > self.sense * self.bound:
            self.bound = self.sense * bound

    def _answer(self, values: ComponentMap) -> list[tuple[IntegerFollower, dict[int, int], float]]:
        """Let the followers answer; return those that would not respond so, with their response and its value."""
        master, decision = self.master, seen(self.master.followers, values)
        at = {id(v): number for v, number in values.items()} | {id(v): n for v, n in decision.items()}
        optima: dict[int, float] = {}
        wrong = []
        for item in master.followers:
            result = respond(item, decision, self.oracle.exactly)
            if result.status is not Status.optimal or result.objective is None or result.values is None:
                self.why = self.oracle.session.why or (
                    f"follower {item.name!r} is {result.status} at a decision of the master problem ({result.message})"
                )
                return []
            optima[id(item)] = result.objective
            own = {id(v): result.values.get(v, at.get(id(v), v.lb or 0.0)) for v in item.integers}
            missing = any(id(v) not in at for v in item.follower.variables)
            reached = None if missing else value(at_values(item.follower.objective.expr, at), exception=False)
            allowed = WORSE * (1 + abs(result.objective))
            if reached is None or item.sign * (reached - result.objective) > allowed:
                wrong.append((item, {key: round(number) for key, number in own.items()}, result.objective))
        self._decision, self._optima = decision, optima
        self._take_point(decision, optima)
        return wrong

    def _take_point(self, decision: ComponentMap, optima: dict[int, float]) -> None:
        """Keep the best point at a decision, if it is better."""
        bilevel = self.master.bilevel
        with bilevel.kept_values(), held(decision):
            single, result = self.oracle.solve(optimistic(bilevel, self.master.followers, decision, optima))
            if result.values is None or result.status not in (Status.optimal, Status.feasible):
                return
            point = point_at(bilevel, result.values, single.prices(result.values))
        if self._better(point):
            point = polished(bilevel, self.master.followers, decision, point, self.oracle)
        if self._better(point):
            self.best = point

    def _better(self, point: Point) -> bool:
        return self.best is None or self.sense * (point.objective - self.best.objective) < 0

    def _learn(self, wrong: list[tuple[IntegerFollower, dict[int, int], float]]) -> bool:
        """Give the master the columns of the responses; return whether one is new."""
        new = [self.master.learn(Response(item, response)) for item, response, _ in wrong]
        return any(new)

    def _settle(self, wrong: list[tuple[IntegerFollower, dict[int, int], float]]) -> bool:
        """Cut by what followers do at this very decision; return whether one can be."""
        made = False
        for item in [item for item, _, _ in wrong] or self.master.followers:
            given = {id(v): self._decision[v] for v in item.linking}
            made |= self.master.decide(Decision(item, given, self._optima[id(item)]))
        return made

    def _inside(self, wrong: list[tuple[IntegerFollower, dict[int, int], float]]) -> bool:
        """Find out from which level on the responses given up on the brink can be beyond it.

        Return whether the master may hold on to one for some way up from the bound.
        """
        found = False
        for item, response, _ in wrong:
            key = Response(item, response).key
            known = next(r for r in self.master.responses if r.key == key)
            column = self.master.column(known)
            for reason in column.brinks:
                found |= self._hold(known, reason, column.finite and self.master.linear)
        return found

    def _hold(self, response: Response, reason: str, gradual: bool) -> bool:
        """Tell the master the level below which a response is not lost for a reason; return whether there is one.

        :param gradual: whether the master can be told of a level other than that of the best point.
        """
        worst = self._worth_finding()
        bound = None if self.bound is None else self.sense * self.bound
        if self._shallow(response, reason, worst):
            response.levels[reason] = None  # wherever a better point may be
            self.ceiling = worst if self.ceiling is None or worst is None else min(self.ceiling, worst)
            return True
        if bound is None or not gradual:
            return False
        _, beyond = self.oracle.solve(self.master.beyond(response, reason, self.options.margin))
        if beyond.status is not Status.optimal or beyond.bound is None:
            return False
        level = bound + CAUTION * (self.sense * beyond.bound - bound)
        level = level if worst is None else min(level, worst)
        known = response.levels.get(reason)
        lowest = bound if known is None else max(bound, known[0])
        if level - lowest <= STEP * max(1.0, abs(bound)) or not self._shallow(response, reason, level):
            return False
        response.levels[reason] = (level, bound)
        return True

    def _worth_finding(self) -> float | None:
        """Return the leader's objective, minimised, from which on a point is no better by half of the gap asked for."""
        if self.best is None:
            return None
        objective = self.best.objective
        return self.sense * objective - self.oracle.request.rel_gap / 2 * max(1.0, abs(objective))

    def _shallow(self, response: Response, reason: str, level: float | None) -> bool:
        """Whether a response is out of reach by nothing that counts, wherever the leader has this or better."""
        _, result = self.oracle.solve(self.master.deepest(response, reason, level))
        return result.status is Status.optimal and result.bound is not None and result.bound <= SHALLOW

    def _record(self, result: SolverResult, **more: Any) -> None:
        best = None if self.best is None else self.best.objective
        entry = {"bound": self.bound, "objective": best, "responses": len(self.master.responses), **more}
        self.history.append({"iteration": len(self.history) + 1, **entry})
        said = ", ".join(f"{name} {plain(number, 10)}" for name, number in entry.items() if number is not None)
        self.oracle.session.say(f"iteration {len(self.history)}: {said}")

    # The answer ------------------------------------------------------------------------------------------

    def solution(self) -> Solution:
        """Return the answer, its values on the model."""
        oracle = self.oracle
        solution = Solution(
            Status.no_solution, method=NAME, reformulation=oracle.reformulation, rel_gap=oracle.request.rel_gap,
            solver=", ".join(sorted(oracle.session.called)), sizes=oracle.sizes, nodes=oracle.nodes,
            history=self.history, notes=[oracle.why, *self.notes] if oracle.why else self.notes,
            assumptions=list(oracle.assumptions), bound=self.bound,
        )  # fmt: skip
        if oracle.limited:
            solution.bound = None
            solution.notes.append("not proven, because an unproven M may cut it off: " + "; ".join(oracle.limited))
        if self.why:
            solution.notes.append(self.why)
        if self.best is None:
            self._without_point(solution)
            return solution
        self.best.put()
        solution.take(self.best)
        if not self.master.bilevel.leader.prices:
            solution.multipliers = {}
        solution.status = Status.feasible
        self._with_point(solution)
        return solution

    def _without_point(self, solution: Solution) -> None:
        if not self.impossible:
            self._say_brink(solution)
            return
        solution.bound = None
        if solution.assumptions:
            solution.notes.append("infeasible under the assumptions; they are not proven, so neither is that")
        else:
            solution.status = Status.infeasible

    def _with_point(self, solution: Solution) -> None:
        objective = solution.objective
        assert objective is not None
        if self.impossible:
            solution.bound = None
            solution.notes.append("the master problem is called infeasible, which the point refutes")
        elif solution.bound is not None and self.met:
            far = self.sense * (solution.bound - objective) > self.oracle.request.tolerance * (1 + abs(objective))
            solution.status = Status.error if far else Status.optimal
            if far:
                solution.notes.append("the bound is worse than the objective: a solver is wrong")
            elif self.sense * (solution.bound - objective) > 0:
                solution.bound = objective
        else:
            self._say_brink(solution)

    def _say_brink(self, solution: Solution) -> None:
        if not self.brink or solution.bound is None:
            return
        extreme = "infimum" if self.sense > 0 else "supremum"
        at_most = (
            "" if solution.objective is None else f" and {plain(solution.objective, 10)}, which this point attains"
        )
        solution.notes.append(
            f"the optimum may not be attained: the {extreme} is between {plain(solution.bound, 10)}{at_most}. Where "
            f"the bound is, a response of follower {self.brink} is only just feasible, and no longer so beside it; "
            "points are a margin away from that "
            f"(method_options={{'margin': {self.options.margin:g}}})."
        )
