"""Models on which a solver, asked through this library, once claimed what is not so; each with its truth.

The truth is by hand or by enumeration. An honest refusal, *feasible* or *no_solution* passes; a wrong claim never does.
"""

import math

import pyomo.environ as pyo
import pytest

import bilevolt
from bilevolt import SubModel, dual_of
from bilevolt.solvers import SOLVERS

UNBOUNDED = -math.inf


def small_m():
    """A price that is proven to be 0."""
    m = pyo.ConcreteModel()
    m.x, m.z = pyo.Var(bounds=(-1, 1), domain=pyo.Integers), pyo.Var(bounds=(0, 5))
    m.L = SubModel(fixed=[m.x])
    a, b = m.L.a, m.L.b = pyo.Var(bounds=(0, 2)), pyo.Var(bounds=(0, None))
    m.L.c = pyo.Constraint(expr=a + 2 * b <= 2)
    m.L.o = pyo.Objective(expr=3 * a + b + m.x, sense=pyo.maximize)
    m.r = pyo.Constraint(expr=3 * m.x - b <= 0)
    m.zr = pyo.Constraint(expr=m.z >= m.x + a - 1)
    m.o = pyo.Objective(expr=-4 * a - b - 3 * m.x + m.z)
    return m


def two_followers():
    """Products in costs and rows, one follower without a choice."""
    m = pyo.ConcreteModel()
    m.x = pyo.Var([0, 1], bounds=(-2, 1), domain=pyo.Integers)
    x, w = m.x[0], m.x[1]
    m.K, m.L = SubModel(fixed=[m.x]), SubModel(fixed=[m.x])
    a, b = m.K.a, m.K.b = pyo.Var(bounds=(-4, 4)), pyo.Var(bounds=(0, 2))
    m.K.c = pyo.Constraint(expr=4 * a + b == 9)
    m.K.o = pyo.Objective(expr=(2 * x - 3) * b, sense=pyo.maximize)
    y = m.L.y = pyo.Var(bounds=(0, None))
    m.L.c = pyo.Constraint(expr=pyo.inequality(-1, -2 * y + 2 * x * y - 3 * x - 4 * w, 1))
    m.L.o = pyo.Objective(expr=(2 - w) * y, sense=pyo.maximize)
    m.o = pyo.Objective(expr=3 * x + 5 * w + 4 * a - 4 * b + 4 * y - 2 * w * a)
    return m


def all_fixed():
    """A follower whose only variable is fixed: a condition on the leader is left."""
    m = pyo.ConcreteModel()
    m.x = pyo.Var(bounds=(0, 6))
    m.L = SubModel(fixed=[m.x])
    m.L.y = pyo.Var(bounds=(0, 9))
    m.L.c = pyo.Constraint(expr=m.L.y >= m.x)
    m.L.o = pyo.Objective(expr=m.L.y)
    m.o = pyo.Objective(expr=-m.x)
    m.L.y.fix(3)
    return m


def thousands():
    """Costs of thousands beside rows of ones."""
    m = pyo.ConcreteModel()
    m.x, m.z = pyo.Var(bounds=(1, 2), domain=pyo.Integers), pyo.Var(bounds=(0, 5))
    m.L = SubModel(fixed=[m.x])
    a, b = m.L.a, m.L.b = pyo.Var(bounds=(0, 5)), pyo.Var(bounds=(0, 4))
    m.L.c, m.L.d = pyo.Constraint(expr=-a + 2 * b <= 8), pyo.Constraint(expr=-a - 3 * b <= 2)
    m.L.o = pyo.Objective(expr=-2000 * a - 3000 * b)
    m.zr = pyo.Constraint(expr=m.z >= m.x + a - 1)
    m.o = pyo.Objective(expr=-4 * a - 2 * b + 3 * m.x - m.x * b + m.z)
    return m


