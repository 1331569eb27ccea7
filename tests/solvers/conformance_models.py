"""Tiny models with known answers: what every solver either answers rightly or refuses by name."""

import random

import pyomo.environ as pyo

from bilevolt.solvers.complementarity import empty_suffix


def model_of(**variables: dict) -> pyo.ConcreteModel:
    m = pyo.ConcreteModel()
    for name, options in variables.items():
        m.add_component(name, pyo.Var(**options))
    m.rows = pyo.ConstraintList()
    return m


def lp_min():
    m = model_of(x={"bounds": (0, None)}, y={"bounds": (0, None)})
    m.rows.add(m.x + 2 * m.y >= 4)
    m.rows.add(3 * m.x + m.y >= 6)
    m.o = pyo.Objective(expr=m.x + m.y + 1)
    return m


def lp_max():
    m = model_of(x={"bounds": (0, 3)}, y={"bounds": (0, None)})
    m.rows.add(m.x + m.y <= 4)
    m.o = pyo.Objective(expr=3 * m.x + 2 * m.y, sense=pyo.maximize)
    return m


def range_row():
    m = model_of(x={"bounds": (0, 9)}, y={"bounds": (0, 9)})
    m.rows.add((1, m.x + m.y, 4))
    m.o = pyo.Objective(expr=2 * m.x + m.y, sense=pyo.maximize)
    return m


def milp_max():
    m = model_of(x={"domain": pyo.NonNegativeIntegers}, y={"domain": pyo.NonNegativeIntegers})
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
    m = model_of(x={}, y={})
    m.rows.add(m.x + m.y >= 1)
    m.o = pyo.Objective(expr=m.x**2 + m.y**2 + m.x * m.y)
    return m


def qp_max():
    m = model_of(x={"bounds": (0, None)}, y={"bounds": (0, None)})
    m.rows.add(m.x + m.y <= 3)
    m.o = pyo.Objective(expr=6 * m.x + 4 * m.y - m.x**2 - m.y**2 + 1, sense=pyo.maximize)  # (2, 1): 12
    return m


def qp_regularization_trap():
    """HiGHS's regularized QP splits a + b evenly and is 5 too dear."""
    m = model_of(x={}, a={"bounds": (0, 1e6)}, b={"bounds": (0, 1e6)})
    m.rows.add(m.a + m.b >= 1e6)
    m.o = pyo.Objective(expr=m.x**2 + m.a + 1.00001 * m.b)
    return m


def unbounded_qp():
    """HiGHS's regularized QP has an optimum here: -1e7."""
    m = model_of(x={}, y={})
    m.rows.add(m.x + m.y <= 1)
    m.o = pyo.Objective(expr=m.x**2 + m.y - m.x)
    return m


def infeasible_qp():
    m = unbounded_qp()
    m.rows.add(m.x + m.y >= 2)
    return m


def miqp():
    m = model_of(x={"domain": pyo.Integers, "bounds": (-9, 9)}, y={"bounds": (-9, 9)})
    m.rows.add(m.x + m.y == 1.75)
    m.o = pyo.Objective(expr=m.x**2 + m.y**2)  # x = 1, y = 0.75
    return m


def convex_quadratic_row():
    m = model_of(x={"bounds": (-5, 5)}, y={"bounds": (-5, 5)})
    m.rows.add(m.x**2 + m.y**2 <= 2)
    m.o = pyo.Objective(expr=m.x + m.y)
    return m


def sos1():
    m = model_of(x={"bounds": (0, 4)}, y={"bounds": (0, 3)})
    m.rows.add(m.x + m.y <= 6)
    m.s = pyo.SOSConstraint(rule=lambda m: [m.x, m.y], sos=1)
    m.o = pyo.Objective(expr=m.x + 2 * m.y, sense=pyo.maximize)
    return m


def sos1_without_bounds():
    """x and y have no bound that a big-M could be taken from."""
    m = model_of(x={"bounds": (0, None)}, y={"bounds": (0, None)})
    m.rows.add(m.x - m.y == 250000)
    m.s = pyo.SOSConstraint(rule=lambda m: [m.x, m.y], sos=1)
    m.o = pyo.Objective(expr=m.x + m.y)
    return m


def complementary():
    """As ``sos1``, the set listed as a complementary pair."""
    m = model_of(x={"bounds": (0, 4)}, y={"bounds": (0, 3)})
    m.rows.add(m.x + m.y <= 6)
    m.complementarity = empty_suffix()
    m.complementarity[m.x] = (m.y, "x | y")
    m.o = pyo.Objective(expr=m.x + 2 * m.y, sense=pyo.maximize)
    return m


