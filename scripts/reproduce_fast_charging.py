"""Tables I to IV of the fast-charging paper, its Figures 3 and 4, the day of Figures 5 to 10, and profits.

reproduce_fast_charging.py [INSTANCE] --out DIR --time-limit 300
"""

import json
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console

import bilevolt as bv
from bilevolt.models import fast_charging
from bilevolt.models.fast_charging import figure as figures
from bilevolt.models.fast_charging import maps, tables

Answers = dict[str, dict[str, Any]]


def solve_row(
    instance: Any, price: float, reformulation: str, solver: str, time_limit: float, confirm: str | None
) -> tuple[dict[str, Any], Answers]:
    """Solve exactly and by the nested heuristic (the paper's Figure 1) at one selling price."""
    model = fast_charging.build(instance, sell_price=price)
    nested = bv.solve(model, method="nested", solver=solver, time_limit=time_limit)
    answers = {} if nested.objective is None else {"nested heuristic": fast_charging.summary(model)}
    model = fast_charging.build(instance, sell_price=price)
    exact = bv.solve(model, reformulation=reformulation, solver=solver, time_limit=time_limit, confirm=confirm)
    if exact.objective is None or exact.certificate is None or not exact.certificate.bilevel_feasible:
        raise typer.BadParameter(f"no checked answer at {price} $/kWh: {exact.status}; {'; '.join(exact.notes)}")
    answers["exact"] = fast_charging.summary(model)
    paper_profit, paper_stations = tables.PAPER_TABLE_4.get(price, (None, None))
    gap = None if nested.objective is None else (exact.objective - nested.objective) / max(1.0, abs(exact.objective))
    row = {
        "sell_price_usd_per_kwh": price,
        "paper_profit_usd": paper_profit,
        "paper_stations": paper_stations,
        "status": str(exact.status),
        "proven": exact.certificate.globally_optimal is True,
        "confirmed_by": exact.certificate.confirmed_by,
        "refuted_by": exact.certificate.refuted_by,
        "profit_usd": exact.objective,
        "bound_usd": exact.bound,
        "pessimistic_profit_usd": exact.certificate.pessimistic_objective,
        "stations": answers["exact"]["stations"],
        "buses": list(answers["exact"]["stations"]),
        "solver": exact.solver,
        "reformulation": exact.reformulation,
        "solver_seconds": exact.seconds["solve"],
        "seconds": exact.seconds,
        "sizes": exact.sizes,
        "nested_profit_usd": nested.objective,
        "nested_gap": gap,
        "nested_seconds": nested.seconds["total"],
        "nested_history": nested.history,
    }
    return row, answers


def main(
    instance: Annotated[str, typer.Argument(help="name or JSON file")] = "ieee33_sioux_falls",
    out: Annotated[Path | None, typer.Option(help="folder for fast_charging.json and the figures")] = None,
    time_limit: Annotated[float, typer.Option(help="seconds, for each solve")] = 300.0,
    prices: Annotated[str, typer.Option(help="selling prices, $/kWh")] = "1.35,1.36,1.37,1.38,1.39",
    reformulation: str = "strong_duality",
    solver: str = "highs",
    confirm: Annotated[str | None, typer.Option(help="another solver, asked for a better point")] = None,
) -> None:
    """Solve all prices, show the tables, write JSON and figures."""
    console = Console(width=150)
    data = bv.load_instance(instance)
    console.print(tables.table_1(data), tables.table_2(data), sep="\n")
    console.print(tables.station_table(fast_charging.size_stations(data)))
    rows: list[dict[str, Any]] = []
    first: Answers = {}
    for price in (float(text) for text in prices.split(",")):
        row, answers = solve_row(data, price, reformulation, solver, time_limit, confirm)
        rows.append(row)
        first = first or answers
    console.print(tables.table_3(first["exact"]))
    console.print(tables.table_4(rows))
    for row in rows:
        if row["pessimistic_profit_usd"] is not None:
            console.print(
                f"{row['sell_price_usd_per_kwh']:.2f}: pessimistic profit {row['pessimistic_profit_usd']:,.1f} $"
            )
        if confirm:
            refuted = f", refuted by {row['refuted_by']}" if row["refuted_by"] else ""
            who = f"{row['confirmed_by'] or 'nobody'}{refuted}"
            console.print(f"{row['sell_price_usd_per_kwh']:.2f}: confirmed by {who}")
    console.print(tables.day_table(first["exact"]))
    console.print("Not reproducible from the paper:", *(f"- {note}" for note in tables.NOT_REPRODUCIBLE), sep="\n")
    if out is not None:
        out.mkdir(parents=True, exist_ok=True)
        document = {"instance": data.name, "table_4": rows, "day": first, "not_reproducible": tables.NOT_REPRODUCIBLE}
        (out / "fast_charging.json").write_text(json.dumps(document, indent=1) + "\n", encoding="utf-8")
        drawn = {
            "figure3_feeder": maps.draw_feeder(data, first["exact"]),
            "figure4_roads": maps.draw_roads(data, first["exact"]),
            "day": figures.draw(data, first),
            "profits": figures.draw_profits(rows),
        }
        for name, figure in drawn.items():
            if figure is not None:
                figure.savefig(out / f"fast_charging_{name}.png", dpi=150)
        console.print(f"written: {out}")
    if not all(row["proven"] for row in rows):
        raise typer.Exit(1)


if __name__ == "__main__":
    typer.run(main)
