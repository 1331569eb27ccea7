r"""Which of several disagreeing answers is wrong: one refuted by a verified point, or whose check failed.

With :math:`F` the leader's objective (minimised) and :math:`\tilde F` that of a verified point, an answer is
refuted by :math:`\tilde F` if its claimed bound, its claimed optimum or its claim of infeasibility
contradicts it:

.. math:: \text{bound} > \tilde F + \varepsilon, \qquad F^{claimed} > \tilde F + \varepsilon, \qquad
          \varepsilon = (10^{-5} + \text{relative gap}) (1 + |\tilde F|)
"""

from collections.abc import Sequence

from ..solvers.status import Status
from .row import Row

AGREEMENT = 1e-5  # what the check of a point tolerates may move its objective by about that


def mark(rows: Sequence[Row], minimising: bool, rel_gap: float) -> None:
    """Set ``culprit`` on the rows, all of one instance, that another row or their own check refutes.

    Those that their own confirmation refuted have one.
    """
    best = _best_verified(rows, minimising)
    for row in rows:
        if row.culprit is not None:
            continue
        if row.verified is False:
            row.culprit = "its point fails the check"
        elif best is not None and best is not row:
            row.culprit = _refuted(row, best, 1 if minimising else -1, rel_gap)
    _mark_open_contradictions([row for row in rows if row.culprit is None])


def _best_verified(rows: Sequence[Row], minimising: bool) -> Row | None:
    verified = [row for row in rows if row.verified and row.objective is not None]
    return min(verified, key=lambda row: (row.objective or 0.0) * (1 if minimising else -1), default=None)


def _refuted(row: Row, best: Row, sense: int, rel_gap: float) -> str | None:
    """Say how ``row`` contradicts the verified point of ``best``, or None."""
    if best.objective is None:
        return None
    point = f"{best.label} has a verified point of {best.objective:.10g}"
    margin = (AGREEMENT + rel_gap) * (1 + abs(best.objective))
    if row.status == Status.infeasible:
        return f"claims infeasible, but {point}"
    if row.status == Status.optimal and row.objective is not None and sense * (row.objective - best.objective) > margin:
        return f"claims the optimum {row.objective:.10g}, but {point}"
    if row.bound is not None and sense * (row.bound - best.objective) > margin:
        return f"claims the bound {row.bound:.10g}, but {point}"
    return None


def _mark_open_contradictions(rows: Sequence[Row]) -> None:
    """Mark proofs that exclude one another where no point tells which of them is wrong."""
    proofs = (Status.optimal, Status.infeasible, Status.unbounded)
    claims = {status: row for status in proofs for row in rows if row.method == "exact" and row.status == status}
    if len(claims) < 2:
        return
    for row in rows:
        others = [other for status, other in claims.items() if status != row.status]
        if row.method == "exact" and row.status in claims:
            against = ", ".join(f"{other.label}: {other.status}" for other in others)
            row.culprit = f"claims {row.status} against {against}; no point tells which is wrong"
