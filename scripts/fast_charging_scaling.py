"""How building, solving and checking grow with the number of scenarios: fast_charging_scaling.py --counts 1,5,20,100.

Each count runs in a process of its own, so that its peak memory is its own.
"""

import json
import resource
import time
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from typing import Annotated, Any

import pyomo.environ as pyo
import typer
from rich.console import Console
from rich.table import Table

import bilevolt as bv
from bilevolt.levels.follower_problem import follower_at
from bilevolt.models import fast_charging
from bilevolt.models.fast_charging.figure import draw_scaling
from bilevolt.solvers import get_solver

STEPS = ("build", "reformulate", "solve", "verify")


def run(
    name: str, count: int, reformulation: str, solver: str, rel_gap: float, time_limit: float, confirm: str | None
) -> dict[str, Any]:
    """Solve the instance with so many scenarios; return times, sizes and the answer."""
    begin = time.perf_counter()
    instance = fast_charging.with_scenarios(bv.load_instance(name), count)
    model = fast_charging.build(instance)
    build = time.perf_counter() - begin
    solution = bv.solve(
        model,
        reformulation=reformulation,
        solver=solver,
        rel_gap=rel_gap,
        time_limit=time_limit,
        confirm=confirm,
    )
    certificate, total = solution.certificate, time.perf_counter() - begin
    stations = [bus for bus in model.CANDIDATES if (model.U[bus].value or 0) > 0.5]
    neighbour = best_neighbour(model, stations)
    slack = 10 * rel_gap * max(1.0, abs(solution.objective or 0.0))
    return {
        "scenarios": count,
        "bus_hours": len(model.BUSES) * len(model.CASES),
        "status": str(solution.status),
        "profit_usd": solution.objective,
        "gap": solution.gap,
        "verified": certificate is not None and certificate.bilevel_feasible,
        "confirmed_by": None if certificate is None else certificate.confirmed_by,
        "refuted_by": None if certificate is None else certificate.refuted_by,
        "stations": stations,
        "best_neighbour_usd": neighbour,
        "neighbours_worse": solution.objective is not None and neighbour <= solution.objective + slack,
        "seconds": {"build": build, **{step: solution.seconds.get(step) for step in STEPS[1:]}},
        "total_seconds": total,
        "peak_memory_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
        "sizes": solution.sizes,
    }


def best_neighbour(model: Any, stations: list[int]) -> float:
    """Return the best profit of the decisions that differ in one station, by the operator's LP and its duals alone.

    Independent of reformulation and branching: a claimed optimum that is worse than one of these is none.
    """
    profits = []
    prices = {row.name: bv.dual_of(row) for row in model.operator.balance.values()}
    (operator,) = bv.reformulations.read_levels(model).followers
    for flipped in model.CANDIDATES:
        for bus in model.CANDIDATES:
            model.U[bus].set_value(int((bus in stations) != (bus == flipped)))
        duals = get_solver("highs").solve(follower_at(operator), duals=True).duals
        if duals is not None:
            for row, price in duals.items():
                if row.index() in prices:
                    prices[row.index()].set_value(price)
            profits.append(pyo.value(model.profit))
    return max(profits)


def table(rows: list[dict[str, Any]]) -> Table:
    """Return the figures as a table."""
    shown = Table(title="scenario scaling (seconds; one thread)")
    for name in (
        "scenarios",
        "bus-hours",
        "variables",
        *STEPS,
        "total",
        "MB",
        "profit $/a",
        "gap",
        "stations",
        "verified",
        "confirmed by",
        "best neighbour",
    ):
        shown.add_column(name, justify="right")
    for row in rows:
        times = [f"{row['seconds'][step] or 0:.1f}" for step in STEPS]
        profit = "-" if row["profit_usd"] is None else f"{row['profit_usd']:,.1f}"
        gap = "-" if row["gap"] is None else f"{row['gap']:.1e}"
        shown.add_row(
            str(row["scenarios"]), f"{row['bus_hours']:,}", f"{row['sizes']['variables']:,}", *times,
            f"{row['total_seconds']:.1f}", f"{row['peak_memory_mb']:.0f}", profit, gap, str(row["stations"]),
            str(row["verified"]), row["confirmed_by"] or "-", f"{row['best_neighbour_usd']:,.1f}",
        )  # fmt: skip
    return shown


def main(
    counts: Annotated[str, typer.Option(help="numbers of scenarios, separated by commas")] = "1,5,20,100",
    instance: Annotated[str, typer.Option(help="name or JSON file")] = "ieee33_sioux_falls",
    reformulation: str = "strong_duality",
    solver: str = "highs",
    rel_gap: float = 1e-4,
    time_limit: Annotated[float, typer.Option(help="seconds of the solver, for each count")] = 500.0,
    confirm: Annotated[str | None, typer.Option(help="another solver, asked for a better point")] = None,
    out: Annotated[Path | None, typer.Option(help="folder for fast_charging_scaling.json and .png")] = None,
) -> None:
    """Measure, and show a table; with --out also a JSON file and a figure."""
    rows = []
    for count in (int(text) for text in counts.split(",")):
        with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
            rows.append(pool.submit(run, instance, count, reformulation, solver, rel_gap, time_limit, confirm).result())
        Console(width=160).print(table(rows[-1:]))
    Console(width=160).print(table(rows))
    if out is not None:
        out.mkdir(parents=True, exist_ok=True)
        (out / "fast_charging_scaling.json").write_text(json.dumps(rows, indent=1) + "\n", encoding="utf-8")
        draw_scaling(rows).savefig(out / "fast_charging_scaling.png", dpi=150)
    if not all(row["verified"] and row["neighbours_worse"] and not row["refuted_by"] for row in rows):
        raise typer.Exit(1)


if __name__ == "__main__":
    typer.run(main)
