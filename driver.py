"""``solve``: read the levels, reformulate, solve, check. The user's model keeps everything but variable values."""

import time
from collections.abc import Callable, Mapping
from typing import Any

from pyomo.common.collections import ComponentMap
from pyomo.core import Constraint, SOSConstraint, Var, value
from pyomo.core.base.var import VarData

from .bounds.given import BigM
from .errors import BilevoltError, SolverUnavailableError, UnsupportedBySolverError
from .heuristics import METHODS, HeuristicResult
from .heuristics import warm_start as starts
from .levels.reading import Bilevel, read_levels
from .reformulations import choose_reformulation, kkt, offered, pattern, product_advice
from .reformulations.bigm import at_limit, unproven
from .reformulations.mapping import SingleLevelMap, map_of, price_values
from .reformulations.products import remaining
from .request import Progress, Request
from .solution import Solution
from .solvers import choose, get_solver, needs_of
from .solvers.base import Solver, SolverResult
from .solvers.interrupt import stop_requested, stoppable
from .solvers.status import Status
from .verification import verify
from .verification.diagnosis import note_why
from .verification.proofs.proof import attach_proof

#: Heuristics, with their options, that look for a point where a solver says *infeasible*.
WITNESSES: dict[str, dict[str, Any]] = {"nested": {"max_iterations": 5}, "scholtes": {}}


def solve(
    model: Any,
    *,
    method: str = "exact",
    reformulation: str | Mapping[Any, str] = "auto",
    solver: str = "auto",
    time_limit: float | None = None,
    rel_gap: float = 1e-6,
    big_m: BigM = None,
    cuts: str | None = "auto",
    warm_start: bool | str | Solution | None = None,
    threads: int = 1,
    tee: bool = False,
    progress: Progress | bool = False,
    tolerance: float = 1e-5,
    options: Mapping[str, Any] | None = None,
    method_options: Mapping[str, Any] | None = None,
    proof: bool = False,
) -> Solution:
    """Solve a bilevel model declared with PAO, and check the answer.

    The values of a solution (and the prices of ``dual_of``) are written to the model's variables; nothing else of
    the model changes, also when the solve fails or is interrupted.

    :param method: "exact", or a heuristic (a name in ``bilevolt.heuristics.METHODS``, such as "nested").
    :param reformulation: "sos1", "bigm", "indicator", "strong_duality", "product", a dict row -> name that mixes them,
        or "auto" (big-M where every M is proven or given, else SOS1).
    :param solver: "auto" (Gurobi where the model fits its licence, else HiGHS for a MILP, else SCIP), or a name in
        ``bilevolt.solvers.SOLVERS``, such as "highs".
    :param time_limit: seconds for the solver (for a heuristic: for all of it).
    :param rel_gap: relative gap at which a point is called optimal.
    :param big_m: for "bigm": a number, or numbers by follower's row, variable or name, where no M is proven.
    :param cuts: "strong_duality", "auto" or None, see :func:`reformulate`.
    :param warm_start: a bilevel point to start from, completed and checked first: True (the values on the model), a
        ``Solution``, or the name of a heuristic that is run for it ("nested"), for at most ``time_limit`` of its own.
    :param progress: a function that is told, in a line of text, what is being done; True prints it.
    :param tolerance: of the check, see :func:`verify`.
    :param options: passed to the solver as they are.
    :param method_options: keywords of the heuristic (``{"seed": 1}``), see its own docstring.
    :param proof: whether to prove the optimum in exact arithmetic, as ``solution.proof``; see :func:`prove`.
    :raises BilevoltError: the model cannot be treated correctly by the chosen method; before any solver runs.
    """
    request = Request.checked(
        method=method, reformulation=reformulation, solver=solver, time_limit=time_limit, rel_gap=rel_gap, big_m=big_m,
        cuts=cuts, warm_start=warm_start, threads=threads, tee=tee, progress=progress, tolerance=tolerance,
        options=options, method_options=method_options, proof=proof,
    )  # fmt: skip
    begin = time.perf_counter()
    bilevel = read_levels(model)
    remarks = bilevel.remarks
    for remark in remarks:
        request.say(remark)
    with stoppable():
        solution, single = (_exact if request.method == "exact" else _heuristic)(bilevel, request)
        solution.interrupted = stop_requested()
    solution.model = model.name
    solution.notes[:0] = remarks
    if request.method == "exact":
        note_why(bilevel, solution)
    if solution.status in (Status.optimal, Status.feasible):
        try:
            _check(bilevel, solution, request, single)
        except KeyboardInterrupt:  # the answer is not lost, but nobody may call it more than a point
            solution.interrupted, solution.status = True, Status.feasible
            solution.notes.append("the check was interrupted, so that the point is not verified")
    if proof and not solution.interrupted:
        attach_proof(bilevel, solution, request.say)
    solution.seconds["total"] = time.perf_counter() - begin
    return solution


