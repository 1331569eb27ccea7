"""Tables of station location: the text's Table 1 with the exact optimum, waiting times, load and substations.

**Waiting.** Two formulas. The text's W = N_EV / (mu I), read for a station in its peak hour: N_EV its arrivals in that
hour, mu the charges that one charger makes in an hour, I its chargers. That is the time in which all chargers together
serve the hour's arrivals, not a wait. The M/M/s wait of :mod:`..queueing` is the mean time before a charger
is free, with the same arrivals and rates; infinite where the chargers cannot keep up in the peak hour.
"""

from collections.abc import Mapping, Sequence
from statistics import mean
from typing import Any

import pandas as pd
from rich.table import Table

from ...instances.station_location import StationLocationInstance
from ..paper_table import table
from ..queueing import mean_wait

#: Table 1 of the text, in M (10,000 currency): method -> zone -> cost. Its data are not printed: other instances.
TEXT_TABLE_1: dict[str, dict[str, float]] = {
    "immune_ga": {"01": 452, "02": 359, "03": 225, "04": 288, "05": 374, "06": 524, "07": 269},
    "pso": {"01": 550, "02": 428, "03": 360, "04": 417, "05": 699, "06": 874, "07": 335},
    "annealing_dijkstra": {"01": 623, "02": 489, "03": 457, "04": 551, "05": 765, "06": 969, "07": 410},
}
MINUTES = 60


def station_rows(instance: StationLocationInstance, answer: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return one row for each open station: chargers, load, substation, utilisation, both waits.

    :param answer: ``models.station_location.summary`` of a solved model of the instance.
    """
    rate = instance.charger_kw / instance.energy_per_vehicle_kwh
    rows = []
    for site, station in answer["stations"].items():
        arrivals, chargers = instance.peak_share * station["vehicles"], station["chargers"]
        wait = mean_wait(arrivals, rate, chargers) if arrivals > 0 else 0.0
        rows.append(
            {
                "site": site,
                **station,
                "substation_kw": station["spare_kw"] + station["expansion_kw"],
                "peak_utilisation": arrivals / (rate * chargers),
                "text_wait_minutes": MINUTES * arrivals / (rate * chargers),
                "queue_wait_minutes": MINUTES * wait,
            }
        )
    return rows


def waiting(rows: Sequence[Mapping[str, Any]]) -> dict[str, float]:
    """Return both waits as a user meets them on average (weighted with EVs), minutes; see :func:`station_rows`."""
    vehicles = sum(row["vehicles"] for row in rows)
    return {
        key: sum(row["vehicles"] * row[key] for row in rows if row["vehicles"] > 0) / vehicles
        for key in ("text_wait_minutes", "queue_wait_minutes")
    }


def station_table(title: str, rows: Sequence[Mapping[str, Any]]) -> Table:
    """Return the stations of one answer, see :func:`station_rows`."""
    heads = (
        "site", "chargers", "EV/day", "of capacity", "load (kW)", "spare (kW)", "expansion (kW)", "substation (kW)",
        "W = N/(mu I) (min)", "M/M/s wait (min)",
    )  # fmt: skip
    shown = table(title, heads, ("site",))
    for row in rows:
        shown.add_row(
            row["site"], str(row["chargers"]), f"{row['vehicles']:.1f}", f"{row['utilisation']:.0%}",
            f"{row['load_kw']:.1f}", f"{row['spare_kw']:.0f}", f"{row['expansion_kw']:.1f}",
            f"{row['substation_kw']:.1f}", f"{row['text_wait_minutes']:.1f}", f"{row['queue_wait_minutes']:.2f}",
        )  # fmt: skip
    return shown


def heuristic_figures(runs: Sequence[float], exact: float | None) -> dict[str, float | None]:
    """Return best, mean and worst of several runs' costs, and their gaps to a proven optimum (None without one)."""
    figures: dict[str, float | None] = {"best": min(runs), "mean": mean(runs), "worst": max(runs), "runs": len(runs)}
    for key in ("best", "mean", "worst"):
        cost = figures[key]
        figures[f"{key}_gap"] = None if exact is None or cost is None else (cost - exact) / exact
    return figures


def table_1(zones: Sequence[Mapping[str, Any]], methods: Sequence[str]) -> Table:
    """Return Table 1: the exact optimum, what others believe and get, each heuristic's mean and gap; in M.

    :param zones: rows of ``scripts/reproduce_station_location.py``.
    """
    heads = ("zone", "exact", "believed", "got", "nested", *(method.replace("_", " ") for method in methods))
    shown = table("Table 1: cost of the operator (M), mean over seeds and gap to the optimum", heads, ("zone",))
    for zone in zones:
        shown.add_row(zone["zone"], _exact(zone), *_others(zone), *(_heuristic(zone, method) for method in methods))
    if len(zones) > 1:
        frame = _frame(zones, methods)
        total = frame.sum(skipna=False)
        shown.add_section()
        plain = (total[key] for key in ("exact", "believed", "got", "nested"))
        cells = [f"{number:,.2f}" if pd.notna(number) else "–" for number in plain]
        cells += [_with_gap(total[method], total["exact"]) for method in methods]
        shown.add_row("total", *cells)
    return shown


def text_table(methods: Sequence[str]) -> Table:
    """Return Table 1 as the text prints it."""
    printed = [method for method in methods if method in TEXT_TABLE_1]
    heads = ("zone", *(method.replace("_", " ") for method in printed))
    shown = table("Table 1 as printed in the text (other data, which it does not print)", heads, ("zone",))
    for zone in TEXT_TABLE_1["pso"]:
        shown.add_row(zone, *(f"{TEXT_TABLE_1[method][zone]:.0f}" for method in printed))
    shown.add_section()
    shown.add_row("total", *(f"{sum(TEXT_TABLE_1[method].values()):.0f}" for method in printed))
    return shown


def _frame(zones: Sequence[Mapping[str, Any]], methods: Sequence[str]) -> pd.DataFrame:
    rows = []
    for zone in zones:
        row = {"exact": zone["exact"]["objective"]} | {key: zone.get(key) for key in ("believed", "got", "nested")}
        rows.append(row | {m: zone["heuristics"].get(m, {}).get("mean") for m in methods})
    return pd.DataFrame(rows, dtype=float)


def _exact(zone: Mapping[str, Any]) -> str:
    exact = zone["exact"]
    if exact["objective"] is None:
        return "–"
    return f"{exact['objective']:,.3f}" + ("" if exact["proven"] else f" (bound {exact['bound']:,.1f})")


def _others(zone: Mapping[str, Any]) -> list[str]:
    return ["–" if zone.get(key) is None else f"{zone[key]:,.2f}" for key in ("believed", "got", "nested")]


def _heuristic(zone: Mapping[str, Any], method: str) -> str:
    figures = zone["heuristics"].get(method)
    return "–" if figures is None else _with_gap(figures["mean"], zone["exact"]["objective"])


def _with_gap(cost: float, exact: float | None) -> str:
    if pd.isna(cost):
        return "–"
    return f"{cost:,.2f}" + ("" if exact is None or pd.isna(exact) else f" ({cost / exact - 1:+.2%})")
