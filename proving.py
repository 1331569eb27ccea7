"""``prove``: a proof of global optimality for a model that need not be solved yet."""

from collections.abc import Callable
from typing import Any

from .driver import solve
from .solution import Solution
from .solvers.interrupt import stoppable
from .verification import proofs
from .verification.proofs import Proof


def prove(
    model: Any,
    solution: Solution | None = None,
    *,
    gap: float = 1e-6,
    node_limit: int = 100_000,
    time_limit: float | None = None,
    assume: bool = False,
    progress: Callable[[str], None] | None = None,
) -> Proof:
    """Prove that a solution of a bilevel model is globally optimal, in exact arithmetic.

    The first Ctrl-C ends the search at the next node: the proof is open, and says how far it got.

    :param solution: of the model; by default the model is solved first. It only says where to look: a better point that
        is found on the way takes its place, and is noted.
    :param gap: how far below the solution's objective (relative to ``max(1, |F|)``) the proven bound may be.
    :param node_limit: nodes of the tree after which the proof is left open.
    :param time_limit: seconds after which the proof is left open.
    :param assume: whether the valid inequalities that the model offers may be used; they are listed in the verdict.
    :raises ProofError: the model has a form that proofs do not cover, or the solution has nothing to prove.
    """
    with stoppable():  # one request for both: a solve that is interrupted is not followed by a search
        found = solve(model) if solution is None else solution
        return proofs.prove(
            model, found, gap=gap, node_limit=node_limit, time_limit=time_limit, assume=assume, progress=progress
        )
