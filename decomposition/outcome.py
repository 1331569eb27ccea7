"""What is said of a search: its status, bound and notes; nothing that is not proven."""

from ..quantities import plain
from ..solution import Solution
from ..solvers.status import Status
from .options import NAME
from .search import Search


def solution_of(search: Search) -> Solution:
    """Return the answer, its values on the model."""
    oracle, bounds = search.oracle, search.bounds
    solution = Solution(
        Status.no_solution, method=NAME, reformulation=oracle.reformulation, rel_gap=oracle.request.rel_gap,
        solver=", ".join(sorted(oracle.session.called)), sizes=oracle.sizes, nodes=oracle.nodes,
        history=search.history, notes=[oracle.why, *search.notes] if oracle.why else search.notes,
        assumptions=list(oracle.assumptions), bound=bounds.bound,
    )  # fmt: skip
    if oracle.limited:
        solution.bound = None
        solution.notes.append("not proven, because an unproven M may cut it off: " + "; ".join(oracle.limited))
    if search.why:
        solution.notes.append(search.why)
    if bounds.best is None:
        _without_point(search, solution)
        return solution
    bounds.best.put()
    solution.take(bounds.best)
    if not search.master.bilevel.leader.prices:
        solution.multipliers = {}
    solution.status = Status.feasible
    _with_point(search, solution, bounds.best.objective)
    return solution


def _without_point(search: Search, solution: Solution) -> None:
    if not search.bounds.impossible:
        _say_brink(search, solution)
        return
    solution.bound = None
    if solution.assumptions:
        solution.notes.append("infeasible under the assumptions; they are not proven, so neither is that")
    else:
        solution.status = Status.infeasible


def _with_point(search: Search, solution: Solution, objective: float) -> None:
    bounds = search.bounds
    if bounds.impossible:
        solution.bound = None
        solution.notes.append("the master problem is called infeasible, which the point refutes")
    elif solution.bound is not None and bounds.met:
        over = bounds.sense * (solution.bound - objective)
        far = over > search.oracle.request.tolerance * (1 + abs(objective))
        solution.status = Status.error if far else Status.optimal
        if far:
            solution.notes.append("the bound is worse than the objective: a solver is wrong")
        elif over > 0:
            solution.bound = objective
    else:
        _say_brink(search, solution)


def _say_brink(search: Search, solution: Solution) -> None:
    if not search.brink or solution.bound is None:
        return
    extreme = "infimum" if search.bounds.sense > 0 else "supremum"
    at_most = "" if solution.objective is None else f" and {plain(solution.objective, 10)}, which this point attains"
    solution.notes.append(
        f"the optimum may not be attained: the {extreme} is between {plain(solution.bound, 10)}{at_most}. Where the "
        f"bound is, a response of follower {search.brink} is only just feasible, and no longer so beside it; points "
        "are a margin away from that "
        f"(method_options={{'margin': {search.options.margin:g}}})."
    )