def _exact(bilevel: Bilevel, request: Request) -> tuple[Solution, Any]:
    """Return the solution, its values on the model, and the single-level model (None if the point is not of it)."""
    begin = time.perf_counter()
    request.say("reformulating")
    single, name, reason = choose_reformulation(
        bilevel, request.reformulation, request.big_m, request.cuts, with_sos1=request.solver != "highs"
    )
    chosen, why = _choose(request.solver, single)
    _refuse_products(chosen, single)
    notes = [note for note in (reason, why) if note]
    solution = Solution(
        Status.no_solution, reformulation=name, solver=chosen.name, notes=notes, rel_gap=request.rel_gap
    )
    solution.sizes = sizes(single)
    solution.seconds["reformulate"] = time.perf_counter() - begin
    rows, columns = solution.sizes["constraints"], solution.sizes["variables"]
    request.say(f"solving with {chosen.name}: {columns} variables, {rows} rows")
    found, started = _start(bilevel, single, solution, request) if request.warm_start else (None, False)
    result = _run(chosen, single, solution, request, started)
    _take(bilevel, single, result, solution, request)
    if solution.status is Status.no_solution and found is not None and found.objective is not None:
        _keep(bilevel, found, solution)
        solution.bound = None if solution.assumptions else solution.bound
        solution.notes.append(f"the point is that of the start, found by {request.warm_start!r}")
        return solution, None
    return solution, single


def _choose(solver: str, single: Any) -> tuple[Solver, str]:
    if solver == "auto":
        return choose(single)
    return get_solver(solver), f"{solver}: as asked"


def _refuse_products(chosen: Solver, single: Any) -> None:
    """Refuse, with the reason, products that could not be linearised and that the solver does not take.

    Those that only make the objective convex are left to the solver's own features.
    """
    left = remaining(map_of(single).products)
    if left and "nonconvex" in chosen.features.missing(needs_of(single)):
        raise UnsupportedBySolverError(f"{chosen.name} does not take {product_advice.refusal(left, map_of(single))}")


def _integrality(single_map: SingleLevelMap) -> float | None:
    """Return an integrality tolerance at which a large M lets little complementarity leak; None for the default."""
    largest = max(
        (m.value for item in single_map.linearized for m in (item.multiplier_m, item.slack_m) if m is not None),
        default=0.0,
    )
    return max(1e-9, 1e-4 / largest) if largest > 1e3 else None


def _start(bilevel: Bilevel, single: Any, solution: Solution, request: Request) -> tuple[HeuristicResult | None, bool]:
    """Put a checked start on the single-level model's variables; say in the notes what became of it.

    :returns: what a heuristic found, and whether there is a start.
    """
    found = None
    try:
        found = _look_for_start(bilevel, request)
        reason = starts.complete(single, _calls(request))
    except (SolverUnavailableError, UnsupportedBySolverError) as refusal:  # of the start's problems, not of the model
        reason = str(refusal)
    objective = value(bilevel.leader.objective.expr, exception=False)
    solution.notes.append(f"no start: {reason}" if reason else f"started from a point with objective {objective:.10g}")
    return found, reason is None


def _look_for_start(bilevel: Bilevel, request: Request) -> HeuristicResult | None:
    """Put the point that the caller wants to start from on the model; return it if a heuristic found it."""
    wanted = request.warm_start
    if isinstance(wanted, str):
        request.say(f"looking for a start with {wanted!r}")
        found = METHODS[wanted](bilevel, _calls(request), time_limit=request.time_limit, say=request.say)
        for variable, number in found.values.items():
            variable.set_value(number, skip_validation=True)
        return found
    if isinstance(wanted, Solution):
        for variable in (*bilevel.leader.variables, *bilevel.follower_variables):
            variable.set_value(wanted.values.get(variable.name, variable.value), skip_validation=True)
    return None


def _run(chosen: Solver, single: Any, solution: Solution, request: Request, started: bool) -> SolverResult:
    arguments = request.run | {
        "time_limit": request.time_limit,
        "warm_start": started,
        "integrality_tol": _integrality(map_of(single)),
    }
    try:
        return chosen.solve(single, **arguments)
    except SolverUnavailableError as refusal:
        if request.solver != "auto":
            raise
        other, why = choose(single, exclude=(chosen.name,))
        solution.solver = other.name
        solution.notes += [str(refusal), why]
        return other.solve(single, **arguments)


