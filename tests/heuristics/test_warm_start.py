"""Starts for the exact solver: where they come from, which are sent, and what the notes say of them."""

import pyomo.environ as pyo
import pytest
from sweeps import only

import bilevolt
from bilevolt import SubModel, reformulate
from bilevolt.errors import BilevoltError
from bilevolt.heuristics import METHODS, warm_start
from bilevolt.instances import load_instance
from bilevolt.models import electric_bus, textbook
from bilevolt.reformulations import map_of
from bilevolt.solvers import get_solver

STEPS = ["bigm", "sos1", "indicator", "strong_duality"]
PAIRS = [*((step, "gurobi") for step in STEPS), ("bigm", "highs")]


def market():
    """A leader's integer purchase x in [0, 4]; the follower covers it from y[1] <= 3 (cost 1) and y[2] (cost 3)."""
    model = pyo.ConcreteModel(name="market")
    model.x = pyo.Var(bounds=(0, 4), domain=pyo.Integers)
    model.L = SubModel(fixed=[model.x])
    model.L.y = pyo.Var([1, 2], bounds=(0, 9))
    model.objective = pyo.Objective(expr=4 * model.L.y[2] - 2 * model.x)
    model.L.objective = pyo.Objective(expr=model.L.y[1] + 3 * model.L.y[2])
    model.L.balance = pyo.Constraint(expr=model.L.y[1] + model.L.y[2] - model.x >= 0)
    model.L.cap = pyo.Constraint(expr=model.L.y[1] <= 3)
    return model


def put(model, x, first, second):
    for variable, number in ((model.x, x), (model.L.y[1], first), (model.L.y[2], second)):
        variable.set_value(number, skip_validation=True)
    return model


def run(model, pair=("bigm", "gurobi"), **options):
    reformulation, solver = pair
    return bilevolt.solve(model, reformulation=reformulation, solver=solver, time_limit=30, **options)


def note(solution):
    """The one note on the start."""
    (found,) = (text for text in solution.notes if text.startswith(("started from", "no start")))
    return found


@pytest.mark.parametrize("pair", PAIRS, ids="-".join)
@pytest.mark.parametrize(("x", "first", "second", "objective"), [(3, 3, 0, -6), (4, 3, 1, -4), (0, 0, 0, 0)])
def test_the_values_on_the_model(pair, x, first, second, objective):
    solution = run(put(market(), x, first, second), pair, warm_start=True)
    assert float(note(solution).rpartition(" ")[2]) == pytest.approx(objective)
    assert note(solution).startswith("started from a point with objective")
    assert (solution.status, solution.objective) == ("optimal", pytest.approx(-6))
    assert solution.certificate.globally_optimal is True


@pytest.mark.parametrize("step", STEPS)
@pytest.mark.parametrize(("x", "first", "second"), [(3, 3, 0), (4, 3, 1), (1, 1, 0), (0, 0, 0)])
def test_a_completed_point_has_a_value_everywhere_and_satisfies_all_rows(step, x, first, second):
    single = reformulate(put(market(), x, first, second), step)
    assert warm_start.complete(single, get_solver("highs").solve) is None
    for pair in map_of(single).conditions.pairs:
        assert min(pair.multiplier.value, pyo.value(pair.slack)) == pytest.approx(0, abs=1e-6)
    for variable in single.component_data_objects(pyo.Var):
        assert variable.value is not None, variable.name
        assert variable.is_continuous() or variable.value in (0, 1)


@pytest.mark.parametrize("pair", PAIRS, ids="-".join)
@pytest.mark.parametrize(
    ("point", "reason"),
    [
        ((4, 2, 2), "not optimal at the leader's decision"),
        ((2, 3, 0), "not optimal at the leader's decision"),
        ((4, None, 1), r"L.y[1] has no value"),
    ],
)
def test_a_point_that_is_not_bilevel_optimal_is_not_sent(pair, point, reason):
    solution = run(put(market(), *point), pair, warm_start=True)
    assert note(solution).startswith("no start: ") and reason in note(solution)
    assert (solution.status, solution.objective) == ("optimal", pytest.approx(-6))


