"""Profiles, means and integrals, against numbers made by hand."""

import math

import pytest

from bilevolt.experiments import profiles
from bilevolt.solvers.trace import Trace

INF = math.inf

# Three problems. Best: 1, 2, 4. Ratios of a: 1, 2, none; of b: 3, 1, 1; of c: none at all.
COSTS = {"a": [1.0, 4.0, INF], "b": [3.0, 2.0, 4.0], "c": [INF, INF, INF]}


def test_performance_profile():
    found = profiles.performance_profile(COSTS)
    assert found == {
        "a": [(1.0, pytest.approx(1 / 3)), (2.0, pytest.approx(2 / 3))],
        "b": [(1.0, pytest.approx(2 / 3)), (3.0, 1.0)],
        "c": [],
    }


def test_a_problem_that_nobody_solves_counts_in_the_shares():
    found = profiles.performance_profile({"a": [1.0, INF], "b": [2.0, INF]})
    assert found == {"a": [(1.0, 0.5)], "b": [(2.0, 0.5)]}


def test_costs_below_the_least_are_equal():
    assert profiles.performance_profile({"a": [0.001], "b": [0.009]}, least=0.01) == {
        "a": [(1.0, 1.0)],
        "b": [(1.0, 1.0)],
    }


def test_data_profile_and_cactus():
    assert profiles.data_profile(COSTS)["b"] == [
        (2.0, pytest.approx(1 / 3)), (3.0, pytest.approx(2 / 3)), (4.0, 1.0)
    ]  # fmt: skip
    assert profiles.cactus(COSTS) == {
        "a": [(1.0, 1.0), (2.0, 4.0)], "b": [(1.0, 2.0), (2.0, 3.0), (3.0, 4.0)], "c": []
    }  # fmt: skip


@pytest.mark.parametrize(
    ("costs", "shift", "mean"),
    [([1, 7], 1, 3), ([3, 3, 3], 10, 3), ([0, 0], 1, 0), ([2, 8], 0, 4), ([], 1, None)],
)
def test_shifted_geometric_mean(costs, shift, mean):
    found = profiles.shifted_geometric_mean(costs, shift)
    assert found == (None if mean is None else pytest.approx(mean))


@pytest.mark.parametrize(
    ("one", "other", "gap"),
    [(3, 4, 0.25), (4, 3, 0.25), (-4, -3, 0.25), (-1, 1, 1), (0, 5, 1), (0, 0, 0), (None, 1, 1), (1, None, 1)],
)
def test_gap(one, other, gap):
    assert profiles.gap(one, other) == gap


def test_primal_integral():
    # No point for 1 s: 1. Then 8 against 4, gap 1/2, for 2 s: 1. Then the optimum.
    trace = [(1.0, 8.0, None), (3.0, 4.0, 4.0)]
    assert profiles.primal_integral(trace, end=10.0, reference=4.0) == pytest.approx(2.0)
    assert profiles.primal_integral(trace, end=2.0, reference=4.0) == pytest.approx(1.5)
    assert profiles.primal_integral([], end=2.0, reference=4.0) == 2.0


def test_mean_of_steps():
    assert profiles.mean([[(1.0, 0.0)], [(1.0, 0.5), (2.0, 0.0)]]) == [(1.0, 0.25), (2.0, 0.0)]
    assert profiles.mean([[(1.0, 1.0), (1.0, 0.0)]]) == [(1.0, 0.0)]  # of two at one time, the later


def test_a_trace_keeps_every_better_point_and_ends_with_the_answer():
    trace = Trace()
    trace.note(0, 1e100, -math.inf)
    trace.note(1, 10.0, 2.0)
    for _ in range(1000):  # the bound alone, at nearly the same time
        trace.note(5, 10.0, 3.0)
    trace.note(9, 7.0, 3.0)
    trace.end(9, 7.0, 7.0)
    assert [mark[1] for mark in trace.marks][:1] == [10.0] and trace.marks[-1][1:] == (7.0, 7.0)
    assert trace.root_bound == 2.0 and len(trace.marks) < 100
    assert [mark[0] for mark in trace.marks] == sorted(mark[0] for mark in trace.marks)
