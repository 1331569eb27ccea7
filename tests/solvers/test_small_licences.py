"""CPLEX and COPT without a licence: what fits, and how too large a model is refused."""

import pyomo.environ as pyo
import pytest

from bilevolt.errors import SolverUnavailableError
from bilevolt.solvers import copt, cplex, get_solver, needs_of


def wide(variables, rows, whole):
    """min sum x over rows x[i] >= 1."""
    m = pyo.ConcreteModel()
    m.x = pyo.Var(range(variables), bounds=(0, 9), domain=pyo.Integers if whole else pyo.Reals)
    m.row = pyo.Constraint(range(rows), rule=lambda m, i: m.x[i % variables] + m.x[(i + 1) % variables] >= 1)
    m.cost = pyo.Objective(expr=sum(m.x.values()))
    return m


SIZES = [
    ("cplex", 1000, 1000, True, None),
    ("cplex", 1001, 2, False, "Community Edition takes 1000 of each"),
    ("cplex", 2, 1001, True, "Community Edition takes 1000 of each"),
    ("copt", 2000, 2, True, None),
    ("copt", 2001, 2, False, None),
    ("copt", 2001, 2, True, "takes 2000 of each"),
    ("copt", 2, 2001, True, "takes 2000 of each"),
]
LIMITED = {"cplex": cplex.is_community, "copt": copt.is_unlicensed}


@pytest.mark.parametrize(("name", "variables", "rows", "whole", "message"), SIZES)
def test_the_limit_is_that_of_the_licence_and_is_named(name, variables, rows, whole, message):
    if not LIMITED[name]():
        pytest.skip(f"needs {name} without a full licence")
    model, solver = wide(variables, rows, whole), get_solver(name)
    if message is None:
        assert solver.misfit(needs_of(model)) is None
        assert solver.solve(model, time_limit=5).status in ("optimal", "feasible", "no_solution")
        return
    assert "too small" in (said := solver.misfit(needs_of(model)) or "") or "too large" in said
    with pytest.raises(SolverUnavailableError, match=message):
        solver.solve(model)