@pytest.mark.parametrize("step", ["bigm", "indicator", "strong_duality"])
@pytest.mark.parametrize(("point", "row"), [((4, 4, 0), "L.cap.upper"), ((4, 3, 0), "L.balance.lower")])
def test_a_point_outside_the_followers_rows_is_not_sent(step, point, row):
    solution = run(put(market(), *point), (step, "gurobi"), warm_start=True)
    assert note(solution).startswith("no start: row ") and row in note(solution)
    assert (solution.status, solution.objective) == ("optimal", pytest.approx(-6))


@pytest.mark.parametrize(
    ("step", "point"),
    [
        ("bigm", (5, 3, 2)),  # the leader's x is above its bound
        ("bigm", (2.5, 2.5, 0)),  # an integer that is none
        ("sos1", (4, 4, 0)),  # a slack, there a variable, is negative
        ("sos1", (4, 3, 0)),
        ("indicator", (1, 2, -1)),  # the follower's y[2] is below its bound
    ],
)
def test_a_point_outside_bounds_is_not_sent(step, point):
    solution = run(put(market(), *point), (step, "gurobi"), warm_start=True)
    assert note(solution).startswith("no start: ")


def test_a_point_outside_the_leaders_rows_is_not_sent():
    model = put(market(), 4, 3, 1)
    model.budget = pyo.Constraint(expr=model.x <= 3)
    assert note(run(model, warm_start=True)) == "no start: row 'leader.rows[budget]' is violated by 1"


@pytest.mark.parametrize("pair", PAIRS, ids="-".join)
def test_a_solution_of_before(pair):
    model = market()
    before = run(model, ("sos1", "gurobi"))
    solution = run(put(model, 0, 9, 9), pair, warm_start=before)
    assert note(solution) == "started from a point with objective -6"
    assert solution.objective == pytest.approx(-6)


def test_a_solution_read_from_json():
    before = bilevolt.Solution.from_json(run(market()).to_json())
    assert note(run(market(), warm_start=before)) == "started from a point with objective -6"


@pytest.mark.parametrize("pair", PAIRS, ids="-".join)
@pytest.mark.parametrize("name", ["gecco2013", "clark_westerberg_1988", "anandalingam_white_range"])
def test_the_nested_heuristics_point(pair, name):
    model = textbook.build(name)
    heuristic = bilevolt.solve(model, method="nested")
    solution = run(textbook.build(name), pair, warm_start="nested")
    assert float(note(solution).rpartition(" ")[2]) == pytest.approx(heuristic.objective, rel=1e-5)
    assert note(solution).startswith("started from")
    assert (solution.status, solution.objective) == (
        "optimal",
        pytest.approx(textbook.problem(name).objective, rel=1e-4),
    )


def test_a_heuristic_that_finds_nothing_is_no_start():
    assert bilevolt.solve(textbook.build("bard511"), method="nested").status == "no_solution"
    solution = run(textbook.build("bard511"), warm_start="nested")
    assert note(solution).startswith("no start: ")
    assert (solution.status, solution.objective) == ("optimal", pytest.approx(-12))


@pytest.mark.parametrize(("step", "solver"), only([("bigm", "highs")], [("sos1", "scip"), ("bigm", "highs")]))
def test_the_smaller_bus_city_starts_from_the_nested_heuristic(step, solver):
    model = electric_bus.build(load_instance("limassol_small"))
    solution = run(model, (step, solver), warm_start="nested")
    start = float(note(solution).removeprefix("started from a point with objective "))
    assert solution.status == "optimal", solution.notes
    assert solution.certificate.globally_optimal is True
    assert solution.objective <= start * (1 + 1e-6)  # the authority minimises


def test_an_unknown_heuristic_is_refused():
    with pytest.raises(BilevoltError, match=r"warm_start 'nestde' is unknown\. Did you mean nested"):
        run(market(), warm_start="nestde")


@pytest.mark.parametrize("nothing", [None, False])
def test_no_start_no_note(nothing):
    solution = run(put(market(), 3, 3, 0), warm_start=nothing)
    assert not [text for text in solution.notes if "start" in text]


def test_a_search_for_a_start_has_the_time_limit_too(monkeypatch):
    sessions = []

    def search(bilevel, session):
        sessions.append(session)
        return METHODS["nested"](bilevel, session)

    monkeypatch.setitem(METHODS, "search", search)
    told = []
    bilevolt.solve(textbook.build("bard511"), warm_start="search", time_limit=7, progress=told.append)
    assert [session.time_limit for session in sessions] == [7]
    assert any(text.startswith("iteration 1") for text in told)
