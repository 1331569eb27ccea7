"""What ``solve`` and its siblings refuse before anything is built: wrong kinds, ranges, names, unused options."""

import math
from dataclasses import fields
from inspect import signature

import numpy as np
import pyomo.environ as pyo
import pytest
from driver_cases import market

import bilevolt as bv
from bilevolt.errors import ArgumentError, BilevoltError, NotBilevelError, SolverUnavailableError, UnprovenBigMError
from bilevolt.models import textbook
from bilevolt.request import Request
from bilevolt.solvers.base import Solver

NAN, INF = math.nan, math.inf

REFUSED = [
    ({"rel_gap": NAN}, "rel_gap=nan is out of range"),
    ({"rel_gap": INF}, "rel_gap=inf is out of range"),
    ({"rel_gap": -1e-9}, "rel_gap=-1e-09 is out of range"),
    ({"rel_gap": "1e-6"}, "rel_gap='1e-6' is no number"),
    ({"rel_gap": None}, "rel_gap=None is no number"),
    ({"rel_gap": True}, "rel_gap=True is no number"),
    ({"time_limit": NAN}, "time_limit=nan is out of range"),
    ({"time_limit": -1}, "time_limit=-1 is out of range"),
    ({"time_limit": "60"}, "time_limit='60' is no number"),
    ({"threads": 0}, "threads=0"),
    ({"threads": 1.5}, "threads=1.5"),
    ({"threads": True}, "threads=True"),
    ({"tolerance": 0}, "tolerance=0 is out of range"),
    ({"tolerance": NAN}, "tolerance=nan"),
    ({"tolerance": INF}, "tolerance=inf"),
    ({"big_m": "x"}, "'x' is no number"),
    ({"big_m": {"L.cap": "x"}}, "'x' is no number"),
    ({"big_m": {"L.cap": (1, 2, 3)}}, r"\(1, 2, 3\) is no number"),
    ({"big_m": [5]}, r"\[5\] is no number"),
    ({"reformulation": None}, "reformulation=None is neither"),
    ({"reformulation": 3}, "reformulation=3 is neither"),
    ({"reformulation": "kkt"}, "reformulation 'kkt' is unknown"),
    ({"reformulation": "sos2"}, "reformulation 'sos2' is unknown. Did you mean sos1"),
    ({"reformulation": {"L.cap": "sos2"}}, "reformulation 'sos2' is unknown. Did you mean sos1"),
    ({"reformulation": {"L.cap": None}}, "reformulation None is no name"),
    ({"method": "nestde"}, "method 'nestde' is unknown. Did you mean nested"),
    ({"method": None}, "method None is no name"),
    ({"warm_start": "nestde"}, "warm_start 'nestde' is unknown. Did you mean nested"),
    ({"warm_start": 3}, "warm_start=3 is no start"),
    ({"cuts": "all"}, "cuts='all' is unknown"),
    ({"options": [1]}, "options=.* is no dict"),
    ({"method_options": "seed"}, "method_options=.* is no dict"),
    ({"progress": "yes"}, "progress='yes' is neither"),
    ({"method_options": {"seed": 1}}, "method 'exact' has no option 'seed'; it has none"),
    ({"method": "nested", "method_options": {"sed": 1}}, "has no option 'sed'; choose among max_iterations"),
    (
        {"method": "pso", "method_options": {"sed": 1}},
        "has no option 'sed'; choose among cognitive, estimate, evaluations, executor, inertia, iterations, "
        "population, search, seed, social, speed_limit",
    ),
    ({"method": "pso", "method_options": {"tee": 1, "shared": 2}}, "has no option 'shared', 'tee'; choose among"),
    ({"method": "pso", "executor": 0}, "executor=0 is none"),
    ({"method": "pso", "executor": True}, "executor=True is none"),
    ({"method": "pso", "method_options": {"executor": 1.5}}, "executor=1.5 is none"),
    ({"method": "pso", "executor": 2, "method_options": {"executor": 2}}, "executor is given twice"),
    ({"method": "nested", "executor": 2}, "executor=2 is not used by method='nested', only by method .*pso"),
    ({"executor": 2, "reformulation": "sos1"}, "executor=2 is not used by reformulation='sos1', .* 'exact' with"),
    ({"executor": 2, "method": "column_and_constraint"}, "executor=2 is not used by method='column_and_constraint'"),
    ({"method": "nested", "reformulation": "sos1"}, "reformulation='sos1' is not used by the heuristic 'nested'"),
    ({"method": "nested", "reformulation": "nonsense", "big_m": -5}, "'nonsense' is unknown"),
    ({"method": "nested", "big_m": 5}, "big_m=5 is not used .* only by method='exact'"),
    ({"method": "nested", "cuts": None}, "cuts=None is not used"),
    ({"method": "nested", "warm_start": True}, "warm_start=True is not used"),
    ({"reformulation": "sos1", "big_m": 5}, "big_m is not used by reformulation 'sos1'"),
    ({"reformulation": "indicator", "big_m": {"L.cap": 5}}, "big_m is not used by reformulation 'indicator'"),
    ({"reformulation": "strong_duality", "big_m": 5}, "big_m is not used"),
    ({"reformulation": "product", "big_m": 5}, "big_m is not used"),
]


