"""Other ways to solve a PAO model, as rows of a comparison: what they claim, and whether the check takes their point.

Whoever is asked here gets a fresh model and only Pyomo's own means; the answer is put on another fresh model, and held
against ``verify`` there. A rival that rests on a guessed constant proves nothing, whatever its solver says.
"""

import logging
import os
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from pyomo.common.collections import ComponentSet
from pyomo.common.log import LoggingIntercept
from pyomo.contrib.solver.common.results import TerminationCondition
from pyomo.contrib.solver.solvers.highs import Highs
from pyomo.core import Block, TransformationFactory, value
from pyomo.core.expr.visitor import identify_variables
from pyomo.opt import SolverFactory

from ..errors import BilevoltError
from ..levels.pao_adapter import PaoSolver
from ..levels.pao_adapter import TerminationCondition as PaoCondition
from ..levels.reading import read_levels
from ..solvers.status import Status
from ..verification.check import verify
from .discopt_rival import by_strong_duality
from .row import Row

RIVAL = "rival"
"""The method of a rival's row: its "optimal" is what it claims."""

GUESSED_M = 1e5
_STATUS = {
    TerminationCondition.convergenceCriteriaSatisfied: Status.optimal,
    TerminationCondition.provenInfeasible: Status.infeasible,
    TerminationCondition.unbounded: Status.unbounded,
    TerminationCondition.infeasibleOrUnbounded: Status.infeasible_or_unbounded,
}
_PAO_CLAIMS = {
    PaoCondition.infeasible: Status.infeasible,
    PaoCondition.unbounded: Status.unbounded,
    PaoCondition.infeasibleOrUnbounded: Status.infeasible_or_unbounded,
}


@dataclass(frozen=True)
class Answer:
    """What a rival says: a status, and values by the variables' names if it has a point."""

    status: Status
    values: dict[str, float] = field(default_factory=dict)


@dataclass(frozen=True)
class Rival:
    """Another way to solve a model: ``solve(model, time_limit, rel_gap)`` may change the model, which is thrown away.

    ``reformulation`` and ``solver`` are its names in a table, ``proves`` whether its optimum is meant to be proven.
    """

    reformulation: str
    solver: str
    solve: Callable[[Any, float | None, float], Answer]
    proves: bool


def kkt_with_guessed_m(model: Any, time_limit: float | None, rel_gap: float) -> Answer:
    """Pyomo's own chain: ``core.kkt`` of each follower, ``mpec.simple_disjunction``, ``gdp.bigm`` with one M, HiGHS.

    Pyomo asks whoever uses ``gdp.bigm`` for M where an expression has no bounds; here it is ``GUESSED_M`` throughout.
    """
    bilevel = read_levels(model)
    if bilevel.uses_prices:
        raise BilevoltError("core.kkt has no shadow prices (dual_of) in the leader's problem.")
    for follower in bilevel.followers:
        own = ComponentSet(follower.variables)
        seen: ComponentSet = ComponentSet()
        for part in (follower.objective, *follower.constraints):
            seen.update(identify_variables(part.expr, include_fixed=True))
        given = [variable for variable in seen if variable not in own]
        with LoggingIntercept(module="pyomo", level=logging.ERROR):  # it multiplies with an enum, of which Pyomo warns
            TransformationFactory("core.kkt").apply_to(follower.block, parameterize_wrt=given)
        component = follower.block.parent_component()  # no part of the model for Pyomo's writers otherwise
        component.parent_block().reclassify_component_type(component, Block)
    for variable in bilevel.variables:  # the start that a model comes with would be a hint
        variable.set_value(None)
    TransformationFactory("mpec.simple_disjunction").apply_to(model)
    TransformationFactory("gdp.bigm").apply_to(model, bigM=GUESSED_M)
    found = Highs().solve(
        model, time_limit=time_limit, rel_gap=rel_gap, threads=1, load_solutions=False,
        raise_exception_on_nonoptimal_result=False,
    )  # fmt: skip
    if found.incumbent_objective is None:
        return Answer(_STATUS.get(found.termination_condition, Status.no_solution))
    values = found.solution_loader.get_vars()
    status = _STATUS.get(found.termination_condition, Status.feasible)
    return Answer(status, {v.name: values[v] for v in bilevel.variables if v in values})


