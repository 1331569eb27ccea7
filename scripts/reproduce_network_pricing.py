"""The table of published network pricing instances, with ours on one solver beside it.

reproduce_network_pricing.py [INSTANCE] --out DIR --time-limit 600 --only "g30-*,d30-*" --solver scip

INSTANCE is a name, a JSON file, or a folder of them. Each is solved from a start: local search, then the exact solver.
What it answers is evaluated again without a solver. A row is written as soon as it is known, and rows of the same
instance and solver that are there are not run again. Times are processor time, search, model and check included.
"""

import json
import resource
from fnmatch import fnmatch
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console

import bilevolt as bv
from bilevolt.errors import BilevoltError
from bilevolt.instances.network_pricing import NetworkPricingInstance
from bilevolt.models import network_pricing
from bilevolt.models.network_pricing.reaction import revenue, shaded
from bilevolt.models.network_pricing.search import local_search
from bilevolt.models.network_pricing.start import put_start
from bilevolt.models.network_pricing.tables import comparison_table

GAP = 1e-4
"""As published: proven is 0.01 %."""
PRINTED = 1e-5
"""Published numbers have six digits: two agree that differ by no more than this share."""


def load_all(instance: str, only: str) -> list[NetworkPricingInstance]:
    """Return the instances of a folder whose names match a pattern of ``only`` (as ``g30-*,d30-01``), in its order."""
    folder = Path(instance)
    if not folder.is_dir():
        found = [bv.load_instance(instance)]
    else:
        names = sorted(path.stem for path in folder.glob("*.json"))
        chosen = [name for pattern in only.split(",") for name in names if fnmatch(name, pattern.strip())]
        found = [bv.load_instance(folder / f"{name}.json") for name in dict.fromkeys(chosen)]
    for data in found:
        if not isinstance(data, NetworkPricingInstance):
            raise typer.BadParameter(f"{data.name} is a {data.problem!r} instance")
    if not found:
        raise typer.BadParameter(f"{instance}: no instance's name matches {only!r}")
    return [data for data in found if isinstance(data, NetworkPricingInstance)]


def solve_row(
    instance: NetworkPricingInstance, solver: str, time_limit: float, steps: int, options: dict[str, Any]
) -> dict[str, Any]:
    """Return a row: start, revenue and bound, status, times, and tolls with what they earn without any solver."""
    begin = _processor_time()
    tolls = local_search(instance, steps=steps) if steps else {}
    row: dict[str, Any] = {"name": instance.name, "solver": solver, "time_limit": time_limit, "steps": steps}
    row |= {"options": options, "start": revenue(instance, shaded(tolls), "against", float) if tolls else None}
    row["search_seconds"] = _processor_time() - begin
    model = network_pricing.build(instance)
    if tolls:
        put_start(model, instance, tolls)
    solution = bv.solve(
        model, reformulation="strong_duality", solver=solver, time_limit=time_limit, rel_gap=GAP,
        warm_start=bool(tolls), threads=1, options=options,
    )  # fmt: skip
    certificate = solution.certificate
    row |= {
        "status": str(solution.status),
        "objective": solution.objective,
        "bound": solution.bound,
        "proven": certificate is not None and certificate.globally_optimal is True,
        "verified": certificate is not None and certificate.bilevel_feasible,
        "nodes": solution.nodes,
        "notes": solution.notes,
    }
    if solution.objective is not None:
        tolls = shaded({a: max(0.0, float(model.toll[a].value)) for a in model.TOLLED})
        row |= {"tolls": tolls, "earned_ties_against": float(revenue(instance, tolls, "against"))}
    return row | {"seconds": _processor_time() - begin, "wall_seconds": solution.seconds["total"]}


def problems(rows: list[dict[str, Any]], published: dict[str, dict[str, Any]]) -> list[str]:
    """Return what does not hold: an unchecked answer, tolls that earn less, or a claim against a published one."""
    found = []
    for row in rows:
        name, objective, bound = row["name"], row["objective"], row["bound"]
        best = published.get(name, {})
        if objective is not None and not row["verified"]:
            found.append(f"{name}: {row['status']}, not verified")
        if objective is not None and row["earned_ties_against"] < objective * (1 - PRINTED):
            found.append(f"{name}: the tolls earn {row['earned_ties_against']:.2f} only, not {objective:.2f}")
        if objective is not None and best and objective > best["best_bound"] * (1 + PRINTED):
            found.append(f"{name}: {objective:.2f} is above the published bound {best['best_bound']}")
        if bound is not None and best and bound < best["best_objective"] * (1 - PRINTED):
            found.append(f"{name}: the bound {bound:.2f} is below the published revenue {best['best_objective']}")
    return found


def main(
    instance: Annotated[str, typer.Argument(help="name, JSON file, or folder of JSON files")] = "tolls_grid",
    out: Annotated[Path | None, typer.Option(help="folder for network_pricing.jsonl")] = None,
    time_limit: Annotated[float, typer.Option(help="seconds of the solver, for each instance")] = 600.0,
    only: Annotated[str, typer.Option(help="of a folder, names or patterns, separated by commas")] = "*",
    solver: Annotated[str, typer.Option(help="highs, scip, gurobi")] = "highs",
    steps: Annotated[int, typer.Option(min=0, help="of the local search before; 0: no start")] = 40,
    option: Annotated[list[str] | None, typer.Option(help="of the solver, NAME=VALUE in JSON")] = None,
    published: Annotated[Path | None, typer.Option(help="JSON: best_objective and best_bound by name")] = None,
) -> None:
    """Solve every instance, and print ours beside the published results."""
    console = Console(width=150)
    options = {name: json.loads(value) for name, _, value in (text.partition("=") for text in option or [])}
    file = None if out is None else out / "network_pricing.jsonl"
    known = [] if file is None or not file.exists() else list(map(json.loads, file.read_text("utf-8").splitlines()))
    done = {row["name"]: row for row in known if row["solver"] == solver}
    rows = []
    for data in load_all(instance, only):
        row = done.get(data.name)
        if row is None:
            try:
                row = solve_row(data, solver, time_limit, steps, options)
            except BilevoltError as error:
                raise typer.BadParameter(f"{data.name}: {error}") from error
            if file is not None:
                file.parent.mkdir(parents=True, exist_ok=True)
                with file.open("a", encoding="utf-8") as stream:
                    stream.write(json.dumps(row) + "\n")
        rows.append(row)
    theirs = {} if published is None else json.loads(published.read_text(encoding="utf-8"))
    keys = {
        "published_objective": "best_objective",
        "published_bound": "best_bound",
        "published_seconds": "seconds_to_0.01_percent",
    }
    beside = [row | {key: theirs.get(row["name"], {}).get(of) for key, of in keys.items()} for row in rows]
    console.print(comparison_table(f"Tolls: ours on {solver}, and as published", beside))
    found = problems(rows, theirs)
    for problem in found:
        console.print(f"does not hold: {problem}")
    raise typer.Exit(1 if found else 0)


def _processor_time() -> float:
    """Return the seconds of processor time of this process and its children."""
    used = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return sum(usage.ru_utime + usage.ru_stime for usage in used)


if __name__ == "__main__":
    typer.run(main)