@pytest.fixture
def no_solver(monkeypatch):
    """Any solve is a failure."""

    def fail(*_, **__):
        raise AssertionError("a solver was called")

    monkeypatch.setattr(Solver, "solve", fail)


@pytest.mark.parametrize(("arguments", "message"), REFUSED, ids=str)
def test_refused_before_any_solve(arguments, message, no_solver):
    with pytest.raises(ArgumentError, match=message):
        bv.solve(market(), **arguments)


@pytest.mark.parametrize("big_m", [0, -1, NAN, INF, {"L.cap": -2}, {"L.cap": (3, NAN)}])
def test_an_m_that_bounds_nothing(big_m, no_solver):
    with pytest.raises(UnprovenBigMError, match="must be positive and finite"):
        bv.solve(market(), reformulation="bigm", big_m=big_m)


@pytest.mark.parametrize("call", [bv.solve, bv.reformulate, bv.explain])
def test_the_siblings_have_the_same_checks(call, no_solver):
    for arguments in ({"reformulation": "sos1", "big_m": 5}, {"reformulation": None}, {"cuts": "all"}):
        with pytest.raises(ArgumentError):
            call(market(), **arguments)


@pytest.mark.parametrize("solver", ["hihgs", "baron", "", None, 3])
def test_unknown_solvers(solver, no_solver):
    with pytest.raises(SolverUnavailableError, match="Choose one of auto, gurobi, highs, scip"):
        bv.solve(market(), solver=solver)


@pytest.mark.parametrize(
    "arguments",
    [
        {"reformulation": "SOS1", "solver": "Gurobi"},
        {"reformulation": "Auto", "solver": "AUTO", "big_m": 1e3},
        {"reformulation": {"*": "BigM"}, "solver": "highs", "big_m": np.float64(1e3)},
        {"method": "EXACT", "time_limit": INF, "threads": np.int64(2), "rel_gap": 0},
        {"time_limit": 30, "tolerance": np.float32(1e-5), "options": {}, "method_options": {}},
        {"warm_start": False},
        {"warm_start": "Nested"},
    ],
    ids=str,
)
def test_accepted(arguments):
    assert bv.solve(market(), **arguments).objective == pytest.approx(-10)


def test_a_heuristics_name_in_any_case_is_noted_in_its_own():
    model = market()
    model.price_row.deactivate()
    solution = bv.solve(model, method="Nested", warm_start=None)
    assert (solution.method, solution.status) == ("nested", "feasible")


def test_a_request_has_the_arguments_of_solve():
    arguments = [name for name in signature(bv.solve).parameters if name != "model"]
    assert sorted(field.name for field in fields(Request)) == sorted(arguments)


# What is no model -----------------------------------------------------------------------------------------------------

CALLS = [bv.solve, bv.verify, bv.reformulate, bv.explain, bv.plot, lambda model: bv.compare({"one": model})]
NO_MODELS = [None, 3, "bard511", pyo.AbstractModel(), object(), pyo.Var()]


