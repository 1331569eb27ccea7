"""``solve``: read the levels, reformulate, solve, check. The user's model keeps everything but variable values."""

import time
from collections.abc import Mapping
from typing import Any

from .bounds.given import BigM
from .decomposition.enumeration.asking import NAME as ENUMERATION
from .decomposition.enumeration.entry import enumeration, instead
from .executing import opened
from .heuristics import METHODS
from .levels.bilevel import Bilevel
from .levels.decisions import remarks
from .levels.integers import has_integers
from .levels.point import Point
from .levels.reading import read_levels
from .levels.state_bound import unproven_ranges
from .option_names import Cuts, Heuristic, Linearization, Method, Reformulation, SolverName, StanceName
from .pipeline import confirm as confirming
from .pipeline.choice import choose_both
from .pipeline.confirm import Question
from .pipeline.polish import check
from .pipeline.refusing import refuse_products
from .pipeline.separation import cutter_of
from .pipeline.start import start
from .pipeline.witness import witness
from .reformulations import bigm, user_cuts
from .reformulations.single_level import SingleLevel, map_of
from .relaxation.attempt import attempt, combined, continued
from .request import EXACT, Progress, Request
from .solution import Solution
from .solvers.base import SolverResult
from .solvers.interrupt import stop_requested, stoppable
from .solvers.status import Status
from .stances.approach import Answer, answer
from .verification.diagnosis import note_why


def solve(
    model: Any,
    *,
    method: Method = "exact",
    reformulation: Reformulation | Mapping[Any, Linearization] = "auto",
    solver: SolverName = "auto",
    time_limit: float | None = None,
    rel_gap: float = 1e-6,
    big_m: BigM = None,
    cuts: Cuts | None = "auto",
    warm_start: bool | Heuristic | Solution | None = None,
    threads: int = 1,
    tee: bool = False,
    progress: Progress | bool = False,
    tolerance: float = 1e-5,
    options: Mapping[str, Any] | None = None,
    method_options: Mapping[str, Any] | None = None,
    proof: bool = False,
    confirm: SolverName | None = None,
    stance: StanceName | float = "optimistic",
    follower_tolerance: float = 0.0,
    executor: Any = None,
) -> Solution:
    """Solve a bilevel model declared with PAO, and check the answer.

    The values of a solution (and the prices of ``dual_of``) are written to the model's variables; nothing else of
    the model changes, also when the solve fails or is interrupted.

    :param method: "exact", which is "column_and_constraint" where a follower owns integers and "enumeration" where
        large followers see integers only, with few joint values; one of these two; or a heuristic (a name in
        ``bilevolt.heuristics.METHODS``, such as "nested").
    :param reformulation: "sos1", "bigm", "indicator", "strong_duality", "product", "branch", a dict row -> name that
        mixes them, or "auto" (big-M where every M is proven or given, else SOS1, or "branch" where that needs sets that
        the solver lacks or is slow with).
    :param solver: "auto" (Gurobi where the model fits its licence, else HiGHS for a MILP, else SCIP), or a name in
        ``bilevolt.solvers.SOLVERS``, such as "highs".
    :param time_limit: seconds for the solver (for a heuristic: for all of it).
    :param rel_gap: relative gap at which a point is called optimal.
    :param big_m: for "bigm": a number, or numbers by follower's row, variable or name, where no M is proven.
    :param cuts: "strong_duality", "auto" or None, see :func:`reformulate`.
    :param warm_start: a bilevel point to start from, completed and checked first: True (the values on the model), a
        ``Solution``, or the name of a heuristic that is run for it ("nested"), for at most ``time_limit`` of its own;
        False for none. By default heuristics look for one where the model is large, see :mod:`.pipeline.start`.
    :param tee: print the solvers' own logs.
    :param progress: a function that is told, in a line of text, what is being done, and of a long search best
        point, bound and gap; True prints it.
    :param tolerance: of the check, see :func:`verify`.
    :param options: passed to the solver as they are.
    :param method_options: keywords of the heuristic (``{"seed": 1}``), see its own docstring.
    :param proof: whether to prove the optimum in exact arithmetic, as ``solution.proof``; see :func:`prove`.
    :param confirm: a solver other than the one used (a name, or "auto") that is asked, by another reformulation and for
        at most ``time_limit`` of its own, whether there is a better point; the certificate says what came of it.
    :param stance: which of several optimal responses the leader counts on: "optimistic" (the best), "pessimistic" (the
        worst), or the weight of the worst, from 0 to 1. But for the first, its rows hold for every optimal response.
    :param follower_tolerance: share of its optimum by which a follower may be off, 0.01 for 1 %: the leader's rows
        hold for all such responses, and what ``stance`` calls the worst is the worst of them.
    :param executor: who evaluates the candidates of a population method ("pso"), or searches parts of the tree of
        "branch", with the same answer however many there are: None (this process), a number of processes (a script then
        needs ``if __name__ == "__main__":``), the address of a Dask scheduler, or a ``concurrent.futures.Executor``.
    :raises BilevoltError: the model cannot be treated correctly by the chosen method; before any solver runs.
    """
    request = Request.checked(
        method=method, reformulation=reformulation, solver=solver, time_limit=time_limit, rel_gap=rel_gap, big_m=big_m,
        cuts=cuts, warm_start=warm_start, threads=threads, tee=tee, progress=progress, tolerance=tolerance,
        options=options, method_options=method_options, proof=proof, confirm=confirm,
        stance=stance, follower_tolerance=follower_tolerance, executor=executor,
    )  # fmt: skip
    begin = time.perf_counter()
    bilevel = read_levels(model, integer_followers=request.method in EXACT)
    run = _method(bilevel, request)
    said = remarks(bilevel)
    for remark in said:
        request.say(remark)
    with stoppable():
        found = answer(bilevel, request, run)
        solution = found.solution
        solution.interrupted = stop_requested()
    solution.model = model.name
    solution.notes[:0] = said
    if request.method in EXACT and run is not _decomposed:
        note_why(found.posed.bilevel, solution)
    _examine(found, bilevel, request)
    found.put()
    if proof and not solution.interrupted:
        from .verification.proofs.proof import attach_proof  # not before a proof is asked for

        attach_proof(bilevel, solution, request.say)
    solution.seconds["total"] = time.perf_counter() - begin
    return solution