def complementary_without_bounds():
    m = model_of(x={"bounds": (0, None)}, y={"bounds": (0, None)})
    m.rows.add(m.x - m.y == 250000)
    m.complementarity = empty_suffix()
    m.complementarity[m.x] = m.y
    m.o = pyo.Objective(expr=m.x + m.y)
    return m


def complementary_with_a_product():
    m = complementary()
    m.z = pyo.Var(bounds=(0, 2))
    m.o.set_value(m.z * m.y + 2 * m.y)  # (0, 3, 2)
    return m


def bilinear():
    m = model_of(x={"bounds": (0, 4)}, y={"bounds": (0, 4)})
    m.rows.add(m.x + m.y <= 5)
    m.rows.add(m.x * m.y <= 4)
    m.o = pyo.Objective(expr=m.x + 2 * m.y, sense=pyo.maximize)  # (1, 4)
    return m


def nonconvex_objective():
    m = model_of(x={"bounds": (-1, 2)}, y={"bounds": (-3, 1)})
    m.rows.add(m.x + m.y <= 2)
    m.o = pyo.Objective(expr=m.x * m.y)
    return m


def objective_only():
    m = model_of(x={"bounds": (1, 3)})
    m.o = pyo.Objective(expr=2 * m.x + 1, sense=pyo.maximize)
    return m


def rows_only():
    m = model_of(x={"bounds": (0, 3)})
    m.rows.add(m.x >= 2)
    return m


def constant_objective():
    m = rows_only()
    m.o = pyo.Objective(expr=5)
    return m


def nothing_at_all():
    return pyo.ConcreteModel()


def nothing_to_decide():
    m = model_of(x={"initialize": 2})
    m.x.fix()
    m.rows.add(m.x <= 2)
    m.o = pyo.Objective(expr=3 * m.x)
    return m


def rows_of_parameters_that_hold():
    m = model_of(x={"bounds": (0, 3)})
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
    m = model_of(x={"bounds": (0, 3)}, f={"initialize": 0})
    m.f.fix()
    m.rows.add(m.f >= 1)
    m.o = pyo.Objective(expr=m.x)
    return m


def empty_domain():
    m = model_of(x={"bounds": (3, 1)}, y={"bounds": (0, 1)})
    m.rows.add(m.x + m.y >= 2)
    m.o = pyo.Objective(expr=m.x)
    return m


def infeasible_lp():
    m = model_of(x={"bounds": (0, None)}, y={"bounds": (0, None)})
    m.rows.add(m.x + m.y <= 1)
    m.rows.add(m.x + 2 * m.y >= 3)
    m.o = pyo.Objective(expr=m.x)
    return m


def infeasible_with_improving_ray():
    m = model_of(x={}, y={}, z={})
    m.rows.add(m.x + m.y <= 1)
    m.rows.add(m.x + m.y >= 3)
    m.o = pyo.Objective(expr=m.z)
    return m


def infeasible_milp_with_unbounded_relaxation():
    m = model_of(x={"domain": pyo.Integers}, y={"domain": pyo.Integers})
    m.rows.add(2 * m.x - 2 * m.y == 1)
    m.o = pyo.Objective(expr=m.x)
    return m


def unbounded_lp():
    m = model_of(x={"bounds": (0, None)}, y={"bounds": (0, None)})
    m.rows.add(m.x - m.y <= 1)
    m.o = pyo.Objective(expr=m.x + m.y, sense=pyo.maximize)
    return m


def unbounded_milp():
    m = model_of(x={"domain": pyo.NonNegativeIntegers}, y={"domain": pyo.NonNegativeIntegers})
    m.rows.add(m.x - m.y <= 1)
    m.o = pyo.Objective(expr=-m.x - m.y)
    return m


def unbounded_sos1():
    m = unbounded_lp()
    m.s = pyo.SOSConstraint(rule=lambda m: [m.x, m.y], sos=1)
    return m


def infeasible_sos1():
    m = model_of(x={"bounds": (0, None)}, y={"bounds": (0, None)})
    m.rows.add(m.x >= 1)
    m.rows.add(m.y >= 1)
    m.s = pyo.SOSConstraint(rule=lambda m: [m.x, m.y], sos=1)
    m.o = pyo.Objective(expr=m.x - m.y)
    return m


def sos1_with_a_fixed_member():
    m = sos1()
    m.x.fix(1)
    return m