def no_interior():
    """A QP follower: its strong duality is a quadratic row without interior."""
    m = pyo.ConcreteModel()
    m.x = pyo.Var(bounds=(-2, -2))
    m.L = SubModel(fixed=[m.x])
    a, b = m.L.a, m.L.b = pyo.Var(bounds=(-3, 4)), pyo.Var(bounds=(4, None))
    m.L.c = pyo.Constraint(expr=30000 * a - 40000 * b - 20000 * m.x >= -130000)
    m.L.d = pyo.Constraint(expr=-400 * a + 200 * m.x >= -800)
    m.L.e = pyo.Constraint(expr=pyo.inequality(-3, 2 * a, 4))
    m.L.o = pyo.Objective(expr=0.3 * a - 0.2 * b + 0.5 * (0.1 * a * a - 0.4 * a * b + 0.4 * b * b))
    m.o = pyo.Objective(expr=2 * m.x, sense=pyo.maximize)
    return m


def endless_price():
    """The leader is paid a price that has no limit."""
    m = pyo.ConcreteModel()
    x = m.x = pyo.Var(bounds=(None, 2))
    m.K, m.L = SubModel(fixed=[x]), SubModel(fixed=[x])
    a, b = m.K.a, m.K.b = pyo.Var(bounds=(0, None)), pyo.Var(bounds=(0, 3))
    m.K.c, m.K.d = pyo.Constraint(expr=3 * b == 9), pyo.Constraint(expr=-4 * b + 2 * x <= -11)
    m.K.o = pyo.Objective(expr=-a + (-2 - 2 * x) * b - 0.5 * (2 * a * a - 6 * a * b + 5 * b * b), sense=pyo.maximize)
    y = m.L.y = pyo.Var(bounds=(0, None))
    m.L.c = pyo.Constraint(expr=pyo.inequality(-1, 2 * y - 3 * x, 4))
    m.L.d = pyo.Constraint(expr=pyo.inequality(-3, 4 * y + 4 * x, 4))
    m.L.e = pyo.Constraint(expr=pyo.inequality(-2, -y + 4 * x, 3))
    m.L.o = pyo.Objective(expr=-4 * y - 2 * y * y, sense=pyo.maximize)
    worth = 2 * x + a + 2 * b + y + 0.5 * dual_of(m.K.c) - dual_of(m.L.d)
    m.o = pyo.Objective(expr=-worth)
    return m


def unbounded_leader():
    """The leader's x has no lower bound, and is worth something."""
    m = pyo.ConcreteModel()
    x = m.x = pyo.Var(bounds=(None, 0))
    m.K, m.L = SubModel(fixed=[x]), SubModel(fixed=[x])
    y = m.K.y = pyo.Var([0, 1, 2], bounds=lambda m, i: [(-3, None), (1, 2), (-4, 1)][i])
    m.K.c = pyo.Constraint(expr=-3 * y[0] + 4 * y[1] + 3 * y[2] - 4 * x >= 5)
    m.K.d = pyo.Constraint(expr=y[0] + y[1] - 2 * y[2] <= 9)
    m.K.e = pyo.Constraint(expr=y[0] - 4 * y[1] + 2 * y[2] - x == -7)
    m.K.o = pyo.Objective(expr=3 * y[0] + 4 * y[1] - y[2])
    w = m.L.w = pyo.Var(bounds=(-2, 0))
    m.L.c = pyo.Constraint(expr=2 * w - x <= 3)
    m.L.o = pyo.Objective(expr=-4 * w + 2 * w * w)
    m.o = pyo.Objective(expr=4 * y[0] + 3 * y[1] + y[2] + 2 * x + dual_of(m.L.c))
    return m


