"""Table 1 of the station location text with the exact optimum beside it, its claims of waits and grid, convergence.

reproduce_station_location.py [INSTANCE] --out DIR --time-limit 600
"""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.progress import MofNCompleteColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

import bilevolt as bv
from bilevolt.errors import BilevoltError
from bilevolt.models.station_location import build, claims, figure, greedy_estimate, summary, tables

ZONES = ",".join(f"zone_0{k}" for k in range(1, 8))
METHODS = ("immune_ga", "pso", "annealing", "annealing_dijkstra")
BEST = "best known"


@dataclass(frozen=True)
class Study:
    """What is asked for."""

    seeds: int
    evaluations: int
    time_limit: float
    second: str
    solver: str
    start: str | None
    confirm: str | None


def exact_figures(solution: bv.Solution) -> dict[str, Any]:
    """Return what the tables show of an exact solve."""
    proven = solution.certificate is not None and solution.certificate.globally_optimal is True
    keys = ("status", "objective", "bound", "gap", "reformulation", "solver", "sizes", "seconds", "nodes", "notes")
    confirmed_by = None if solution.certificate is None else solution.certificate.confirmed_by
    return {key: getattr(solution, key) for key in keys} | {"proven": proven, "confirmed_by": confirmed_by}


def solve_exactly(instance: Any, study: Study, answers: dict[str, Any]) -> tuple[dict[str, Any], dict[str, Any] | None]:
    """Solve by strong duality, then by a second reformulation that starts from the answer; two reformulations agree."""
    model = build(instance)
    first = bv.solve(
        model, reformulation="strong_duality", solver=study.solver, time_limit=study.time_limit,
        warm_start=study.start, confirm=study.confirm,
    )  # fmt: skip
    if first.objective is not None:
        answers["exact" if first.status == "optimal" else BEST] = summary(model)
    if not study.second:
        return exact_figures(first), None
    reformulation, solver, cuts = study.second.split(":")
    second = bv.solve(
        model, reformulation=reformulation, solver=solver, cuts=cuts, time_limit=study.time_limit,
        warm_start=first if first.objective is not None else None,
    )  # fmt: skip
    return exact_figures(first), exact_figures(second)


def run_heuristic(instance: Any, method: str, study: Study, advance: Any) -> dict[str, Any]:
    """Run one heuristic over the seeds; the runs' costs are those of the users' true reaction."""
    options: dict[str, Any] = {"evaluations": study.evaluations}
    if method == "annealing_dijkstra":
        options["estimate"] = greedy_estimate(instance)
    runs: list[float] = []
    histories, seconds, best = [], 0.0, None
    for seed in range(study.seeds):
        name, model = method.removesuffix("_dijkstra"), build(instance)
        found = bv.solve(model, method=name, solver="highs", method_options=options | {"seed": seed})
        if found.objective is not None:
            if not runs or found.objective < min(runs):
                best = summary(model)
            runs.append(found.objective)
            histories.append(best_so_far(found.history))
        seconds += found.seconds["total"]
        advance()
    claimed = None if best is None else claims.figures(instance, best)
    return {"costs": runs, "seconds": seconds, "histories": histories, "claims": claimed}


def best_so_far(history: list[dict[str, Any]]) -> list[tuple[int, float]]:
    """Return (evaluations, least cost so far) of a run; candidates count by what the users make of them."""
    points: list[tuple[int, float]] = []
    for entry in history:
        if entry["objective"] is not None:
            least = min(entry["objective"], points[-1][1]) if points else entry["objective"]
            points.append((entry["evaluations"], least))
    return points


def claimed(rows: list[dict[str, Any]], methods: list[str]) -> dict[str, dict[str, float]]:
    """Return waits and grid by method, over the zones that all have an answer of it."""
    known = {"exact": [row["claims"] for row in rows]}
    known |= {method: [row["heuristics"].get(method, {}).get("claims") for row in rows] for method in methods}
    return {method: claims.over_zones(found) for method, found in known.items() if found and all(found)}


def study_zone(name: str, study: Study, methods: list[str], advance: Any, row: dict[str, Any]) -> None:
    """Fill a row of Table 1 as far as it comes."""
    instance = bv.load_instance(name)
    answers: dict[str, Any] = {}
    model = build(instance)
    alone = bv.solve(model, method="leader_alone", solver="highs")
    row |= {"believed": alone.history[0]["believed"], "got": alone.objective}
    if alone.objective is not None:
        answers["operator assigns the users, as it turns out"] = summary(model)
    advance()
    nested = bv.solve(build(instance), method="nested", solver="highs")
    row |= {"nested": nested.objective, "nested_history": nested.history}
    advance()
    row["exact"], row["second"] = solve_exactly(instance, study, answers)
    advance()
    proven = row["exact"]["objective"] if row["exact"]["proven"] else None
    for method in methods:
        row["heuristics"][method] = runs = run_heuristic(instance, method, study, advance)
        if runs["costs"]:
            runs |= tables.heuristic_figures(runs["costs"], proven)
    row["answers"] = answers
    row["claims"] = claims.figures(instance, answers["exact"]) if "exact" in answers else None
    row["stations"] = {label: tables.station_rows(instance, answer) for label, answer in answers.items()}
    row["waiting"] = {label: tables.waiting(rows) for label, rows in row["stations"].items()}


