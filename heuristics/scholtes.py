r"""Scholtes' sequence: complementarity relaxed, by less and less.

Each relaxed problem, of :math:`\lambda s \le \varepsilon` with :math:`\varepsilon \to 0`, is followed by linear (or
convex quadratic, or integer) ones, with products of two variables replaced by their first-order expansion at the last
point,

.. math:: \lambda s \le \varepsilon \quad\longrightarrow\quad
          \bar\lambda s + \bar s \lambda \le \varepsilon + \bar\lambda \bar s ,

and each point is settled: the smaller side of every pair is set to 0, which leaves an LP or QP whose optimum is bilevel
feasible. The best of these is the answer. A local search, for a start or where exact methods are too slow: it proves
nothing, and may end far from the optimum, or nowhere.

Source: S. Scholtes, *Convergence properties of a regularization scheme for mathematical programs with complementarity
constraints*, SIAM J. Optim. 11, 2001.
"""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from pyomo.core import Block, Constraint, NonNegativeReals, Objective, Var, minimize, value
from pyomo.core.base.var import VarData
from pyomo.core.expr import LinearExpression
from pyomo.repn.quadratic import QuadraticRepnVisitor

from ..levels.bilevel import Bilevel
from ..levels.follower_form import VariableRecorder
from ..levels.point import put
from ..quantities import plain
from ..reformulations import kkt, pattern, product, revenue
from ..reformulations.single_level import Linearized, map_of
from ..solvers.base import SolverResult
from ..solvers.session import Session
from ..solvers.status import Status
from .follower.reaction import Solve
from .result import HeuristicResult


def scholtes(
    bilevel: Bilevel,
    session: Session,
    *,
    rounds: int = 8,
    steps: int = 3,
    shrink: float = 0.1,
) -> HeuristicResult:
    """Run the sequence.

    :param rounds: values of epsilon; the first is ``shrink`` times the largest product at the relaxation's optimum.
    :param steps: linearised problems for each epsilon.
    :param shrink: factor from one epsilon to the next.
    :returns: status ``feasible`` or ``no_solution``; ``history`` has, per epsilon (None for the relaxation without
        complementarity), the objective of the relaxed problem and that of the settled point.
    """
    with bilevel.kept_values():  # the search moves the user's variables about
        return _sequence(bilevel, session, rounds, steps, shrink)


def _sequence(bilevel: Bilevel, session: Session, rounds: int, steps: int, shrink: float) -> HeuristicResult:
    relaxed = kkt.apply(bilevel)
    revenue.apply(relaxed)
    pairs = product.STEP.apply(relaxed)
    relaxed.excess = Var(domain=NonNegativeReals)
    for item in pairs:
        item.switch.deactivate()  # the rows of complementarity: they come back with an epsilon
    curved = list(_curved(relaxed))
    result = HeuristicResult(Status.no_solution)
    epsilon: float | None = None
    for round_ in range(rounds + 1):
        if session.over:
            result.message = session.why
            break
        moved = False
        for _ in range(1 if epsilon is None else steps):
            moved |= _advance(relaxed, curved, pairs, epsilon, session.solve)
            if session.over:  # the point reached is settled all the same
                break
        if not moved:
            result.message = session.said(f"round {round_}: the linearised problem has no optimum")
            break
        objective = _settle(bilevel, relaxed, session.solve, result)
        result.history.append({"iteration": round_, "epsilon": epsilon, "objective": objective})
        session.say(f"epsilon {epsilon}: settled objective {plain(objective, 10)}")
        largest = max((math.prod(_factors(item)) for item in pairs), default=0.0)
        if largest <= 0:
            break
        epsilon = shrink * (largest if epsilon is None else min(epsilon, largest))
    return result


def _advance(
    relaxed: Any, curved: Sequence["_Curved"], pairs: Sequence[Linearized], epsilon: float | None, solve: Solve
) -> bool:
    """Solve the problem linearised at the current point and move there; return whether it had an optimum."""
    for component in curved:
        component.expand()
    excess = relaxed.excess
    excess.fix(0.0)
    if epsilon is not None:
        for item in pairs:
            multiplier, slack = item.pair.multiplier, item.slack
            at, by = _factors(item)
            if at > 0 or by > 0:  # at the corner, the expansion says nothing
                item.switch.set_value(by * multiplier + at * slack <= epsilon + at * by + excess)
                item.switch.activate()
            else:
                item.switch.deactivate()
    found = solve(relaxed)
    if found.values is None and epsilon is not None:
        found = _with_least_excess(relaxed, solve)
    if found.values is None:
        return False
    put(found.values)
    return True


