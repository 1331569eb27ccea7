"""Indicator rows: rows that hold only while a binary has a given value."""

import gurobipy
import pyomo.environ as pyo
import pytest
from conformance import solver_params

from bilevolt.errors import UnsupportedBySolverError
from bilevolt.solvers import Status, choose, get_solver, needs_of
from bilevolt.solvers.gurobi import RESTRICTED_ROWS, is_restricted

SOLVERS = solver_params("indicator")


def switched(row, value=1, bounds=(-10, 10), sense=pyo.maximize):
    """max (or min) x + w, with `row` in force while z = value; w is free of it, and z costs nothing."""
    m = pyo.ConcreteModel()
    m.x, m.w = pyo.Var(bounds=bounds), pyo.Var(bounds=(0, 1))
    m.z = pyo.Var(domain=pyo.Binary)
    m.b = pyo.Block()
    m.b.row = pyo.Constraint(expr=row(m))
    m.b.indicator = pyo.Suffix(direction=pyo.Suffix.LOCAL, datatype=None)
    m.b.indicator[m.b.row] = (m.z, value)
    m.cost = pyo.Objective(expr=m.x + m.w, sense=sense)
    return m


ROWS = {  # name: row, smallest and largest x where it is in force
    "<=": (lambda m: 2 * m.x + 1 <= 7, -10, 3),
    ">=": (lambda m: 2 * m.x + 1 >= 7, 3, 10),
    "==": (lambda m: 2 * m.x + 1 == 7, 3, 3),
    "range": (lambda m: (-3, 2 * m.x + 1, 7), -2, 3),
}


@pytest.mark.parametrize("how", ["row", "fixed"])
@pytest.mark.parametrize("value", [0, 1])
@pytest.mark.parametrize("kind", ROWS)
@pytest.mark.parametrize("name", SOLVERS)
def test_a_row_holds_while_it_is_on_and_not_while_it_is_off(name, kind, value, how):
    row, smallest, largest = ROWS[kind]
    for state, low, high in ((value, smallest, largest), (1 - value, -10, 10)):
        for sense, end in ((pyo.minimize, low), (pyo.maximize, high)):
            m = switched(row, value, sense=sense)
            if how == "row":
                m.state = pyo.Constraint(expr=m.z == state)
            else:
                m.z.fix(state)
            result = get_solver(name).solve(m)
            assert result.status is Status.optimal
            assert result.values[m.x] == pytest.approx(end, abs=1e-6)


@pytest.mark.parametrize("value", [0, 1])
@pytest.mark.parametrize("name", SOLVERS)
def test_the_switch_is_chosen_and_returned_though_it_stands_in_no_row(name, value):
    m = switched(ROWS["<="][0], value)
    result = get_solver(name).solve(m)
    assert result.objective == pytest.approx(11)
    assert result.values[m.z] == pytest.approx(1 - value)


@pytest.mark.parametrize("value", [0, 1])
@pytest.mark.parametrize("name", SOLVERS)
def test_a_row_without_variables_that_fails_decides_the_switch(name, value):
    m = switched(lambda m: m.x >= 5, value)
    m.x.fix(4)
    result = get_solver(name).solve(m)
    assert result.status is Status.optimal
    assert result.values[m.z] == pytest.approx(1 - value)


@pytest.mark.parametrize("name", SOLVERS)
def test_free_variables_need_no_big_m(name):
    m = switched(ROWS["<="][0], bounds=(None, None))
    m.other = pyo.Constraint(expr=m.x <= 1e6 * (1 - m.z) + 3e5 * m.z)
    m.reward = pyo.Constraint(expr=m.x + 2e6 * m.z <= 2e6 + 3)
    result = get_solver(name).solve(m)
    assert (result.objective, result.values[m.z]) == (pytest.approx(1e6 + 1), pytest.approx(0))


@pytest.mark.parametrize("name", SOLVERS)
def test_both_states_infeasible(name):
    m = switched(lambda m: m.x >= 5)
    m.b.off = pyo.Constraint(expr=m.x >= 6)
    m.b.indicator[m.b.off] = (m.z, 0)
    m.hard = pyo.Constraint(expr=m.x <= 4)
    assert get_solver(name).solve(m).status is Status.infeasible


@pytest.mark.parametrize("sense", [pyo.minimize, pyo.maximize])
@pytest.mark.parametrize("name", SOLVERS)
def test_unbounded_in_one_state_of_the_switch(name, sense):
    """As hard rows, the two would be infeasible. Gurobi calls x = inf optimal, SCIP a finite point."""
    m = switched(lambda m: m.x >= 5, bounds=(None, None), sense=sense)
    m.b.off = pyo.Constraint(expr=m.x <= -1)
    m.b.indicator[m.b.off] = (m.z, 0)
    result = get_solver(name).solve(m)
    assert result.status in (Status.unbounded, *[Status.feasible] * (name == "scip"))
    assert result.bound is None


@pytest.mark.parametrize("name", SOLVERS)
def test_a_clone_and_an_inactive_suffix(name):
    m = switched(ROWS["<="][0])
    m.z.fix(1)
    copy = m.clone()
    assert get_solver(name).solve(copy).values[copy.x] == pytest.approx(3)
    m.z.fix(0)
    m.b.indicator.deactivate()  # an ordinary row then
    assert get_solver(name).solve(m).values[m.x] == pytest.approx(3)


