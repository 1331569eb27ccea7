"""Why there is no solution: what of the model, in its own names, leaves none; as far as linear programs can prove it.

Asked in this order: do the followers' and the leader's rows contradict each other (the high-point relaxation); has a
follower no optimum at any decision, because no shadow prices are dual feasible; do both together contradict each other.
Where none of this is so, only what follows from the answer itself is said, with an example where one is found.
"""

from typing import Any

from pyomo.core import Any as AnyIndex
from pyomo.core import ConcreteModel, Constraint
from pyomo.core.expr.visitor import identify_variables

from ..errors import BilevoltError
from ..levels.bilevel import Bilevel
from ..levels.decisions import listed
from ..levels.rows import add_sos
from ..reformulations.single_level import map_of
from ..solvers.records import SolverResult
from ..solvers.session import Session
from ..solvers.status import Status
from .contradictions import Contradictions, primal_rows
from .example import example

DIAGNOSED = (Status.infeasible, Status.infeasible_or_unbounded)
NODE_LIMIT = 1000


def note_why(bilevel: Bilevel, solution: Any) -> None:
    """Add the note that says why there is no solution, where the status is that there is none."""
    if solution.status not in DIAGNOSED or solution.interrupted:
        return
    try:
        solution.notes.append(diagnose(bilevel, solution.status))
    except KeyboardInterrupt:
        solution.interrupted = True
    except BilevoltError as refusal:  # the answer stands without a reason
        solution.notes.append(f"why is not known: {refusal}")


def diagnose(bilevel: Bilevel, status: Status = Status.infeasible) -> str:
    """Say why a model has no solution.

    :param status: what the solver proved; decides what can be said where no contradiction is found.
    """
    relaxed = Contradictions(bilevel)
    text = relaxed.constant_rows() or relaxed.rows_of_both()
    if text is not None:
        return text
    common = _point(relaxed.single)
    if common is not None and common.status is Status.infeasible:
        return (
            f"no solution, because the leader's rows and the followers' rows cannot hold together with "
            f"{_exact(relaxed)}; without that they can. Relax one of the rows that hold such variables."
        )
    text = relaxed.optima() or relaxed.together()
    if text is not None:
        return text
    return _otherwise(bilevel, common, status)


def _point(single: Any) -> SolverResult | None:
    """Look for a point of both levels' rows, as they are; None where no solver takes them."""
    problem = ConcreteModel(name="high-point relaxation")
    problem.rows = Constraint(AnyIndex)
    for key, _, _, expression in primal_rows(single):
        problem.rows[key] = expression
    add_sos(problem, map_of(single).bilevel.leader.sos)
    try:
        return Session().solve(problem, nodes=NODE_LIMIT)
    except BilevoltError:
        return None


def _exact(relaxed: Contradictions) -> str:
    """Say what the linear relaxation does not know: integers, products, special ordered sets."""
    leader = map_of(relaxed.single).bilevel.leader
    integers = [v for v in leader.variables if not v.is_continuous()]
    parts = [f"integer values of {listed(integers)}"] if integers else []
    parts += [f"the special ordered sets {listed(leader.sos)}"] if leader.sos else []
    return ", ".join(parts) or "their products as they are"


def _otherwise(bilevel: Bilevel, common: SolverResult | None, status: Status) -> str:
    """Say what follows from the answer alone."""
    is_known = common is not None and common.values is not None
    begin = (
        "the leader's rows and the followers' rows can hold together"
        if is_known
        else "whether the leader's rows and the followers' rows can hold together was not found out"
    )
    if status is not Status.infeasible:
        return f"{begin}; whether the problem is infeasible or unbounded is not known."
    theirs = {id(v) for v in (*bilevel.follower_variables, *bilevel.leader.prices)}
    used = ((row, identify_variables(row.expr, include_fixed=False)) for row in bilevel.leader.constraints)
    coupled = [row for row, variables in used if any(id(v) in theirs for v in variables)]
    coupled += [s for s in bilevel.leader.sos if any(id(v) in theirs for v in s.variables)]
    bounded = all(None not in v.bounds for v in bilevel.follower_variables)
    fails = "some follower has no " + ("feasible point" if bounded else "optimum (it is infeasible or unbounded)")
    ending = f", or the reactions violate the leader's rows that they are in ({listed(coupled)})" if coupled else ""
    found = example(bilevel, common.values) if common is not None and common.values is not None else None
    return (
        f"no solution: {begin}, but at every decision of the leader that satisfies its "
        f"{'other ' * bool(coupled)}rows, {fails}{ending}." + (f" For example, {found}." if found else "")
    )
