"""Figures and tables of the fast-charging problem show what its answers say."""

import io
from typing import Any

import numpy as np
import pytest
from rich.console import Console

import bilevolt as bv
from bilevolt.models import PROBLEMS, fast_charging
from bilevolt.models.fast_charging import figure as figures
from bilevolt.models.fast_charging import tables

INSTANCE = "ieee33_small"


@pytest.fixture(scope="module")
def answer() -> dict[str, Any]:
    model = fast_charging.build(bv.load_instance(INSTANCE))
    bv.solve(model, reformulation="strong_duality", solver="highs")
    return fast_charging.summary(model)


def text(table: Any) -> str:
    console = Console(width=200, file=io.StringIO())
    console.print(table)
    return console.file.getvalue()


def test_heat_maps_are_bus_by_slot(answer: dict[str, Any]) -> None:
    figure = PROBLEMS["fast_charging"].figure.draw(bv.load_instance(INSTANCE), {"exact": answer})
    prices, _, shedding, _ = [axes for axes in figure.axes if axes.get_xlabel()]
    shown = prices.collections[0].get_array()
    assert np.array_equal(shown, np.array(list(answer["lmp_usd_per_kwh"].values())))
    assert shown.shape == (33, 3)
    shed = shedding.collections[0].get_array()
    assert shed.sum() * 8 == pytest.approx(answer["shed_kwh_per_day"])
    markers = [line for line in prices.lines if line.get_marker() == ">"]
    assert [line.get_ydata()[0] for line in markers] == [bus - 0.5 for bus in answer["stations"]]


def test_an_answer_without_prices_or_stations_is_drawn_and_none_refused(answer: dict[str, Any]) -> None:
    instance = bv.load_instance(INSTANCE)
    bare = {key: value for key, value in answer.items() if key != "lmp_usd_per_kwh"} | {"stations": {}}
    figure = figures.draw(instance, {"bare": bare})
    assert any("no prices" in t.get_text() for axes in figure.axes for t in axes.texts)
    with pytest.raises(ValueError, match="no answer"):
        figures.draw(instance, {})


ROWS: list[dict[str, Any]] = [
    {
        "sell_price_usd_per_kwh": price,
        "paper_profit_usd": paper,
        "paper_stations": {25: 9},
        "profit_usd": 10.0,
        "bound_usd": 10.5,
        "stations": {25: 9, 32: 7},
        "buses": [25, 32],
        "solver_seconds": 1.0,
        "nested_profit_usd": nested,
        "nested_gap": None if nested is None else 0.2,
        "nested_seconds": 2.0,
    }
    for price, paper, nested in ((1.35, 9.0, 8.0), (1.5, None, None))
]


def test_bars_are_the_profits_and_what_is_missing_leaves_a_gap() -> None:
    (axes,) = figures.draw_profits(ROWS).axes
    heights = [[bar.get_height() for bar in bars] for bars in axes.containers]
    assert heights[1] == [10.0, 10.0]
    assert heights[0][0] == 9.0 and heights[2][0] == 8.0
    assert np.isnan(heights[0][1]) and np.isnan(heights[2][1])


def test_scaling_shows_every_count() -> None:
    rows = [
        {
            "scenarios": count,
            "seconds": dict.fromkeys(("build", "reformulate", "solve", "verify"), float(count)),
            "total_seconds": 4.0 * count,
            "peak_memory_mb": 100.0 * count,
        }
        for count in (1, 5)
    ]
    times, memory = figures.draw_scaling(rows).axes
    assert [line.get_label() for line in times.lines] == ["build", "reformulate", "solve", "verify", "total", "linear"]
    assert list(memory.lines[0].get_ydata()) == [100.0, 500.0]


def test_tables_put_the_papers_value_beside_ours(answer: dict[str, Any]) -> None:
    third = text(tables.table_3(answer))
    for number in ("6,147", f"{answer['profit_usd']:,.0f}", f"{answer['profit_usd'] - 6147:+,.0f}", "105,934,300"):
        assert number in third
    fourth = text(tables.table_4(ROWS))
    assert "25 (9), 32 (7)" in fourth and "20 %" in fourth and fourth.count(" - ") == 3
    day = text(tables.day_table(answer))
    assert day.count("\n") >= 3 + 3 and f"{answer['grid_kw'][2]:,.0f}" in day
    stations = text(tables.station_table(fast_charging.size_stations(bv.load_instance(INSTANCE))))
    assert "37,283.6" in stations and "8 (6)" in stations


def test_what_the_paper_prints() -> None:
    assert set(tables.PAPER_TABLE_4) == {1.35, 1.36, 1.37, 1.38, 1.39}
    parts = tables.PAPER_TABLE_3
    assert parts["revenue_usd"] - parts["purchase_usd"] - parts["investment_usd"] == parts["profit_usd"]
    assert 365 * sum(tables.PAPER_DAY.values()) == pytest.approx(105_934_300, rel=1e-3)
