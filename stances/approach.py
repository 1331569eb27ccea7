r"""Solving what a stance asks for: at once, or, where the optimum may not be attained, from both sides.

Where the followers' coefficients depend on continuous variables of the leader, a tie may end as soon as the leader
moves a little, and its worst value jumps: the optimum is an infimum then. Two problems enclose it:

*below*, these followers are optimistic, the others answer worst: its optimum is a bound, and its decision is a
candidate; *above*, they prefer a little what the leader fears (:mod:`.worst`), so that no
decision is worth less than it says.

What a decision is worth is found from the followers alone, solved at that decision.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from pyomo.common.collections import ComponentMap
from pyomo.core import value

from ..errors import BilevoltError
from ..levels.bilevel import Bilevel
from ..levels.follower_problem import follower_at
from ..quantities import plain
from ..request import Request
from ..solution import Solution
from ..solvers.session import Session
from ..solvers.status import Status
from ..verification.check import verify
from ..verification.pessimistic import PATIENT, worst_case
from ..verification.stance import Stance
from .defined import defined
from .pose import Posed, named, open_followers, pose
from .refusing import refuse_uncovered

Run = Callable[[Bilevel, Request], tuple[Solution, Any, Any]]
_WITH_POINT = (Status.optimal, Status.feasible)
KIND = "the optimum with kind ties has no worse ones"


@dataclass(frozen=True)
class Answer:
    """What was found, the single level that the point is of, who may confirm it, and the problem that was posed.

    ``single`` is None if there is none to polish the point with.
    """

    solution: Solution
    single: Any
    question: Any
    posed: Posed

    def tell(self) -> None:
        """Say the solution in the user's own variables, followers answering worst for the leader's objective."""
        if not self.posed.is_new or self.single is None or self.solution.status not in _WITH_POINT:
            return
        _tell(self.posed, self.solution)

    def put(self) -> None:
        """Write the solution to the user's model, which may hold another response of the followers."""
        for variable in self.posed.original.variables if self.posed.is_new and self.solution.values else ():
            variable.set_value(self.solution.values[variable.name], skip_validation=True)


def answer(bilevel: Bilevel, request: Request, run: Run) -> Answer:
    """Solve a model as its caller's stance asks for.

    :param run: solves an optimistic problem.
    :raises StanceError: the stance is not covered for this model.
    """
    begin = time.perf_counter()
    weight, near = request.stance, request.follower_tolerance
    if not weight and not near:
        return Answer(*run(bilevel, request), Posed(bilevel, bilevel, weight, near))
    refuse_uncovered(bilevel, near, request.confirm is not None)
    posed = pose(bilevel, weight, near)
    if not near and open_followers(bilevel):
        return Answer(_enclosed(posed, request, run), None, None, posed)
    if near or request.confirm is not None:  # who confirms asks about the problem that is posed
        return Answer(*run(posed.bilevel, _rest_of(request, begin)), posed)
    kind, is_answer = _with_kind_ties(posed, request, run)
    if is_answer:
        return Answer(kind, None, None, posed)
    found = Answer(*run(posed.bilevel, _rest_of(request, begin)), posed)
    if found.solution.status is Status.no_solution and (first := _first_decision(posed, request, kind)) is not None:
        return Answer(first, None, None, posed)
    return found


def _rest_of(request: Request, begin: float) -> Request:
    """Return the request with what is left of the caller's seconds, for a second problem."""
    if request.time_limit is None:
        return request
    return replace(request, time_limit=max(0.0, request.time_limit - (time.perf_counter() - begin)))


def _tell(posed: Posed, solution: Solution) -> None:
    bilevel = posed.original
    solution.values = posed.response()
    solution.stance, solution.follower_tolerance = posed.weight, posed.near
    _say_objectives(bilevel, solution)
    own = {row.name for form in bilevel.forms for row in form.rows}
    nearly = posed.weight and posed.near  # such responses are no optima, to which prices would belong
    solution.multipliers = {} if nearly else {name: p for name, p in solution.multipliers.items() if name in own}


def _say_objectives(bilevel: Bilevel, solution: Solution) -> None:
    with bilevel.kept_values():
        for variable in bilevel.variables:
            variable.set_value(solution.values[variable.name], skip_validation=True)
        solution.lower_objectives = {f.name: float(value(f.objective.expr)) for f in bilevel.followers}


def _with_kind_ties(posed: Posed, request: Request, run: Run) -> tuple[Solution, bool]:
    """Return the optimistic answer, and whether it is the answer, too: no decision is worth more than with kind ties.

    The problem with worst responses is much larger, and often it is not needed.
    """
    solution, _, _ = run(posed.original, request)
    solution.stance = posed.weight
    if solution.status is Status.infeasible:
        return _named(solution, "infeasible with kind ties already"), True
    worth = _take_worth(posed.original, solution, request) if solution.status is Status.optimal else None
    if worth is not None and _closed(solution, request):
        return _named(solution, KIND), True
    request.say("ties decide: asking for the worst responses")
    return solution, False