def sos2():
    """Neighbours only: x and z together would be worth 9."""
    m = model_of(x={"bounds": (0, 1)}, y={"bounds": (0, 1)}, z={"bounds": (0, 1)})
    m.rows.add(m.x + m.y + m.z <= 2)
    m.s = pyo.SOSConstraint(rule=lambda m: [m.x, m.y, m.z], sos=2)
    m.o = pyo.Objective(expr=5 * m.x + 3 * m.y + 4 * m.z, sense=pyo.maximize)  # (1, 1, 0): 8
    return m


def switched(value=1):
    """x <= 3 while z is `value`, which is worth 5."""
    m = model_of(x={"bounds": (0, 10)}, z={"domain": pyo.Binary})
    m.rows.add(m.x <= 3)
    m.indicator = pyo.Suffix(direction=pyo.Suffix.LOCAL, datatype=None)
    m.indicator[m.rows[1]] = (m.z, value)
    m.o = pyo.Objective(expr=m.x + 5 * (m.z if value else 1 - m.z), sense=pyo.maximize)  # off: 10, on: 8
    return m


def switched_off():
    return switched(0)


def miqp_with_sos1():
    m = miqp()
    m.s = pyo.SOSConstraint(rule=lambda m: [m.x, m.y], sos=1)
    m.x.setub(2)  # x = 0, y = 1.75
    return m


def nonconvex_with_integers():
    m = model_of(x={"domain": pyo.Integers, "bounds": (0, 4)}, y={"bounds": (0, 2.5)})
    m.rows.add(m.x + m.y <= 5)
    m.o = pyo.Objective(expr=m.x * m.y, sense=pyo.maximize)  # (3, 2); without integrality 6.25
    return m


def nonconvex_with_a_far_optimum():
    """No bounds on x and y but those that rows imply, beyond 1e6."""
    m = model_of(x={"bounds": (0, None)}, y={"bounds": (0, 1)})
    m.rows.add(m.x * m.y <= 2)
    m.rows.add(m.x <= 4e6)
    m.o = pyo.Objective(expr=1e-6 * m.x + m.y, sense=pyo.maximize)  # (4e6, 5e-7)
    return m


def unbounded_nonconvex():
    m = model_of(x={}, y={})
    m.rows.add(m.x + m.y <= 5)
    m.o = pyo.Objective(expr=m.x * m.y)
    return m


def infeasible_nonconvex():
    m = model_of(x={"bounds": (0, 2)}, y={"bounds": (0, 2)})
    m.rows.add(m.x * m.y >= 5)
    m.o = pyo.Objective(expr=m.x)
    return m


def quadratic_range_above():
    m = model_of(x={"bounds": (0, 5)})
    m.rows.add((4, m.x**2, 9))
    m.o = pyo.Objective(expr=m.x, sense=pyo.maximize)
    return m


def quadratic_range_below():
    m = quadratic_range_above()
    m.o.sense = pyo.minimize
    return m


def quadratic_equation():
    m = model_of(x={"bounds": (0, 5)}, y={"bounds": (0, 5)})
    m.rows.add(m.x**2 + m.y == 4)
    m.rows.add(m.y >= 3)
    m.o = pyo.Objective(expr=m.x + m.y, sense=pyo.maximize)  # (0.5, 3.75)
    return m


def transport():
    """LP with the known unique duals: demand row 3, capacity row -1, free row 0."""
    m = pyo.ConcreteModel()
    m.x, m.y = pyo.Var(bounds=(0, None)), pyo.Var(bounds=(0, None))
    m.demand = pyo.Constraint(expr=m.x + m.y >= 10)
    m.capacity = pyo.Constraint(expr=m.x <= 4)
    m.slack = pyo.Constraint(expr=m.x + 2 * m.y <= 100)
    m.cost = pyo.Objective(expr=2 * m.x + 3 * m.y)
    return m


def market_split(n=40, rows=5, seed=1):
    """A feasible MILP whose bound stays at 0 for a long time."""
    rng = random.Random(seed)
    m = pyo.ConcreteModel()
    m.x = pyo.Var(range(n), domain=pyo.Binary)
    m.over, m.under = pyo.Var(range(rows), bounds=(0, None)), pyo.Var(range(rows), bounds=(0, None))
    m.rows = pyo.ConstraintList()
    for i in range(rows):
        a = [rng.randint(0, 99) for _ in range(n)]
        m.rows.add(sum(a[j] * m.x[j] for j in range(n)) + m.under[i] - m.over[i] == sum(a) // 2)
    m.o = pyo.Objective(expr=sum(m.over[i] + m.under[i] for i in range(rows)))
    for variable in (*m.x.values(), *m.over.values()):
        variable.set_value(0)
    for i in range(rows):
        m.under[i].set_value(pyo.value(m.rows[i + 1].upper))  # a start: nothing is taken
    return m
