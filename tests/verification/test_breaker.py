"""``break_big_m``: too small an M is broken by a verified point; a large one never is, nor is it called valid."""

import math

import pyomo.environ as pyo
import pytest
from sweeps import one_in

import bilevolt as bv
from bilevolt import Solution, Status, SubModel, dual_of
from bilevolt.errors import ArgumentError
from bilevolt.models import random_bilevel, textbook


def test_pineda_with_50() -> None:
    model = textbook.build("pineda")
    found = bv.break_big_m(model, 50)
    assert found.broken and found.status is Status.optimal
    assert (found.objective, found.better) == (pytest.approx(51.5), pytest.approx(102))
    (excess,) = found.exceeding
    assert excess.what == "slack of L.xR.lower"
    assert (excess.reached, excess.excess, found.least_m) == tuple(map(pytest.approx, (100, 50, 100)))
    assert found.report().splitlines()[0] == "with M = 50         optimal, objective 51.5 at xR = 1.5, L.xR = 50"
    assert found.report().splitlines()[-1] == "broken"
    assert all(variable.value is None for variable in model.component_data_objects(pyo.Var))


def test_a_large_m_is_not_broken_and_not_called_valid() -> None:
    found = bv.break_big_m(textbook.build("pineda"), 200)
    assert not found.broken and found.better is None and found.least_m is None and not found.exceeding
    assert found.report().splitlines()[-1] == "not broken" and "valid" not in found.report()
    assert {line.split(":")[0] for line in found.tried} >= {"nested", "scholtes", "branch on highs"}


@pytest.mark.parametrize("seed, m", one_in(3, [(5, 10), (12, 15), (14, 15), (25, 10), (20, 4), (22, 10)]))
def test_random_models_are_broken(seed: int, m: float) -> None:
    def build() -> pyo.ConcreteModel:
        return random_bilevel.build(seed, 10, integer_leader=seed % 3 == 2)

    found = bv.break_big_m(build(), m)
    assert found.broken and found.better is not None and found.exceeding
    model = build()
    sign = 1 if bv.reformulations.read_levels(model).leader.objective.sense == pyo.minimize else -1
    if found.objective is None:
        assert found.status is Status.infeasible
    else:
        assert sign * found.better < sign * found.objective - 1e-4
    point = Solution(Status.feasible, objective=found.better, values=found.better_values)
    assert bv.verify(model, point).bilevel_feasible
    assert all(e.reached > m and e.excess == pytest.approx(e.reached - m) for e in found.exceeding)
    assert found.least_m is not None and m < found.least_m < math.inf
    # The point fits the model with the least M that is told, but with no smaller one.
    enough = bv.break_big_m(build(), found.least_m * (1 + 1e-6))
    assert enough.objective is not None and sign * enough.objective <= sign * found.better + 1e-4


def model_with_price(lower: float) -> pyo.ConcreteModel:
    """The follower's price of its row is any number in [0, 8] at x = 0, where it is degenerate; the leader wants it."""
    model = pyo.ConcreteModel()
    model.x = pyo.Var(bounds=(0, 1))
    model.L = SubModel(fixed=[model.x])
    model.L.y = pyo.Var(bounds=(0, 5))
    model.L.objective = pyo.Objective(expr=8 * model.L.y)
    model.L.row = pyo.Constraint(expr=model.L.y - model.x >= 0)
    model.floor = pyo.Constraint(expr=dual_of(model.L.row) >= lower)
    model.objective = pyo.Objective(expr=model.x)
    return model


@pytest.mark.parametrize("lower, broken", [(6, False), (7.5, True)])
def test_prices_of_the_leader_are_part_of_the_point(lower: float, broken: bool) -> None:
    # With M = 7, smaller multipliers than 7.5 fit the follower's answer, but not the price that the leader needs.
    found = bv.break_big_m(model_with_price(lower), 7)
    assert found.broken is broken and found.status is (Status.infeasible if broken else Status.optimal)
    if broken:
        assert [e.what for e in found.exceeding] == ["multiplier of L.row.lower"]
        assert found.least_m == pytest.approx(7.5, abs=0.6)


@pytest.mark.parametrize("arguments", [{"m": 0}, {"m": math.inf}, {"m": "5"}, {"m": 5, "node_limit": 0}])
def test_refusals(arguments: dict) -> None:
    with pytest.raises(ArgumentError, match=r"m='5'|m=0|m=inf|node_limit=0"):
        bv.break_big_m(textbook.build("pineda"), **arguments)


def test_a_report_names_the_worst_pairs() -> None:
    found = bv.break_big_m(random_bilevel.build(13, 10), 4)
    lines = [line for line in found.report().splitlines() if line.startswith("exceeds M")]
    assert len(lines) == min(len(found.exceeding), 12) + (len(found.exceeding) > 12)
    assert found.exceeding[0].excess == max(e.excess for e in found.exceeding)
    assert found.exceeding[0].what in lines[0]


def test_an_interrupted_search_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bilevolt.verification.breaker.stop_requested", lambda: True)
    found = bv.break_big_m(textbook.build("pineda"), 50)
    assert found.interrupted and not found.broken and not found.tried
    assert found.report().splitlines()[-1] == "not broken (interrupted)"
