"""What a solution says of itself is held against the point: changed numbers, emptied multipliers, invented prices."""

import json

import pyomo.environ as pyo
import pytest

import bilevolt
from bilevolt import Solution, SubModel, dual_of, solve, verify
from bilevolt.models import textbook


@pytest.fixture(scope="module")
def saved():
    return json.loads(solve(textbook.build("bard511")).to_json())


CHANGES = [
    ({}, set()),
    ({"objective": -99.0}, {"objective"}),
    ({"objective": -12.001}, {"objective"}),
    ({"bound": -99.0}, {"bound of what is called optimal"}),
    ({"bound": -11.9}, {"bound, which is worse than the objective"}),
    ({"lower_objectives": {"L": 77.0}}, {"objective of follower L"}),
    ({"values": {"x": 2.0, "y": 1.0}, "multipliers": {}}, {"objective", "objective of follower L"}),
]


@pytest.mark.parametrize(("change", "expected"), CHANGES)
def test_changed_claims_are_named(saved, change, expected):
    """At x = 2, y = 1 the leader's objective is -2; the optimum is -12."""
    certificate = verify(textbook.build("bard511"), Solution.from_json(json.dumps(saved | change)))
    assert expected <= set(certificate.violations)
    assert certificate.bilevel_feasible == (not expected)
    assert certificate.globally_optimal is None  # a file's status proves nothing


def market():
    """Coal up to 3.5 at 2, gas at 5; the leader sells x at the price of demand."""
    m = pyo.ConcreteModel()
    m.x = pyo.Var(domain=pyo.Integers, bounds=(0, 6))
    m.L = SubModel(fixed=[m.x])
    m.L.y = pyo.Var(["coal", "gas"], domain=pyo.NonNegativeReals)
    m.L.demand = pyo.Constraint(expr=m.L.y["coal"] + m.L.y["gas"] + m.x >= 6)
    m.L.limit = pyo.Constraint(expr=m.L.y["coal"] <= 3.5)
    m.L.cost = pyo.Objective(expr=2 * m.L.y["coal"] + 5 * m.L.y["gas"])
    m.price = dual_of(m.L.demand)
    m.profit = pyo.Objective(expr=(m.price - 1) * m.x, sense=pyo.maximize)
    m.x.set_value(2)
    m.L.y["coal"].set_value(3.5)
    m.L.y["gas"].set_value(0.5)
    return m


@pytest.mark.parametrize(("claimed", "feasible"), [(5.0, True), (None, True), (1000.0, False), (4.9, False)])
def test_a_price_is_compared_with_the_nearest_that_belongs_to_the_point(claimed, feasible):
    m = market()
    m.price.set_value(claimed)
    certificate = verify(m)
    assert certificate.bilevel_feasible == feasible
    if not feasible:
        assert certificate.violations == {"dual_of(L.demand)": pytest.approx(abs(claimed - 5), abs=1e-6)}
    assert m.price.value == claimed


@pytest.mark.parametrize(("claimed", "violated"), [(3.0, "dual_of(L.demand)"), (None, "cap"), (5.0, "cap")])
def test_a_row_with_a_price_is_checked_at_the_true_price(claimed, violated):
    m = market()
    m.cap = pyo.Constraint(expr=m.price <= 4)
    m.price.set_value(claimed)
    assert violated in verify(m).violations


@pytest.mark.parametrize("claimed", [2.0, 3.5, 5.0])
def test_any_price_of_a_degenerate_follower_is_right(claimed):
    m = market()
    m.x.domain = pyo.Reals
    m.x.set_value(2.5)
    m.L.y["gas"].set_value(0.0)
    m.price.set_value(claimed)
    assert verify(m).bilevel_feasible
    m.price.set_value(5.1)
    assert not verify(m).bilevel_feasible


@pytest.mark.parametrize("unit", [1e-9, 1e-6, 1.0, 1e6])
@pytest.mark.parametrize("sense", [1, -1])
def test_the_followers_gap_is_measured_on_its_own_scale(unit, sense):
    """The follower's y is max(0, x - 5), in whatever unit it counts its costs."""
    m = pyo.ConcreteModel()
    m.x, m.y = pyo.Var(bounds=(0, 6)), pyo.Var(bounds=(0, 9))
    m.L = SubModel(fixed=[m.x])
    m.L.c = pyo.Constraint(expr=m.y >= m.x - 5)
    m.L.o = pyo.Objective(expr=sense * unit * m.y, sense=sense)
    m.o = pyo.Objective(expr=m.x - m.y)
    solution = solve(m)
    assert (solution.status, solution.objective) == ("optimal", pytest.approx(0, abs=1e-6))
    m.x.set_value(0)
    m.y.set_value(9)
    assert not verify(m).bilevel_feasible
    m.y.set_value(1e-3)
    assert not verify(m).bilevel_feasible


def test_a_tolerance_must_be_one():
    for wrong in (float("nan"), 0.0, -1.0, "x"):
        with pytest.raises(bilevolt.errors.BilevoltError, match="tolerance"):
            verify(market(), tolerance=wrong)