def _examine(found: Answer, bilevel: Bilevel, request: Request) -> None:
    """Check the point, if there is one, and ask whoever is to confirm it."""
    solution = found.solution
    if solution.status in (Status.optimal, Status.feasible):
        try:
            check(bilevel, solution, request, found.single, found.tell)
        except KeyboardInterrupt:  # the answer is not lost, but nobody may call it more than a point
            solution.interrupted, solution.status = True, Status.feasible
            solution.notes.append("the check was interrupted, so that the point is not verified")
    if found.question is not None and not solution.interrupted:
        with stoppable():
            confirming.confirm(found.posed.bilevel, solution, request, found.question)
            solution.interrupted = stop_requested()


def _method(bilevel: Bilevel, request: Request) -> Any:
    """Return what solves the model as it is asked for: followers with integers have no KKT conditions."""
    if request.method not in EXACT:
        return _heuristic
    if request.method == ENUMERATION:
        return _enumerated
    whole = any(has_integers(follower) for follower in bilevel.followers)
    return _decomposed if whole or request.method != "exact" else _exact


def _decomposed(bilevel: Bilevel, request: Request) -> tuple[Solution, None, None]:
    """Return the solution, its values on the model; there is no one single-level model."""
    from .decomposition.column_and_constraint import column_and_constraint  # which no other follower needs

    begin = time.perf_counter()
    solution = column_and_constraint(bilevel, request)
    _work_alone(solution, request, "followers with integers are decomposed in this process")
    solution.seconds["solve"] = time.perf_counter() - begin
    return solution, None, None


def _enumerated(bilevel: Bilevel, request: Request) -> tuple[Solution, None, None]:
    """Return the solution, its values on the model; there is no single-level model."""
    begin = time.perf_counter()
    solution = enumeration(bilevel, request)
    solution.seconds["solve"] = time.perf_counter() - begin
    _look_for_witness(bilevel, solution, request)
    return solution, None, None


def _exact(bilevel: Bilevel, request: Request) -> tuple[Solution, SingleLevel | None, Question | None]:
    """Return the solution, its values on the model, the single level (None if the point is not of it), and who is to
    be asked whether there is a better point."""
    begin = time.perf_counter()
    solution = instead(bilevel, request)
    if solution is not None:
        solution.seconds["solve"] = time.perf_counter() - begin
        _look_for_witness(bilevel, solution, request)
        _work_alone(solution, request, "the leader's decisions are enumerated in this process")
        return solution, None, None
    first = attempt(bilevel, request)
    if first is None:
        return _single_level(bilevel, request)
    if first.final:
        _work_alone(first.solution, request, "the relaxation was enough")
        return first.solution, first.single, first.question
    solution, single, question = _single_level(bilevel, continued(first, request, begin))
    return *combined(first, solution, single, bilevel.sense), question


