r"""``break_big_m``: is there a bilevel feasible point that a big-M cuts off, and that is better than all it leaves?

The model is written with one number for every multiplier and every slack,

.. math:: \lambda_i \le M (1 - z_i), \qquad g_i(x, y) \le M z_i, \qquad z_i \in \{0, 1\},

and solved; then a better point is looked for by ways that have no M. A point that is found is verified, and M cuts it
off if *no* multipliers that belong to it respect M, or a slack does not: one LP over the follower's dual optima,

.. math:: \min \sum_i t_i \quad \text{s.t.} \quad \lambda \in \Lambda(x, y),\; t_i \ge \lambda_i - M,\; t \ge 0,

which also names few pairs that are in the way. Finding nothing shows nothing: whether an M is valid is as hard as the
bilevel problem itself.

Source: S. Pineda and J. M. Morales, *Solving linear bilevel problems using big-Ms: not all that glitters is gold*, IEEE
Trans. Power Syst. 34, 2019; T. Kleinert, M. Labbé, F. Plein and M. Schmidt, *There's no free lunch: on the hardness of
choosing a correct big-M in bilevel optimization*, Oper. Res. 68, 2020.
"""

import math
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from pyomo.common.collections import ComponentMap
from pyomo.core import Any as AnyIndex
from pyomo.core import ConcreteModel, Constraint, NonNegativeReals, Objective, Var, minimize, quicksum, value

from ..bounds.given import BigM, impose
from ..bounds.ranges import Bound, Proof
from ..errors import ArgumentError, BilevoltError
from ..levels.bilevel import Bilevel
from ..levels.optimality import Pair
from ..levels.reading import read_levels
from ..levels.rows import add_row
from ..quantities import number, plain
from ..reformulations import kkt, products, revenue
from ..reformulations.bigm import BigMs, integrality
from ..reformulations.linearization import add_switches
from ..reformulations.optimal_face import least_multipliers
from ..reformulations.single_level import Linearized, SingleLevel, map_of
from ..solvers import SOLVERS
from ..solvers.interrupt import stop_requested, stoppable
from ..solvers.session import Session
from ..solvers.status import Status

HEURISTICS = ("nested", "scholtes")
EXACT = (("highs", "branch"), ("gurobi", "sos1"), ("scip", "sos1"))
"""Who is asked, without any M, for a better point."""

SHOWN = 12
"""How many pairs, and how many of a point's values, a report names."""

MARGIN = 1e-5
"""By how much a point has to be better, or a number to exceed M, relative to 1 or the number: more than rounding."""


@dataclass(frozen=True)
class Excess:
    """A multiplier or slack that is larger than M, whatever multipliers are taken (together with the others named)."""

    what: str
    reached: float
    excess: float


@dataclass
class BigMBreak:
    """What ``break_big_m`` found; ``broken`` is True, or nothing is known.

    ``status``, ``objective`` and ``values`` are the answer with M = ``m`` (no point: None and empty); ``better`` and
    ``better_values`` the point that it cuts off, found by ``found_by``, with the pairs in the way in ``exceeding``;
    ``least_m`` is the smallest M that leaves this point. ``tried`` says who looked, and what came of it;
    ``interrupted``: Ctrl-C or SIGTERM ended the search.
    """

    m: float
    broken: bool = False
    status: Status = Status.no_solution
    objective: float | None = None
    values: dict[str, float] = field(default_factory=dict)
    better: float | None = None
    better_values: dict[str, float] = field(default_factory=dict)
    found_by: str | None = None
    exceeding: list[Excess] = field(default_factory=list)
    least_m: float | None = None
    tried: list[str] = field(default_factory=list)
    interrupted: bool = False

    def to_dict(self) -> dict[str, Any]:
        """Return everything as plain data."""
        return asdict(self) | {"status": str(self.status)}

    def report(self) -> str:
        """Return the verdict as text; "not broken" is no proof that M is valid."""
        found = "no point" if self.objective is None else f"objective {plain(self.objective, 10)}"
        lines = [f"{f'with M = {self.m:g}':<20}{self.status}, {found}{_point(self.values)}"]
        verdict = "not broken (interrupted)" if self.interrupted else "not broken"
        if not self.broken:
            return "\n".join([*lines, *(f"tried               {line}" for line in self.tried), verdict])
        lines.append(f"cut off             objective {plain(self.better, 10)}{_point(self.better_values)}")
        lines.append(f"found by            {self.found_by}, verified")
        worst, more = self.exceeding[:SHOWN], len(self.exceeding) - SHOWN
        lines += [f"exceeds M           {e.what} is {e.reached:.6g}, {e.excess:.6g} too large" for e in worst]
        lines += [f"exceeds M           {more} more, by less"] * (more > 0)
        return "\n".join([*lines, f"this point needs    M >= {self.least_m:.6g}", "broken"])


