"""What an attempt without a proof leaves to the single-level model's solve, and adds to its answer."""

from time import perf_counter

import pyomo.environ as pyo
import pytest

import bilevolt as bv
from bilevolt.levels.reading import read_levels
from bilevolt.relaxation.attempt import attempt, combined, continued
from bilevolt.request import Request
from bilevolt.solution import Solution
from bilevolt.solvers.status import Status


def asked(**changes):
    arguments = {
        "method": "exact", "reformulation": "auto", "solver": "highs", "time_limit": None, "rel_gap": 1e-6,
        "big_m": None, "cuts": "auto", "warm_start": None, "threads": 1, "tee": False, "progress": False,
        "tolerance": 1e-5, "options": None, "method_options": None, "proof": False, "confirm": None,
    }  # fmt: skip
    return Request.checked(**arguments | changes)


def tried(request):
    """The leader takes what is dear where the follower gives little: bound -6, point 0 at x = 0, or -3 at x = 3."""
    m = pyo.ConcreteModel(name="open")
    m.x = pyo.Var(domain=pyo.Integers, bounds=(0, 3), initialize=0)
    m.L = bv.SubModel(fixed=[m.x])
    m.L.y = pyo.Var(bounds=(0, 6), initialize=0)
    m.L.row = pyo.Constraint(expr=m.L.y >= m.x)
    m.L.objective = pyo.Objective(expr=m.L.y)
    m.objective = pyo.Objective(expr=-m.L.y)
    m.cuts = bv.ValidInequalities(reason="none", separator=lambda _: ())
    m.cuts.t = pyo.Var(bounds=(0, 1))
    m.cuts.link = pyo.Constraint(expr=m.cuts.t <= 1)
    return m, attempt(read_levels(m), request)


def test_an_attempt_without_a_proof_says_bound_and_point():
    model, first = tried(asked())
    assert not first.final and first.point is not None
    assert (first.solution.status, first.solution.bound) == ("feasible", pytest.approx(-6))
    assert first.point.objective == pytest.approx(-model.x.value)


def test_the_solve_that_follows_begins_at_the_point_and_has_the_time_that_is_left():
    request = asked(time_limit=1000.0)
    _, first = tried(request)
    after = continued(first, request, perf_counter() - 400)
    assert after.warm_start is first.solution and 0 < after.time_limit <= 600
    assert continued(first, asked(), 0.0).time_limit is None
    assert continued(first, request, perf_counter() - 5000).time_limit == 0


ANSWERS = [
    (Solution(Status.no_solution), -6.0, True),
    (Solution(Status.no_solution, bound=-5.0), -5.0, True),
    (Solution(Status.no_solution, bound=5.0), -6.0, True),
    (Solution(Status.feasible, objective=-3.0, bound=-40.0), -6.0, False),
    (Solution(Status.feasible, objective=-3.0, bound=-4.0), -4.0, False),
    (Solution(Status.feasible, objective=-7.0), None, False),
    (Solution(Status.feasible, objective=-3.0, assumptions=["an M"]), None, False),
    (Solution(Status.infeasible), -6.0, True),
    (Solution(Status.optimal, objective=-3.0, bound=-3.0), -3.0, False),
]


@pytest.mark.parametrize(("answer", "bound", "taken"), ANSWERS)
def test_the_better_bound_counts_and_no_point_is_lost(answer, bound, taken):
    _, first = tried(asked())
    solution, _ = combined(first, answer, None, 1)
    if taken:
        assert (solution.status, solution.objective) == ("feasible", pytest.approx(first.point.objective))
    assert solution.bound == (None if bound is None else pytest.approx(bound))


def test_a_time_limit_that_leaves_none_ends_cleanly():
    model, _ = tried(asked())
    solution = bv.solve(model, solver="highs", time_limit=1e-6)
    assert solution.status in ("no_solution", "feasible", "optimal")