@pytest.mark.parametrize("call", CALLS)
@pytest.mark.parametrize("given", NO_MODELS, ids=lambda given: type(given).__name__)
def test_what_is_no_model_is_refused(call, given, no_solver):
    with pytest.raises(NotBilevelError, match=r"ConcreteModel with a bilevolt\.SubModel"):
        call(given)


@pytest.mark.parametrize("call", CALLS[:-1])
def test_a_function_is_no_model_but_its_result_is(call):
    with pytest.raises(NotBilevelError, match="not the function that builds it: call it first"):
        call(market)


def test_a_comparison_takes_a_function():
    (row,) = bv.compare({"market": market}, reformulations=["sos1"], solvers=["gurobi"]).rows
    assert row.objective == pytest.approx(-10)
    (row,) = bv.compare({"text": lambda: "bard511"}).rows
    assert row.status == "refused" and "is a str, which is no model" in row.reason


# The inner solves of a start ------------------------------------------------------------------------------------------


def test_a_start_is_looked_for_with_the_solves_own_solver_and_options(monkeypatch):
    calls, told = [], []
    solve = Solver.solve

    def noted(self, model, **arguments):
        if not any(text.startswith("verifying") for text in told):
            calls.append((self.name, arguments))
        return solve(self, model, **arguments)

    monkeypatch.setattr(Solver, "solve", noted)
    options = {"random_seed": 3}
    solution = bv.solve(
        textbook.build("gecco2013"), solver="highs", reformulation="bigm", big_m=100, warm_start="nested", threads=2,
        rel_gap=1e-5, options=options, time_limit=40, progress=told.append,
    )  # fmt: skip
    assert "started from" in " ".join(solution.notes) and solution.status == "optimal"
    assert len(calls) > 3  # of the heuristic, of the completion, and the solve itself
    for name, arguments in calls:
        assert (name, arguments["threads"], arguments["rel_gap"]) == ("highs", 2, 1e-5)
        assert arguments["options"] == options
        assert 0 < arguments["time_limit"] <= 40


def test_a_start_that_the_solver_does_not_take_is_a_note():
    """HiGHS does not take the nonconvex problem that the heuristic would solve; the model itself it does."""
    model = pyo.ConcreteModel()
    model.x = pyo.Var(bounds=(0, 2), domain=pyo.Integers)
    model.L = bv.SubModel(fixed=[model.x])
    model.L.y = pyo.Var(bounds=(0, 3))
    model.L.cost = pyo.Objective(expr=model.L.y)
    model.L.row = pyo.Constraint(expr=model.L.y >= model.x)
    model.cost = pyo.Objective(expr=-model.x * model.L.y)
    solution = bv.solve(model, solver="highs", reformulation="bigm", warm_start="scholtes")
    assert (solution.status, solution.objective) == ("optimal", pytest.approx(-4))
    assert any(text.startswith("no start: ") for text in solution.notes)


def test_unused_options_of_a_comparison_are_refused(no_solver):
    for options in ({"big_m": 5, "reformulations": ["sos1"]}, {"method_options": {"seed": 1}}, {"colour": "red"}):
        with pytest.raises(BilevoltError, match="used by none of the runs"):
            bv.compare({"market": market}, **options)
    for options in ({"rel_gap": NAN}, {"time_limit": -1}, {"threads": 0}, {"tolerance": "x"}):
        with pytest.raises(ArgumentError, match=next(iter(options))):
            bv.compare({"market": market}, **options)


def test_a_comparison_gives_each_run_what_it_uses():
    comparison = bv.compare(
        {"market": market}, reformulations=["sos1", "BigM"], methods=["Annealing"], solvers=["Gurobi"], big_m=1000,
        method_options={"seed": 1, "evaluations": 20},
    )  # fmt: skip
    assert [(row.method, row.reformulation) for row in comparison.rows] == [
        ("annealing", None), ("exact", "sos1"), ("exact", "bigm")
    ]  # fmt: skip
    assert [row.objective for row in comparison.rows[1:]] == [pytest.approx(-10)] * 2
