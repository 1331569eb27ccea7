"""Rows that a cutter writes while SCIP and Gurobi search."""

import os
import signal

import numpy as np
import pyomo.environ as pyo
import pytest

from bilevolt.errors import UnsupportedBySolverError
from bilevolt.solvers import get_solver
from bilevolt.solvers.cutting import VIOLATION, Asking, Cut, scaled
from bilevolt.solvers.interrupt import stoppable
from bilevolt.solvers.reading import read
from bilevolt.solvers.session import Session

SEARCHERS = ["scip", "gurobi"]
PLAIN = {"scip": {"presolving/maxrounds": 0}, "gurobi": {"Presolve": 0, "Heuristics": 0, "Cuts": 0}}


def knapsack(size=1.0):
    """Max the number of items of an odd cycle, any two neighbours at most one: 2 of 5; relaxed, 2.5. Scaled by size."""
    m = pyo.ConcreteModel()
    m.x = pyo.Var(range(5), domain=pyo.Binary)
    m.y = pyo.Var(bounds=(0, 5 * size))
    m.total = pyo.Constraint(expr=m.y <= size * sum(m.x.values()))
    m.pairs = pyo.Constraint(range(5), rule=lambda m, k: m.x[k] + m.x[(k + 1) % 5] <= 1)
    m.objective = pyo.Objective(expr=m.y, sense=pyo.maximize)
    return m


def order(model):
    """The columns of the items, and of y, in the order in which a solver gets them."""
    names = [v.name for v in read(model).variables.values()]
    return np.array([names.index(f"x[{k}]") for k in range(5)]), names.index("y")


@pytest.mark.parametrize("size", [1.0, 1e5])
@pytest.mark.parametrize("solver", SEARCHERS)
def test_rows_reach_the_search_in_the_models_own_units(solver, size):
    model, seen = knapsack(size), []
    items, y = order(model)

    def cycle(point):
        seen.append(point[y] / size - point[items].sum())
        return [Cut(items, np.ones(5), -np.inf, 2.0)] if point[items].sum() > 2 + 1e-6 else []

    result = get_solver(solver).solve(model, cutter=cycle, options=PLAIN[solver])
    assert (result.status, result.objective) == ("optimal", pytest.approx(2 * size))
    assert result.separated >= 1 and max(seen) <= 1e-5


@pytest.mark.parametrize("solver", SEARCHERS)
def test_rows_may_leave_one_of_several_optima(solver):
    """The five optima are alike; what keeps only those with the first item is no reason to find none."""
    model = knapsack()
    items, _ = order(model)
    rows = [Cut(items[:1], np.ones(1), 1.0, np.inf), Cut(items[3:4], np.ones(1), 1.0, np.inf)]
    result = get_solver(solver).solve(model, cutter=lambda _: rows, options=PLAIN[solver])
    assert (result.status, result.objective) == ("optimal", pytest.approx(2))


@pytest.mark.parametrize("solver", SEARCHERS)
def test_what_a_cutter_raises_comes_out_of_the_solve(solver):
    def broken(_):
        raise ZeroDivisionError("of the user")

    with pytest.raises(ZeroDivisionError, match="of the user"):
        get_solver(solver).solve(knapsack(), cutter=broken, options=PLAIN[solver])


@pytest.mark.parametrize("solver", SEARCHERS)
def test_an_interrupt_in_the_cutter_ends_the_search(solver):
    asked = []

    def interrupting(_):
        asked.append(1)
        os.kill(os.getpid(), signal.SIGINT)
        return []

    with stoppable():
        result = get_solver(solver).solve(knapsack(), cutter=interrupting, options=PLAIN[solver])
    assert len(asked) == 1 and result.status in ("feasible", "no_solution")


def test_a_solver_that_asks_nobody_refuses_and_a_session_leaves_the_cutter_out():
    with pytest.raises(UnsupportedBySolverError, match="'highs' asks for no rows while it searches"):
        get_solver("highs").solve(knapsack(), cutter=lambda _: [])
    result = Session(solver="highs").solve(knapsack(), cutter=lambda _: [])
    assert (result.status, result.separated) == ("optimal", 0)


def test_rows_that_a_tolerance_allows_are_not_added():
    row = Cut(np.array([0, 1]), np.array([1e6, -1.0]), -np.inf, 0.0)
    asking = Asking(lambda _: [row])
    assert asking.at([1.0, 1e6 - VIOLATION * 1e5]) == [] and asking.added == 0
    assert asking.at([1.0, 1e6 - 10.0]) == [row] and asking.added == 1


def test_scaled_rows_are_the_same_rows():
    row = Cut(np.array([1, 2]), np.array([3.0, -5e4]), -1.0, 7.0)
    column = np.array([2.0, 0.5, 2.0**-12])
    (found,) = scaled(lambda _: [row], column)(np.ones(3))
    body = found.weights @ (np.array([4.0, 8.0]) / column[1:])
    factor = body / (row.weights @ np.array([4.0, 8.0]))
    assert np.log2(factor) == round(np.log2(factor)) and 0.5 <= np.abs(found.weights).max() <= 2
    assert (found.lower, found.upper) == (-factor, 7 * factor)
