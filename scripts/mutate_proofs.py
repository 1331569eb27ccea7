"""Change proofs in many ways, and see that the checker rejects all that are proofs no longer; exit code 1 if not.

A thousand of them: mutate_proofs.py. One line for each kind of change: how many were made, rejected, and are still
proofs by a second opinion (mutating/opinion.py), and the reasons of the checker with their numbers.
"""

import re
from collections import Counter
from typing import Annotated, Any

import typer
from mutating.mutations import ALWAYS, OFTEN, mutants
from mutating.opinion import still_a_proof

import bilevolt
from bilevolt.models import textbook
from bilevolt.models.random_bilevel import build
from bilevolt.verification import replay

# Ranges, equalities, integers, products with binaries, QP followers, a convex and a nonconvex leader.
PROBLEMS = (
    "anandalingam_white_range",
    "dtmp_74",
    "pao2",
    "bialas_karwan_1984b",
    "own_capacity_rent",
    "bard_1988_1",
    "siddiqui_gabriel_min",
)
SHOWN = 4  # reasons of a kind

app = typer.Typer(add_completion=False)


@app.command()
def main(
    each: Annotated[int, typer.Option(help="Mutants of each kind and proof.")] = 16,
    reasons: Annotated[int, typer.Option(help="Reasons of rejection that are shown of each kind.")] = SHOWN,
) -> None:
    """Make proofs, change them, and check what comes of it."""
    proofs = made()
    made_so_far, rejected_so_far, wrong_so_far = 0, 0, 0
    for mutate in (*ALWAYS, *OFTEN):
        found: Counter[str] = Counter()
        still = wrong = 0
        for name, data in mutants(proofs, mutate, each):
            reason = outcome(data)
            if reason is not None:
                found[_kind(reason)] += 1
            elif mutate not in ALWAYS and still_a_proof(data):
                still += 1
            else:
                wrong += 1
                print(f"WRONG: {mutate.__name__} of {name} is accepted, but proves nothing", flush=True)
        rejected = sum(found.values())
        print(f"{mutate.__name__:17} {rejected + still + wrong:4} made {rejected:4} rejected {still:4} still proofs")
        for reason, count in found.most_common(reasons):
            print(f"    {count:4}  {reason}", flush=True)
        made_so_far += rejected + still + wrong
        rejected_so_far += rejected
        wrong_so_far += wrong
    print(f"{made_so_far} mutants of {len(proofs)} proofs, {rejected_so_far} rejected, {wrong_so_far} wrongly accepted")
    raise typer.Exit(1 if wrong_so_far else 0)


def made() -> dict[str, dict[str, Any]]:
    """Return the proofs that are changed."""
    found = {name: bilevolt.prove(textbook.build(name)).data for name in PROBLEMS}
    return found | {"random": bilevolt.prove(build(2, 10)).data}


def outcome(data: dict[str, Any]) -> str | None:
    """Return why a proof is rejected; None if it is accepted."""
    try:
        replay.replay(data)
    except replay.RejectedError as reason:
        return str(reason)
    return None


def _kind(reason: str) -> str:
    """Return a reason without its place, names and numbers."""
    text = re.sub(r"^at .*?: ", "", reason)
    text = re.sub(r"'[^']*'", "'...'", text)
    return re.sub(r"-?\d[\d/.e+-]*", "n", text)[:100]


if __name__ == "__main__":
    app()