def _first_decision(posed: Posed, request: Request, kind: Solution) -> Solution | None:
    """Return the optimistic decision with what it is worth, where the search for a better one ended without any."""
    if kind.status not in _WITH_POINT or _take_worth(posed.original, kind, request) is None:
        return None
    kind.status = Status.feasible
    return _named(
        kind, "the search with worst responses ended without a decision: this one, and the bound, are of kind ties"
    )


def _enclosed(below: Posed, request: Request, run: Run) -> Solution:
    """Return the better of two decisions, with the bound of the optimistic problem."""
    begin = time.perf_counter()
    bilevel = below.original
    solution, _, _ = run(below.bilevel, request)
    solution.stance = below.weight
    if solution.status not in _WITH_POINT:
        if solution.status is not Status.infeasible:
            solution.notes.append(
                f"with kind followers the problem is {solution.status}, which says nothing of the worst"
            )
            solution.status, solution.bound = Status.no_solution, None
        return solution
    bound, worst = solution.bound, "no decision"
    if _take_worth(bilevel, solution, request) is not None:
        worst = f"worth {plain(solution.objective, 10)} at worst"
        if _closed(solution, request):
            return _named(solution, KIND)
    request.say("ties decide: asking for decisions that break them")
    try:
        above = pose(bilevel, below.weight, 0.0, penalised=True)
        other, _, _ = run(above.bilevel, _rest_of(request, begin))
    except BilevoltError as refusal:
        solution.notes.append(f"decisions that break ties were not looked for: {refusal}")
        return _open(solution, worst)
    other.stance = below.weight
    worth = _take_worth(bilevel, other, request) if other.status in _WITH_POINT else None
    if worth is not None and (solution.objective is None or bilevel.sense * (worth - solution.objective) < 0):
        solution.objective, solution.values = worth, other.values
        solution.lower_objectives = other.lower_objectives
    solution.bound = bound
    if solution.objective is not None and _closed(solution, request):
        return _named(solution, "as good as with kind ties")
    return _open(solution, worst)


def _named(solution: Solution, note: str) -> Solution:
    solution.notes.append(note)
    return solution


def _open(solution: Solution, worst: str) -> Solution:
    """Say what is known of an infimum that is not known to be attained."""
    if solution.objective is None:
        solution.status = Status.no_solution
        solution.values = {}
        solution.notes.append("no decision was found whose rows hold for every response")
        return solution
    solution.status = Status.feasible
    if solution.bound is None:
        note = f"the optimum may not be attained, and there is no bound; the first decision is {worst}"
    else:
        note = (
            "the infimum may not be attained: it is between the bound (ties kind to the leader) and this objective, "
            f"{plain(abs(solution.objective - solution.bound), 3)} apart; the decision that gave the bound is {worst}"
        )
    return _named(solution, note)


def _closed(solution: Solution, request: Request) -> bool:
    """Whether the objective is the bound; the status says so."""
    gap = solution.gap
    return solution.status is Status.optimal and gap is not None and gap <= request.rel_gap + request.tolerance


def _take_worth(bilevel: Bilevel, solution: Solution, request: Request) -> float | None:
    """Give a solution the worst response to its decision, and return what that is worth; None if it is not allowed."""
    decision = {variable.name: solution.values[variable.name] for variable in bilevel.leader.variables}
    solution.objective, solution.multipliers = None, {}
    with bilevel.kept_values():
        for variable in bilevel.leader.variables:
            variable.set_value(decision[variable.name], skip_validation=True)
        optimum = _optima(bilevel)
        worst = worst_case(bilevel, optimum, tolerance=request.tolerance, effort=PATIENT)
    found = ComponentMap((v, decision[v.name]) for v in bilevel.leader.variables)
    at_worst = {} if worst.values is None else {id(v): number for v, number in worst.values.items()}
    found.update((y, at_worst.get(id(y), optimum.get(id(y)))) for y in bilevel.follower_variables)
    if any(number is None for number in found.values()):
        return None
    solution.values = named(bilevel, defined(bilevel), found)
    _say_objectives(bilevel, solution)
    certificate = verify(bilevel, replace(solution, bound=None), tolerance=request.tolerance)
    solution.objective = Stance(solution.stance).worth(certificate) if certificate.bilevel_feasible else None
    return solution.objective


def _optima(bilevel: Bilevel) -> dict[int, float]:
    """Return an optimum of each follower at the decision on the model, id -> number; nothing of those without one."""
    optimum: dict[int, float] = {}
    for follower in bilevel.followers:
        result = Session().solve(follower_at(follower))
        if result.status is Status.optimal and result.values is not None:
            optimum.update((id(y), result.values.get(y, y.value)) for y in follower.variables)
    return optimum