def hundredths():
    """One x, one y, rows of hundredths: y = 1000 whatever x is, so that x = 10 is best."""
    m = pyo.ConcreteModel()
    x, y = m.x, m.y = pyo.Var(bounds=(0, 10)), pyo.Var(bounds=(0, 1000))
    m.L = SubModel(fixed=[x])
    m.L.c, m.L.d = pyo.Constraint(expr=x - 0.09 * y <= -38), pyo.Constraint(expr=6 * x - 0.06 * y <= 8)
    m.L.e = pyo.Constraint(expr=0.04 * y >= 16)
    m.L.o = pyo.Objective(expr=-5 * x - 0.06 * y)
    m.c, m.o = pyo.Constraint(expr=8 * x >= 18), pyo.Objective(expr=-x + 0.07 * y)
    return m


def powers_of_ten():
    """Columns from 1e-3 to 1e6."""
    m = pyo.ConcreteModel()
    u, v = m.u, m.v = pyo.Var(bounds=(0, 1e6)), pyo.Var(bounds=(0, 1e-3))
    m.L = SubModel(fixed=[u, v])
    a, b = m.L.a, m.L.b = pyo.Var(bounds=(0, 1000)), pyo.Var(bounds=(0, 10000))
    m.L.o = pyo.Objective(expr=50000 * v + 0.05 * a, sense=pyo.maximize)
    m.c = pyo.Constraint(expr=-6e-05 * u + 80000 * v + 0.07 * a + 0.005 * b <= 130)
    m.L.c = pyo.Constraint(expr=-60000 * v + 0.005 * b <= -18)
    m.L.d = pyo.Constraint(expr=0.03 * a + 0.004 * b - 20000 * v <= 21)
    m.L.e = pyo.Constraint(expr=-8e-05 * u + 10000 * v - 0.04 * a + 0.002 * b <= -4)
    m.L.f = pyo.Constraint(expr=-0.05 * a - 0.007 * b - 80000 * v <= -92)
    m.o = pyo.Objective(expr=4e-05 * u - 60000 * v - 0.09 * a + 0.005 * b)
    return m


def rows_of_thousands():
    """Rows from 1e-1 to 1e5."""
    m = pyo.ConcreteModel()
    x, y = m.x, m.y = pyo.Var([0, 1], bounds=(0, 10)), pyo.Var([0, 1, 2], bounds=(0, 10))
    m.L = SubModel(fixed=[x])
    m.L.o = pyo.Objective(expr=-9 * x[0] + 9 * x[1] + 5 * y[0] + 7 * y[1])
    m.c = pyo.Constraint(expr=6 * y[0] + 2 * y[1] - y[2] + 3 * x[1] <= 84)
    m.L.c = pyo.Constraint(expr=5000 * y[0] + 2000 * y[1] + 3000 * y[2] + 4000 * x[0] <= 103000)
    m.L.d = pyo.Constraint(expr=0.05 * x[0] + 0.03 * x[1] - 0.09 * y[0] <= -0.25)
    m.L.e = pyo.Constraint(expr=pyo.inequality(2e5, 3e4 * y[0] + 3e4 * y[1] - 6e4 * x[1], 4e5))
    m.L.f = pyo.Constraint(expr=-0.8 * x[0] + 0.7 * x[1] - 0.5 * y[0] + 0.8 * y[2] <= -2.3)
    m.o = pyo.Objective(expr=7 * y[0] - 3 * y[1] + 9 * y[2] + 6 * x[0])
    return m


def ten_thousandths():
    """Entries of 1e-5 with ranges of 1e6: large Ms."""
    m = pyo.ConcreteModel()
    x = m.x = pyo.Var(bounds=(0, 1e4))
    m.L = SubModel(fixed=[x])
    a, b = m.L.a, m.L.b = pyo.Var(bounds=(0, 1e6)), pyo.Var(bounds=(0, 1e5))
    m.L.o = pyo.Objective(expr=0.008 * x - 9e-5 * a)
    m.c = pyo.Constraint(expr=2e-5 * a - 0.0004 * b - 0.005 * x <= -7)
    m.L.c, m.L.d = pyo.Constraint(expr=-0.008 * x - 0.0001 * b <= -44), pyo.Constraint(expr=0.004 * x - 6e-5 * a <= 17)
    m.L.e = pyo.Constraint(expr=-0.007 * x + 4e-5 * a <= -18)
    m.o = pyo.Objective(expr=0.002 * x + 9e-5 * a)
    return m