def _take(bilevel: Bilevel, single: Any, result: SolverResult, solution: Solution, request: Request) -> None:
    """Write the solver's answer to the model and to the solution; say less than the solver where M is not proven."""
    single_map = map_of(single)
    solution.status, solution.bound, solution.nodes = result.status, result.bound, result.nodes
    solution.seconds["solve"] = result.seconds
    if result.message:
        solution.notes.append(result.message)
    rests_on = list(unproven(single_map))
    if rests_on:
        some = ", ".join(f"{what} <= {bound.value:g}" for what, _, bound in rests_on[:5])
        solution.assumptions = [f"{len(rests_on)} big-Ms are not proven: {some}" + ", ..." * (len(rests_on) > 5)]
    solution.assumptions += offered.assumptions(single_map)
    if result.values is None or result.status not in (Status.optimal, Status.feasible):
        if result.status in (Status.infeasible, Status.infeasible_or_unbounded):
            _refute(bilevel, solution, request)
        if solution.assumptions and solution.status in (Status.infeasible, Status.infeasible_or_unbounded):
            solution.status = Status.no_solution
            solution.notes.append(f"{result.status} under the assumptions; they are not proven, so neither is that")
        return
    _put_on_model(bilevel, single, result.values, solution)
    limited = at_limit(single_map)
    if limited and solution.status is Status.optimal:
        solution.status = Status.feasible
        solution.bound = None
        solution.notes.append(
            "not proven optimal, because an unproven M may cut the optimum off: " + "; ".join(limited)
        )
    if solution.status is Status.optimal and solution.gap is None:
        solution.status = Status.feasible
        solution.notes.append(f"not proven optimal: {result.solver} gives no finite bound")
    if (
        solution.status is Status.optimal
        and solution.gap is not None
        and solution.gap > request.rel_gap + request.tolerance
    ):
        solution.status = Status.error
        solution.notes.append(f"{result.solver} reports an optimum whose objective does not match its bound")


def _refute(bilevel: Bilevel, solution: Solution, request: Request) -> None:
    """Look for a point where a solver says that there is none; the heuristics share nothing with its presolve."""
    request.say("infeasible? looking for a point all the same")
    for method, options in WITNESSES.items():
        try:
            found = METHODS[method](bilevel, _calls(request), time_limit=request.time_limit, say=request.say, **options)
        except BilevoltError:  # not of its kind
            continue
        if found.objective is None:
            continue
        witness = Solution(Status.feasible, solver=solution.solver)
        _keep(bilevel, found, witness)
        if verify(bilevel, witness, tolerance=request.tolerance, pessimistic=False).bilevel_feasible:
            _keep(bilevel, found, solution)
            solution.bound = None
            solution.notes.append(f"{solution.solver} says {Status.infeasible}, which a point of {method!r} refutes")
            return


def _calls(request: Request, used: set[str] | None = None) -> Callable[..., SolverResult]:
    """Return how heuristics solve their problems: as the caller asked, all of them within the time limit from now on.

    :param used: gets the names of the solvers that were called.
    """
    begin = time.perf_counter()

    def solve_one(problem: Any, time_limit: float | None = None, **options: Any) -> SolverResult:
        chosen, _ = _choose(request.solver, problem)
        if used is not None:
            used.add(chosen.name)
        left = None if request.time_limit is None else max(0.0, request.time_limit - (time.perf_counter() - begin))
        limits = [limit for limit in (time_limit, left) if limit is not None]
        return chosen.solve(problem, **request.run, **options, time_limit=min(limits, default=None))

    return solve_one


def _heuristic(bilevel: Bilevel, request: Request) -> tuple[Solution, None]:
    """Return the solution, its values on the model; there is no single-level model."""
    begin = time.perf_counter()
    request.say(f"running the heuristic {request.method!r}")
    used: set[str] = set()
    result = METHODS[request.method](
        bilevel, _calls(request, used), time_limit=request.time_limit, say=request.say, **request.method_options or {}
    )
    solution = Solution(result.status, method=request.method, solver=", ".join(sorted(used)), history=result.history)
    solution.seconds["solve"] = time.perf_counter() - begin
    if result.message:
        solution.notes.append(result.message)
    _keep(bilevel, result, solution)
    return solution, None


def _keep(bilevel: Bilevel, found: HeuristicResult, solution: Solution) -> None:
    """Write a heuristic's point, if it has one, to the model and to the solution."""
    solution.status, solution.multipliers = found.status, found.multipliers
    for variable, number in found.values.items():
        variable.set_value(number, skip_validation=True)
    if found.objective is not None:
        _finish(bilevel, solution)


def _write(values: ComponentMap) -> None:
    """Put values on the variables (the user's are shared), integers rounded."""
    for variable, number in values.items():
        variable.set_value(number if variable.is_continuous() else round(number), skip_validation=True)


