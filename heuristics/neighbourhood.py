r"""Neighbourhood search: the exact problem, solved again and again in a box around the best decision so far.

.. math:: \max F(x, y) \quad \text{s.t.}\; (x, y) \text{ bilevel feasible},\;
          |x_j - \bar x_j| \le \rho\, w_j \;\text{ for the leader's variables that followers see}

with :math:`\bar x` the best decision known, :math:`w_j` the variable's range, and :math:`\rho` the radius. The single
level is built anew in each box, with every M from the box's bounds: that makes a small box much easier than the whole.

Rules. A better point becomes the centre of the next box, the radius stays. A box that is solved without a better
point is done with, and the radius doubles. A box that is not solved in its time, without a better point, is too
large: the radius halves. The search ends when the last box held all decisions, when a box that had to be halved comes
down to one that is done with, or with its rounds or its time. The answer is bilevel feasible; no bound comes with it.

The start is the better of the decision on the model and that of the linear relaxation (complementarity half kept), each
with the followers' best reaction for the leader; else the nested heuristic's answer; else any bilevel feasible point.
The search is deterministic, but for what a time limit cuts off.

Source: local branching and trust regions in one: M. Fischetti and A. Lodi, *Local branching*, Math. Program. 98, 2003.
"""

import math
from dataclasses import replace
from typing import Any

from pyomo.common.collections import ComponentMap
from pyomo.core import Reals, Var

from ..errors import BilevoltError, UnsupportedBySolverError
from ..levels.bilevel import Bilevel
from ..levels.point import put
from ..quantities import plain
from ..reformulations import choose_reformulation
from ..reformulations.single_level import map_of
from ..solvers.session import Session
from ..solvers.status import Status
from . import warm_start
from .box import box_around, covers, inside
from .nested import nested
from .result import HeuristicResult, rounded

STARTS = ("auto", "model", "relaxation", "nested")
SMALLEST_RADIUS = 1e-6
IMPROVEMENT = 1e-6
"""By how much (relative above 1) a point must be better to be a new centre."""
SHARE = 5
"""Without a limit of its own, a box may take this fraction (one in five) of the whole time limit."""


def neighbourhood(
    bilevel: Bilevel,
    session: Session,
    *,
    radius: float = 0.02,
    rounds: int = 30,
    round_seconds: float | None = None,
    start: str = "auto",
    integers: bool = True,
    reformulation: str = "auto",
) -> HeuristicResult:
    """Run the search.

    :param radius: of the first box, relative to each variable's range (to max(1, \\|value\\|) where that is infinite).
    :param rounds: most boxes.
    :param round_seconds: what a box may take; by default a fifth of the whole time limit.
    :param start: "model" (the decision on the model), "relaxation", "auto" (the better of the two) or "nested";
        where it gives no point, the next of these does.
    :param integers: whether the leader's integers are kept in the box, too (at least one step to either side).
    :param reformulation: of the problem in the box; "auto" is big-M where every M is proven, else SOS1.
    :returns: status ``feasible`` or ``no_solution``; ``history`` has, per box, its radius, how the solve ended, the
        best objective in it and the best so far.
    """
    if radius <= 0 or rounds < 0 or start not in STARTS:
        raise BilevoltError(
            f"neighbourhood: radius={radius!r} has to be positive, rounds={rounds!r} not negative, and start={start!r} "
            f"one of {', '.join(map(repr, STARTS))}."
        )
    if round_seconds is None and session.time_limit is not None:
        round_seconds = session.time_limit / SHARE
    incumbent = _Incumbent(bilevel, session, round_seconds, integers, reformulation)
    with bilevel.kept_values():  # the search moves the user's variables about
        incumbent.begin(start)
        incumbent.run(radius, rounds)
    return incumbent.result


