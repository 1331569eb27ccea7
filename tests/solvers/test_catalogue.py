"""Tiny models with known answers x every solver that supports them."""

from collections.abc import Callable
from dataclasses import dataclass

import pyomo.environ as pyo
import pytest

from bilevolt.solvers import Status, get_solver

ALL = ("gurobi", "highs", "scip")
GLOBAL = ("gurobi", "scip")


@dataclass(frozen=True)
class Case:
    """A model, who must solve it, and what must come out."""

    build: Callable[[], pyo.ConcreteModel]
    status: str
    objective: float | None = None
    solvers: tuple[str, ...] = ALL

    @property
    def name(self) -> str:
        return self.build.__name__


def _model(**variables: dict) -> pyo.ConcreteModel:
    m = pyo.ConcreteModel()
    for name, options in variables.items():
        m.add_component(name, pyo.Var(**options))
    m.rows = pyo.ConstraintList()
    return m


def lp_min():
    m = _model(x={"bounds": (0, None)}, y={"bounds": (0, None)})
    m.rows.add(m.x + 2 * m.y >= 4)
    m.rows.add(3 * m.x + m.y >= 6)
    m.o = pyo.Objective(expr=m.x + m.y + 1)
    return m


def lp_max():
    m = _model(x={"bounds": (0, 3)}, y={"bounds": (0, None)})
    m.rows.add(m.x + m.y <= 4)
    m.o = pyo.Objective(expr=3 * m.x + 2 * m.y, sense=pyo.maximize)
    return m


def range_row():
    m = _model(x={"bounds": (0, 9)}, y={"bounds": (0, 9)})
    m.rows.add((1, m.x + m.y, 4))
    m.o = pyo.Objective(expr=2 * m.x + m.y, sense=pyo.maximize)
    return m


def milp_max():
    m = _model(x={"domain": pyo.NonNegativeIntegers}, y={"domain": pyo.NonNegativeIntegers})
    m.rows.add(2 * m.x + 3 * m.y <= 12)
    m.rows.add(4 * m.x + m.y <= 13)
    m.o = pyo.Objective(expr=5 * m.x + 4 * m.y + 10, sense=pyo.maximize)  # (3, 1); LP relaxation 32.3
    return m


def milp_min():
    m = milp_max()
    m.o.sense = pyo.minimize
    m.o.expr = -5 * m.x - 4 * m.y - 10
    return m


def qp():
    m = _model(x={}, y={})
    m.rows.add(m.x + m.y >= 1)
    m.o = pyo.Objective(expr=m.x**2 + m.y**2 + m.x * m.y)
    return m


def qp_max():
    m = _model(x={"bounds": (0, None)}, y={"bounds": (0, None)})
    m.rows.add(m.x + m.y <= 3)
    m.o = pyo.Objective(expr=6 * m.x + 4 * m.y - m.x**2 - m.y**2 + 1, sense=pyo.maximize)  # (2, 1): 12
    return m


def qp_regularization_trap():
    """HiGHS's regularized QP splits a + b evenly and is 5 too dear."""
    m = _model(x={}, a={"bounds": (0, 1e6)}, b={"bounds": (0, 1e6)})
    m.rows.add(m.a + m.b >= 1e6)
    m.o = pyo.Objective(expr=m.x**2 + m.a + 1.00001 * m.b)
    return m


def unbounded_qp():
    """HiGHS's regularized QP has an optimum here: -1e7."""
    m = _model(x={}, y={})
    m.rows.add(m.x + m.y <= 1)
    m.o = pyo.Objective(expr=m.x**2 + m.y - m.x)
    return m


def infeasible_qp():
    m = unbounded_qp()
    m.rows.add(m.x + m.y >= 2)
    return m


def miqp():
    m = _model(x={"domain": pyo.Integers, "bounds": (-9, 9)}, y={"bounds": (-9, 9)})
    m.rows.add(m.x + m.y == 1.75)
    m.o = pyo.Objective(expr=m.x**2 + m.y**2)  # x = 1, y = 0.75
    return m


def convex_quadratic_row():
    m = _model(x={"bounds": (-5, 5)}, y={"bounds": (-5, 5)})
    m.rows.add(m.x**2 + m.y**2 <= 2)
    m.o = pyo.Objective(expr=m.x + m.y)
    return m


