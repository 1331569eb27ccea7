"""What the library says of a problem, and whether it can be true.

An answer that claims less than it could (a refusal, a stop at a limit, a point that is not called optimal) is never
wrong; one that claims what the enumeration refutes always is.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import bilevolt
from bilevolt.errors import BilevoltError

from .enumeration import Truth
from .problem import LEADER, Problem, scaled_number
from .script import build

BLUR = 1e-5  # the default of bilevolt.solve(tolerance=...), to which its answers are checked
TOLERANCE = 1e-4  # relative to 1 + |truth|, on the scale of the model's own objective
POINT = ("optimal", "feasible")

Solve = Callable[..., Any]  # as bilevolt.solve


@dataclass(frozen=True)
class Claim:
    """What a run said; ``error`` is what it raised, ``used`` the reformulation and solver that were chosen."""

    status: str
    objective: float | None = None
    bound: float | None = None
    used: str = ""
    error: str = ""


@dataclass(frozen=True)
class Verdict:
    """The outcome "right", "refused", "open", "blurred" or "wrong"; the kind of what is wrong, and what was said."""

    outcome: str
    kind: str = ""
    said: str = ""


def claim(problem: Problem, reformulation: str, solver: str, time_limit: float, solve: Solve | None = None) -> Claim:
    """Return what the library says of a problem; "refused" and "raised" are statuses here."""
    try:
        run = solve or bilevolt.solve
        solution = run(build(problem), reformulation=reformulation, solver=solver, time_limit=time_limit)
    except BilevoltError as refusal:
        return Claim("refused", error=f"{type(refusal).__name__}: {refusal}")
    except Exception as error:  # whatever it is: that it is no BilevoltError is the finding
        return Claim("raised", error=f"{type(error).__name__}: {error}")
    used = f"{solution.reformulation} {solution.solver}"
    return Claim(str(solution.status), solution.objective, solution.bound, used)


def judge(claim: Claim, problem: Problem, truth: Truth) -> Verdict:
    """Compare a claim with the truth."""
    if claim.status == "refused":
        return Verdict("refused", claim.error.partition(":")[0])
    if claim.status in ("raised", "crashed", "hung"):
        return Verdict("wrong", f"{claim.status} {claim.error.partition(':')[0]}".strip(), claim.error)
    fault = _fault(claim, problem, truth)
    if fault:
        return Verdict("wrong", fault, f"{fault}: said {_said(claim)}, the truth is {describe(truth, problem)}.")
    proven = claim.status in ("optimal", "infeasible", "unbounded")
    return Verdict("right" if proven else "open", claim.status)


def is_blurred(claim: Claim, problem: Problem, blurred: Truth) -> bool:
    """Whether a wrong claim of a point is possible where rows, bounds and stationarity are missed by the tolerance.

    :param blurred: the truth with ``BLUR``. Only a point that is too good can be excused so, or one where there is
        none; a better one that was not found cannot.
    """
    if claim.status not in POINT or claim.objective is None or blurred.status == "infeasible":
        return False
    best, sense = value_on_model(blurred, problem), problem.levels[LEADER].sense
    return best is None or sense * (claim.objective - best) >= -TOLERANCE * (1 + abs(best))


def value_on_model(truth: Truth, problem: Problem) -> float | None:
    """Return the truth's value in the units of the model's objective."""
    return None if truth.value is None else scaled_number(truth.value, problem.levels[LEADER].power)


def describe(truth: Truth, problem: Problem) -> str:
    """Return the truth in words, in the units of the model."""
    return truth.status if truth.value is None else f"{truth.status} {value_on_model(truth, problem):.10g}"


def _said(claim: Claim) -> str:
    numbers = "".join(
        f", {what} {number:.10g}"
        for what, number in (("objective", claim.objective), ("bound", claim.bound))
        if number is not None
    )
    return f"{claim.status}{numbers}"


def _fault(claim: Claim, problem: Problem, truth: Truth) -> str:
    """Return what refutes a claim, or ""."""
    best, sense = value_on_model(truth, problem), problem.levels[LEADER].sense
    status = claim.status
    if status in ("infeasible", "unbounded"):
        return "" if truth.status == status else f"{status}, but {truth.status}"
    if status == "infeasible_or_unbounded":
        return f"{status}, but optimal" if best is not None else ""
    if status not in POINT:
        return ""
    if truth.status == "infeasible" or (truth.status == "unbounded" and status == "optimal"):
        return f"{status}, but {truth.status}"
    if claim.objective is None or math.isnan(claim.objective):
        return f"{status} without an objective"
    if best is None:  # a feasible point of an unbounded problem
        cut = claim.bound is not None and (math.isfinite(claim.bound) or sense * claim.bound > 0)
        return "a bound, but unbounded" if cut else ""
    tolerance = TOLERANCE * (1 + abs(best))
    distance = sense * (claim.objective - best)
    if distance < -tolerance:
        return f"{status}, better than the optimum"
    if status == "optimal" and distance > tolerance:
        return "optimal, worse than the optimum"
    if claim.bound is not None and not sense * (claim.bound - best) <= tolerance:  # also where it is nan
        return "a bound that cuts the optimum off"
    return ""
