r"""Another solver and another reformulation are asked whether there is a better point than the one that was found.

For a minimisation with the found objective :math:`\hat F` the question is the single-level model, linearised without
any big-M and without what the model offers as valid inequalities, and the row

.. math:: F(x, y) \le \hat F - \varepsilon \max(1, |\hat F|),

which leaves nothing if the point is optimal. Where F is not linear the row is left out, and the solver's bound answers.
A solver's "infeasible" is floating-point arithmetic, too: what confirms is that two ways agree that share little.
"""

import math
import time
from dataclasses import dataclass
from typing import Any

from pyomo.core import Constraint, minimize

from ..errors import UnsupportedBySolverError
from ..levels.bilevel import Bilevel
from ..quantities import plain
from ..reformulations import LINEARIZATIONS, reformulate
from ..reformulations.single_level import map_of
from ..request import Request
from ..solution import Solution
from ..solvers import SOLVERS, get_solver, objection
from ..solvers.reading import read
from ..solvers.session import Session
from ..solvers.status import Status
from ..verification import verify

STEPS = ("sos1", "branch", "indicator")
"""The reformulations that ask, in this order: exact without any M."""

MARGIN = 1e-5
"""By how much another point has to be better, relative to max(1, |F|); at least ten gaps."""


@dataclass(frozen=True)
class Question:
    """Who is asked, and the single-level model that is the question."""

    solver: str
    reformulation: str
    single: Any

    @property
    def who(self) -> str:
        """Who is asked, for those who read."""
        return f"{self.solver} ({self.reformulation})"


def prepare(bilevel: Bilevel, request: Request, solver: str, reformulation: str) -> Question | None:
    """Return the question that the caller wants asked, before anything is solved; None if none.

    :param solver: that will solve the model.
    :param reformulation: with which it will.
    :raises UnsupportedBySolverError: nobody can be asked; the message has the reasons.
    """
    if request.confirm is None:
        return None
    names = [name for name in SOLVERS if name != solver] if request.confirm == "auto" else [request.confirm]
    reasons = []
    for name in names:
        for step in STEPS:
            if reason := _cannot_ask(name, step, solver, reformulation):
                reasons.append(f"{name} by {step}: {reason}")
                continue
            single = reformulate(bilevel, step, cuts=None)
            _add_row(single, 0.0)
            if reason := objection(get_solver(name), read(single).needs):
                reasons.append(f"{name} by {step}: {reason}")
                continue
            return Question(name, step, single)
    raise UnsupportedBySolverError(
        f"confirm={request.confirm!r}: nobody can confirm what {solver} finds by {reformulation} "
        f"({'; '.join(reasons)}). Choose another solver for the solve or for confirm, or leave confirm out."
    )


def confirm(bilevel: Bilevel, solution: Solution, request: Request, question: Question) -> None:
    """Ask whether there is a better point than a verified one; the certificate says who confirmed, or refuted."""
    certificate = solution.certificate
    if certificate is None or not certificate.bilevel_feasible or solution.objective is None:
        solution.notes.append(f"not confirmed: there is no verified point (status {solution.status})")
        return
    if solution.solver == question.solver:
        solution.notes.append(f"not confirmed: {question.solver} found the point itself, as the first choice refused")
        return
    begin = time.perf_counter()
    request.say(f"asking {question.who} for a better point")
    sign = 1 if bilevel.leader.objective.sense == minimize else -1
    worst = sign * solution.objective - max(MARGIN, 10 * request.rel_gap) * max(1.0, abs(solution.objective))
    _add_row(question.single, worst)
    session = Session(
        solver=question.solver, time_limit=request.time_limit, rel_gap=request.rel_gap, threads=request.threads,
        tee=request.tee, say=request.say,
    )  # fmt: skip
    answer = session.solve(question.single)
    solution.seconds["confirm"] = time.perf_counter() - begin
    bound = -math.inf if answer.bound is None or math.isnan(answer.bound) else sign * answer.bound
    if answer.status is Status.infeasible or (answer.status is Status.optimal and bound >= worst):
        certificate.confirmed_by = question.who
        solution.notes.append(
            f"confirmed: {question.who} finds nothing better by {plain(sign * solution.objective - worst, 3)}"
        )
        return
    why = f"{question.who} ended with {answer.status}"
    if answer.values is not None:
        claim = Solution(Status.feasible, solver=question.solver)
        claim.take(map_of(question.single).point(answer.values))
        verified = verify(bilevel, claim, tolerance=request.tolerance, pessimistic=False).bilevel_feasible
        if (
            verified
            and claim.objective is not None
            and sign * claim.objective < (sign * solution.objective + worst) / 2
        ):
            _refute(solution, claim, question)
            return
        why += ", with a point that fails the check" * (not verified)
    solution.notes.append(f"not confirmed: {why}")


def _refute(solution: Solution, better: Solution, question: Question) -> None:
    certificate = solution.certificate
    assert certificate is not None  # as is asked above
    solution.status, solution.bound = Status.feasible, None
    certificate.globally_optimal, certificate.refuted_by = False, question.who
    certificate.better_objective, certificate.better_values = better.objective, dict(better.values)
    solution.notes.append(
        f"not optimal: {question.who} found a better point, verified, with objective {plain(better.objective, 10)}; "
        "its values are certificate.better_values"
    )


def _add_row(single: Any, worst: float) -> None:
    """Ask for points that are no worse, in the sense of minimisation; only where the objective is linear."""
    objective = single.leader.objective
    if objective.expr.polynomial_degree() == 1:
        single.del_component("better")
        sign = 1 if objective.sense == minimize else -1
        single.better = Constraint(expr=sign * objective.expr <= worst)


def _cannot_ask(name: str, step: str, solver: str, reformulation: str) -> str | None:
    """Say why a solver cannot be asked by a step; None where nothing is known against it."""
    if name == solver:
        return "it solves the model itself"
    if step == reformulation:
        return "the model is solved by it"
    if (reason := get_solver(name).available()) is not None:
        return reason
    features = get_solver(name).features.as_dict()
    missing = sorted(need for need in LINEARIZATIONS[step].needs if not features.get(need))
    return f"it does not take {', '.join(missing)}" if missing else None
