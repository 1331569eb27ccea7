"""Tables of network pricing: what each commodity pays, and answers beside published ones."""

from collections.abc import Mapping, Sequence
from typing import Any

from rich.table import Table

from ...instances.network_pricing import NetworkPricingInstance
from .distances import Distances


def commodity_rows(instance: NetworkPricingInstance, answer: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return one row for each commodity that may pay: its cost, tolls, the cost of avoiding them, its revenue.

    :param answer: ``models.network_pricing.summary`` of a solved model of the instance.
    """
    distances = Distances(instance)
    return [
        {
            "commodity": k.id,
            "trip": f"{k.origin} - {k.destination}",
            "demand": k.demand,
            **answer["commodities"][k.id],
            "alternative": distances.alternative(k),
            "revenue": k.demand * answer["commodities"][k.id]["paid"],
        }
        for k in instance.commodities
        if k.id in answer["commodities"]
    ]


def commodity_table(title: str, rows: Sequence[Mapping[str, Any]]) -> Table:
    """Return the commodities of one answer, see :func:`commodity_rows`."""
    shown = Table(title=title)
    for head in ("commodity", "trip", "demand", "cost", "of it tolls", "without tolls", "revenue", "tolled arcs"):
        shown.add_column(head, justify="left" if head in ("commodity", "trip", "tolled arcs") else "right")
    for row in rows:
        numbers = (row[key] for key in ("demand", "cost", "paid", "alternative", "revenue"))
        shown.add_row(row["commodity"], row["trip"], *(f"{n:,.2f}" for n in numbers), ", ".join(row["arcs"]))
    return shown


def comparison_table(title: str, rows: Sequence[Mapping[str, Any]]) -> Table:
    """Return answers beside published ones.

    :param rows: name, objective, bound, seconds, published_objective, published_bound, published_seconds; None where
        there is none.
    """
    shown = Table(title=title)
    for head in ("instance", "revenue", "bound", "gap (%)", "CPU (s)", "published", "its bound", "its time (s)"):
        shown.add_column(head, justify="left" if head == "instance" else "right")
    for row in rows:
        objective, bound = row["objective"], row["bound"]
        gap = None if objective is None or bound is None else 100 * max(0.0, bound - objective) / abs(objective)
        cells = [
            _number(objective), _number(bound), _number(gap, 3), _number(row["seconds"]),
            _number(row["published_objective"]), _number(row["published_bound"]), _number(row["published_seconds"]),
        ]  # fmt: skip
        shown.add_row(row["name"], *cells)
    return shown


def _number(value: float | None, digits: int = 1) -> str:
    return "–" if value is None else f"{value:,.{digits}f}"