def break_big_m(
    model: Any, m: float, *, solver: str = "auto", node_limit: int = 2000, time_limit: float | None = None
) -> BigMBreak:
    """Look for a bilevel feasible point that M = ``m`` cuts off, and that is better than all that it leaves.

    The number stands in every pair, for multiplier and slack, also where a smaller or larger one could be proven. The
    model keeps its values.

    :param solver: of the model with M.
    :param node_limit: of each exact search for a better point.
    :param time_limit: seconds for each solve.
    :raises BilevoltError: ``m`` is no positive number, or the model has no KKT conditions.
    """
    m = number("m", m, positive=True)
    if isinstance(node_limit, bool) or not isinstance(node_limit, int) or node_limit < 1:
        raise ArgumentError(f"node_limit={node_limit!r} is out of range. Give a whole number, 1 or more.")
    bilevel = model if isinstance(model, Bilevel) else read_levels(model)
    result = BigMBreak(m)
    with stoppable(), bilevel.kept_values():
        limit = _solve_with(bilevel, Session(solver=solver, time_limit=time_limit), result)
        for who, arguments in _routes(node_limit):
            if limit is None or stop_requested():
                break
            found = _ask(bilevel, who, arguments | {"time_limit": time_limit}, limit, result)
            if found is not None and _cut_off(bilevel, found, result):
                result.broken, result.better, result.found_by = True, found.objective, who
                result.better_values = dict(found.values)
                break
        result.interrupted = stop_requested()
    return result


class _OneM(BigMs):
    """The same M everywhere; nothing is proven, and nothing refused."""

    options = ("m",)

    def write(
        self, block: Any, level: SingleLevel, pairs: Sequence[Pair], big_m: BigM = None, *, m: float = math.inf
    ) -> list[Linearized]:
        bound = Bound(m, Proof.user, "as asked")
        impose(level.ranges, ComponentMap((pair.multiplier, bound) for pair in pairs))
        add_switches(block, pairs)
        return [self._pair(block, pair, bound, bound) for pair in pairs]


def _solve_with(bilevel: Bilevel, session: Session, result: BigMBreak) -> float | None:
    """Solve with M; return what a better point has to beat (for minimisation), None if nothing can."""
    single = kkt.apply(bilevel)
    revenue.apply(single)
    _OneM().apply(single, m=result.m)
    products.apply(single)
    sign = 1 if bilevel.leader.objective.sense == minimize else -1
    answer = session.solve(single, integrality_tol=integrality(map_of(single)))
    result.status = answer.status
    if answer.values is not None and answer.status in (Status.optimal, Status.feasible):
        point = map_of(single).put(answer.values)
        result.objective = point.objective
        result.values = {variable.name: number for variable, number in point.values.items()}
    if answer.status is Status.infeasible:
        return math.inf
    # What M leaves is no better than the solver's bound, at an optimum or before it.
    if result.objective is None or answer.bound is None or not math.isfinite(answer.bound):
        result.tried.append(f"no bound on what M leaves ({answer.status}), so that nothing can be compared with it")
        return None
    return min(sign * result.objective, sign * answer.bound)


def _routes(node_limit: int) -> Iterator[tuple[str, dict[str, Any]]]:
    for method in HEURISTICS:
        yield method, {"method": method}
    for name, reformulation in EXACT:
        if SOLVERS[name].available() is None:
            options = {SOLVERS[name].node_limit: node_limit}
            yield f"{reformulation} on {name}", {"solver": name, "reformulation": reformulation, "options": options}