@pytest.mark.parametrize("name", SOLVERS)
def test_an_inactive_row_does_not_count(name):
    m = switched(ROWS["<="][0])
    m.b.row.deactivate()
    assert "indicator" not in needs_of(m).because
    m.z.fix(1)
    assert get_solver(name).solve(m).objective == pytest.approx(11)


@pytest.mark.parametrize("fixed", [False, True])
def test_highs_refuses_by_name(fixed):
    m = switched(ROWS["<="][0])
    if fixed:
        m.z.fix(0)
    with pytest.raises(UnsupportedBySolverError, match=r"indicator: constraint 'b.row', which holds while 'z' = 1"):
        get_solver("highs").solve(m)
    assert choose(m)[0].name == "gurobi"
    assert choose(m, exclude=("gurobi",))[0].name == "scip"


def test_needs_and_size():
    m = switched(ROWS["range"][0])
    needs = needs_of(m)
    assert set(needs.because) == {"milp", "indicator"}
    assert (needs.size.indicators, needs.size.linear_rows, needs.size.variables) == (2, 0, 3)
    assert "2 indicator rows" in str(needs.size)
    assert not needs.convex_continuous


def test_a_product_is_refused_by_name():
    m = switched(lambda m: m.x * m.w <= 3)
    with pytest.raises(UnsupportedBySolverError, match=r"'b.row' \(holds while 'z' = 1\) .* product of 'x' and 'w'"):
        needs_of(m)
    m.w.fix(1)
    assert get_solver("scip").solve(m).objective == pytest.approx(11)


def both(m):
    m.indicator = pyo.Suffix(direction=pyo.Suffix.LOCAL, datatype=None)
    m.indicator[m.b.row] = (m.z, 0)


WRONG = {
    "not binary": (lambda m: m.b.indicator.update({m.b.row: (m.x, 1)}), "indicator 'x' of constraint 'b.row' is not"),
    "no value": (lambda m: m.b.indicator.update({m.b.row: m.z}), "gives .* to constraint 'b.row'"),
    "value 2": (lambda m: m.b.indicator.update({m.b.row: (m.z, 2)}), r"give a pair \(binary variable, 0 or 1\)"),
    "a variable": (lambda m: m.b.indicator.set_value(m.x, (m.z, 1)), "lists 'x', which is not a single constraint"),
    "a default": (lambda m: m.b.indicator.update({None: (m.z, 1)}), "lists None"),
    "two entries": (both, "'b.row' has two entries"),
}


@pytest.mark.parametrize("case", WRONG)
def test_a_wrong_entry_is_refused_by_name(case):
    spoil, message = WRONG[case]
    m = switched(ROWS["<="][0])
    spoil(m)
    with pytest.raises(UnsupportedBySolverError, match=message):
        needs_of(m)


def test_gurobi_makes_no_big_m_of_an_indicator_row_unless_allowed():
    """What `exact_sos` rests on: without PreSOS1BigM = 0, Gurobi's presolve leaves no SOS1 of the four rows."""

    def left(big_m):
        with gurobipy.Env(params={"OutputFlag": 0, "PreSOS1BigM": big_m}) as env, gurobipy.Model(env=env) as native:
            x, y, w = (native.addVar(ub=1e7) for _ in range(3))
            z = native.addVars(2, vtype="B")
            for binary, on, row in ((0, 1, x + y <= 3), (0, 0, w + y <= 0), (1, 1, x + w <= 2), (1, 0, x - y <= 1)):
                native.addGenConstrIndicator(z[binary], bool(on), row)
            native.addConstr(x + y + 2 * w <= 5e6)
            native.setObjective(x + 2 * y - 3 * w - z[0] - 2 * z[1], gurobipy.GRB.MAXIMIZE)
            with native.presolve() as presolved:
                return presolved.NumSOS

    assert (left(0), left(-1)) == (4, 0)


@pytest.mark.skipif(not is_restricted(), reason="a full licence has no limit")
@pytest.mark.parametrize(("count", "fits"), [(RESTRICTED_ROWS, True), (RESTRICTED_ROWS + 1, False)])
def test_indicator_rows_count_for_the_restricted_licence(count, fits):
    m = pyo.ConcreteModel()
    m.x, m.z = pyo.Var(bounds=(0, 9)), pyo.Var(domain=pyo.Binary)
    m.rows = pyo.Constraint(range(count), rule=lambda m, i: m.x <= 5 + i)
    m.indicator = pyo.Suffix(direction=pyo.Suffix.LOCAL, datatype=None)
    for row in m.rows.values():
        m.indicator[row] = (m.z, 1)
    m.cost = pyo.Objective(expr=m.x + 5 * m.z, sense=pyo.maximize)
    gurobi = get_solver("gurobi")
    assert (gurobi.misfit(needs_of(m)) is None) == fits
    if fits:
        assert gurobi.solve(m).objective == pytest.approx(10)
    else:
        assert choose(m)[0].name == "scip"