def _with_least_excess(relaxed: Any, solve: Solve) -> SolverResult:
    """Solve with epsilon enlarged, for all pairs alike, by the least that makes the linearised problem feasible."""
    excess, objective = relaxed.excess, relaxed.leader.objective
    excess.unfix()
    objective.deactivate()
    relaxed.least = Objective(expr=excess)
    found = solve(relaxed)
    relaxed.del_component(relaxed.least)
    objective.activate()
    if found.values is None:
        return found
    excess.fix(found.values[excess] * (1 + 1e-6) + 1e-9)
    return solve(relaxed)


def _factors(item: Linearized) -> tuple[float, float]:
    """Return a pair's multiplier and slack at the current point; what no row holds counts as 0."""
    return max(0.0, item.pair.multiplier.value or 0.0), max(0.0, item.slack.value or 0.0)


def _settle(bilevel: Bilevel, relaxed: Any, solve: Solve, result: HeuristicResult) -> float | None:
    """Solve with every pair settled as at the point; keep the answer if it is the best; return its objective."""
    settled = kkt.apply(bilevel)
    pattern.apply(settled, point=pattern.point_of(relaxed))
    found = solve(settled)
    if found.values is None or found.objective is None:
        return None
    minimising = bilevel.leader.objective.sense == minimize
    if result.objective is None or (found.objective < result.objective) == minimising:
        result.keep(found.objective, map_of(settled).point(found.values))
    return found.objective


@dataclass(frozen=True)
class _Curved:
    """A row or objective with products of two variables; the expansion replaces those in ``cross``."""

    component: Any
    sides: tuple[Any, Any]
    constant: float
    linear: list[tuple[float, VarData]]
    squares: list[tuple[float, VarData]]
    cross: list[tuple[float, VarData, VarData]]

    def expand(self) -> None:
        """Put the first-order expansion at the variables' values in the place of the products."""
        terms, constant = list(self.linear), self.constant
        for q, x, y in self.cross:
            terms += [(q * y.value, x), (q * x.value, y)]
            constant -= q * x.value * y.value
        linear = LinearExpression(
            constant=constant, linear_coefs=[c for c, _ in terms], linear_vars=[v for _, v in terms]
        )
        body = linear + sum(q * x**2 for q, x in self.squares)
        if self.component.ctype is Objective:
            self.component.set_value(body)
        elif self.component.equality:
            self.component.set_value(body == self.sides[1])
        else:
            self.component.set_value((self.sides[0], body, self.sides[1]))


def _curved(relaxed: Any) -> Iterator[_Curved]:
    """Yield rows and objective with products, their variables set; squares stay where they make an objective convex."""
    recorder = VariableRecorder()
    visitor = QuadraticRepnVisitor({}, var_recorder=recorder)
    for component in list(relaxed.component_data_objects((Constraint, Objective), active=True, descend_into=Block)):
        is_row = component.ctype is Constraint
        repn = visitor.walk_expression(component.body if is_row else component.expr)
        if not repn.quadratic:
            continue
        at = recorder.var_map
        convex = 0 if is_row else (1 if component.sense == minimize else -1)
        kept = {(i, j): q for (i, j), q in repn.quadratic.items() if i == j and q * convex > 0}
        cross = [(q, at[i], at[j]) for (i, j), q in repn.quadratic.items() if (i, j) not in kept]
        for variable in (v for _, *both in cross for v in both):
            if variable.value is None:
                lower, upper = (0.0 if side is None else side for side in variable.bounds)
                variable.set_value(max(lower, min(0.0, upper)), skip_validation=True)
        yield _Curved(
            component,
            (value(component.lower), value(component.upper)) if is_row else (None, None),
            repn.constant,
            [(c, at[i]) for i, c in repn.linear.items()],
            [(q, at[i]) for (i, _), q in kept.items()],
            cross,
        )
