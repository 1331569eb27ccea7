"""The settings that solvers are given, where another value was seen to give wrong answers."""

import pyomo.environ as pyo
import pytest
from conformance import solver_params

from bilevolt.solvers import get_solver
from bilevolt.solvers.records import Settings

EXPECTED = [
    ("highs", {}, {"mip_feasibility_tolerance": 1e-7}),
    ("highs", {"integrality_tol": 1e-9}, {"mip_feasibility_tolerance": 1e-7}),
    ("highs", {"feasibility_tol": 1e-9, "integrality_tol": 1e-5}, {"mip_feasibility_tolerance": 1e-7}),
    ("highs", {"integrality_tol": 1e-5}, {"mip_feasibility_tolerance": 1e-5}),
    ("highs", {"presolve": False, "short": True}, {"presolve": "off", "mip_max_nodes": 1000}),
    ("scip", {}, {"constraints/SOS1/sepafreq": -1, "heuristics/mpec/freq": -1, "misc/allowstrongdualreds": False}),
    ("scip", {"integrality_tol": 1e-9}, {"numerics/feastol": 1e-6}),
    ("scip", {"feasibility_tol": 1e-3}, {"numerics/feastol": 1e-3}),
    ("scip", {"presolve": False, "short": True}, {"presolving/maxrounds": 0, "limits/nodes": 1000}),
    ("gurobi", {}, {"PreSOS1BigM": 0}),
    ("gurobi", {"presolve": False, "short": True}, {"Presolve": 0, "NodeLimit": 1000}),
    ("xpress", {}, {"globalboundingbox": 0.0, "mipaddcutoff": 0.0, "indprelinbigm": 0.0, "indlinbigm": 0.0}),
    ("xpress", {"presolve": False, "short": True}, {"presolve": 0, "mippresolve": 0, "maxnode": 1000}),
    ("xpress", {"feasibility_tol": 1e-8, "integrality_tol": 1e-7}, {"feastol": 1e-8, "miptol": 1e-7}),
]


@pytest.mark.parametrize(("name", "asked", "expected"), EXPECTED)
def test_settings(name, asked, expected):
    options = get_solver(name)._options(Settings(**asked))
    assert {key: options[key] for key in expected} == expected


def test_scip_is_given_no_tolerance_of_its_own_by_default():
    assert "numerics/feastol" not in get_solver("scip")._options(Settings())


def switched_off():
    """SCIP's strong dual reductions call this infeasible, once it is the single level of a bilevel model."""
    m = pyo.ConcreteModel()
    m.y, m.p, m.q = pyo.Var(bounds=(0, 1)), pyo.Var(bounds=(0, 100)), pyo.Var(bounds=(0, 100))
    m.z, m.w = pyo.Var(domain=pyo.Binary), pyo.Var(domain=pyo.Binary)
    m.stationarity = pyo.Constraint(expr=-100 - m.p + m.q == 0)
    m.rows = pyo.ConstraintList()
    for row in (m.p <= 100 * (1 - m.z), m.y <= m.z, m.q <= 100 * (1 - m.w), 1 - m.y <= m.w):
        m.rows.add(row)
    m.o = pyo.Objective(expr=0 * m.y)
    return m


@pytest.mark.parametrize("name", solver_params())
def test_a_single_level_with_one_point(name):
    result = get_solver(name).solve(switched_off())
    assert result.status == "optimal"
