"""The text's (1) to (5), by hand and by identities."""

import math

import numpy as np
import pytest

from bilevolt.models.demand_response import accounting


def test_by_hand() -> None:
    change = accounting.demand_change([10, 20], [14, 15])
    assert change.tolist() == [4, -5]
    assert accounting.incentive([0.1, 0.0], change).tolist() == pytest.approx([0.4, 0.0])
    assert accounting.penalty([0.0, -0.2], change).tolist() == pytest.approx([0.0, 1.0])


@pytest.mark.parametrize(
    ("price", "incentive", "penalty", "demand"),
    [
        (0.20, 0.0, 0.0, 100.0),  # nothing changes
        (0.15, 0.0, 0.0, 105.0),  # a discount of a quarter, elasticity 0.2
        (0.20, 0.05, 0.0, 105.0),  # an incentive is as good
        (0.20, 0.0, -0.05, 95.0),  # a penalty lowers demand
        (0.25, 0.05, 0.0, 100.0),  # and they add up
    ],
)
def test_elastic_demand(price: float, incentive: float, penalty: float, demand: float) -> None:
    assert accounting.elastic_demand(100.0, 0.2, 0.20, price, incentive, penalty) == pytest.approx(demand)


def test_implied_elasticity_undoes_elastic_demand() -> None:
    generator = np.random.default_rng(1)
    initial, before = generator.uniform(5, 50, 24), generator.uniform(0.12, 0.17, 24)
    price = before * generator.uniform(0.8, 2.0, 24)
    modified = accounting.elastic_demand(initial, 0.3, before, price)
    assert accounting.implied_elasticity(initial, modified, before, price) == pytest.approx(0.3)
    initial[3] = 0.0  # no relative change there: left out
    assert accounting.implied_elasticity(initial, modified, before, price) == pytest.approx(0.3)


def test_no_elasticity_without_a_price_change() -> None:
    assert math.isnan(accounting.implied_elasticity([1, 2], [2, 1], [0.1, 0.1], [0.1, 0.1]))


def test_cost_counts_only_those_that_take_part() -> None:
    change = np.array([[1.0, -1.0], [2.0, 0.0]])
    assert accounting.dr_cost(change, [0.5, 0.1], [1, 1]) == pytest.approx(0.4 + 1.0)
    assert accounting.dr_cost(change, [0.5, 0.1], [0, 1]) == pytest.approx(1.0)


def test_a_price_of_zero_is_refused() -> None:
    with pytest.raises(ValueError, match="initial_price"):
        accounting.elastic_demand(1.0, 0.2, 0.0, 0.1)