def strong_dual_reduction():
    """What is left of several models that SCIP's presolve called infeasible."""
    m = pyo.ConcreteModel()
    m.x = pyo.Var(bounds=(0, 1))
    m.L = SubModel(fixed=[m.x])
    m.L.y = pyo.Var(bounds=(0, 1))
    m.L.c = pyo.Constraint(expr=m.L.y <= 2 + m.x)
    m.L.o = pyo.Objective(expr=-100 * m.L.y)
    m.o = pyo.Objective(expr=0 * m.x)
    return m


def dust():
    """All prices are 0 at the one vertex of the dual polyhedron, which floating point lists as 1e-17."""
    m = pyo.ConcreteModel()
    m.x = pyo.Var()
    m.L = SubModel(fixed=[m.x])
    v, w = m.L.v, m.L.w = pyo.Var(bounds=(-1, 0)), pyo.Var(bounds=(0, 5))
    m.L.c, m.L.d = pyo.Constraint(expr=3 * w <= 16), pyo.Constraint(expr=2 * v - 2 * w - 5 * m.x == -21)
    m.L.o = pyo.Objective(expr=-2 * v + 2 * w)
    m.o = pyo.Objective(expr=3 * w)
    return m


def only_dust():
    """A variable that is in one row, with a coefficient that solvers drop: y >= 100,000."""
    m = pyo.ConcreteModel()
    m.z = pyo.Var(bounds=(0, None))
    m.K, m.L = SubModel(fixed=[]), SubModel(fixed=[])
    m.K.y, m.L.v = pyo.Var(), pyo.Var()
    m.K.c = pyo.Constraint(expr=1e-11 * m.K.y >= 1e-6)
    m.K.o = pyo.Objective(expr=0)
    m.L.o = pyo.Objective(expr=0.5 * m.L.v * m.L.v)
    m.o = pyo.Objective(expr=m.L.v + m.z)
    return m


def felt_dust(lower=0, weight=0.0):
    """The duality row 1e6 z - 1e-6 y <= 0, with y up to 1e6: 1e-6 is little beside 1e6, and is no dust."""
    m = pyo.ConcreteModel()
    m.x = pyo.Var(bounds=(None, -1))
    m.L = SubModel(fixed=[m.x])
    m.L.y = pyo.Var(bounds=(lower, 1e6))
    m.L.c = pyo.Constraint(expr=m.x <= 0)
    m.L.o = pyo.Objective(expr=-1e-6 * m.L.y)
    m.o = pyo.Objective(expr=weight * m.L.y)
    return m


def felt_dust_without_end():
    """The same without a lower bound."""
    return felt_dust(None, 1e-6)


