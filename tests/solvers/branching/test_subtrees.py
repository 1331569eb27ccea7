"""Parts of a tree searched by an executor's workers: enumeration agrees, however many there are, also if they die."""

from concurrent.futures import BrokenExecutor, Executor, Future, ThreadPoolExecutor

import pytest
from branching_cases import best_knapsack, by_enumeration, knapsack, pyomo_model, random_case

import bilevolt as bv
from bilevolt.models import random_bilevel
from bilevolt.solvers import get_solver
from bilevolt.solvers.branching import search, subtrees

HIGHS = get_solver("highs")


class Lost(Executor):
    """Its workers die with the first task, or are dead."""

    def __init__(self, at_once):
        self.at_once = at_once

    def submit(self, task, /, *arguments, **_):
        if self.at_once:
            raise BrokenExecutor("gone")
        future = Future()
        future.set_exception(BrokenExecutor("killed"))
        return future


@pytest.fixture(params=["trees", "milps"])
def small_parts(request, monkeypatch):
    """Divide small trees too; with and without MILPs of the parts."""
    monkeypatch.setattr(search, "FINISH_AFTER", 0)
    monkeypatch.setattr(subtrees, "PARTS", 2)
    monkeypatch.setattr(subtrees, "NODES", 3)
    if request.param == "trees":
        monkeypatch.setattr(search, "is_of_pairs", lambda _: False)
    return request.param


def solve(model, executor, **arguments):
    return HIGHS.solve(model, executor=executor, **arguments)


def told(result):
    return result.status, result.objective, result.bound, result.nodes, result.message


def test_answers_are_those_of_enumeration(small_parts):
    parts = 0
    with ThreadPoolExecutor(1) as one:
        for seed in range(25):
            status, objective = by_enumeration(seed)
            result = solve(pyomo_model(random_case(seed)), one)
            assert result.status == status, (seed, result.message)
            if status == "optimal":
                assert result.objective == pytest.approx(objective, rel=1e-6, abs=1e-6)
                assert result.bound == pytest.approx(objective, rel=1e-5, abs=1e-5)
            parts += "parts of the tree" in result.message
            assert ("MILPs of parts" in result.message) <= (small_parts == "milps")
    assert parts >= 3


@pytest.mark.parametrize("build", [knapsack, lambda: pyomo_model(random_case(28, pairs=12, integers=2, rows=9))])
def test_the_number_of_workers_changes_nothing(build, small_parts):
    alone = HIGHS.solve(build())
    with ThreadPoolExecutor(1) as one, ThreadPoolExecutor(3) as three:
        found = [solve(build(), executor) for executor in (one, three)]
    assert told(found[0]) == told(found[1])
    assert "parts of the tree" in found[0].message
    assert (found[0].status, found[0].objective) == (alone.status, pytest.approx(alone.objective, rel=1e-6))


@pytest.mark.parametrize("at_once", [True, False])
def test_lost_workers_lose_nothing(at_once, small_parts):
    result = solve(knapsack(), Lost(at_once))
    assert result.status == "optimal" and result.objective == pytest.approx(best_knapsack())
    assert "the executor was not used" in result.message


def test_a_stop_leaves_a_valid_bound(small_parts, monkeypatch):
    stopped = []

    def stop(futures, over):
        stopped.append(True)
        assert over()
        return [None for _ in futures]

    monkeypatch.setattr(subtrees, "results", stop)
    for module in (search, subtrees):
        monkeypatch.setattr(module, "stop_requested", lambda: bool(stopped))
    with ThreadPoolExecutor(1) as one:
        result = solve(knapsack(), one)
    assert result.status in ("feasible", "no_solution") and "interrupted" in result.message
    assert result.bound >= best_knapsack() - 1e-6


@pytest.mark.parametrize("arguments", [{"tree": True}, {"options": {"mip_max_nodes": 50}}])
def test_what_may_not_be_divided_says_so(arguments, small_parts):
    with ThreadPoolExecutor(1) as one:
        assert "the executor was not used" in solve(knapsack(), one, **arguments).message


def test_through_solve(monkeypatch):
    """What is asked of ``solve`` arrives; where nothing can be handed out, a note says so."""
    monkeypatch.setattr(subtrees, "PARTS", 2)
    monkeypatch.setattr(search, "FINISH_AFTER", 1)
    with ThreadPoolExecutor(1) as one:
        solution = bv.solve(random_bilevel.build(4, 14, True), reformulation="branch", solver="highs", executor=one)
        other = bv.solve(random_bilevel.build(4, 14, True), solver="highs", executor=one)
    assert solution.status == "optimal" and solution.certificate.bilevel_feasible
    assert any("parts of the tree" in note for note in solution.notes)
    assert other.objective == pytest.approx(solution.objective, rel=1e-6)
    assert any("executor is not used" in note for note in other.notes) == (other.reformulation != "branch")
