"""Refute published bounds by tolls that earn more, as in: audit_results.py results.txt.gz --instances DIR.

The table has a line for each run, separated by tabs or commas: formulation, instance, seconds, objective, upper bound,
gap in percent, and more that is not read; ``.gz`` is unpacked. Instances are ``DIR/NAME.json``. For each instance whose
rows differ, tolls are looked for (local search, then the exact solver from there), and evaluated again without any
solver: shortest ways in exact arithmetic, ties broken for the leader and against. A row whose bound is below what the
tolls earn even with ties against the leader is refuted. The counterexamples are written to ``--out``,
``--check FILE --instances DIR`` evaluates such a file anew, and with ``--start FILE`` the search begins with its tolls.
"""

import csv
import gzip
import hashlib
import json
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Annotated, Any

import typer

import bilevolt as bv
from bilevolt.errors import BilevoltError
from bilevolt.instances.network_pricing import NetworkPricingInstance
from bilevolt.models import network_pricing
from bilevolt.models.network_pricing.reaction import revenue, routes, shaded
from bilevolt.models.network_pricing.search import local_search
from bilevolt.models.network_pricing.start import put_start

PRINTED = 1e-5
"""Published numbers have six digits: a bound is below an objective if it is so by more than this share."""


@dataclass(frozen=True)
class Row:
    """A line of the table."""

    formulation: str
    instance: str
    seconds: float
    objective: float
    bound: float


def read_table(path: Path) -> list[Row]:
    """Read the lines that have the five numbers and names; what is not a number is refused with its line."""
    raw = path.read_bytes()
    lines = (gzip.decompress(raw) if path.suffix == ".gz" else raw).decode("utf-8").splitlines()
    rows = []
    for number, cells in enumerate(csv.reader(lines, delimiter="\t" if lines and "\t" in lines[0] else ","), 1):
        if not cells or (number == 1 and not _is_number(cells[2:3])):
            continue  # empty, or the heading
        if len(cells) < 5 or not _is_number(cells[2:5]):
            raise BilevoltError(
                f"{path}, line {number}: {cells[:5]} is not formulation, instance, seconds, objective, upper bound."
            )
        rows.append(Row(cells[0], cells[1], *map(float, cells[2:5])))
    return rows


def read_starts(path: Path) -> dict[str, dict[str, float]]:
    """Return tolls by instance, of a file of counterexamples or of rows of ``reproduce_network_pricing.py``."""
    text = path.read_text(encoding="utf-8")
    records = json.loads(text) if text.startswith("[") else map(json.loads, text.splitlines())
    return {record.get("instance", record.get("name")): record["tolls"] for record in records if "tolls" in record}


def suspects(rows: Iterable[Row]) -> dict[str, list[Row]]:
    """Return by instance its rows, where some bound is below some objective: not both can be right."""
    of: dict[str, list[Row]] = defaultdict(list)
    for row in rows:
        of[row.instance].append(row)
    best = {name: max(row.objective for row in own) for name, own in of.items()}
    return {name: own for name, own in of.items() if any(_below(row.bound, best[name]) for row in own)}


def good_tolls(
    instance: NetworkPricingInstance, steps: int, seconds: float, enough: float, start: dict[str, float] | None = None
) -> dict[str, float]:
    """Return tolls of the local search; where they earn less than ``enough``, the exact solver's from there."""
    tolls = local_search(instance, steps=steps, target=enough * (1 + PRINTED), start=start)
    earned = revenue(instance, shaded(tolls), "against", float)
    if seconds <= 0 or earned > enough:
        return tolls
    model = network_pricing.build(instance)
    put_start(model, instance, tolls)
    solution = bv.solve(
        model, reformulation="strong_duality", solver="highs", time_limit=seconds, rel_gap=1e-4, warm_start=True,
        options={"mip_pscost_minreliable": 2},
    )  # fmt: skip
    if solution.objective is None or solution.objective <= earned:
        return tolls
    return {a: max(0.0, float(model.toll[a].value)) for a in model.TOLLED}


def counterexample(instance: NetworkPricingInstance, path: Path, tolls: dict[str, float]) -> dict[str, Any]:
    """Return the record that anyone can check: the instance's hash, tolls, ways, and both revenues."""
    tolls = {arc: toll for arc, toll in shaded(tolls).items() if toll > 0}
    against = routes(instance, tolls, "against")
    return {
        "instance": instance.name,
        "sha256": digest(path),
        "revenue_ties_against": float(revenue(instance, tolls, "against")),
        "revenue_ties_for_leader": float(revenue(instance, tolls, "leader")),
        "tolls": tolls,
        "ways": {k: list(route.arcs) for k, route in against.items()},
    }