def _single_level(bilevel: Bilevel, request: Request) -> tuple[Solution, SingleLevel | None, Question | None]:
    """Return the same, by the single-level model alone."""
    begin = time.perf_counter()
    request.say("reformulating")
    choice = choose_both(bilevel, request)
    single, reading, chosen = map_of(choice.model), choice.reading, choice.solver
    refuse_products(chosen, single, reading)
    question = confirming.prepare(bilevel, request, chosen.name, choice.reformulation)
    solution = Solution(
        Status.no_solution, reformulation=choice.reformulation, solver=chosen.name, notes=list(choice.notes),
        rel_gap=request.rel_gap,
    )  # fmt: skip
    solution.sizes = single.sizes
    solution.seconds["reformulate"] = time.perf_counter() - begin
    rows, columns = solution.sizes["constraints"], solution.sizes["variables"]
    request.say(f"solving with {chosen.name}: {columns} variables, {rows} rows")
    found, started = start(single, solution, request)
    with opened(request.executor) as executor:
        result = request.session().solve(
            reading, warm_start=started, integrality_tol=bigm.integrality(single), executor=executor,
            cutter=cutter_of(single, reading),
        )  # fmt: skip
    if "complementarity" not in reading.needs.because:
        _work_alone(solution, request, "only a search over pairs ('branch') hands out parts")
    _take(single, result, solution, request)
    if solution.status is Status.no_solution and found is not None and found.point is not None:
        _keep(bilevel, found.point, solution)
        solution.bound = None if solution.assumptions else solution.bound
        by = f", found by {request.warm_start!r}" if request.warm_start else ""
        solution.notes.append(f"the point is that of the start{by}")
        return solution, None, question
    return solution, single, question


def _work_alone(solution: Solution, request: Request, why: str) -> None:
    """Say that an executor was given which nothing is handed to."""
    if request.executor is not None:
        solution.notes.append(f"the executor is not used: {why}")


def _take(single: SingleLevel, result: SolverResult, solution: Solution, request: Request) -> None:
    """Write the solver's answer to the model and to the solution; say less than the solver where M is not proven."""
    solution.solver, solution.nodes = result.solver, result.nodes
    solution.status, solution.bound = result.status, result.bound
    solution.seconds["solve"] = result.seconds
    if result.search_seconds is not None:
        solution.seconds["hand_over"] = max(0.0, result.seconds - result.search_seconds)
    solution.trace, solution.root_bound = result.trace, result.root_bound
    solution.notes += [*result.notes, *filter(None, [result.message])]
    if result.separated:
        solution.notes.append(f"separators added {result.separated} rows while {result.solver} searched")
    solution.assumptions = [*bigm.assumptions(single), *user_cuts.assumptions(single)]
    solution.assumptions += [line for follower in single.bilevel.followers for line in unproven_ranges(follower)]
    if result.values is not None and result.status in (Status.optimal, Status.feasible):
        solution.take(single.put(result.values))
        _doubt(single, solution, request)
        return
    _look_for_witness(single.bilevel, solution, request)
    if solution.assumptions and solution.status in (Status.infeasible, Status.infeasible_or_unbounded):
        solution.status = Status.no_solution
        solution.notes.append(f"{result.status} under the assumptions; they are not proven, so neither is that")


def _look_for_witness(bilevel: Bilevel, solution: Solution, request: Request) -> None:
    """Take a point of a heuristic where it is said that there is none."""
    if solution.status not in (Status.infeasible, Status.infeasible_or_unbounded):
        return
    seen = witness(bilevel, solution.solver, request)
    if seen is not None:
        point, method = seen
        _keep(bilevel, point, solution)
        solution.bound = None
        solution.notes.append(f"{solution.solver} says {Status.infeasible}, which a point of {method!r} refutes")


def _doubt(single: SingleLevel, solution: Solution, request: Request) -> None:
    """Call an optimum less, where an M may have cut a better point off, or where its bound does not say so."""
    if solution.status is not Status.optimal:
        return
    limited = bigm.at_limit(single)
    if limited:
        solution.status, solution.bound = Status.feasible, None
        solution.notes.append(
            "not proven optimal, because an unproven M may cut the optimum off: " + "; ".join(limited)
        )
    elif solution.gap is None:
        solution.status = Status.feasible
        solution.notes.append(f"not proven optimal: {solution.solver} gives no finite bound")
    elif solution.gap > request.rel_gap + request.tolerance:
        solution.status = Status.error
        solution.notes.append(f"{solution.solver} reports an optimum whose objective does not match its bound")


def _heuristic(bilevel: Bilevel, request: Request) -> tuple[Solution, None, None]:
    """Return the solution, its values on the model; there is no single-level model."""
    begin = time.perf_counter()
    request.say(f"running the heuristic {request.method!r}")
    session = request.session()
    with opened(request.executor) as executor:
        working = {} if executor is None else {"executor": executor}
        result = METHODS[request.method](bilevel, session, **request.method_options or {}, **working)
    solution = Solution(
        result.status, method=request.method, solver=", ".join(sorted(session.called)), history=result.history
    )
    solution.seconds["solve"] = time.perf_counter() - begin
    if result.message:
        solution.notes.append(result.message)
    if result.point is not None:
        _keep(bilevel, result.point, solution)
    return solution, None, None


def _keep(bilevel: Bilevel, point: Point, solution: Solution) -> None:
    """Write a heuristic's point to the model and to the solution; its prices only where the leader uses any."""
    point.put()
    solution.take(point)
    solution.status = Status.feasible
    if not bilevel.leader.prices:
        solution.multipliers = {}
