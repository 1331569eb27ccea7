"""What every solver owes its caller besides the right answer."""

import gc
import random
import signal
import subprocess
import sys
import textwrap
import time

import pyomo.environ as pyo
import pytest
from pyomo.contrib.solver.solvers.gurobi.gurobi_direct_base import GurobiDirectBase

from bilevolt.errors import SolverUnavailableError, UnsupportedBySolverError
from bilevolt.solvers import SOLVERS, Status, get_solver
from bilevolt.solvers.interrupt import stoppable  # noqa: F401 - used by the child process of test_ctrl_c

ALL = tuple(SOLVERS)
GLOBAL = ("gurobi", "scip")


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


def transport():
    """LP with the known unique duals: demand row 3, capacity row -1, free row 0."""
    m = pyo.ConcreteModel()
    m.x, m.y = pyo.Var(bounds=(0, None)), pyo.Var(bounds=(0, None))
    m.demand = pyo.Constraint(expr=m.x + m.y >= 10)
    m.capacity = pyo.Constraint(expr=m.x <= 4)
    m.slack = pyo.Constraint(expr=m.x + 2 * m.y <= 100)
    m.cost = pyo.Objective(expr=2 * m.x + 3 * m.y)
    return m


# Values ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ALL)
def test_the_model_keeps_its_values(name):
    m = transport()
    m.x.value, m.y.value = 77.0, None
    components = list(m.component_map())
    result = get_solver(name).solve(m)
    assert (m.x.value, m.y.value) == (77.0, None)
    assert list(m.component_map()) == components
    assert result.values[m.x] == pytest.approx(4)
    assert result.values[m.y] == pytest.approx(6)


@pytest.mark.parametrize("name", ALL)
def test_rows_may_refer_to_variables_of_another_model(name):
    owner = pyo.ConcreteModel()
    owner.sub = pyo.Block()
    owner.x, owner.sub.y = pyo.Var(bounds=(0, 4)), pyo.Var(bounds=(0, 3))
    m = pyo.ConcreteModel()
    m.row = pyo.Constraint(expr=owner.x + owner.sub.y <= 6)
    m.o = pyo.Objective(expr=owner.x + 3 * owner.sub.y, sense=pyo.maximize)
    result = get_solver(name).solve(m)
    assert result.objective == pytest.approx(12)
    assert {v.name for v in result.values} == {"x", "sub.y"}


@pytest.mark.parametrize("name", GLOBAL)
def test_sos_may_refer_to_variables_of_another_model(name):
    owner = pyo.ConcreteModel()
    owner.x, owner.y = pyo.Var(bounds=(0, 4)), pyo.Var(bounds=(0, 3))
    m = pyo.ConcreteModel()
    m.s = pyo.SOSConstraint(rule=lambda _: [owner.x, owner.y], sos=1)
    m.o = pyo.Objective(expr=owner.x + 2 * owner.y, sense=pyo.maximize)
    result = get_solver(name).solve(m)
    assert result.objective == pytest.approx(6)
    assert result.values[owner.x] == pytest.approx(0, abs=1e-9)


@pytest.mark.parametrize("name", ALL)
def test_fixed_variables_are_constants(name):
    m = transport()
    m.x.fix(1)
    assert get_solver(name).solve(m).objective == pytest.approx(2 + 27)


@pytest.mark.parametrize("name", ALL)
def test_inactive_components_do_not_count(name):
    m = transport()
    m.capacity.deactivate()
    m.hard = pyo.Constraint(expr=m.x * m.y >= 3)
    m.hard.deactivate()
    assert get_solver(name).solve(m).objective == pytest.approx(20)


@pytest.mark.parametrize("name", GLOBAL)
def test_large_sos_values_are_exact_zeros_on_the_other_side(name):
    m = pyo.ConcreteModel()
    m.x, m.y = pyo.Var(bounds=(0, 1e6)), pyo.Var(bounds=(0, 1e6))
    m.s = pyo.SOSConstraint(rule=lambda _: [m.x, m.y], sos=1)
    m.row = pyo.Constraint(expr=m.x - 2 * m.y >= 5e5)
    m.o = pyo.Objective(expr=m.x + 1000 * m.y, sense=pyo.maximize)
    result = get_solver(name).solve(m)
    assert result.objective == pytest.approx(1e6)
    assert result.values[m.y] == pytest.approx(0, abs=1e-9)


