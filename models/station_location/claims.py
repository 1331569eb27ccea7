"""What the station location text claims of waits and of the grid, beside the same figures of the answers found here.

The text's C_s = sum_i z_i P_i eta and T_l = sum_i R_Li delta_i are read with eta = delta = 1: power of all chargers,
peak load of all stations. "Substation" is the power of the grid at the open stations, spare and expanded.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from rich.table import Table

from ...instances.station_location import StationLocationInstance
from ..paper_table import table
from .tables import station_rows, waiting

#: The text's method -> average wait of a user, minutes, [least, most].
TEXT_WAITS: dict[str, tuple[float, float]] = {"immune_ga": (5, 7), "pso": (10, 12), "annealing_dijkstra": (12, 15)}
#: What the text says its method gains over the others, %, [least, most]; of which of them it does not say.
TEXT_GAINS: dict[str, tuple[float, float]] = {"substation_kw": (15, 20), "load_kw": (10, 15)}
OF_THE_TEXT = "immune_ga"
ADDED = ("vehicles", "chargers", "charger_kw", "substation_kw", "load_kw")


def figures(instance: StationLocationInstance, answer: Mapping[str, Any]) -> dict[str, float]:
    """Return an answer's waits (minutes, as a user meets them on average), and what it needs of chargers and grid.

    :param answer: ``models.station_location.summary`` of a solved model of the instance.
    """
    rows = station_rows(instance, answer)
    totals = {key: float(sum(row[key] for row in rows)) for key in ("vehicles", "chargers", "substation_kw", "load_kw")}
    return {**waiting(rows), **totals, "charger_kw": instance.charger_kw * totals["chargers"]}


def over_zones(zones: Sequence[Mapping[str, float]]) -> dict[str, float]:
    """Return the figures of several zones together: sums, and waits as the mean over all users."""
    total = {key: sum(zone[key] for zone in zones) for key in ADDED}
    waits = ("text_wait_minutes", "queue_wait_minutes")
    return total | {key: sum(z["vehicles"] * z[key] for z in zones) / total["vehicles"] for key in waits}


def claims_table(of_method: Mapping[str, Mapping[str, float]]) -> Table:
    """Return waits and grid by method, with the text's waits, and what the text's own method gains over each (%).

    :param of_method: method -> :func:`over_zones`.
    """
    heads = (
        "method", "W = N/(mu I) (min)", "M/M/s wait (min)", "text (min)", "chargers (kW)", "substation (kW)",
        "load (kW)", "immune GA: substation", "load",
    )  # fmt: skip
    shown = table("Waits and grid, all zones: the text's claims and ours", heads, ("method",))
    for method, found in of_method.items():
        wait = TEXT_WAITS.get(method)
        printed = "" if wait is None else f"{wait[0]:g} to {wait[1]:g}"
        gains = [_gain(of_method.get(OF_THE_TEXT), found, key) for key in TEXT_GAINS]
        shown.add_row(
            method.replace("_", " "),
            f"{found['text_wait_minutes']:.1f}", f"{found['queue_wait_minutes']:.2f}", printed,
            f"{found['charger_kw']:,.0f}", f"{found['substation_kw']:,.0f}", f"{found['load_kw']:,.0f}",
            *("" if method == OF_THE_TEXT else gain for gain in gains),
        )  # fmt: skip
    shown.add_section()
    shown.add_row("the text's gain", *[""] * 6, *(f"{least:g} to {most:g} %" for least, most in TEXT_GAINS.values()))
    return shown


def _gain(own: Mapping[str, float] | None, other: Mapping[str, float], key: str) -> str:
    if own is None or not other[key]:
        return "–"
    return f"{100 * (own[key] / other[key] - 1):+.1f} %"
