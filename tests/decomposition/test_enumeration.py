"""Enumeration of the leader's decisions: against known truths, what it refuses, when "exact" uses it."""

import itertools
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pyomo.environ as pyo
import pytest

import bilevolt as bv
from bilevolt.decomposition.enumeration import entry
from bilevolt.decomposition.enumeration.arrays import arrays_of, decision_of
from bilevolt.decomposition.enumeration.decisions import decisions
from bilevolt.errors import ArgumentError, BilevoltError
from bilevolt.models import textbook

sys.path.insert(0, str(Path(__file__).parents[2] / "scripts"))

from fuzzing.conditions import NotCoveredError
from fuzzing.enumeration import enumerate_truth
from fuzzing.generator import generate
from fuzzing.problem import LEADER
from fuzzing.verdict import claim, judge


def with_integers(problem):
    """The same problem where all that followers see of the leader is integer, with at most four values."""
    columns = dict(problem.columns)
    for name in {c for follower in problem.followers for c in problem.seen_by(follower)}:
        column = columns[name]
        if column.owner == LEADER and column.fixed is None:
            least = column.lower if column.lower is not None else -2 if column.upper is None else column.upper - 3
            most = least + 3 if column.upper is None else min(column.upper, least + 3)
            columns[name] = replace(column, lower=round(least), upper=round(most), integer=True, power=0)
    return replace(problem, columns=columns)


def enumerate_it(model, *, time_limit, **_):
    return bv.solve(model, method="enumeration", time_limit=time_limit)


def test_random_problems_have_their_true_answers():
    """Prices, products, coupling rows, ties, bad scales, followers without an optimum, leaders without a limit."""
    outcomes, kinds = [], set()
    for number in (*range(9), 198):  # 198: columns of 1e6 in rows of 1e-5
        problem = with_integers(generate(2, number))
        if any(len(t.factors) > 1 and not set(t.factors) & {"x0", "x1", "x2"} for f in problem.followers
               for t in problem.levels[f].terms):  # fmt: skip
            continue  # a QP
        try:
            truth = enumerate_truth(problem)
        except NotCoveredError:
            continue
        said = claim(problem, "auto", "auto", 60.0, solve=enumerate_it)
        verdict = judge(said, problem, truth)
        outcomes.append((number, verdict.outcome, verdict.said or said.error))
        kinds.add(said.status)
    assert [o for o in outcomes if o[1] not in ("right", "refused")] == []
    assert sum(outcome == "right" for _, outcome, _ in outcomes) >= 4
    assert {"optimal", "infeasible"} <= kinds


def market(upper=1, coupled=None, taste=0.0, sign=1):
    """A seller opens sites; two equal plants share a demand, so that who produces is a tie, and the price is not."""
    model = pyo.ConcreteModel()
    model.x = pyo.Var([0, 1], bounds=(0, upper), within=pyo.Integers)
    model.L = bv.SubModel(fixed=[model.x])
    model.L.y = pyo.Var([0, 1], bounds=(0, 4))
    model.L.cost = pyo.Objective(
        expr=sign * (2 * model.L.y[0] + 2 * model.L.y[1]), sense=pyo.minimize if sign > 0 else pyo.maximize
    )
    model.L.balance = pyo.Constraint(expr=model.L.y[0] + model.L.y[1] == 4 * model.x[0] + 2 * model.x[1])
    price = bv.dual_of(model.L.balance)
    model.gain = pyo.Objective(
        expr=sign * price * (model.x[0] + 3 * model.x[1]) + taste * model.L.y[0] - model.x[0], sense=pyo.maximize
    )
    if coupled is not None:
        model.most = pyo.Constraint(expr=model.L.y[0] + model.x[0] <= coupled)
    return model


@pytest.mark.parametrize(
    ("arguments", "objective"),
    [
        ({}, 7.0),
        ({"taste": 5.0}, 27.0),  # the tie is broken for the leader
        ({"taste": -5.0}, 6.0),  # one site, all of it by the other plant; two would need 2 of this one
        ({"sign": -1}, 7.0),
        ({"coupled": 1.0, "taste": 1.0}, 7.0),  # one site, 1 of this plant
        ({"coupled": -1.0}, None),
    ],
)
def test_ties_and_prices_are_the_leaders(arguments, objective):
    model = market(**arguments)
    found = bv.solve(model, method="enumeration")
    other = bv.solve(market(**arguments), solver="highs")
    assert found.status == other.status
    if objective is None:
        assert found.status == "infeasible"
        return
    assert found.objective == pytest.approx(other.objective, abs=1e-6) == pytest.approx(objective, abs=1e-6)
    assert found.bound == pytest.approx(found.objective)
    assert found.certificate.globally_optimal