def test_exact_sos_keeps_gurobi_from_guessing_a_big_m(capfd):
    m = transport()
    m.s = pyo.SOSConstraint(rule=lambda m: [m.x, m.y], sos=1)
    for exact in (True, False):
        get_solver("gurobi").solve(m, tee=True, exact_sos=exact)
        assert ("PreSOS1BigM to value 0" in capfd.readouterr().out) == exact


# Duals -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["gurobi", "highs"])
@pytest.mark.parametrize("sense", [pyo.minimize, pyo.maximize])
def test_duals_are_shadow_prices_in_the_models_own_sense(name, sense):
    m = transport()
    m.cost.sense = sense
    m.cost.expr = m.cost.expr * sense
    result = get_solver(name).solve(m, duals=True)
    expected = {"demand": 3 * sense, "capacity": -1 * sense, "slack": 0}
    assert {row.name: dual for row, dual in result.duals.items()} == pytest.approx(expected)


@pytest.mark.parametrize("name", ["gurobi", "highs"])
def test_duals_agree_with_a_finite_difference(name):
    def optimum(right):
        m = transport()
        m.cost.expr = m.cost.expr + m.x**2
        m.demand.set_value(m.x + m.y >= right)
        return m, get_solver(name).solve(m, duals=True)

    m, result = optimum(10.0)
    slope = (optimum(10.01)[1].objective - result.objective) / 0.01
    assert result.duals[m.demand] == pytest.approx(slope, abs=1e-3)


def test_duals_of_a_milp_are_none():
    m = transport()
    m.x.domain = pyo.Integers
    assert get_solver("highs").solve(m, duals=True).duals is None


def test_scip_refuses_duals_rather_than_leaving_them_out():
    with pytest.raises(UnsupportedBySolverError, match="no duals"):
        get_solver("scip").solve(transport(), duals=True)


# Limits ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ALL)
def test_time_limit_before_the_first_point(name):
    result = get_solver(name).solve(market_split(), time_limit=1e-6)
    assert result.status is Status.no_solution
    assert (result.values, result.objective) == (None, None)
    assert "time limit" in result.message


@pytest.mark.parametrize("name", ALL)
@pytest.mark.parametrize("sense", [pyo.minimize, pyo.maximize])
def test_time_limit_with_a_point_keeps_point_and_bound(name, sense):
    m = market_split()
    m.o.sense = sense
    m.o.expr = m.o.expr * sense
    result = get_solver(name).solve(m, time_limit=0.7, warm_start=True)
    assert result.status is Status.feasible
    assert "time limit" in result.message
    assert result.seconds < 5
    assert sense * result.bound <= sense * result.objective
    assert sense * result.bound == pytest.approx(0, abs=1)
    for variable, value in result.values.items():
        variable.set_value(value, skip_validation=True)
    assert pyo.value(m.o) == pytest.approx(result.objective)


NODE_LIMITS = {"gurobi": {"NodeLimit": 1}, "highs": {"mip_max_nodes": 1}, "scip": {"limits/nodes": 1}}


@pytest.mark.parametrize("name", ALL)
def test_node_limit(name):
    result = get_solver(name).solve(market_split(), options=NODE_LIMITS[name])
    assert result.status in (Status.feasible, Status.no_solution)
    assert "node or iteration limit" in result.message


INTERRUPTED = {
    "gurobi": "feasible: gurobi: interrupted",
    "highs": "feasible: highs: interrupted",
    "scip": "feasible: scip: interrupted",
}


@pytest.mark.parametrize("name", ALL)
def test_ctrl_c(name):
    script = f"""
        import importlib.util, signal
        signal.signal(signal.SIGINT, signal.default_int_handler)
        spec = importlib.util.spec_from_file_location("models", {__file__!r})
        models = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(models)
        print("ready", flush=True)
        try:
            with models.stoppable():
                result = models.get_solver({name!r}).solve(models.market_split(), time_limit=60, warm_start=True)
            print(f"{{result.status}}: {{result.message}}", flush=True)
        except KeyboardInterrupt:
            print("KeyboardInterrupt", flush=True)
    """
    child = subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(script)], stdout=subprocess.PIPE, text=True
    )
    assert child.stdout.readline() == "ready\n"
    time.sleep(2)
    child.send_signal(signal.SIGINT)
    output, _ = child.communicate(timeout=30)
    assert output.strip().splitlines()[-1].startswith(INTERRUPTED[name])