def recheck(record: dict[str, Any], folder: Path) -> list[str]:
    """Evaluate a counterexample anew; return what is wrong with it."""
    path = folder / f"{record['instance']}.json"
    if digest(path) != record["sha256"]:
        return [f"{path} is not the file that the counterexample is about (its sha256 differs)"]
    instance = _load(path)
    tolls = {arc: float(toll) for arc, toll in record["tolls"].items()}
    wrong = []
    for ties, key in (("against", "revenue_ties_against"), ("leader", "revenue_ties_for_leader")):
        earned = revenue(instance, tolls, ties)
        if abs(earned - Fraction(record[key])) > Fraction(1, 10**9) * max(1, earned):
            wrong.append(f"{key} is {float(earned):.6f}, not {record[key]:.6f}")
    found = routes(instance, tolls, "against")
    arcs = {arc.id: arc for arc in instance.arcs}
    for commodity in instance.commodities:
        way = [arcs[a] for a in record["ways"][commodity.id] if a in arcs]
        ends = [commodity.origin, *(arc.head for arc in way)]
        connected = [arc.tail for arc in way] == ends[:-1] and ends[-1] == commodity.destination
        cost = sum((Fraction(arc.cost) + Fraction(tolls.get(arc.id, 0)) for arc in way), Fraction(0))
        if not connected or cost != found[commodity.id].cost:
            wrong.append(f"commodity {commodity.id}: the way given is not a shortest one")
    return wrong


def digest(path: Path) -> str:
    """Return the hash of a file's bytes."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


def audit(
    rows: list[Row], folder: Path, steps: int, seconds: float, starts: dict[str, dict[str, float]]
) -> Iterator[tuple[list[Row], dict[str, Any]]]:
    """Yield by instance the refuted rows, and the counterexample; ``starts``: tolls to begin with, by instance."""
    for name, own in suspects(rows).items():
        path = folder / f"{name}.json"
        if not path.is_file():
            typer.echo(f"{name}: rows contradict each other, but there is no {path}", err=True)
            continue
        instance = _load(path)
        best = max(row.objective for row in own)
        low = [row.bound for row in own if _below(row.bound, best)]
        enough = max(low) * (1 + 2 * PRINTED)
        record = counterexample(instance, path, good_tolls(instance, steps, seconds, enough, starts.get(name)))
        earned = record["revenue_ties_against"]
        found = [row for row in own if _below(row.bound, earned)]
        left = len(low) - len(found)
        typer.echo(f"{name}: {earned:,.1f} refutes {len(found)} rows" + _left(left), err=True)
        if found:
            yield found, record | {"refutes": [[row.formulation, row.bound] for row in found]}


def main(
    results: Annotated[Path | None, typer.Argument(help="the table of published results")] = None,
    instances: Annotated[Path, typer.Option(help="folder with NAME.json for every instance")] = Path("."),
    out: Annotated[Path, typer.Option(help="where the counterexamples go")] = Path("counterexamples.json"),
    steps: Annotated[int, typer.Option(min=0, help="of the local search")] = 300,
    seconds: Annotated[float, typer.Option(min=0, help="of the exact solver where that is not enough")] = 120.0,
    start: Annotated[Path | None, typer.Option(help="counterexamples, or rows, whose tolls to begin with")] = None,
    check: Annotated[Path | None, typer.Option(help="evaluate a file of counterexamples, and do nothing else")] = None,
) -> None:
    """List the rows of a table of published results whose bounds are wrong, with proofs."""
    try:
        if check is not None:
            raise typer.Exit(_check(check, instances))
        if results is None:
            raise typer.BadParameter("give the table of results, or --check FILE")
        starts = {} if start is None else read_starts(start)
        records: list[dict[str, Any]] = []
        for rows, record in audit(read_table(results), instances, steps, seconds, starts):
            records.append(record)
            out.write_text(json.dumps(records, indent=1) + "\n", encoding="utf-8")  # what is found is not lost
            for row in rows:
                earned = record["revenue_ties_against"]
                typer.echo(f"{row.instance}\t{row.formulation}\tbound {row.bound:g}\tearned {earned:.2f}")
    except BilevoltError as error:
        typer.echo(error, err=True)
        raise typer.Exit(2) from error
    count = sum(len(record["refutes"]) for record in records)
    typer.echo(f"{count} rows refuted on {len(records)} instances" + (f"; counterexamples: {out}" if records else ""))


def _check(file: Path, folder: Path) -> int:
    failed = 0
    for record in json.loads(file.read_text(encoding="utf-8")):
        wrong = recheck(record, folder)
        failed += bool(wrong)
        typer.echo(f"{record['instance']}: " + ("; ".join(wrong) or f"earns {record['revenue_ties_against']:,.2f}"))
    return int(failed > 0)


def _load(path: Path) -> NetworkPricingInstance:
    instance = bv.load_instance(path)
    if not isinstance(instance, NetworkPricingInstance):
        raise BilevoltError(f"{path}: is a {instance.problem!r} instance; give a folder of network pricing instances.")
    return instance


def _below(bound: float, earned: float) -> bool:
    return bound < earned * (1 - PRINTED)


def _is_number(cells: list[str]) -> bool:
    try:
        return bool([float(cell) for cell in cells])
    except ValueError:
        return False


def _left(count: int) -> str:
    return f"; {count} more are contradicted by other rows only, and not by tolls found here" if count > 0 else ""


if __name__ == "__main__":
    typer.run(main)