def problems(rows: list[dict[str, Any]]) -> list[str]:
    """Return what does not hold: two reformulations differ, an optimum is not proven, a heuristic is below it."""
    found = []
    for row in rows:
        exact, second = row["exact"], row["second"]
        if not exact["proven"]:
            found.append(f"{row['zone']}: not proven optimal ({exact['status']}, gap {exact['gap']})")
            continue
        slack = 1e-3
        if second and second["proven"] and abs(second["objective"] - exact["objective"]) > slack:
            found.append(f"{row['zone']}: the reformulations differ, {exact['objective']} and {second['objective']}")
        for method, runs in row["heuristics"].items():
            if runs["costs"] and min(runs["costs"]) < exact["objective"] - slack:
                found.append(f"{row['zone']}: {method} is below the optimum, {min(runs['costs'])}")
    return found


def write(out: Path | None, rows: list[dict[str, Any]], complete: bool) -> None:
    """Write what there is so far."""
    if out is not None:
        document = {"complete": complete, "zones": rows, "text_table_1": tables.TEXT_TABLE_1}
        (out / "station_location.json").write_text(json.dumps(document, indent=1, default=str) + "\n", encoding="utf-8")


def show(console: Console, rows: list[dict[str, Any]], methods: list[str], study: Study) -> None:
    """Print all tables."""
    for row in rows:
        for label, stations in row["stations"].items():
            console.print(tables.station_table(f"{row['zone']}, {label}", stations))
            waits = row["waiting"][label]
            console.print(
                f"mean over users: W = N/(mu I) {waits['text_wait_minutes']:.1f} min, "
                f"M/M/s {waits['queue_wait_minutes']:.2f} min"
            )
        if study.confirm:
            console.print(f"{row['zone']}: optimum confirmed by {row['exact']['confirmed_by'] or 'nobody'}")
    console.print(tables.text_table(methods), tables.table_1(rows, methods))
    console.print(claims.claims_table(claimed(rows, methods)))


def draw(out: Path, name: str, row: dict[str, Any]) -> None:
    """Draw the map of a zone, and how its heuristics came to their answers."""
    stem = Path(name).stem
    if row["answers"]:
        figure.draw(bv.load_instance(name), row["answers"]).savefig(out / f"{stem}.png", dpi=110)
    histories = {method: runs["histories"] for method, runs in row["heuristics"].items() if runs["costs"]}
    if histories:
        exact = row["exact"]["objective"] if row["exact"]["proven"] else None
        picture = figure.draw_convergence(histories, exact, f"{stem}: heuristics over R, the users' answer exact")
        picture.savefig(out / f"{stem}_convergence.png", dpi=110)


def main(
    instance: Annotated[str, typer.Argument(help="names or JSON files, separated by commas")] = ZONES,
    out: Annotated[Path | None, typer.Option(help="folder for station_location.json and the pictures")] = None,
    time_limit: Annotated[float, typer.Option(help="seconds, for each exact solve")] = 600.0,
    seeds: Annotated[int, typer.Option(min=1, help="runs of each heuristic")] = 10,
    evaluations: Annotated[int, typer.Option(min=1, help="decisions that one run may evaluate")] = 2000,
    solver: Annotated[str, typer.Option(help="of the first exact solve")] = "highs",
    second: Annotated[
        str, typer.Option(help="second exact solve, reformulation:solver:cuts; empty for none")
    ] = "sos1:scip:auto",
    start: Annotated[str, typer.Option(help="heuristic to start the first exact solve from; empty for none")] = "",
    confirm: Annotated[str | None, typer.Option(help="another solver, asked for a better point")] = None,
    methods: Annotated[str, typer.Option(help="heuristics; empty for none")] = ",".join(METHODS),
) -> None:
    """Solve each zone exactly, by nested and by each heuristic; show tables, write JSON and maps."""
    study = Study(seeds, evaluations, time_limit, second, solver, start or None, confirm)
    names, chosen = instance.split(","), [method for method in methods.split(",") if method]
    console = Console(width=150)
    rows: list[dict[str, Any]] = []
    row: dict[str, Any] = {}
    if out is not None:
        out.mkdir(parents=True, exist_ok=True)
    columns = (SpinnerColumn(), TextColumn("{task.description}"), MofNCompleteColumn(), TimeElapsedColumn())
    try:
        with Progress(*columns, console=console) as progress:
            for name in names:
                task = progress.add_task(name, total=3 + len(chosen) * seeds)
                row = {"zone": name, "heuristics": {}}
                study_zone(name, study, chosen, lambda task=task: progress.advance(task), row)
                rows.append(row)
                write(out, rows, complete=False)
                if out is not None:
                    draw(out, name, row)
    except (KeyboardInterrupt, BilevoltError) as stopped:
        write(out, rows if row in rows else [*rows, row], complete=False)
        console.print(f"stopped ({type(stopped).__name__}: {stopped}); what was done so far:")
        if rows:
            show(console, rows, chosen, study)
        raise typer.Exit(130 if isinstance(stopped, KeyboardInterrupt) else 1) from stopped
    write(out, rows, complete=True)
    show(console, rows, chosen, study)
    found = problems(rows)
    for problem in found:
        console.print(f"does not hold: {problem}")
    raise typer.Exit(1 if found else 0)


if __name__ == "__main__":
    typer.run(main)