def pao_fa(model: Any, time_limit: float | None, rel_gap: float) -> Answer:
    """PAO's FA: Fortuny-Amat and McCarl's KKT conditions with M = 1e5, which its Pyomo interface fixes, on HiGHS."""
    mip = SolverFactory("appsi_highs")
    mip.options.update({"mip_rel_gap": rel_gap} | ({} if time_limit is None else {"time_limit": time_limit}))
    return _pao("pao.pyomo.FA", model, mip_solver=mip)


def pao_reg(model: Any, time_limit: float | None, rel_gap: float) -> Answer:
    """PAO's REG: the KKT conditions with complementarity up to 1e-7, on Ipopt, which finds local optima."""
    nlp = SolverFactory("ipopt")
    if not nlp.available(exception_flag=False):
        raise BilevoltError("PAO's REG needs Ipopt, which is not installed: put its executable on the PATH.")
    if time_limit is not None:
        nlp.options["max_cpu_time"] = time_limit
    return _pao("pao.pyomo.REG", model, nlp_solver=nlp)


def _pao(name: str, model: Any, **options: Any) -> Answer:
    """Return what a solver of PAO's leaves on the model; a variable that it leaves alone has no value.

    Where it says that there is no optimum, what its solver ended at is no point that it claims.
    """
    bilevel = read_levels(model)
    if bilevel.uses_prices:
        raise BilevoltError("PAO's solvers have no shadow prices (dual_of) in the leader's problem.")
    for variable in bilevel.variables:
        variable.set_value(None)
    ended = PaoSolver(name).solve(model, **options).solver.termination_condition
    if ended in _PAO_CLAIMS:
        return Answer(_PAO_CLAIMS[ended])
    values = {v.name: float(v.value) for v in bilevel.variables if v.value is not None}
    fine = ended is PaoCondition.optimal
    return Answer(Status.optimal if fine else Status.feasible if values else Status.no_solution, values)


def discopt(model: Any, time_limit: float | None, rel_gap: float) -> Answer:
    """discopt's bilevel module, by the one of its reductions that asks for no bound on multipliers."""
    return Answer(*by_strong_duality(model, time_limit, rel_gap))


RIVALS: dict[str, Rival] = {
    "gdp": Rival("kkt+gdp(1e5)", "highs", kkt_with_guessed_m, proves=False),
    "fa": Rival("PAO FA", "highs", pao_fa, proves=False),
    "reg": Rival("PAO REG", "ipopt", pao_reg, proves=False),
    "discopt": Rival("strong duality", "discopt", discopt, proves=True),
}
"""Who may be asked, by a short name; a new one is a function and a line here."""


def ask(rival: Rival, instance: str, build: Callable[[], Any], time_limit: float | None, rel_gap: float) -> Row:
    """Return what a rival claims of a model, with the verdict of the check on its point.

    :param build: returns a fresh model at every call.
    """
    row = Row(instance, RIVAL, rival.reformulation, rival.solver)
    begin, cpu = time.perf_counter(), processor_seconds()
    try:
        answer = rival.solve(build(), time_limit, rel_gap)
    except Exception as failure:  # another's code, on models that it may not be made for
        row.reason = f"{type(failure).__name__}: {failure}"
        return row
    row.seconds_total = time.perf_counter() - begin
    row.summary["cpu_seconds"] = processor_seconds() - cpu
    row.status = str(answer.status)
    if answer.values:
        _check(row, build(), answer.values)
    return row


def processor_seconds() -> float:
    """Return the processor time of this process, and of those that it started and that have ended."""
    return sum(os.times()[:4])


def _check(row: Row, model: Any, values: dict[str, float]) -> None:
    """Put the values on a model that the rival has not seen, and check the point."""
    bilevel = read_levels(model)
    for variable in bilevel.variables:
        number = values.get(variable.name, 0.0)
        variable.set_value(number if variable.is_continuous() else round(number), skip_validation=True)
    row.objective = float(value(bilevel.leader.objective.expr))
    row.verified = verify(bilevel, pessimistic=False).bilevel_feasible
