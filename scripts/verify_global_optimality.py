"""Solve, prove in exact arithmetic, and replay: one line for each problem, exit code 1 unless all are proven.

The whole catalogue: verify_global_optimality.py. Some of it: verify_global_optimality.py bard511 zone_small. Random
problems, by seed, size, and "i" for an integer leader: verify_global_optimality.py random-1-20 random-2-30-i. Seconds
are of the processor.
"""

import json
import re
import sys
import time
from typing import Annotated, Any

import typer

import bilevolt
from bilevolt.errors import BilevoltError, IntegerFollowerError
from bilevolt.instances import list_instances
from bilevolt.models import random_bilevel, textbook
from bilevolt.reports.targets import resolve

app = typer.Typer(add_completion=False)


@app.command()
def main(
    targets: Annotated[list[str] | None, typer.Argument(help="Textbook problems, instances, files.")] = None,
    solver: Annotated[str, typer.Option(help="The solver that is asked first.")] = "auto",
    node_limit: Annotated[int, typer.Option(help="Nodes after which a proof is left open.")] = 100_000,
    time_limit: Annotated[float, typer.Option(help="Seconds for each solve, and for each proof.")] = 60.0,
) -> None:
    """Solve, prove and replay each target."""
    chosen = targets or catalogue()
    holding, done = 0, 0
    try:
        for done, target in enumerate(chosen, start=1):
            holding += _line(target, f"{done}/{len(chosen)}", solver, node_limit, time_limit)
    except KeyboardInterrupt:
        print(f"interrupted at {done} of {len(chosen)}; {holding} hold so far")
        raise typer.Exit(130) from None
    print(f"{holding} of {len(chosen)} hold")
    raise typer.Exit(0 if holding == len(chosen) else 1)


def catalogue() -> list[str]:
    """Return the names of all textbook problems and shipped instances."""
    return [*textbook.NAMES, *(info.name for info in list_instances())]


def _line(target: str, place: str, solver: str, node_limit: int, time_limit: float) -> bool:
    """Print what came of one target, and on stderr what is being done; return whether nothing is open.

    :raises KeyboardInterrupt: Ctrl-C came during the solve or the proof, whose line says how far it got.
    """
    start, begin = time.process_time(), time.monotonic()

    def say(text: str) -> None:
        print(f"{place} {target}, {time.monotonic() - begin:.0f} s: {text}", file=sys.stderr, flush=True)

    try:
        say("solving")
        model = _model(target)
        solution = bilevolt.solve(model, solver=solver, time_limit=time_limit)
        if solution.interrupted:
            raise KeyboardInterrupt
        say("proving")
        proof = bilevolt.prove(model, solution, node_limit=node_limit, time_limit=time_limit, progress=say)
        if not proof.closed:
            print(f"{target:28} OPEN      {'; '.join(proof.reasons)}", flush=True)
            if proof.interrupted:
                raise KeyboardInterrupt
            return False
        made = time.process_time()
        result = proof.replay()
    except IntegerFollowerError:
        print(f"{target:28} refused   a follower owns integers: it has no KKT conditions", flush=True)
        return True
    except BilevoltError as error:
        print(f"{target:28} FAILED    {error}", flush=True)
        return False
    holds = result["violation"] in (0, None)
    bound, gap = (None if n is None else f"{float(n):.9g}" for n in (result["bound"], result["gap"]))
    said = "infeasible" if bound is None else f"F* {bound}, exact gap {gap}"
    more = [] if holds else [f"the point violates by {float(result['violation']):.3g}"]
    seconds = f"{made - start:.1f} s, replay {time.process_time() - made:.1f} s"
    size = f"{len(json.dumps(proof.data, separators=(',', ':'))) / 1e6:.2f} MB"
    told = "; ".join([said, f"{result['leaves']} leaves", seconds, size, *more, *proof.notes])
    print(f"{target:28} {'proven' if holds else 'INEXACT':9} {told}", flush=True)
    return holds


def _model(target: str) -> Any:
    if found := re.fullmatch(r"random-(\d+)-(\d+)(-i)?", target):
        return random_bilevel.build(int(found[1]), int(found[2]), bool(found[3]))
    return resolve(target).build()


if __name__ == "__main__":
    app()