def test_the_list_is_that_of_all_values():
    random = np.random.default_rng(3)
    for _ in range(10):
        model = market(upper=2)
        model.z = pyo.Var(bounds=(0, 1))
        a = random.integers(-3, 4, 2).tolist()
        model.own = pyo.Constraint(expr=(-2, a[0] * model.x[0] + a[1] * model.x[1], 1))
        model.soft = pyo.Constraint(expr=a[1] * model.x[0] - model.x[1] + model.z >= 0)
        model.curved = pyo.Constraint(expr=model.x[0] * model.x[1] <= 2)
        bilevel = bv.reformulations.read_levels(model)
        arrays = arrays_of(bilevel, decision_of(bilevel))
        listed = decisions(arrays)
        order = [[v.name for v in arrays.decision].index(model.x[i].name) for i in (0, 1)]
        expected = {
            x for x in itertools.product(range(3), repeat=2)
            if -2 <= a[0] * x[0] + a[1] * x[1] <= 1 and a[1] * x[0] - x[1] + 1 >= 0 and x[0] * x[1] <= 2
        }  # fmt: skip
        assert {tuple(row[order].astype(int).tolist()) for row in listed} == expected
        assert len(listed) == len(expected)
        assert not expected or decisions(arrays, most=len(expected) - 1) is None


def test_neighbours_in_the_list_differ_in_one_step():
    bilevel = bv.reformulations.read_levels(market(upper=3))
    listed = decisions(arrays_of(bilevel, decision_of(bilevel)))
    assert len(listed) == 16
    assert np.abs(np.diff(listed, axis=0)).sum(axis=1).max() == 1


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ({"reformulation": "sos1"}, "reformulation='sos1' is not used by method='enumeration'"),
        ({"solver": "scip"}, "solver='scip' is not used"),
        ({"warm_start": True}, "warm_start=True is not used"),
        ({"confirm": "scip"}, "confirm='scip' is not used"),
        ({"options": {"a": 1}}, "options="),
        ({"stance": "pessimistic"}, "only for stance='optimistic'"),
        ({"method_options": {"seed": 1}}, "no option 'seed'; it has none"),
    ],
)
def test_what_has_no_effect_is_refused(arguments, said):
    with pytest.raises(ArgumentError) as refusal:
        bv.solve(market(), method="enumeration", **arguments)
    assert said in str(refusal.value)


@pytest.mark.parametrize(
    ("model", "said"),
    [
        (lambda: textbook.build("bard511"), "which is no integer"),
        (lambda: textbook.build("moore"), "owns integers"),
        (lambda: market(upper=None), "has no finite range"),
        (lambda: market(upper=100), "more than 4096 decisions"),
    ],
)
def test_what_is_not_covered_is_refused(model, said):
    with pytest.raises(BilevoltError) as refusal:
        bv.solve(model(), method="enumeration")
    assert said in str(refusal.value) and "method='exact'" in str(refusal.value)


def test_exact_enumerates_where_that_is_cheaper(monkeypatch):
    assert bv.solve(market(), solver="highs").method == "exact"  # too small to ask
    monkeypatch.setattr(entry, "WORTH", 0)
    found = bv.solve(market(), solver="highs")
    assert (found.method, found.status) == ("enumeration", "optimal")
    assert found.notes[-1].startswith("enumeration: all 4 decisions of the leader")
    for arguments in ({"reformulation": "bigm", "big_m": 100}, {"solver": "scip"}):
        assert bv.solve(market(), **arguments).method == "exact"
    assert bv.solve(market(upper=60), solver="highs").method == "exact"  # 3721 decisions of 4 pairs


def test_a_stop_claims_nothing():
    found = bv.solve(market(), method="enumeration", time_limit=0.0)
    assert found.status == "no_solution" and found.bound is None and found.objective is None


def test_a_follower_whose_rows_have_none_of_its_variables():
    """HiGHS solves such an LP without a simplex step; asking for its basic variables then ended the process."""
    model = pyo.ConcreteModel()
    model.x = pyo.Var(range(2), bounds=(0, 2), domain=pyo.Integers)
    model.L = bv.SubModel(fixed=[model.x])
    model.L.y = pyo.Var(bounds=(None, 0))
    model.L.row = pyo.Constraint(expr=-2 * model.x[0] >= -2)
    model.L.cost = pyo.Objective(expr=2 * model.L.y + model.x[0], sense=pyo.maximize)
    model.cost = pyo.Objective(expr=-5 * model.x[0] - 3 * model.x[1] + model.L.y)
    solution = bv.solve(model, method="enumeration")
    assert (solution.status, solution.objective) == ("optimal", pytest.approx(-11))


def test_a_row_that_scaling_makes_small_is_not_believed_to_hold():
    """-1000 x + 2e9 x y <= -2000 is broken by 1000 at x = -1, y = 1e-6, which is little where 2e9 is scaled to 1."""
    model = pyo.ConcreteModel()
    model.x = pyo.Var(bounds=(-1, -1), domain=pyo.Integers)
    model.L = bv.SubModel(fixed=[model.x])
    model.L.y = pyo.Var()
    model.L.row = pyo.Constraint(expr=1e9 * model.L.y - 2e9 * model.x * model.L.y >= 3000)
    model.L.cost = pyo.Objective(expr=2e6 * model.L.y)
    model.row = pyo.Constraint(expr=-1000 * model.x + 2e9 * model.x * model.L.y <= -2000)
    model.cost = pyo.Objective(expr=-2e6 * model.L.y)
    assert bv.solve(model, method="enumeration").status in ("no_solution", "infeasible")