# Options ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ALL)
def test_feasibility_tolerance_reaches_the_solver(name):
    """x must exceed 1 by 1e-4: within a tolerance of 1e-3, beyond one of 1e-8."""
    m = pyo.ConcreteModel()
    m.x, m.y = pyo.Var(bounds=(0, 1)), pyo.Var(bounds=(0, 1))
    m.rows = pyo.ConstraintList()
    m.rows.add(m.x + m.y >= 1.0001)
    m.rows.add(m.x - m.y >= 0.9999)
    m.o = pyo.Objective(expr=m.x + 2 * m.y)
    off = {"gurobi": {"Presolve": 0}, "highs": {"presolve": "off"}, "scip": {"presolving/maxrounds": 0}}[name]
    loose = get_solver(name).solve(m, feasibility_tol=1e-3, options=off)
    tight = get_solver(name).solve(m, feasibility_tol=1e-8, options=off)
    assert tight.status is Status.optimal
    assert tight.objective == pytest.approx(1.0002, abs=1e-6)
    assert loose.objective <= tight.objective


@pytest.mark.parametrize("name", ALL)
@pytest.mark.parametrize("options", [{"no_such_option": 1}])
def test_an_unknown_option_is_refused(name, options):
    with pytest.raises(UnsupportedBySolverError, match="no_such_option"):
        get_solver(name).solve(transport(), options=options)


@pytest.mark.parametrize("name", ALL)
def test_an_option_out_of_range_is_refused(name):
    bad = {"gurobi": {"MIPGap": -1}, "highs": {"mip_rel_gap": -1.0}, "scip": {"limits/gap": -1.0}}[name]
    with pytest.raises(UnsupportedBySolverError, match="refuses"):
        get_solver(name).solve(transport(), options=bad)


@pytest.mark.parametrize("name", ALL)
def test_number_of_threads_may_change_between_solves(name):
    for threads in (1, 2, 1, None):
        assert get_solver(name).solve(transport(), threads=threads).status is Status.optimal


@pytest.mark.parametrize("name", ALL)
def test_silent_unless_tee(name, capfd):
    get_solver(name).solve(market_split(), time_limit=0.3)
    silent = capfd.readouterr()
    assert (silent.out, silent.err) == ("", "")
    get_solver(name).solve(market_split(), time_limit=0.3, tee=True)
    assert len(capfd.readouterr().out) > 200


@pytest.mark.parametrize("name", ALL)
def test_warm_start_is_taken(name):
    """No time to find a point, but time enough to take the one that is offered."""
    m = market_split(n=60, rows=8)
    first = get_solver("gurobi").solve(m, options={"NodeLimit": 500})
    for variable, value in first.values.items():
        variable.set_value(round(value) if variable.is_integer() else value)
    m.under[0].value = None  # one value is left open
    bare = {
        "gurobi": {"Heuristics": 0, "NodeLimit": 0, "Presolve": 0},
        "highs": {"mip_max_nodes": 0, "mip_heuristic_effort": 0.0},
        "scip": {"limits/nodes": 1},
    }[name]
    cold = get_solver(name).solve(m, options=bare)
    warm = get_solver(name).solve(m, options=bare, warm_start=True)
    assert warm.objective <= first.objective + 1e-6
    assert cold.objective is None or warm.objective < cold.objective


@pytest.mark.parametrize("name", ALL)
def test_warm_start_that_is_infeasible_does_no_harm(name):
    m = transport()
    m.x.domain = pyo.Integers
    m.x.value = 9
    assert get_solver(name).solve(m, warm_start=True).objective == pytest.approx(26)


# Licences --------------------------------------------------------------------------------------------------


def wide(variables, rows=1):
    m = pyo.ConcreteModel()
    m.x = pyo.Var(range(variables), bounds=(0, 1))
    m.rows = pyo.Constraint(range(rows), rule=lambda m, i: sum(m.x.values()) >= i / rows)
    m.o = pyo.Objective(expr=sum(m.x.values()))
    return m


def test_gurobi_environment_is_released():
    solver = get_solver("gurobi")
    for _ in range(3):
        solver.solve(transport())
    gc.collect()
    before = GurobiDirectBase._num_gurobipy_env_clients
    gc.disable()
    try:
        solver.solve(transport())
        assert GurobiDirectBase._gurobipy_env is None
        with pytest.raises(SolverUnavailableError):
            solver.solve(wide(2001))
    finally:
        gc.enable()
    assert GurobiDirectBase._num_gurobipy_env_clients == before
    assert GurobiDirectBase._gurobipy_env is None