def sos1():
    m = _model(x={"bounds": (0, 4)}, y={"bounds": (0, 3)})
    m.rows.add(m.x + m.y <= 6)
    m.s = pyo.SOSConstraint(rule=lambda m: [m.x, m.y], sos=1)
    m.o = pyo.Objective(expr=m.x + 2 * m.y, sense=pyo.maximize)
    return m


def sos1_without_bounds():
    """x and y have no bound that a big-M could be taken from."""
    m = _model(x={"bounds": (0, None)}, y={"bounds": (0, None)})
    m.rows.add(m.x - m.y == 250000)
    m.s = pyo.SOSConstraint(rule=lambda m: [m.x, m.y], sos=1)
    m.o = pyo.Objective(expr=m.x + m.y)
    return m


def bilinear():
    m = _model(x={"bounds": (0, 4)}, y={"bounds": (0, 4)})
    m.rows.add(m.x + m.y <= 5)
    m.rows.add(m.x * m.y <= 4)
    m.o = pyo.Objective(expr=m.x + 2 * m.y, sense=pyo.maximize)  # (1, 4)
    return m


def nonconvex_objective():
    m = _model(x={"bounds": (-1, 2)}, y={"bounds": (-3, 1)})
    m.rows.add(m.x + m.y <= 2)
    m.o = pyo.Objective(expr=m.x * m.y)
    return m


def objective_only():
    m = _model(x={"bounds": (1, 3)})
    m.o = pyo.Objective(expr=2 * m.x + 1, sense=pyo.maximize)
    return m


def rows_only():
    m = _model(x={"bounds": (0, 3)})
    m.rows.add(m.x >= 2)
    return m


def constant_objective():
    m = rows_only()
    m.o = pyo.Objective(expr=5)
    return m


def nothing_at_all():
    return pyo.ConcreteModel()


def nothing_to_decide():
    m = _model(x={"initialize": 2})
    m.x.fix()
    m.rows.add(m.x <= 2)
    m.o = pyo.Objective(expr=3 * m.x)
    return m


def rows_of_parameters_that_hold():
    m = _model(x={"bounds": (0, 3)})
    m.p = pyo.Param(initialize=1, mutable=True)
    m.rows.add(m.p <= 1)
    m.rows.add(m.x <= float("inf"))
    m.o = pyo.Objective(expr=m.x)
    return m


def row_of_parameters_that_fails():
    m = rows_of_parameters_that_hold()
    m.p = 2
    return m


def zero_at_least_one():
    m = _model(x={"bounds": (0, 3)}, f={"initialize": 0})
    m.f.fix()
    m.rows.add(m.f >= 1)
    m.o = pyo.Objective(expr=m.x)
    return m


def empty_domain():
    m = _model(x={"bounds": (3, 1)}, y={"bounds": (0, 1)})
    m.rows.add(m.x + m.y >= 2)
    m.o = pyo.Objective(expr=m.x)
    return m


def infeasible_lp():
    m = _model(x={"bounds": (0, None)}, y={"bounds": (0, None)})
    m.rows.add(m.x + m.y <= 1)
    m.rows.add(m.x + 2 * m.y >= 3)
    m.o = pyo.Objective(expr=m.x)
    return m


def infeasible_with_improving_ray():
    m = _model(x={}, y={}, z={})
    m.rows.add(m.x + m.y <= 1)
    m.rows.add(m.x + m.y >= 3)
    m.o = pyo.Objective(expr=m.z)
    return m


def infeasible_milp_with_unbounded_relaxation():
    m = _model(x={"domain": pyo.Integers}, y={"domain": pyo.Integers})
    m.rows.add(2 * m.x - 2 * m.y == 1)
    m.o = pyo.Objective(expr=m.x)
    return m


def unbounded_lp():
    m = _model(x={"bounds": (0, None)}, y={"bounds": (0, None)})
    m.rows.add(m.x - m.y <= 1)
    m.o = pyo.Objective(expr=m.x + m.y, sense=pyo.maximize)
    return m