def packers():
    """HiGHS took 5 for the minimum of its MILP: presolve took the remains of cancelled entries for coefficients."""
    m = pyo.ConcreteModel()
    m.x = pyo.Var(range(7), bounds=(0, 4))
    m.K, m.L = SubModel(fixed=[m.x]), SubModel(fixed=[m.x])
    x = list(m.x.values())
    rows = {
        m.K: ([2, 1, 2, 2, 0, 2, 0, 1, 3, 1, 1, 0, 0, 1, 15], [1, 1, 1, 2, 2, 0, 2, 2, 1, 1, 0, 2, 1, 1, 14]),
        m.L: (
            [2, 2, 2, 1, 0, 2, 2, 1, 2, 0, 0, 3, 3, 3, 24],
            [0, 1, 2, 2, 0, 1, 1, 2, 3, 1, 2, 3, 0, 2, 24],
            [0, 0, 2, 2, 2, 0, 1, 1, 2, 1, 0, 3, 3, 2, 28],
            [1, 1, 2, 2, 0, 0, 2, 1, 0, 3, 2, 1, 1, 1, 29],
            [0, 0, 2, 2, 2, 1, 2, 1, 3, 0, 3, 3, 2, 1, 24],
        ),
    }
    worth = {m.K: ([5, 4, 3, 2, 2, 6, 3], 15), m.L: ([6, 1, 2, 3, 4, 3, 2], 11)}
    for follower, (prices, most) in worth.items():
        follower.y = pyo.Var(range(7), bounds=(0, None))
        y = list(follower.y.values())
        follower.rows = pyo.Constraint(
            range(len(rows[follower])), rule=lambda b, i, y=y, own=rows[follower]: dot(own[i], x + y) <= own[i][-1]
        )
        follower.cap = pyo.Constraint(expr=sum(y) <= most)
        follower.o = pyo.Objective(expr=dot(prices, y), sense=pyo.maximize)
    both = [*x, *m.K.y.values(), *m.L.y.values()]
    m.row = pyo.Constraint(expr=dot([-1, 0, 1, 1, 0, 1, 1, 0, -1, -1, 0, -1, 0, 0, 2, -1, 0, 2, 0, 1, 0], both) <= 19)
    m.o = pyo.Objective(expr=dot([2, 3, 3, -2, 1, -5, 3, -3, 3, 1, 3, -3, 2, 2, -3, 2, 2, 1, 1, 3, -3], both))
    return m


def dot(coefficients, variables):
    return sum(a * v for a, v in zip(coefficients, variables, strict=False) if a)


def dusty_range():
    """The same for one of several prices, beside integers."""
    m = pyo.ConcreteModel()
    x, z = m.x, m.z = pyo.Var(bounds=(-1, 0), domain=pyo.Integers), pyo.Var(bounds=(0, 2), domain=pyo.Integers)
    m.L = SubModel(fixed=[x, z])
    a, b = m.L.a, m.L.b = pyo.Var(bounds=(0, None)), pyo.Var(bounds=(1, None))
    m.L.c = pyo.Constraint(expr=3 * a + z <= 13)
    m.L.d = pyo.Constraint(expr=pyo.inequality(12, 4 * a + b + 4 * x + 5 * z, 18))
    m.L.o = pyo.Objective(expr=-3 * a)
    m.o = pyo.Objective(expr=-2 * b)
    return m


def one_product():
    """SCIP's presolve took 0 for the optimum of its products."""
    m = pyo.ConcreteModel()
    m.x = pyo.Var(bounds=(-1, 0), domain=pyo.Integers)
    m.L = SubModel(fixed=[m.x])
    m.L.y = pyo.Var(bounds=(-1, 0))
    m.L.c = pyo.Constraint(expr=m.x * m.L.y <= 0)
    m.L.o = pyo.Objective(expr=2 * m.L.y)
    m.o = pyo.Objective(expr=m.L.y)
    return m


def small_milp():
    """SCIP's presolve took 0.8 for the optimum of its strong-duality MILP."""
    m = pyo.ConcreteModel()
    m.x = pyo.Var(bounds=(0, 1), domain=pyo.Integers)
    m.L = SubModel(fixed=[m.x])
    a, b = m.L.a, m.L.b = pyo.Var(bounds=(None, 0)), pyo.Var(bounds=(0, None))
    m.L.c = pyo.Constraint(expr=-5 * a + b + m.x <= 4)
    m.L.o = pyo.Objective(expr=a)
    m.o = pyo.Objective(expr=-a)
    return m


