"""A second look at SCIP's optimum, where the objective can grow without end along some variable.

SCIP drops nodes of its search whose relaxation is unbounded: an unbounded problem with SOS1 or products may
come out as optimal then (seen with SCIP 10). Asked for a point that is better than the optimum by a margin,
without objective, SCIP has no unbounded relaxation to drop; finding one refutes the optimum.
"""

from dataclasses import replace

import numpy as np
from pyomo.contrib.solver.common.results import TerminationCondition

from ..program import Program
from ..records import Outcome
from ..second_look import Run

MARGIN = 1e-4
"""By how much (relative above 1) a point must beat the optimum to refute it: much more than rows may miss."""

_NO_POINT = (TerminationCondition.provenInfeasible, TerminationCondition.infeasibleOrUnbounded)
"""How a solve without objective ends where there is no point: nothing can be unbounded then."""


def is_open_ended(program: Program) -> bool:
    """Whether a variable has no bound where the objective improves, in a model with SOS, indicator rows or products."""
    if not (program.sos or program.switches or program.row_forms or program.quadratic):
        return False
    in_product = np.zeros(program.columns, dtype=bool)
    in_product[program.quadratic.first] = in_product[program.quadratic.second] = True
    falling = ((program.cost < 0) | in_product) & ~np.isfinite(program.upper)
    rising = ((program.cost > 0) | in_product) & ~np.isfinite(program.lower)
    return bool(falling.any() or rising.any())


def confirmed(program: Program, outcome: Outcome, run: Run) -> Outcome:
    """Take `optimal` back where a second solve finds a better point, or cannot tell."""
    assert outcome.point is not None
    objective = program.value(outcome.point)
    margin = MARGIN * max(1.0, abs(objective))
    second = run(program.at_most(objective - margin), warm_start=False)
    if second.condition in _NO_POINT:
        return outcome
    if second.point is not None:
        better = program.value(second.point)
        if objective - better <= 0.5 * MARGIN * max(1.0, abs(better)):  # presolve may return one that misses the demand
            return outcome
        outcome = replace(outcome, point=second.point)
    native = f"{outcome.native}, not confirmed by a second solve"
    return replace(outcome, condition=TerminationCondition.unknown, bound=None, native=native)