def unbounded_milp():
    m = _model(x={"domain": pyo.NonNegativeIntegers}, y={"domain": pyo.NonNegativeIntegers})
    m.rows.add(m.x - m.y <= 1)
    m.o = pyo.Objective(expr=-m.x - m.y)
    return m


def unbounded_sos1():
    m = unbounded_lp()
    m.s = pyo.SOSConstraint(rule=lambda m: [m.x, m.y], sos=1)
    return m


def infeasible_sos1():
    m = _model(x={"bounds": (0, None)}, y={"bounds": (0, None)})
    m.rows.add(m.x >= 1)
    m.rows.add(m.y >= 1)
    m.s = pyo.SOSConstraint(rule=lambda m: [m.x, m.y], sos=1)
    m.o = pyo.Objective(expr=m.x - m.y)
    return m


CASES = [
    Case(lp_min, "optimal", 3.8),
    Case(lp_max, "optimal", 11),
    Case(range_row, "optimal", 8),
    Case(milp_max, "optimal", 29),
    Case(milp_min, "optimal", -29),
    Case(qp, "optimal", 0.75),
    Case(qp_max, "optimal", 12),
    Case(qp_regularization_trap, "optimal", 1e6),
    Case(unbounded_qp, "unbounded"),
    Case(infeasible_qp, "infeasible"),
    Case(miqp, "optimal", 1.5625),
    Case(convex_quadratic_row, "optimal", -2, GLOBAL),
    Case(sos1, "optimal", 6, GLOBAL),
    Case(sos1_without_bounds, "optimal", 250000, GLOBAL),
    Case(bilinear, "optimal", 9, GLOBAL),
    Case(nonconvex_objective, "optimal", -6, GLOBAL),
    Case(objective_only, "optimal", 7),
    Case(rows_only, "optimal", None),
    Case(constant_objective, "optimal", 5),
    Case(nothing_at_all, "optimal", None),
    Case(nothing_to_decide, "optimal", 6),
    Case(rows_of_parameters_that_hold, "optimal", 0),
    Case(row_of_parameters_that_fails, "infeasible"),
    Case(zero_at_least_one, "infeasible"),
    Case(empty_domain, "infeasible"),
    Case(infeasible_lp, "infeasible"),
    Case(infeasible_with_improving_ray, "infeasible"),
    Case(infeasible_milp_with_unbounded_relaxation, "infeasible"),
    Case(unbounded_lp, "unbounded"),
    Case(unbounded_milp, "unbounded"),
    Case(unbounded_sos1, "unbounded", None, GLOBAL),
    Case(infeasible_sos1, "infeasible", None, GLOBAL),
]


PAIRS = [pytest.param(case, name, id=f"{case.name}-{name}") for case in CASES for name in case.solvers]


@pytest.mark.parametrize(("case", "name"), PAIRS)
def test_known_answer(case, name):
    model = case.build()
    result = get_solver(name).solve(model)
    assert result.status == case.status, result.message
    assert (result.solver, bool(result.version), bool(result.message)) == (name, True, True)
    if result.status is not Status.optimal:
        assert (result.objective, result.bound, result.values) == (None, None, None)
        return
    assert result.values is not None
    if case.objective is None:
        assert (result.objective, result.bound) == (None, None)
    else:
        assert (result.objective, result.bound) == pytest.approx((case.objective,) * 2, rel=2e-6, abs=1e-6)
    assert _violation(model, result.values) <= 1e-5


@pytest.mark.parametrize("name", ALL)
def test_every_solver_is_in_the_catalogue(name):
    assert sum(name in case.solvers for case in CASES) >= 20


def _violation(model, values):
    """Largest violation of rows and SOS at the values, relative to the right-hand side."""
    for variable, value in values.items():
        variable.set_value(value, skip_validation=True)
    worst = 0.0
    for row in model.component_data_objects(pyo.Constraint, active=True):
        body, lower, upper = pyo.value(row.body), row.lb, row.ub
        for excess, side in (
            (0 if lower is None else lower - body, lower),
            (0 if upper is None else body - upper, upper),
        ):
            worst = max(worst, excess / max(1, abs(side or 0)))
    for sos in model.component_data_objects(pyo.SOSConstraint, active=True):
        worst = max(worst, *sorted(abs(v.value) for v in sos.variables)[:-1])
    return worst
