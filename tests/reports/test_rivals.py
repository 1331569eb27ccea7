"""Rivals: what they claim is a claim, and their points are held against our check."""

from functools import partial
from types import SimpleNamespace

import pyomo.environ as pyo
import pytest

import bilevolt
from bilevolt.levels.pao_adapter import TerminationCondition as PaoCondition
from bilevolt.models import random_bilevel, textbook
from bilevolt.reports import rivals
from bilevolt.reports.culprits import mark
from bilevolt.reports.rivals import RIVALS, Answer, Rival, ask
from bilevolt.solvers.status import Status

GDP = RIVALS["gdp"]


@pytest.mark.parametrize("name", ["bard511", "bard_falk_1982_1", "candler_townsley_1982", "anandalingam_white_range"])
def test_the_guessed_m_is_right_where_it_is_large_enough(name):
    row = ask(GDP, name, partial(textbook.build, name), None, 1e-6)
    assert (row.method, row.status, row.verified) == ("rival", "optimal", True)
    assert row.objective == pytest.approx(textbook.problem(name).objective, rel=1e-6)
    assert row.bound is None
    assert row.summary["cpu_seconds"] >= 0


def test_an_integer_leader():
    build = partial(random_bilevel.build, 2, 10, True)
    row = ask(GDP, "random", build, None, 1e-6)
    assert row.verified
    exact = bilevolt.solve(build(), reformulation="sos1")
    assert exact.status == "optimal"
    assert row.objective == pytest.approx(exact.objective, rel=1e-6)


def dear():
    """The follower's price of a unit is 2e6, which an M of 1e5 cuts off: there is no point left."""
    model = pyo.ConcreteModel()
    model.x = pyo.Var(bounds=(0, 1))
    model.L = bilevolt.SubModel(fixed=[model.x])
    model.L.y = pyo.Var(bounds=(0, 5))
    model.L.need = pyo.Constraint(expr=model.L.y >= 1 + model.x)
    model.L.cost = pyo.Objective(expr=2e6 * model.L.y)
    model.cost = pyo.Objective(expr=model.x + model.L.y)
    return model


def test_a_claim_that_a_point_refutes_is_marked():
    row = ask(GDP, "dear", dear, None, 1e-6)
    exact = ask(Rival("sos1", "scip", by_sos1, proves=True), "dear", dear, None, 1e-6)
    assert exact.verified and exact.objective == pytest.approx(1)
    mark([row, exact], True, 1e-6)
    assert row.status == "infeasible"
    assert row.culprit.startswith("claims infeasible, but rival sos1 scip has a verified point")
    assert exact.culprit is None


def by_sos1(model, time_limit, rel_gap):
    solution = bilevolt.solve(model, reformulation="sos1", solver="scip", time_limit=time_limit, rel_gap=rel_gap)
    return Answer(solution.status, solution.values)


def test_a_point_at_which_the_follower_does_better_fails_the_check():
    lazy = Rival("lazy", "none", lambda *_: Answer(Status.optimal, {"x": 0.0, "L.y": 5.0}), proves=False)
    row = ask(lazy, "dear", dear, None, 1e-6)
    assert row.verified is False
    mark([row], True, 1e-6)
    assert row.culprit == "its point fails the check"


def test_what_a_rival_does_not_take_is_refused():
    def failing(*_):
        raise ValueError("not for me")

    row = ask(Rival("failing", "none", failing, proves=False), "dear", dear, None, 1e-6)
    assert (row.status, row.reason) == ("refused", "ValueError: not for me")


def two_followers():
    """Either follower covers what the leader leaves; together they cost 1 + 2 at best."""
    model = pyo.ConcreteModel()
    model.x = pyo.Var(bounds=(0, 3))
    model.B = pyo.Block([1, 2])
    for k in (1, 2):
        follower = model.B[k].L = bilevolt.SubModel(fixed=[model.x])
        follower.y = pyo.Var(bounds=(0, 5))
        follower.need = pyo.Constraint(expr=follower.y >= (k * model.x if k == 1 else 3 - model.x))
        follower.cost = pyo.Objective(expr=follower.y)
    model.cost = pyo.Objective(expr=model.B[1].L.y + 2 * model.B[2].L.y)
    return model


def test_several_followers_in_blocks():
    row = ask(GDP, "two", two_followers, None, 1e-6)
    assert (row.status, row.verified) == ("optimal", True)
    assert row.objective == pytest.approx(3)


@pytest.mark.parametrize("name", ["gdp", "fa"])
def test_prices_in_the_leaders_problem_are_refused(name):
    row = ask(RIVALS[name], "rent", partial(textbook.build, "own_capacity_rent"), None, 1e-6)
    assert row.status == "refused"
    assert "dual_of" in row.reason


def test_where_pao_says_that_there_is_no_optimum_it_claims_no_point(monkeypatch):
    """Its REG leaves the values that Ipopt ended at on the model, also where Ipopt found no feasible point."""

    def solve(model, **_):
        model.x.set_value(0.5)
        return SimpleNamespace(solver=SimpleNamespace(termination_condition=PaoCondition.infeasible))

    monkeypatch.setattr(rivals, "PaoSolver", lambda _: SimpleNamespace(solve=solve))
    row = ask(RIVALS["fa"], "dear", dear, None, 1e-6)
    assert (row.status, row.objective) == ("infeasible", None)