class _Incumbent:
    """The best point so far, and how to look for a better one."""

    def __init__(
        self, bilevel: Bilevel, session: Session, round_seconds: float | None, integers: bool, reformulation: str
    ) -> None:
        self.bilevel, self.session = bilevel, session
        self.round_seconds, self.reformulation = round_seconds or None, reformulation
        self.result = HeuristicResult(Status.no_solution)
        visible = [v for v in bilevel.leader.variables if v in bilevel.visible]
        self.decision = [v for v in visible if integers or v.is_continuous()]
        self.visible = visible

    def begin(self, start: str) -> None:
        """Find the first centre."""
        if start in ("auto", "model") and all(v.value is not None for v in self.visible):
            self._try("on the model", ComponentMap((v, v.value) for v in self.visible))
        if start in ("auto", "relaxation") and not self.session.over:
            self._try("of the relaxation", self._relaxed_decision())
        if self.result.objective is not None:
            return
        if self.session.over:
            self.result.message = self.session.why
            return
        found = nested(self.bilevel, self.session)
        self.result = replace(found, history=[], message="")
        if found.objective is None:
            self.session.say(f"the nested heuristic has no start ({found.message})")
            self.result.message = self.session.why
            if not self.session.over:
                self._begin_anywhere()

    def _try(self, what: str, decision: ComponentMap | None) -> None:
        """Solve in the box that is the decision alone, and keep the answer if it is better than what there is."""
        if decision is None:
            return
        with inside(self.bilevel, box_around(decision, 0.0)):
            single = self._single_level()
            found = self.session.solve(single, time_limit=self.round_seconds)
        self.session.say(f"start at the decision {what}: {found.status}, {plain(found.objective, 10)}")
        best = self.result.objective
        if found.values is not None and (best is None or self._gain(found.objective, best)):
            self.result.keep(found.objective, map_of(single).point(found.values))

    def _relaxed_decision(self) -> ComponentMap | None:
        """Return the leader's decision where complementarity may be half kept: a single level without binaries."""
        single = self._single_level()
        for variable in single.component_data_objects(Var):
            if not variable.is_continuous():
                lower, upper = variable.bounds
                variable.domain = Reals
                variable.setlb(lower)
                variable.setub(upper)
        try:
            found = self.session.solve(single, time_limit=self.round_seconds)
        except UnsupportedBySolverError:  # a nonconvex rest, or sets: there is no relaxation to be had cheaply
            return None
        if found.values is None:
            return None
        return ComponentMap((v, rounded(v, found.values.get(v, v.value or 0.0))) for v in self.visible)

    def _begin_anywhere(self) -> None:
        """Take any bilevel feasible point: the exact problem without its objective."""
        single = self._single_level()
        single.leader.objective.deactivate()
        found = self.session.solve(single, time_limit=self.round_seconds)
        if found.values is None:
            why = f"no point to start from: the problem without objective is {found.status}"
            self.result.message = self.session.said(why)
            return
        point = map_of(single).point(found.values)
        self.result.keep(point.objective, point)

    def run(self, radius: float, rounds: int) -> None:
        """Go from box to box."""
        if self.result.objective is None:
            return
        done = 0.0  # the largest radius known to hold no better point than the present centre
        for _ in range(rounds):
            if self.session.over:
                self.result.message = self.session.why
                return
            box = box_around(ComponentMap((v, self.result.values[v]) for v in self.decision), radius)
            better, solved = self._look(box, radius)
            whole = covers(box) and len(self.decision) == len(self.visible)
            if better:
                done = 0.0
            if solved and whole:
                self.result.message = "the last box held all decisions"
                return
            if better or self.session.over:  # a box cut short says nothing of its radius
                continue
            if solved:
                done = max(done, radius)
            radius = 2 * radius if solved else radius / 2
            if radius <= max(done, SMALLEST_RADIUS):
                self.result.message = f"no better point within a radius of {done:g}; larger boxes take too long"
                return
        self.result.message = self.session.said(f"stopped after {rounds} boxes")

    def _look(self, box: ComponentMap, radius: float) -> tuple[bool, bool]:
        """Solve in a box; return whether a better point was found, and whether the box was solved."""
        with inside(self.bilevel, box):
            single = self._single_level()
            put(self.result.values)
            started = warm_start.complete(single, self.session.solve) is None
            if self.session.over:
                return False, False
            found = self.session.solve(single, time_limit=self.round_seconds, warm_start=started)
        best = self.result.objective
        assert best is not None
        better = found.values is not None and self._gain(found.objective, best)
        if better and found.values is not None:
            self.result.keep(found.objective, map_of(single).point(found.values))
        self.result.record(
            radius=radius, status=str(found.status), found=found.objective, objective=self.result.objective
        )
        self.session.say(
            f"box of radius {radius:g}: {found.status}, {plain(found.objective, 10)}; "
            f"best {plain(self.result.objective, 10)}"
        )
        return better, found.status in (Status.optimal, Status.infeasible)

    def _single_level(self) -> Any:
        return choose_reformulation(self.bilevel, self.reformulation)[0]

    def _gain(self, objective: float | None, best: float) -> bool:
        if objective is None:
            return False
        gain = (best - objective) * int(self.bilevel.leader.objective.sense)
        return gain > IMPROVEMENT * max(1.0, abs(best)) and math.isfinite(objective)