TRUTHS = [
    (small_m, -7), (two_followers, 5.5), (all_fixed, -3), (thousands, -24), (no_interior, 4),
    (endless_price, UNBOUNDED), (unbounded_leader, UNBOUNDED), (hundredths, 60), (powers_of_ten, -136.66666666666666),
    (rows_of_thousands, 46.666666666666664), (ten_thousandths, 34.9375), (strong_dual_reduction, 0),
    (dust, 0), (only_dust, 0), (felt_dust, 0), (felt_dust_without_end, 1), (packers, -36.375),
    (dusty_range, -28 / 3), (one_product, -1), (small_milp, 0.6),
]  # fmt: skip
PAIRS = [
    *((name, solver) for name in ("sos1", "indicator", "product", "strong_duality") for solver in ("gurobi", "scip")),
    *((name, solver) for name in ("bigm", "auto") for solver in ("gurobi", "highs", "scip")),
    ("strong_duality", "highs"),
    ("branch", "highs"),
    ("auto", "auto"),
]


NODES = 2000  # what is proven takes some hundred at most; some pairs would never end
ENOUGH = 4  # seconds, for a pair that never ends at the second node of its tree


@pytest.mark.parametrize(("build", "truth"), TRUTHS, ids=lambda item: getattr(item, "__name__", ""))
@pytest.mark.parametrize(("reformulation", "solver"), PAIRS, ids=lambda name: name)
def test_nothing_wrong_is_claimed(build, truth, reformulation, solver):
    model = build()
    sense = int(model.o.sense)
    options = None if solver == "auto" else {SOLVERS[solver].node_limit: NODES}
    try:
        solution = bilevolt.solve(model, reformulation=reformulation, solver=solver, time_limit=ENOUGH, options=options)
    except (bilevolt.errors.UnprovenBigMError, bilevolt.errors.UnsupportedBySolverError):
        return
    tolerance = 0.0 if truth == UNBOUNDED else 1e-5 * (1 + abs(truth))
    if solution.status in ("unbounded", "infeasible_or_unbounded"):
        assert truth == UNBOUNDED
    elif solution.status in ("optimal", "feasible"):
        assert sense * solution.objective >= truth - tolerance
        assert solution.status == "feasible" or (truth != UNBOUNDED and sense * solution.objective <= truth + tolerance)
        assert solution.bound is None or (truth != UNBOUNDED and sense * solution.bound <= truth + tolerance)
    else:
        assert solution.status in ("no_solution", "error")


@pytest.mark.parametrize(("build", "truth"), TRUTHS, ids=lambda item: getattr(item, "__name__", ""))
def test_the_default_finds_the_truth(build, truth):
    model = build()
    sense = int(model.o.sense)
    solution = bilevolt.solve(model)
    if truth == UNBOUNDED:
        assert solution.status == "unbounded"
    else:
        assert (solution.status, sense * solution.objective) == ("optimal", pytest.approx(truth, rel=1e-6))
        assert solution.certificate.globally_optimal


@pytest.mark.parametrize(("least", "status"), [(2, "infeasible"), (0, "optimal")])
def test_a_leader_whose_variables_are_all_fixed(least, status):
    """The search for a point that refutes an *infeasible* has no variable of the leader to work with."""
    m = pyo.ConcreteModel()
    m.x = pyo.Var()
    m.x.fix(-1)
    m.L = SubModel(fixed=[])
    m.L.y = pyo.Var(bounds=(0, 4))
    m.L.o = pyo.Objective(expr=m.L.y)
    m.r = pyo.Constraint(expr=m.L.y + m.x >= least - 1)
    m.o = pyo.Objective(expr=0 * m.x)
    assert bilevolt.solve(m, reformulation="sos1", solver="gurobi").status == status


@pytest.mark.parametrize("sense", [1, -1])
def test_no_optimum_without_a_finite_bound(sense, monkeypatch):
    from bilevolt.solvers import Solver

    run = Solver._run

    def forget(self, program, settings):
        outcome = run(self, program, settings)
        outcome.bound = None
        return outcome

    monkeypatch.setattr(Solver, "_run", forget)
    model = hundredths()
    model.o.set_value(sense * model.o.expr)
    model.o.sense = sense
    solution = bilevolt.solve(model, reformulation="sos1", solver="gurobi")
    assert solution.status == "feasible" and not solution.certificate.globally_optimal
    assert any("no finite bound" in note for note in solution.notes)
