"""A session with the solvers: one choice, one set of options, one time limit; and the model is read once."""

import pyomo.environ as pyo
import pytest

from bilevolt.errors import SolverUnavailableError, UnsupportedBySolverError
from bilevolt.solvers import SOLVERS, base, get_solver, session
from bilevolt.solvers.base import Solver
from bilevolt.solvers.reading import _Reader, read
from bilevolt.solvers.session import Session


def knapsack(sos=False):
    m = pyo.ConcreteModel()
    m.x = pyo.Var([1, 2, 3], bounds=(0, 4))
    m.weight = pyo.Constraint(expr=2 * m.x[1] + 3 * m.x[2] + m.x[3] <= 7)
    if sos:
        m.sos = pyo.SOSConstraint(var=m.x, sos=1)
    m.worth = pyo.Objective(expr=3 * m.x[1] + 4 * m.x[2] + m.x[3], sense=pyo.maximize)
    return m


@pytest.fixture
def asked(monkeypatch):
    """The solves, as (solver, arguments)."""
    calls, solve = [], Solver.solve

    def noted(self, model, **arguments):
        calls.append((self.name, arguments))
        return solve(self, model, **arguments)

    monkeypatch.setattr(Solver, "solve", noted)
    return calls


def test_every_solve_is_asked_for_alike(asked):
    one = Session(solver="highs", time_limit=60, rel_gap=1e-3, threads=2, options={"random_seed": 3})
    one.solve(knapsack())
    one.solve(knapsack(), time_limit=5, duals=True)
    for name, arguments in asked:
        assert name == "highs"
        assert (arguments["rel_gap"], arguments["threads"], arguments["tee"]) == (1e-3, 2, False)
        assert arguments["options"] == {"random_seed": 3}
    assert 5 < asked[0][1]["time_limit"] <= 60
    assert asked[1][1]["time_limit"] <= 5 and asked[1][1]["duals"]


@pytest.mark.parametrize(
    ("solver", "own", "sos", "limit"),
    [
        ("scip", {}, True, 7),
        ("scip", {"limits/nodes": 3}, True, 3),  # the caller's own
        ("scip", {}, False, None),  # an LP has no nodes
        ("highs", {}, False, None),
    ],
)
def test_a_search_is_limited_in_nodes(solver, own, sos, limit, asked):
    Session(solver=solver, options=own).solve(knapsack(sos), nodes=7)
    (_, arguments), *_ = asked
    assert (arguments["options"] or {}).get(get_solver(solver).node_limit) == limit


def test_auto_is_chosen_for_each_problem_and_remembered(monkeypatch):
    monkeypatch.setattr(SOLVERS["gurobi"], "available", lambda: "not here", raising=False)
    one = Session()
    assert one.solve(knapsack()).objective == pytest.approx(10.5)
    assert one.called == {"highs"}
    assert one.solve(knapsack(sos=True)).objective == pytest.approx(10.5)
    assert one.called == {"highs", "scip"}


def test_a_named_solver_is_the_one_asked():
    assert Session(solver="highs").choose(knapsack()) == (get_solver("highs"), "highs: as asked")
    with pytest.raises(UnsupportedBySolverError, match="sos1"):
        Session(solver="highs").solve(knapsack(sos=True))


@pytest.fixture
def refusing(monkeypatch):
    """HiGHS is asked first, and its licence refuses."""

    def refuse(self, program, settings):
        raise SolverUnavailableError("the licence is too small")

    monkeypatch.setattr(type(SOLVERS["highs"]), "_native", refuse)
    monkeypatch.setattr(SOLVERS["gurobi"], "available", lambda: "not here", raising=False)


def test_where_a_licence_refuses_another_one_is_asked(refusing):
    one = Session()
    result = one.solve(knapsack())
    assert (result.solver, result.objective) == ("scip", pytest.approx(10.5))
    assert result.notes[0] == "the licence is too small" and "not highs: excluded" in result.notes[1]
    assert one.called == {"highs", "scip"}
    assert Session(solver="scip").solve(knapsack()).notes == ()


def test_the_one_that_was_asked_for_is_not_replaced(refusing):
    with pytest.raises(SolverUnavailableError, match="too small"):
        Session(solver="highs").solve(knapsack())


def test_a_model_is_read_once(monkeypatch):
    count, walk = [], _Reader.read

    def noted(self, model):
        count.append(model)
        return walk(self, model)

    monkeypatch.setattr(_Reader, "read", noted)
    Session().solve(knapsack())
    assert len(count) == 1
    reading = read(knapsack())
    Session().choose(reading)
    Session().solve(reading)
    assert read(reading) is reading
    assert len(count) == 2


def test_a_start_may_be_put_on_the_model_after_it_was_read(monkeypatch):
    starts = []

    def noted(self, program, settings):
        starts.append(program.start.tolist())
        return base.Outcome(base.TerminationCondition.unknown, "not run")

    monkeypatch.setattr(Solver, "_run", noted)
    m = knapsack()
    reading = read(m)
    for k in m.x:
        m.x[k].value = k
    Session(solver="highs").solve(reading, warm_start=True)
    assert starts[0] == [1, 2, 3]


@pytest.mark.parametrize(
    ("limit", "now", "stopped", "over", "why", "left", "at_most"),
    [
        (None, 1e9, False, False, "", None, 3.0),
        (None, 0.0, True, True, "interrupted", None, 3.0),
        (5.0, 4.0, False, False, "", 1.0, 1.0),
        (5.0, 1.0, False, False, "", 4.0, 3.0),
        (5.0, 5.0, False, True, "stopped by the time limit", 0.0, 0.0),
        (5.0, 6.0, True, True, "interrupted", 0.0, 0.0),
        (0.0, 0.0, False, True, "stopped by the time limit", 0.0, 0.0),
    ],
)
def test_its_end(limit, now, stopped, over, why, left, at_most, monkeypatch):
    clock = [0.0]
    monkeypatch.setattr(session.time, "monotonic", lambda: clock[0])
    monkeypatch.setattr(session, "stop_requested", lambda: stopped)
    end = Session(time_limit=limit)
    clock[0] = now
    assert (end.over, end.why, end.seconds(), end.seconds(3.0)) == (over, why, left, at_most)
    assert end.said("none left") == (f"{why}: none left" if why else "none left")
