"""Tables of station location: waits by both formulas, gaps, totals."""

import io
import math

import pytest
from rich.console import Console

import bilevolt as bv
from bilevolt.models.station_location import tables

INSTANCE = bv.load_instance("zone_small")
RATE = 50 / 30  # charges an hour


def station(chargers, vehicles, spare=50.0):
    load = 3.6 * vehicles
    return {
        "chargers": chargers,
        "vehicles": vehicles,
        "utilisation": vehicles / (8 * chargers),
        "load_kw": load,
        "spare_kw": spare,
        "expansion_kw": max(0.0, load - spare),
    }


def text_of(table):
    console = Console(file=io.StringIO(), width=200)
    console.print(table)
    return console.file.getvalue()


@pytest.mark.parametrize("chargers, vehicles", [(1, 8.0), (1, 2.5), (3, 20.0), (8, 64.0)])
def test_both_waits_from_their_formulas(chargers, vehicles):
    """The M/M/s wait by Erlang's formula with factorials, written out here."""
    (row,) = tables.station_rows(INSTANCE, {"stations": {"s01": station(chargers, vehicles)}})
    arrivals = 0.12 * vehicles
    assert row["text_wait_minutes"] == pytest.approx(60 * arrivals / (RATE * chargers))
    a = arrivals / RATE
    tail = a**chargers / math.factorial(chargers) * chargers / (chargers - a)
    waits = tail / (sum(a**k / math.factorial(k) for k in range(chargers)) + tail)
    assert row["queue_wait_minutes"] == pytest.approx(60 * waits / (chargers * RATE - arrivals))
    assert row["peak_utilisation"] == pytest.approx(a / chargers)


def test_an_idle_station_has_no_wait_and_no_weight():
    rows = tables.station_rows(INSTANCE, {"stations": {"s01": station(2, 0.0), "s02": station(2, 10.0)}})
    assert rows[0]["queue_wait_minutes"] == rows[0]["text_wait_minutes"] == 0
    mean = tables.waiting(rows)
    assert mean["queue_wait_minutes"] == pytest.approx(rows[1]["queue_wait_minutes"])
    assert mean["text_wait_minutes"] == pytest.approx(rows[1]["text_wait_minutes"])


def test_a_substation_is_spare_power_and_expansion():
    (row,) = tables.station_rows(INSTANCE, {"stations": {"s01": station(4, 20.0, spare=50)}})
    assert row["substation_kw"] == pytest.approx(72)
    shown = text_of(tables.station_table("title", [row]))
    for expected in ("title", "s01", "62%", "72.0", "22.0"):
        assert expected in shown


@pytest.mark.parametrize("exact, best_gap", [(100.0, 0.01), (None, None)])
def test_gaps_of_several_runs(exact, best_gap):
    figures = tables.heuristic_figures([101.0, 105.0, 103.0], exact)
    assert (figures["best"], figures["mean"], figures["worst"], figures["runs"]) == (101, 103, 105, 3)
    assert figures["best_gap"] == (None if best_gap is None else pytest.approx(best_gap))


def row(zone, exact, mean):
    proven = {"objective": exact, "proven": zone != "b", "bound": exact - 5}
    return {
        "zone": zone, "exact": proven, "believed": exact - 10, "got": exact + 20, "nested": exact + 10,
        "heuristics": {"pso": {"mean": mean}},
    }  # fmt: skip


def test_table_1_has_totals_gaps_and_bounds():
    shown = text_of(tables.table_1([row("a", 100.0, 110.0), row("b", 200.0, 205.0)], ["pso", "annealing"]))
    assert "110.00 (+10.00%)" in shown and "205.00 (+2.50%)" in shown
    assert "315.00 (+5.00%)" in shown
    assert "200.000 (bound 195.0)" in shown and "100.000 (bound" not in shown
    assert "300.00" in shown and "280.00" in shown and "340.00" in shown


def test_a_total_is_left_out_where_a_zone_has_no_number():
    rows = [row("a", 100.0, 110.0), row("b", 200.0, 205.0)]
    rows[1]["nested"] = None
    total = text_of(tables.table_1(rows, ["pso"])).splitlines()[-2]
    assert "320.00" not in total and "–" in total


def test_the_texts_table_adds_up_as_printed():
    shown = text_of(tables.text_table(["immune_ga", "pso", "annealing", "annealing_dijkstra"]))
    for total in ("2491", "3663", "4264"):
        assert total in shown
