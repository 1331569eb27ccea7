"""While a long search runs, its best point, bound and gap are told: here at once, as no test waits for seconds."""

import random
import re
from itertools import pairwise

import pyomo.environ as pyo
import pytest

import bilevolt as bv
from bilevolt.models import textbook
from bilevolt.solvers import SOLVERS, get_solver, trace
from bilevolt.solvers.trace import TELL_EVERY, TELL_SHARE, Trace


@pytest.fixture
def at_once(monkeypatch):
    monkeypatch.setattr(trace, "TELL_EVERY", 0.0)
    monkeypatch.setattr(trace, "TELL_SHARE", 0.0)


def knapsack(sense):
    """Large numbers, so that the program that is handed over is scaled."""
    rng = random.Random(1)
    m = pyo.ConcreteModel()
    m.x = pyo.Var(range(12), domain=pyo.Integers, bounds=(0, 9))
    sign = 1 if sense == pyo.maximize else -1
    for k in range(3):
        m.add_component(f"row{k}", pyo.Constraint(expr=sum(rng.randint(20, 90) * m.x[i] for i in m.x) <= 997))
    m.worth = pyo.Objective(expr=sign * sum(1e6 * rng.randint(20, 90) * m.x[i] for i in m.x) + 7e6, sense=sense)
    return m


@pytest.mark.parametrize("sense", [pyo.minimize, pyo.maximize], ids=["min", "max"])
@pytest.mark.parametrize("name", ["gurobi", "highs", "scip"])
def test_what_is_told_is_of_the_models_own_objective(name, sense, at_once):
    if SOLVERS[name].available() is not None:
        pytest.skip(f"{name} is not here")
    told = []
    found = get_solver(name).solve(knapsack(sense), watch=told.append)
    points = [point for _, point, _ in told if point is not None]
    bounds = [bound for _, _, bound in told if bound is not None]
    assert points and bounds
    worse, slack = (1 if sense == pyo.minimize else -1), 1e-6 * abs(found.objective)
    assert all(worse * (point - found.objective) >= -slack for point in points)
    assert all(worse * (bound - found.objective) <= slack for bound in bounds)
    assert any(abs(point - found.objective) <= slack for point in points)


@pytest.mark.parametrize("reformulation", ["branch", "bigm"])
def test_solve_says_point_bound_and_gap(reformulation, at_once):
    said = []
    bv.solve(textbook.build("candler_townsley_1982"), solver="highs", reformulation=reformulation, progress=said.append)
    assert any(re.fullmatch(r"highs, \d+ s: .*bound \S+.*", text) for text in said), said


def test_short_searches_say_nothing_and_long_ones_rarely(monkeypatch):
    now, told = [0.0], []
    monkeypatch.setattr(trace, "perf_counter", lambda: now[0])
    seen = Trace(told.append)
    for tenth in range(1, 36_001):
        now[0] = tenth / 10
        seen.note(tenth, 5.0, 4.0)
    times = [seconds for seconds, _, _ in told]
    waits = [after - before for before, after in pairwise(times)]
    assert times[0] == TELL_EVERY and min(waits) >= TELL_EVERY - 1e-9
    assert max(waits) <= TELL_SHARE * 3600 + 0.1 and len(times) < 150


def test_who_fails_to_listen_does_not_end_the_search(at_once):
    def deaf(_):
        raise RuntimeError("full")

    with pytest.warns(RuntimeWarning, match="not told any more"):
        found = get_solver("highs").solve(knapsack(pyo.maximize), watch=deaf)
    assert str(found.status) == "optimal"
