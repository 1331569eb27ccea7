"""Stations, validation, split of the revenue and correlations: figures by hand, and the paper's beside them."""

from typing import Any

import numpy as np
import pytest

import bilevolt as bv
from bilevolt.instances.demand_response import DemandResponseInstance
from bilevolt.models import demand_response
from bilevolt.models.demand_response import indicators, tables
from bilevolt.models.demand_response.reaction import charging_at_arrival


def test_a_stations_peak_and_its_hour(instance: DemandResponseInstance, answers: dict[str, dict[str, Any]]) -> None:
    table = indicators.stations_table(instance, answers)
    assert list(table.index) == [station.id for station in instance.stations]
    assert not [column for column in table.columns if column.startswith("paper")], "not ten stations"
    for station in instance.stations:
        peak = answers["dear"]["station_peak_kw"][station.id]
        assert table.loc[station.id, "dear: peak, % of limit"] == pytest.approx(100 * peak / station.limit_kw)
        slot = [instance.slot_hour(k) % 24 for k in range(24)].index(table.loc[station.id, "dear: hour"])
        rows = [answers["dear"]["charging_kw"][ev.id][slot] for ev in instance.at_station(station)]
        assert sum(rows) == pytest.approx(peak)
        assert 0 < table.loc[station.id, "dear: % of its EVs"] <= 100


def test_the_papers_stations_are_beside_ten() -> None:
    ten = bv.load_instance("ev50_station10")
    base = np.array(ten.base_price_usd_per_kwh)
    answer = demand_response.describe(ten, base, charging_at_arrival(ten))
    table = indicators.stations_table(ten, {"uncontrolled": answer})
    assert list(table["paper: %"]) == [86, 84, 92, 87, 96, 93, 91, 81, 79, 83]
    assert table["uncontrolled: peak, % of limit"].max() < 100


def test_validation(instance: DemandResponseInstance, answers: dict[str, dict[str, Any]]) -> None:
    table = indicators.validation_table(instance, answers, "uncontrolled")
    assert list(table["dear"].iloc[:2]) == pytest.approx([100, 100])
    assert table.loc["EVs that respond (%)", "uncontrolled"] == 0 < table.loc["EVs that respond (%)", "dear"] <= 100
    assert table.loc["greatest wait (h)", "dear"] == max(answers["dear"]["start_h"].values())
    first = instance.evs[0].id
    half = {**answers["dear"]["charging_kw"], first: [kw / 2 for kw in answers["dear"]["charging_kw"][first]]}
    less = indicators.validation_table(instance, {**answers, "less": answers["dear"] | {"charging_kw": half}}, "dear")
    assert less.loc["energy fulfilled, least of all EVs (%)", "less"] == pytest.approx(50)
    assert less.loc["EVs that respond (%)", "less"] == pytest.approx(100 / 8)
    assert list(less["paper, achieved"]) == [98.1, 100, 83, 3.8]


def test_the_split_adds_up_to_the_revenue(instance: DemandResponseInstance, answers: dict[str, dict[str, Any]]) -> None:
    table = indicators.revenue_split(instance, answers)
    assert table["dear: $/day"].sum() == pytest.approx(answers["dear"]["revenue_usd"])
    assert table["dear: %"].sum() == pytest.approx(100)
    assert table["uncontrolled: %"].isna().all(), "no revenue, no shares"
    assert list(table["paper: %"]) == [68, 22, 10]
    at_night = instance.slot_hour(18) % 24
    assert 1 <= at_night < 7
    answer = answers["uncontrolled"] | {"price_usd_per_kwh": list(instance.base_price_usd_per_kwh)}
    answer["price_usd_per_kwh"][18] += 1.0
    answer["charging_kw"] = {ev.id: [2.0 if k == 18 else 0.0 for k in range(24)] for ev in instance.evs}
    split = indicators.revenue_split(instance, {"night": answer})["night: $/day"]
    assert list(split) == pytest.approx([0, 16, 0])


def test_correlations_of_the_papers_own_numbers_are_not_those_it_states(answers: dict[str, dict[str, Any]]) -> None:
    paper = {
        weights: {"revenue_usd": a, "variance_kw2": b, "wait_h": c, "objective": 0.0}
        for weights, (a, b, c, _) in tables.PAPER_WEIGHTS.items()
    }
    table = indicators.correlation_table(tables.weights_table(paper))
    assert list(table["here"]) == pytest.approx(list(table["paper's Table 9"]))
    assert list(table["here"]) == pytest.approx([0.734, 0.953, 0.853], abs=1e-3)
    assert list(table["paper states"]) == [-0.88, -0.71, 0.34]
    same = tables.weights_table(dict.fromkeys(((0.6, 0.3, 0.1), (0.8, 0.1, 0.1)), paper[0.6, 0.3, 0.1]))
    assert indicators.correlation_table(same)["here"].isna().all()
