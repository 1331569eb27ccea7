"""What a solver's own file promises, beside what ``conformance.py`` asks of all of them."""

import gc

import pyomo.environ as pyo
import pytest
from conformance_models import transport
from pyomo.contrib.solver.solvers.gurobi.gurobi_direct_base import GurobiDirectBase

from bilevolt.errors import SolverUnavailableError
from bilevolt.solvers import get_solver


def test_exact_sos_keeps_gurobi_from_guessing_a_big_m(capfd):
    m = transport()
    m.s = pyo.SOSConstraint(rule=lambda m: [m.x, m.y], sos=1)
    for exact in (True, False):
        get_solver("gurobi").solve(m, tee=True, exact_sos=exact)
        assert ("PreSOS1BigM to value 0" in capfd.readouterr().out) == exact


# Licences ---------------------------------------------------------------------------------------------------


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
