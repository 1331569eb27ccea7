"""Ctrl-C and SIGTERM: ``solve`` returns the answer so far, marked, and a comparison keeps it as its last row."""

import os
import signal

import pytest
from driver_cases import market

import bilevolt as bv
from bilevolt.heuristics import METHODS
from bilevolt.models import textbook
from bilevolt.solvers import SOLVERS
from bilevolt.solvers.base import Solver, SolverResult
from bilevolt.solvers.status import Status

SIGNALS = [signal.SIGINT, signal.SIGTERM]


def signalled_after(call, number):
    """Do the call, and get one signal just before it returns for the first time."""
    left = [number]

    def both(*arguments, **keywords):
        result = call(*arguments, **keywords)
        while left:
            os.kill(os.getpid(), left.pop())
        return result

    return both


@pytest.mark.parametrize("number", SIGNALS)
def test_a_heuristic(number, monkeypatch):
    monkeypatch.setitem(METHODS, "stopped", signalled_after(METHODS["nested"], number))
    solution = bv.solve(textbook.build("gecco2013"), method="stopped")
    assert solution.interrupted and solution.status == "feasible" and solution.values
    assert solution.certificate.bilevel_feasible
    again = bv.solve(textbook.build("gecco2013"), method="nested")
    assert not again.interrupted and again.objective == solution.objective


@pytest.mark.parametrize("number", SIGNALS)
def test_an_exact_solve(number, monkeypatch):
    gurobi = type(SOLVERS["gurobi"])
    monkeypatch.setattr(gurobi, "_run", signalled_after(gurobi._run, number))
    solution = bv.solve(market(), solver="gurobi", reformulation="sos1")
    assert solution.interrupted and solution.objective == pytest.approx(-10)
    assert solution.certificate.bilevel_feasible


def test_a_check_that_is_interrupted_leaves_a_point_that_nobody_calls_optimal(monkeypatch):
    def interrupted(*_, **__):
        raise KeyboardInterrupt

    monkeypatch.setattr("bilevolt.pipeline.polish.verify", interrupted)
    solution = bv.solve(market(), solver="gurobi", reformulation="sos1")
    assert (solution.interrupted, solution.status, solution.certificate) == (True, "feasible", None)
    assert solution.values["x"] == pytest.approx(5) and "not verified" in solution.notes[-1]


def answers_heuristics_alone(self, model, **options):
    """SCIP, which has no answer to the single-level model, the one solve that may get a start."""
    if "warm_start" not in options:
        return Solver.solve(self, model, **options)
    return SolverResult(
        Status.no_solution, objective=None, bound=None, values=None, duals=None, seconds=0.0, nodes=None,
        message="stopped", solver=self.name, version="",
    )  # fmt: skip


def test_the_starts_point_is_the_answer_where_the_solver_found_none(monkeypatch):
    point = bv.solve(textbook.build("gecco2013"), method="nested")
    run = {"reformulation": "sos1", "solver": "scip", "warm_start": "nested"}
    monkeypatch.setattr(type(SOLVERS["scip"]), "solve", answers_heuristics_alone)
    model = textbook.build("gecco2013")
    solution = bv.solve(model, **run)
    assert (solution.status, solution.objective) == ("feasible", point.objective)
    assert solution.values == point.values and solution.certificate.bilevel_feasible
    assert solution.notes[-1] == "the point is that of the start, found by 'nested'"
    assert bv.solve(model, **run | {"warm_start": None}).status == "no_solution"


@pytest.mark.parametrize("number", SIGNALS)
def test_a_comparison_ends_with_the_interrupted_row(number, monkeypatch):
    monkeypatch.setitem(METHODS, "stopped", signalled_after(METHODS["nested"], number))
    comparison = bv.compare(["gecco2013", "bard511"], methods=["leader_alone", "stopped", "nested"])
    assert comparison.interrupted
    assert [(row.instance, row.method) for row in comparison.rows] == [
        ("gecco2013", "leader_alone"), ("gecco2013", "stopped")
    ]  # fmt: skip
    assert comparison.rows[-1].verified
