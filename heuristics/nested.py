"""Nested heuristic: leader and follower solve in turn, each with the other's last answer held fixed.

From the follower values on the model (or, where there are none, those that the leader would like best; where the solver
does not take the products in that, the answer to the present decision), the leader is solved with the followers'
variables and shadow prices held fixed; the followers react; and again, until a decision repeats. Every decision is
evaluated with the true reaction, and the best bilevel feasible point is kept: the iterates themselves need not improve,
and no bound comes with them. The first iterate is the *leader alone*.
"""

from math import inf
from typing import Any

from pyomo.core import Any as AnyIndex
from pyomo.core import ConcreteModel, Constraint, Objective, minimize

from ..errors import UnsupportedBySolverError
from ..levels.bilevel import Bilevel
from ..levels.follower_problem import follower_at
from ..levels.rows import add_row, add_sos, at_values
from ..quantities import plain
from ..reformulations import kkt
from ..reformulations.single_level import map_of
from ..solvers.session import Session
from ..solvers.status import Status
from .follower.reaction import Solve, react, refuse_interaction
from .result import HeuristicResult, rounded


def nested(bilevel: Bilevel, session: Session, *, max_iterations: int = 50) -> HeuristicResult:
    """Run the nested heuristic.

    :returns: status ``feasible`` or ``no_solution`` (a heuristic proves nothing); ``history`` has, per iteration,
        the objective that the leader believed and the one that the followers' reaction made of it.
    """
    refuse_interaction(bilevel)
    single = kkt.apply(bilevel)
    solve = session.solve
    better = (lambda a, b: a < b) if bilevel.leader.objective.sense == minimize else (lambda a, b: a > b)
    result = HeuristicResult(Status.no_solution)
    held = _starting_answer(bilevel, solve)
    if held is None:
        result.message = session.said(
            "the leader's problem over both levels' rows is infeasible or unbounded, so that there is no answer to "
            "start from; give the followers' variables values"
        )
        return result
    seen: set[tuple[float, ...]] = set()
    visible = [v for v in bilevel.leader.variables if v in bilevel.visible]
    while len(result.history) < max_iterations and not session.over:
        answer = _solve_leader(bilevel, held, solve)
        if answer.values is None:
            result.message = session.said(
                f"the leader's problem is {answer.status} with the followers' last answer held fixed"
            )
            break
        decision = {id(v): rounded(v, answer.values.get(v, v.value or 0.0)) for v in visible}
        reaction = react(single, decision, solve)
        iteration = result.record(believed=answer.objective, objective=reaction.objective, message=reaction.message)
        session.say(f"iteration {iteration}: objective {plain(reaction.objective, 10)}")
        if not reaction.feasible:
            result.message = session.said(f"iteration {iteration}: {reaction.message}")
            break
        values = reaction.values
        point = map_of(single).point(values)
        if result.objective is None or better(reaction.objective, result.objective):
            result.keep(reaction.objective, point)
        key = tuple(round(decision[id(v)], 6) for v in visible)
        if key in seen:
            result.message = f"the decision of iteration {iteration} repeats an earlier one"
            break
        seen.add(key)
        held = {id(v): point.values[v] for v in (*bilevel.follower_variables, *bilevel.leader.prices)}
    else:
        result.message = session.why or "stopped by the iteration or time limit"
    return result


def _starting_answer(bilevel: Bilevel, solve: Solve) -> dict[int, float] | None:
    """Return the followers' values on the model, or else those of the high-point relaxation; prices start at 0."""
    own = list(bilevel.follower_variables)
    held = {id(price): price.value or 0.0 for price in bilevel.leader.prices}
    if all(v.value is not None for v in own):
        return held | {id(v): v.value for v in own}
    try:
        result = solve(leader_problem(bilevel, held, free=True))
    except (
        UnsupportedBySolverError
    ):  # products of both levels' variables: what followers answer to the present decision
        return _answer_now(bilevel, held, solve)
    if result.values is None:
        return None
    return held | {id(v): result.values.get(v, v.lb if v.lb is not None else 0.0) for v in own}


def _answer_now(bilevel: Bilevel, held: dict[int, float], solve: Solve) -> dict[int, float] | None:
    """Return the followers' answer to the leader's values on the model; where there are none, to those nearest to 0."""
    decision = {}
    for v in bilevel.leader.variables:
        nearest = min(max(0.0, -inf if v.lb is None else v.lb), inf if v.ub is None else v.ub)
        decision[id(v)] = nearest if v.value is None else v.value
    answers = dict(held)
    for follower in bilevel.followers:
        result = solve(follower_at(follower, decision | answers))
        if result.values is None:
            return None
        answers |= {id(v): result.values.get(v, 0.0 if v.value is None else v.value) for v in follower.variables}
    return answers


def _solve_leader(bilevel: Bilevel, held: dict[int, float], solve: Solve) -> Any:
    """Solve the leader with the answer held fixed.

    Where the leader's rows leave no room then, the followers' variables in those rows may move within the followers'
    rows (the objective still sees the held ones): otherwise a coupling row ends the search at the first iterate.
    """
    answer = solve(leader_problem(bilevel, held))
    if answer.values is None:
        answer = solve(leader_problem(bilevel, held, coupled_move=True))
    return answer


def leader_problem(
    bilevel: Bilevel, held: dict[int, float], free: bool = False, coupled_move: bool = False
) -> ConcreteModel:
    """Return the leader's problem; ``free`` gives the leader the followers' variables (high-point relaxation)."""
    leader = bilevel.leader
    prices = {id(price): held[id(price)] for price in leader.prices}
    problem = ConcreteModel(name="leader")
    problem.rows = Constraint(AnyIndex)
    for constraint in leader.constraints:
        lower, body, upper = constraint.to_bounded_expression(evaluate_bounds=True)
        body = at_values(body, prices if free or coupled_move else held)
        add_row(problem.rows, constraint.name, lower, body, upper, 1e-6)
    if free or coupled_move:
        for follower in bilevel.followers:
            for constraint in follower.constraints:
                problem.rows[constraint.name] = constraint.expr
    add_sos(problem, leader.sos)
    expression = at_values(leader.objective.expr, prices if free else held)
    problem.objective = Objective(expr=expression, sense=leader.objective.sense)
    return problem