def _ask(bilevel: Bilevel, who: str, arguments: dict[str, Any], limit: float, result: BigMBreak) -> Any:
    """Return a verified point that is better than the limit; None, and a line on what came of it, if there is none."""
    from .. import driver  # which checks its answers with this package

    sign = 1 if bilevel.leader.objective.sense == minimize else -1
    try:
        found = driver.solve(bilevel.model, **arguments)
    except BilevoltError as refusal:  # not of its kind
        result.tried.append(f"{who}: {refusal}")
        return None
    verified = found.certificate is not None and found.certificate.bilevel_feasible
    if found.objective is None or not verified:
        result.tried.append(f"{who}: {found.status}")
        return None
    result.tried.append(f"{who}: {found.status}, objective {plain(found.objective, 10)}")
    better = sign * found.objective < limit - MARGIN * max(1.0, abs(found.objective))
    return found if better else None


def _cut_off(bilevel: Bilevel, found: Any, result: BigMBreak) -> bool:
    """Whether no multipliers of a point respect M, or a slack does not; note which, by how much, and the least M."""
    single = kkt.apply(bilevel)
    for variable in (*bilevel.variables, *bilevel.leader.prices):
        variable.set_value(found.values[variable.name], skip_validation=True)
    pairs, least = map_of(single).pairs, MARGIN * max(1.0, result.m)
    slacks = [(pair, value(pair.slack)) for pair in pairs]
    over = [Excess(f"slack of {p.name}", s, s - result.m) for p, s in slacks if s > result.m + least]
    problem = _multipliers(single, bilevel)
    few = Session().solve(problem)
    if few.values is not None:
        problem.excess = Var(range(len(pairs)), domain=NonNegativeReals)
        for k, pair in enumerate(pairs):
            problem.rows["above M", k] = problem.excess[k] >= pair.multiplier - result.m
        problem.objective.set_value(quicksum(problem.excess.values()))
        few = Session().solve(problem)
    if few.values is None or few.status is not Status.optimal:
        result.tried[-1] += f"; better, but its multipliers were not found ({few.status})"
        return False
    numbers = [(pair, few.values.get(pair.multiplier, 0.0)) for pair in pairs]
    over += [Excess(f"multiplier of {p.name}", n, n - result.m) for p, n in numbers if n > result.m + least]
    if not over:
        result.tried[-1] += "; better, but it respects M: the solver of the model with M missed it"
        return False
    result.exceeding = sorted(over, key=lambda e: -e.excess)
    result.least_m = max([_least_largest(problem, pairs), *(slack for _, slack in slacks)])
    return True


def _multipliers(single: Any, bilevel: Bilevel) -> ConcreteModel:
    """Return the LP over the multipliers of the point on the model, with the prices that the leader uses in it."""
    problem = least_multipliers(single, {id(v): v.value for v in bilevel.variables})
    prices = kkt.price_expressions(bilevel.leader.prices, map_of(single))
    for price in bilevel.leader.prices:
        near = MARGIN * (1 + abs(price.value))
        lower, upper = price.value - near, price.value + near
        add_row(problem.rows, f"price {price.name}", lower, prices[id(price)], upper, MARGIN)
    return problem


def _least_largest(problem: ConcreteModel, pairs: Sequence[Pair]) -> float:
    """Return the smallest number that some multipliers of the point respect; infinite where it is not found."""
    problem.largest = Var(domain=NonNegativeReals)
    problem.below = Constraint(AnyIndex)
    for pair in pairs:
        problem.below[pair.name] = problem.largest >= pair.multiplier
    problem.del_component(problem.objective)
    problem.objective = Objective(expr=problem.largest)
    found = Session().solve(problem)
    return math.inf if found.objective is None else found.objective


def _point(values: dict[str, float]) -> str:
    """Return a point, what is 0 left out."""
    shown = [f"{name} = {number:.6g}" for name, number in values.items() if abs(number) > MARGIN]
    if not values:
        return ""
    return f" at {', '.join(shown[:SHOWN]) or 'all 0'}{', ...' * (len(shown) > SHOWN)}"
