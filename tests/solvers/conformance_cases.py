"""The table of tiny models with known answers, and how a point is held against its model."""

from collections.abc import Callable
from dataclasses import dataclass

import conformance_models as models
import pyomo.environ as pyo

from bilevolt.solvers.indicators import indicator_rows


@dataclass(frozen=True)
class Case:
    """A model, and what must come out."""

    build: Callable[[], pyo.ConcreteModel]
    status: str
    objective: float | None = None
    rel: float = 2e-6

    @property
    def name(self) -> str:
        return self.build.__name__


CASES = [
    Case(models.lp_min, "optimal", 3.8),
    Case(models.lp_max, "optimal", 11),
    Case(models.range_row, "optimal", 8),
    Case(models.milp_max, "optimal", 29),
    Case(models.milp_min, "optimal", -29),
    Case(models.qp, "optimal", 0.75),
    Case(models.qp_max, "optimal", 12),
    Case(models.qp_regularization_trap, "optimal", 1e6),
    Case(models.unbounded_qp, "unbounded"),
    Case(models.infeasible_qp, "infeasible"),
    Case(models.miqp, "optimal", 1.5625),
    Case(models.convex_quadratic_row, "optimal", -2),
    Case(models.sos1, "optimal", 6),
    Case(models.sos1_without_bounds, "optimal", 250000),
    Case(models.complementary, "optimal", 6),
    Case(models.complementary_without_bounds, "optimal", 250000),
    Case(models.complementary_with_a_product, "optimal", 12),
    Case(models.bilinear, "optimal", 9),
    Case(models.nonconvex_objective, "optimal", -6),
    Case(models.objective_only, "optimal", 7),
    Case(models.rows_only, "optimal", None),
    Case(models.constant_objective, "optimal", 5),
    Case(models.nothing_at_all, "optimal", None),
    Case(models.nothing_to_decide, "optimal", 6),
    Case(models.rows_of_parameters_that_hold, "optimal", 0),
    Case(models.row_of_parameters_that_fails, "infeasible"),
    Case(models.zero_at_least_one, "infeasible"),
    Case(models.empty_domain, "infeasible"),
    Case(models.infeasible_lp, "infeasible"),
    Case(models.infeasible_with_improving_ray, "infeasible"),
    Case(models.infeasible_milp_with_unbounded_relaxation, "infeasible"),
    Case(models.unbounded_lp, "unbounded"),
    Case(models.unbounded_milp, "unbounded"),
    Case(models.unbounded_sos1, "unbounded"),
    Case(models.infeasible_sos1, "infeasible"),
    Case(models.sos1_with_a_fixed_member, "optimal", 1),
    Case(models.sos2, "optimal", 8),
    Case(models.switched, "optimal", 10),
    Case(models.switched_off, "optimal", 10),
    Case(models.miqp_with_sos1, "optimal", 3.0625),
    Case(models.nonconvex_with_integers, "optimal", 6),
    Case(models.nonconvex_with_a_far_optimum, "optimal", 4.0000005),
    Case(models.unbounded_nonconvex, "unbounded"),
    Case(models.infeasible_nonconvex, "infeasible"),
    Case(models.quadratic_range_above, "optimal", 3),
    Case(models.quadratic_range_below, "optimal", 2),
    Case(models.quadratic_equation, "optimal", 4.25),
]


def twin(model):
    """Return the model with its objective negated and its sense turned, where it has one."""
    for objective in model.component_data_objects(pyo.Objective, active=True):
        objective.set_value(-objective.expr)
        objective.sense = -objective.sense
    return model


def violation(model, values):
    """Largest violation of rows and SOS at the values, relative to the right-hand side."""
    for variable, value in values.items():
        variable.set_value(value, skip_validation=True)
    worst, switches = 0.0, indicator_rows(model)
    for row in model.component_data_objects(pyo.Constraint, active=True):
        if row in switches and round(switches[row].variable.value) != switches[row].value:
            continue
        body, lower, upper = pyo.value(row.body), row.lb, row.ub
        for excess, side in (
            (0 if lower is None else lower - body, lower),
            (0 if upper is None else body - upper, upper),
        ):
            worst = max(worst, excess / max(1, abs(side or 0)))
    for sos in model.component_data_objects(pyo.SOSConstraint, active=True):
        worst = max(worst, *sorted(abs(v.value) for v in sos.variables)[: -sos.level])
    return worst
