"""Tables of demand response: figures by hand, identities, and the paper's columns."""

from typing import Any

import numpy as np
import pytest

import bilevolt as bv
from bilevolt.instances.demand_response import DemandResponseInstance
from bilevolt.models import demand_response
from bilevolt.models.demand_response import tables
from bilevolt.models.demand_response.reaction import react

UNCONTROLLED, REACTION, DEAR_NOON = "uncontrolled", "reaction to BP", "dear"


def test_every_table_has_the_answers_and_the_paper(
    instance: DemandResponseInstance, answers: dict[str, dict[str, Any]]
) -> None:
    for table in (
        tables.wait_table(answers),
        tables.grid_table(answers),
        tables.economy_table(answers),
        tables.performance_table(instance, answers),
    ):
        assert list(table.columns) == [*answers, tables.PAPER_BEFORE, tables.PAPER_AFTER]
        assert np.isfinite(table[list(answers)].to_numpy()).all()
    assert tables.grid_table(answers).loc["load factor", tables.PAPER_AFTER] == 0.79


def test_waits_are_from_arrival_to_the_first_charging(answers: dict[str, dict[str, Any]]) -> None:
    table = tables.wait_table(answers)
    assert table.loc["wait, maximum (h)", UNCONTROLLED] == 0
    waits = list(answers[REACTION]["start_h"].values())
    assert table.loc["wait, mean (h)", REACTION] == pytest.approx(sum(waits) / 8)
    assert table.loc["wait, maximum (h)", REACTION] == max(waits) > 0


def test_money_adds_up(answers: dict[str, dict[str, Any]]) -> None:
    table = tables.economy_table(answers)
    for name in answers:
        revenue, bill, savings = table[name]
        base_before = answers[UNCONTROLLED]["base_bill_usd"]
        assert bill == pytest.approx(revenue + base_before - savings)  # bill = F1 + energy at base prices
    assert table.loc["DR revenue ($/day)", REACTION] == pytest.approx(0, abs=1e-12)


def test_improvements_against_both_references(answers: dict[str, dict[str, Any]]) -> None:
    table = tables.improvement_table(answers, DEAR_NOON, (UNCONTROLLED, REACTION))
    expected = 100 * (answers[DEAR_NOON]["peak_kw"] / answers[REACTION]["peak_kw"] - 1)
    assert table.loc["peak", f"against {REACTION}"] == pytest.approx(expected)
    assert np.isnan(table.loc["wait, mean", f"against {UNCONTROLLED}"])  # nobody waits there
    assert table.loc["peak", "paper"] == -30.5


def test_ties_are_ordered(instance: DemandResponseInstance, answers: dict[str, dict[str, Any]]) -> None:
    table = tables.ties_table(instance, {REACTION: answers[REACTION]})
    column = table[REACTION]
    assert column["optimistic"] + 1e-9 >= column["earliest-first"] > column["latest-first"] - 1e-9
    assert column.min() == column["pessimistic (at most)"]
    pooled = bv.load_instance("ev_station_binding")
    base = np.array(pooled.base_price_usd_per_kwh)
    answer = demand_response.describe(pooled, base, react(pooled, base))
    assert "optimistic" not in tables.ties_table(pooled, {REACTION: answer}).index


def test_accounting_of_prices_over_all_demand_is_revenue(
    instance: DemandResponseInstance, answers: dict[str, dict[str, Any]]
) -> None:
    """Incentive and penalty for a change from nothing are what users get back: less the aggregator's revenue."""
    nothing = answers[DEAR_NOON] | {"charging_kw": {ev.id: [0.0] * 24 for ev in instance.evs}}
    table = tables.accounting_table(instance, {"nothing": nothing, **answers}, "nothing")
    column = table[DEAR_NOON]
    paid_back = column["(2) incentive for the change ($/day)"] + column["(3) penalty for the change ($/day)"]
    assert paid_back == pytest.approx(-answers[DEAR_NOON]["revenue_usd"])
    assert column["(5) DR cost ($/day)"] == pytest.approx(column["(2) incentive for the change ($/day)"])


def test_energy_is_moved_and_users_respond(
    instance: DemandResponseInstance, answers: dict[str, dict[str, Any]]
) -> None:
    table = tables.accounting_table(instance, answers, REACTION)
    assert table.loc["(1) energy moved (kWh/day)", REACTION] == 0
    assert 0 < table.loc["(1) energy moved (kWh/day)", DEAR_NOON] <= sum(ev.energy_kwh for ev in instance.evs)
    assert 0 < table.loc["EVs that respond (%)", DEAR_NOON] <= 100


def test_weights_beside_the_papers(answers: dict[str, dict[str, Any]]) -> None:
    table = tables.weights_table({(0.6, 0.3, 0.1): answers[REACTION], (0.2, 0.2, 0.6): answers[DEAR_NOON]})
    assert table.loc["0.6:0.3:0.1", "paper: stress"] == 2406
    assert np.isnan(table.loc["0.2:0.2:0.6", "paper: stress"])
    assert table.loc["0.6:0.3:0.1", "variance (kW^2)"] == answers[REACTION]["variance_kw2"]
