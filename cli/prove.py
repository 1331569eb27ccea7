"""``bilevolt prove``, and ``bilevolt verify`` of what it wrote: global optimality in exact arithmetic."""

import json
from pathlib import Path
from typing import Annotated, Any

import typer

from ..errors import BilevoltError
from ..json_text import parse
from . import console
from .console import Exit


def prove(
    target: Annotated[str, typer.Argument(help="An instance, a textbook problem, a .json, or FILE.py[:build].")],
    solver: Annotated[str, typer.Option(help="auto, or the solver that is asked first.")] = "auto",
    gap: Annotated[float, typer.Option(min=0, help="How far below the objective the proven bound may be.")] = 1e-6,
    node_limit: Annotated[int, typer.Option(min=1, help="Nodes after which the proof is left open.")] = 100_000,
    time_limit: Annotated[float | None, typer.Option(min=0, help="Seconds, for the solve and for the proof.")] = None,
    assume: Annotated[bool, typer.Option(help="Use valid inequalities that the model offers, as assumptions.")] = False,
    output: Annotated[
        Path | None, typer.Option("-o", "--output", help="Write the proof; .json, or .json.gz for a small file.")
    ] = None,
) -> None:
    """Solve a model, prove its optimum in exact arithmetic, and check the proof."""
    with console.refusals():
        from .. import driver
        from ..reports.targets import resolve
        from ..solvers.interrupt import stoppable
        from ..verification import proofs

        console.refuse_unwritable(output)
        found = resolve(target)
        with console.progress() as say:
            say(f"{found.name}: building")
            model = found.build()

            def progress(text: str) -> None:
                """Say what is being done, and to which model."""
                say(f"{found.name}: {text}")

            with stoppable():  # one request for both
                solution = driver.solve(model, solver=solver, time_limit=time_limit, progress=progress)
                proof = proofs.prove(
                    model,
                    solution,
                    gap=gap,
                    node_limit=node_limit,
                    time_limit=time_limit,
                    assume=assume,
                    progress=progress,
                )
        if proof.closed and output:
            proof.save(output)
        print("\n".join([*proof.notes, proof.verdict]))
    if proof.interrupted:
        raise typer.Exit(Exit.INTERRUPTED)
    raise typer.Exit(Exit.PROVEN if proof.closed else Exit.UNPROVEN)


def is_proof(path: Path) -> bool:
    """Whether a file is a proof, or is at least meant to be one."""
    if path.suffix == ".gz":
        return True
    try:
        data = parse(path.read_text(encoding="utf-8"), str(path))
    except (OSError, ValueError, BilevoltError):  # for the reader of solutions to refuse
        return False
    return isinstance(data, dict) and "tree" in data and "problem" in data


def verify(path: Path, target: str | None, as_json: bool) -> int:
    """Check a proof, and that it is about the target, if one is given; return the exit code."""
    from ..errors import ProofError
    from ..reports.targets import resolve
    from ..verification.proofs import read_proof

    try:
        proof = read_proof(path)
        result: dict[str, Any] = proof.replay()
        if target is not None and not proof.is_about(resolve(target).build()):
            raise ProofError(f"{path}: the proof is about another problem than {target}, or about other numbers.")
    except ProofError as reason:
        print(json.dumps({"proven": False, "reason": str(reason)}) if as_json else f"rejected: {reason}")
        return Exit.FAILED
    shown = {key: None if item is None else str(item) for key, item in result.items()}
    print(json.dumps(shown | {"proven": True, "target": target}, indent=2) if as_json else result["theorem"])
    return Exit.PROVEN
