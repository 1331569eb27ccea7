"""Who takes which model: refusals by name, licences, and the `auto` rule."""

import pyomo.environ as pyo
import pytest

from bilevolt.errors import SolverUnavailableError, UnsupportedBySolverError
from bilevolt.solvers import SOLVERS, Features, choose, get_solver, needs_of, table
from bilevolt.solvers.gurobi import is_restricted

restricted = pytest.mark.skipif(not is_restricted(), reason="needs Gurobi's restricted licence")


def wide(variables=10, rows=1, integer=False, quadratic=None, sos=0, ranges=False):
    """min sum x over rows `sum of two neighbours >= 1`."""
    m = pyo.ConcreteModel()
    m.x = pyo.Var(range(variables), bounds=(0, 9), domain=pyo.Integers if integer else pyo.Reals)

    @m.Constraint(range(rows))
    def row(m, i):
        pair = m.x[i % variables] + m.x[(i + 1) % variables]
        return (1, pair, 15) if ranges else pair >= 1

    linear = sum(m.x.values())
    m.cost = pyo.Objective(expr=linear + m.x[0] ** 2 if quadratic == "objective" else linear)
    if quadratic == "product":
        m.product = pyo.Constraint(expr=m.x[0] * m.x[1] <= 4)
    if sos:
        m.sos = pyo.SOSConstraint(range(sos), sos=1, rule=lambda m, k: [m.x[0], m.x[2]])
    return m


REFUSALS = [
    ("highs", wide(sos=1), "sos1", r"SOS1 constraint 'sos\[0\]'"),
    ("highs", wide(integer=True, quadratic="objective", sos=1), "sos1", r"SOS1 constraint 'sos\[0\]'"),
    ("highs", wide(quadratic="product"), "nonconvex", r"product of 'x\[0\]' and 'x\[1\]'"),
]


@pytest.mark.parametrize(("name", "m", "feature", "where"), REFUSALS)
def test_refused_by_name_before_solving(name, m, feature, where):
    assert feature in SOLVERS[name].features.missing(needs_of(m))
    with pytest.raises(UnsupportedBySolverError, match=where) as error:
        get_solver(name).solve(m)
    assert feature in str(error.value)


def test_unknown_solver_lists_the_known_ones():
    with pytest.raises(SolverUnavailableError, match="gurobi, highs, scip"):
        get_solver("baron")


CHOICES = [
    ("small LP", wide(), "gurobi"),
    ("small SOS1", wide(sos=3), "gurobi"),
    ("2000 variables", wide(2000), "gurobi"),
    ("2001 variables", wide(2001), "highs"),
    ("2000 rows", wide(10, 2000), "gurobi"),
    ("2001 rows", wide(10, 2001), "highs"),
    ("rows and SOS together", wide(10, 1500, sos=501), "scip"),
    ("rows and SOS together, fitting", wide(10, 1500, sos=500), "gurobi"),
    ("range rows are two", wide(10, 1001, ranges=True), "highs"),
    ("range rows are two, fitting", wide(10, 1000, ranges=True), "gurobi"),
    ("200 variables, product", wide(200, quadratic="product", rows=200), "gurobi"),
    ("201 variables, product", wide(201, quadratic="product", rows=201), "scip"),
    ("200 variables, QP", wide(200, quadratic="objective", rows=200), "gurobi"),
    ("201 variables, QP", wide(201, quadratic="objective", rows=201), "highs"),
    ("201 variables, MIQP", wide(201, quadratic="objective", rows=201, integer=True), "highs"),
    ("201 variables, MIQP, SOS1", wide(201, quadratic="objective", rows=201, integer=True, sos=1), "scip"),
    ("2001 variables, SOS1", wide(2001, sos=1), "scip"),
]


@restricted
@pytest.mark.parametrize(("m", "expected"), [pytest.param(m, e, id=name) for name, m, e in CHOICES])
def test_auto(m, expected):
    solver, why = choose(m)
    assert solver.name == expected
    assert expected in why
    if expected != "gurobi":
        assert "not gurobi: the restricted licence is too small" in why


@restricted
@pytest.mark.parametrize(("m", "expected"), [pytest.param(m, e, id=name) for name, m, e in CHOICES])
def test_auto_agrees_with_gurobis_own_verdict(m, expected):
    """The count of columns and rows is Gurobi's: it solves what `choose` gives it, and refuses the rest."""
    if expected == "gurobi":
        assert get_solver("gurobi").solve(m).status == "optimal"
    else:
        with pytest.raises(SolverUnavailableError, match="solver='highs' or 'scip'"):
            get_solver("gurobi").solve(m)


@restricted
def test_fixed_variables_do_not_count_for_the_licence():
    """No solver gets them: Gurobi, which refuses 2001 columns, solves it."""
    m = wide(2001, rows=2000)
    m.x[0].fix(1)
    assert needs_of(m).size.variables == 2000
    assert choose(m)[0].name == "gurobi"
    assert get_solver("gurobi").solve(m).status == "optimal"


@restricted
def test_licence_error_gives_the_size():
    with pytest.raises(SolverUnavailableError, match="2001 variables and 1 rows"):
        get_solver("gurobi").solve(wide(2001))


def test_auto_with_exclusions():
    assert choose(wide(), exclude=["gurobi"])[0].name == "highs"
    solver, why = choose(wide(sos=1), exclude={"gurobi"})
    assert solver.name == "scip"
    assert "not gurobi: excluded" in why
    assert "not highs: does not support sos1 (SOS1 constraint 'sos[0]')" in why
    with pytest.raises(UnsupportedBySolverError, match="not scip: excluded"):
        choose(wide(sos=1), exclude=set(SOLVERS) - {"highs"})


def test_a_solver_that_is_not_there_is_passed_over(monkeypatch):
    monkeypatch.setattr(SOLVERS["gurobi"], "available", lambda: "no valid licence: expired", raising=False)
    solver, why = choose(wide())
    assert solver.name == "highs"
    assert "not gurobi: no valid licence: expired" in why
    with pytest.raises(SolverUnavailableError, match="expired"):
        get_solver("gurobi").solve(wide())


def test_table_has_every_solver_and_feature():
    rows = {row["solver"]: row for row in table()}
    assert list(rows) == list(SOLVERS)
    assert set(Features().as_dict()) <= set(rows["highs"])
    assert (rows["highs"]["sos1"], rows["scip"]["sos1"], rows["gurobi"]["sos1"]) == (False, True, True)
    for name in ("gurobi", "highs", "scip"):
        assert rows[name]["available"] is True and rows[name]["version"]
    for name, solver in SOLVERS.items():
        assert rows[name]["available"] == (solver.available() or True)
