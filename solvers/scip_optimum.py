"""A second look at SCIP's optimum, where the objective can grow without end along some variable.

SCIP drops nodes of its search whose relaxation is unbounded: an unbounded problem with SOS1 or products may
come out as optimal then (seen with SCIP 10). Asked for a point that is better than the optimum by a margin,
without objective, SCIP has no unbounded relaxation to drop; finding one refutes the optimum.
"""

from math import isfinite

from pyomo.core.base.block import BlockData
from pyomo.core.base.PyomoModel import ConcreteModel
from pyomo.core.base.var import VarData

from .base import without_objective
from .reading import Reading
from .records import Outcome

MARGIN = 1e-4
"""By how much (relative above 1) a point must beat the optimum to refute it: much more than rows may miss."""


def is_open_ended(reading: Reading) -> bool:
    """Whether a variable has no bound where the objective improves, in a model with SOS, indicator rows or products."""
    if reading.polynomial is None or not {"sos1", "indicator", "nonconvex"} & set(reading.needs.because):
        return False
    variables, polynomial = reading.variables, reading.polynomial
    improving = [(i, -reading.sense * coefficient) for i, coefficient in polynomial.linear.items()]
    improving += [(i, side) for pair in polynomial.quadratic or () for i in pair for side in (1.0, -1.0)]
    return any(not _bounded(variables[i], direction) for i, direction in improving)


def beyond(model: BlockData, reading: Reading, outcome: Outcome) -> ConcreteModel | None:
    """The rows, indicator rows and SOS with the demand to beat the outcome's objective; None when that is no number."""
    if reading.objective is None or outcome.objective is None or not isfinite(outcome.objective):
        return None
    rows = without_objective(model)
    margin = MARGIN * max(1.0, abs(outcome.objective))
    rows.constraints.add(reading.sense * (reading.objective.expr - outcome.objective) <= -margin)
    return rows


def is_better(objective: float, reading: Reading, outcome: Outcome) -> bool:
    """Whether a point found beyond the outcome is: SCIP's presolve may return one that misses the demand."""
    gain = reading.sense * (outcome.objective - objective)  # type: ignore[operator]
    return gain > 0.5 * MARGIN * max(1.0, abs(objective))


def _bounded(variable: VarData, direction: float) -> bool:
    return direction == 0 or (variable.ub if direction > 0 else variable.lb) is not None
