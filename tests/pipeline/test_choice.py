"""What "auto" makes of a model on either side: the reformulation, the solver, and the reason in the notes."""

import pyomo.environ as pyo
import pytest

import bilevolt
from bilevolt.errors import UnsupportedBySolverError
from bilevolt.levels.reading import read_levels
from bilevolt.models import random_bilevel
from bilevolt.pipeline.choice import choose_both
from bilevolt.request import Request
from bilevolt.solvers import SOLVERS

ELASTIC, PLAIN = 1, 2  # seeds: every M can be proven, or none of the multipliers'


def squared(integer):
    """A leader's objective that is no linear one."""
    model = random_bilevel.build(PLAIN, 10, integer)
    model.objective.set_value(model.objective.expr + model.objective.sense * model.L.y[0] ** 2)
    return model


def asked(reformulation="auto", solver="auto", big_m=None):
    return Request.checked(
        method="exact", reformulation=reformulation, solver=solver, time_limit=None, rel_gap=1e-6, big_m=big_m,
        cuts="auto", warm_start=None, threads=1, tee=False, progress=False, tolerance=1e-5, options=None,
        method_options=None, proof=False, confirm=None,
    )  # fmt: skip


# what is asked, who is not there, the model, and the pair that is chosen
CHOICES = [
    ({}, (), (ELASTIC, 10, False), "bigm highs"),
    ({}, (), (ELASTIC, 10, True), "bigm highs"),
    ({}, (), (PLAIN, 10, False), "sos1 scip"),
    ({}, (), (PLAIN, 10, True), "branch highs"),
    ({}, ("scip",), (PLAIN, 10, True), "branch highs"),
    ({}, ("scip",), (PLAIN, 10, False), "branch highs"),
    ({}, ("highs",), (PLAIN, 10, True), "sos1 scip"),
    ({"reformulation": "sos1"}, (), (PLAIN, 10, True), "sos1 scip"),
    ({"solver": "scip"}, (), (PLAIN, 10, True), "sos1 scip"),
    ({"solver": "highs"}, (), (PLAIN, 10, False), "branch highs"),
    ({"big_m": 1e4}, (), (PLAIN, 10, True), "bigm highs"),
]


def chosen(monkeypatch, arguments, absent, model):
    for name in absent:
        monkeypatch.setattr(SOLVERS[name], "available", lambda: "not here", raising=False)
    return choose_both(read_levels(model), asked(**arguments))


@pytest.mark.parametrize(("arguments", "absent", "which", "expected"), CHOICES, ids=str)
def test_without_gurobi(monkeypatch, arguments, absent, which, expected):
    choice = chosen(monkeypatch, arguments, ("gurobi", "xpress", *absent), random_bilevel.build(*which))
    assert f"{choice.reformulation} {choice.solver.name}" == expected


@pytest.mark.parametrize(("integer", "expected"), [(False, "sos1 scip"), (True, "sos1 scip")])
def test_what_is_nonlinear_stays_with_sets(monkeypatch, integer, expected):
    choice = chosen(monkeypatch, {}, ("gurobi", "xpress"), squared(integer))
    assert f"{choice.reformulation} {choice.solver.name}" == expected


def priced():
    """The follower buys at x + 1, or elsewhere at 3, of which the leader gets a share: x s is in no follower's cost."""
    model = pyo.ConcreteModel()
    model.x = pyo.Var(bounds=(0, 4))
    model.L = bilevolt.SubModel(fixed=[model.x])
    model.L.y = pyo.Var(bounds=(0, 7))
    model.L.s = pyo.Var(bounds=(0, 7))
    model.L.need = pyo.Constraint(expr=model.L.y + model.L.s >= 2)
    model.L.cost = pyo.Objective(expr=(model.x + 1) * model.L.y + 3 * model.L.s)
    model.revenue = pyo.Objective(expr=model.x * model.L.y + 0.25 * model.x * model.L.s, sense=pyo.maximize)
    return model


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ({"solver": "highs"}, "branch highs"),
        ({"solver": "scip"}, "bigm scip"),
        ({"solver": "highs", "reformulation": "bigm"}, "bigm highs"),
        ({"solver": "highs", "big_m": 100}, "bigm highs"),  # the user's Ms are not dropped without a word
    ],
    ids=str,
)
def test_products_that_big_m_leaves_are_branched_on(monkeypatch, arguments, expected):
    choice = chosen(monkeypatch, arguments, (), priced())
    assert f"{choice.reformulation} {choice.solver.name}" == expected
    if expected == "branch highs":
        assert any("not bigm: does not support nonconvex" in note for note in choice.notes)
        solution = bilevolt.solve(priced(), **arguments)
        assert (solution.status, solution.objective) == ("optimal", pytest.approx(4, abs=1e-5))
    elif choice.solver.name == "highs":
        with pytest.raises(UnsupportedBySolverError, match="cannot be linearised exactly"):
            bilevolt.solve(priced(), **arguments)


@pytest.mark.parametrize("integer", [False, True])
def test_with_gurobi_sets_stay(monkeypatch, integer):
    choice = chosen(monkeypatch, {}, (), random_bilevel.build(PLAIN, 10, integer))
    assert f"{choice.reformulation} {choice.solver.name}" == "sos1 gurobi"


def test_the_reason_is_in_the_notes_and_the_answer_is_the_same(monkeypatch):
    expected = bilevolt.solve(random_bilevel.build(PLAIN, 10, True), reformulation="sos1", solver="gurobi")
    monkeypatch.setattr(SOLVERS["gurobi"], "available", lambda: "not here", raising=False)
    solution = bilevolt.solve(random_bilevel.build(PLAIN, 10, True))
    assert (solution.reformulation, solution.solver, solution.status) == ("branch", "highs", "optimal")
    assert solution.objective == pytest.approx(expected.objective, rel=1e-6)
    reason = "branch on highs, not sos1: scip is slow at SOS1 beside integers (integer variable 'x[0]')"
    assert reason in solution.notes
    assert any("as bigm was refused" in note for note in solution.notes)


def test_where_nobody_takes_anything_the_first_refusal_is_told(monkeypatch):
    with pytest.raises(UnsupportedBySolverError, match=r"No solver takes the model.*not highs: not here"):
        chosen(monkeypatch, {}, SOLVERS, random_bilevel.build(PLAIN, 10, True))


def test_a_leader_that_fits_no_set_is_not_asked_twice(monkeypatch):
    """Without a pair there are no sets, and nothing is to be preferred."""
    model = pyo.ConcreteModel()
    model.x = pyo.Var(domain=pyo.Binary)
    model.L = bilevolt.SubModel(fixed=[model.x])
    model.L.y = pyo.Var()
    model.L.row = pyo.Constraint(expr=model.L.y == 2 * model.x)
    model.L.cost = pyo.Objective(expr=model.L.y)
    model.cost = pyo.Objective(expr=model.L.y - 3 * model.x)
    choice = chosen(monkeypatch, {}, ("gurobi", "xpress"), model)
    assert (choice.reformulation, choice.solver.name) == ("bigm", "highs")