def _write_prices(bilevel: Bilevel, prices: ComponentMap) -> None:
    for variable, source in bilevel.leader.prices.items():
        variable.set_value(prices[source], skip_validation=True)


def _finish(bilevel: Bilevel, solution: Solution) -> None:
    """Evaluate the objectives at the values on the model, and note the values by name."""
    for variable in (*bilevel.leader.variables, *bilevel.follower_variables):
        if variable.value is None:  # in no row of the solved model: any value in its bounds will do
            variable.set_value(_some_value(variable), skip_validation=True)
    solution.objective = float(value(bilevel.leader.objective.expr))
    solution.lower_objectives = {f.name: float(value(f.objective.expr)) for f in bilevel.followers}
    named = (*bilevel.leader.variables, *bilevel.leader.prices, *bilevel.follower_variables)
    solution.values = {variable.name: float(variable.value) for variable in named}


def _some_value(variable: VarData) -> float:
    lower, upper = variable.bounds
    return max(lower if lower is not None else 0.0, min(0.0, upper if upper is not None else 0.0))


def _put_on_model(bilevel: Bilevel, single: Any, values: ComponentMap, solution: Solution) -> None:
    """Write values and prices to the user's model, and to the solution by name."""
    _write(values)
    prices = price_values(map_of(single), values)
    solution.multipliers = {source.name: price for source, price in prices.items()}
    _write_prices(bilevel, prices)
    _finish(bilevel, solution)


def _check(bilevel: Bilevel, solution: Solution, request: Request, single: Any) -> None:
    """Verify; a point that fails, also after polishing, is an error, whatever the solver said."""
    begin = time.perf_counter()
    request.say("verifying: solving the followers again")
    polished = single is None  # there is nothing to polish it with
    if not polished and pattern.leaks(single):
        polished = True
        _polish(bilevel, single, solution, request)
    certificate = verify(bilevel, solution, tolerance=request.tolerance)
    if not (certificate.bilevel_feasible or polished) and _polish(bilevel, single, solution, request):
        certificate = verify(bilevel, solution, tolerance=request.tolerance)
    if certificate.bilevel_feasible and solution.status is Status.optimal and not solution.assumptions:
        certificate.globally_optimal = True  # said here alone, by the solve that proved it
    solution.certificate = certificate
    solution.seconds["verify"] = time.perf_counter() - begin
    if not certificate.bilevel_feasible:
        solution.status = Status.error
        failed = "; ".join(f"{name}: {distance:.3g}" for name, distance in certificate.violations.items())
        solution.notes.append(f"the point failed the check and is no solution: {failed}")


def _polish(bilevel: Bilevel, single: Any, solution: Solution, request: Request) -> bool:
    """Solve again with each pair settled as it is at the point, and the integers at their rounded values.

    What a solver's tolerance let leak is gone then. Returns whether there was such a point; the user's integers are
    free again afterwards, whatever happens.
    """
    settled = kkt.apply(bilevel)
    pattern.apply(settled, point=pattern.point_of(single))
    integers = [v for v in bilevel.leader.variables if not v.is_continuous()]
    try:
        for variable in integers:
            variable.fix(round(variable.value), skip_validation=True)
        result = get_solver(solution.solver or "highs").solve(settled, **request.run, time_limit=request.time_limit)
    except (SolverUnavailableError, UnsupportedBySolverError):
        return False
    finally:
        for variable in integers:
            variable.unfix()
    if result.values is None or result.status is not Status.optimal:
        return False
    _put_on_model(bilevel, settled, result.values, solution)
    solution.notes.append("polished: solved again with each complementarity pair settled as it was found")
    gap = solution.gap
    if solution.status is Status.optimal and gap is not None and gap > request.rel_gap + request.tolerance:
        solution.status = Status.feasible
        solution.notes.append("the polished point is not within the gap of the bound")
    return True


def sizes(single: Any) -> dict[str, int]:
    """Count what a solver gets of a single-level model."""
    variables = _variables(single)
    return {
        "variables": len(variables),
        "constraints": sum(1 for _ in single.component_data_objects(Constraint, active=True)),
        "binaries": sum(not v.is_continuous() for v in variables),
        "sos": sum(1 for _ in single.component_data_objects(SOSConstraint, active=True)),
        "complementarities": len(map_of(single).pairs),
    }


def _variables(single: Any) -> list[VarData]:
    bilevel = map_of(single).bilevel
    levels = (*bilevel.leader.variables, *bilevel.follower_variables)
    return [*single.component_data_objects(Var), *levels, *offered.variables(map_of(single))]
