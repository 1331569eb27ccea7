"""A second look at SCIP's optimum, where it was seen to be wrong.

SCIP drops nodes of its search whose relaxation is unbounded: an unbounded problem with SOS1 or products may
come out as optimal then (seen with SCIP 10). And its presolve was seen to cut optima off, of products (0 for -1) and of
a MILP (0.8 for 0.6), on models of one integer and one or two follower's variables. Asked for a point that is better
than the optimum by a margin, without objective and without presolve, SCIP has neither; finding one refutes the optimum.
"""

from dataclasses import replace

import numpy as np
from pyomo.contrib.solver.common.results import TerminationCondition

from ..program import Program
from ..records import Outcome
from ..second_look import Run

MARGIN = 1e-4
"""By how much (relative above 1) a point must beat the optimum to refute it: much more than rows may miss."""

NODES, PER_NODE = 1000, 10
"""Most nodes of the second look: so many, and so many for each of the first. An undecided look leaves no proof."""

_NO_POINT = (TerminationCondition.provenInfeasible, TerminationCondition.infeasibleOrUnbounded)
"""How a solve without objective ends where there is no point: nothing can be unbounded then."""


def is_doubtful(program: Program) -> bool:
    """Whether there are integers, products in rows, or, beside SOS, no bound where the objective improves."""
    if program.row_forms or program.integer.any():
        return True
    if not (program.sos or program.quadratic):
        return False
    in_product = np.zeros(program.columns, dtype=bool)
    in_product[program.quadratic.first] = in_product[program.quadratic.second] = True
    falling = ((program.cost < 0) | in_product) & ~np.isfinite(program.upper)
    rising = ((program.cost > 0) | in_product) & ~np.isfinite(program.lower)
    return bool(falling.any() or rising.any())


def confirmed(program: Program, outcome: Outcome, run: Run) -> Outcome:
    """Take `optimal` back where a second solve finds a better point, or none can tell."""
    assert outcome.point is not None
    objective = program.value(outcome.point)
    beyond = program.at_most(objective - MARGIN * max(1.0, abs(objective)))
    limit = {"limits/nodes": NODES + PER_NODE * (outcome.nodes or 0)}
    for presolve in (False, True):  # without it first, as it is what errs; with it where that takes too long
        second = run(beyond, warm_start=False, presolve=presolve, extra=limit)
        if second.condition in _NO_POINT:
            return outcome
        if second.point is not None:
            better = program.value(second.point)
            if objective - better <= 0.5 * MARGIN * max(1.0, abs(better)):
                continue  # it misses the demand, which tells nothing
            outcome = replace(outcome, point=second.point)
            break
    native = f"{outcome.native}, not confirmed by a second solve"
    return replace(outcome, condition=TerminationCondition.unknown, bound=None, native=native)
