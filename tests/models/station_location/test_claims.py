"""The text's claims beside ours, and the picture of how heuristics converge."""

import io

import numpy as np
import pytest
from rich.console import Console

import bilevolt as bv
from bilevolt.models.station_location import claims, figure, tables

INSTANCE = bv.load_instance("zone_small")


def station(chargers, vehicles):
    return {
        "chargers": chargers, "vehicles": vehicles, "utilisation": vehicles / (8 * chargers),
        "load_kw": 3.6 * vehicles, "spare_kw": 50.0, "expansion_kw": max(0.0, 3.6 * vehicles - 50.0),
    }  # fmt: skip


def test_figures_are_sums_and_waits_means_over_users():
    one = claims.figures(INSTANCE, {"stations": {"s01": station(4, 20.0), "s02": station(2, 5.0)}})
    assert (one["vehicles"], one["chargers"], one["charger_kw"]) == (25, 6, 300)
    assert one["load_kw"] == pytest.approx(90) and one["substation_kw"] == pytest.approx(72 + 50)
    two = claims.figures(INSTANCE, {"stations": {"s01": station(2, 15.0)}})
    both = claims.over_zones([one, two])
    assert both["load_kw"] == pytest.approx(one["load_kw"] + two["load_kw"])
    for key in ("text_wait_minutes", "queue_wait_minutes"):
        assert both[key] == pytest.approx((25 * one[key] + 15 * two[key]) / 40)


def test_the_table_has_the_texts_waits_and_the_gain_of_its_method():
    of_method = {
        name: dict.fromkeys(("text_wait_minutes", "queue_wait_minutes", "charger_kw", "load_kw"), 10.0)
        | {"substation_kw": substation}
        for name, substation in (("exact", 80.0), ("immune_ga", 110.0), ("pso", 100.0))
    }
    console = Console(file=io.StringIO(), width=200)
    console.print(claims.claims_table(of_method))
    lines = {line.split()[1]: line for line in console.file.getvalue().splitlines() if line.startswith("│")}
    assert "+10.0 %" in lines["pso"] and "+0.0 %" in lines["pso"] and "10 to 12" in lines["pso"]
    assert "+37.5 %" in lines["exact"] and "%" not in lines["immune"] and "5 to 7" in lines["immune"]
    assert "15 to 20 %" in lines["the"]


def test_the_text_names_the_same_methods_everywhere():
    assert set(claims.TEXT_WAITS) == set(tables.TEXT_TABLE_1)


def test_convergence_is_the_mean_and_the_band_of_the_runs():
    histories = {"pso": [[(10, 9.0), (30, 5.0)], [(20, 7.0), (30, 6.0)]], "annealing": []}
    axes = figure.draw_convergence(histories, 4.0).axes[0]
    mean, optimum = axes.lines
    assert np.array_equal(mean.get_xdata(), [20, 30]) and np.array_equal(mean.get_ydata(), [8.0, 5.5])
    assert set(optimum.get_ydata()) == {4.0}
    with pytest.raises(ValueError, match="no run"):
        figure.draw_convergence({"pso": []}, None)
