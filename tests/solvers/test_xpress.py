"""Xpress: its community licence, and how it is missed."""

import pyomo.environ as pyo
import pytest

from bilevolt.errors import SolverUnavailableError
from bilevolt.solvers import SOLVERS, choose, get_solver, needs_of
from bilevolt.solvers import xpress as module

community = pytest.mark.skipif(not module.is_community(), reason="needs xpress with its community licence")


def wide(variables, rows, kind="LP"):
    """min sum x over rows `sum of two neighbours >= 1`, of these sizes, with something of a kind."""
    m = pyo.ConcreteModel()
    m.x = pyo.Var(range(variables), bounds=(0, 9), domain=pyo.Binary if kind == "indicator" else pyo.Reals)

    @m.Constraint(range(rows))
    def row(m, i):
        pair = m.x[i % variables] + m.x[(i + 1) % variables]
        if kind == "quadratic range" and i == 0:
            return (1, m.x[0] * m.x[1], 15)
        return (1, pair, 15) if kind == "ranges" else pair >= 1

    linear = sum(m.x.values())
    m.cost = pyo.Objective(expr=linear + m.x[0] ** 2 if kind == "QP" else linear)
    if kind == "SOS":
        m.sos = pyo.SOSConstraint(range(50), sos=1, rule=lambda m, k: [m.x[0], m.x[2]])
    if kind == "indicator":
        m.indicator = pyo.Suffix(direction=pyo.Suffix.LOCAL, datatype=None)
        m.indicator[m.row[0]] = (m.x[3], 1)
    return m


SIZES = [
    (4000, 1000, "LP", True),
    (4000, 1001, "LP", False),
    (4001, 1000, "ranges", False),
    (4000, 1000, "ranges", True),
    (4000, 1000, "SOS", True),
    (4000, 1000, "indicator", True),
    (4000, 1001, "indicator", False),
    (100, 100, "QP", True),
    (100, 101, "QP", False),
    (100, 99, "quadratic range", True),
    (100, 100, "quadratic range", False),
]


@community
@pytest.mark.parametrize(("variables", "rows", "kind", "fits"), SIZES)
def test_misfit_agrees_with_the_licences_own_verdict(variables, rows, kind, fits):
    m = wide(variables, rows, kind)
    xpress = get_solver("xpress")
    said = xpress.misfit(needs_of(m))
    if fits:
        assert said is None
        assert xpress.solve(m, time_limit=5).status in ("optimal", "feasible", "no_solution")
        return
    assert "the community licence is too small" in said
    sizes = f"{variables} variables and {rows} rows"
    with pytest.raises(SolverUnavailableError, match=f"{sizes}.*solver='highs' or 'scip'"):
        xpress.solve(m)


@community
def test_auto_passes_over_it_where_the_licence_is_too_small(monkeypatch):
    monkeypatch.setattr("bilevolt.solvers.SOLVERS", {"xpress": SOLVERS["xpress"], "highs": SOLVERS["highs"]})
    assert choose(wide(100, 100))[0].name == "xpress"
    solver, why = choose(wide(5000, 1))
    assert solver.name == "highs"
    assert "not xpress: the community licence is too small: 5000 variables and 1 rows > 5000" in why


def test_it_comes_last():
    """So that `auto` chooses the same, whether it is installed or not."""
    assert list(SOLVERS)[:3] == ["gurobi", "highs", "scip"] and "xpress" in SOLVERS


def test_not_installed(monkeypatch):
    monkeypatch.setattr(module, "_is_installed", lambda: False)
    xpress = SOLVERS["xpress"]
    assert "pip install xpress" in xpress.available()
    assert xpress.version() == ""
    m = wide(3, 3)
    assert xpress.misfit(needs_of(m)) is None
    with pytest.raises(SolverUnavailableError, match="pip install xpress"):
        xpress.solve(m)
