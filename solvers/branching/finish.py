r"""The other way to the end: what is left, as a MILP whose Ms are all proven.

.. math:: a_k \le \bar a_k (1 - z_k), \quad b_k \le \bar b_k z_k, \quad z_k \in \{0, 1\}

The bounds are those that :mod:`.strengthen` has proven by weak duality, each with a margin, for all points that are
better than the best one: so the MILP has all of these, and its bound is one of the problem. Cutting planes and presolve
of HiGHS then are worth more than a tree of linear programs, but the proof is HiGHS's, and there is no tree.

Source: J. Hu, J. E. Mitchell, J.-S. Pang and B. Yu, *On linear programs with linear complementarity constraints*,
J. Glob. Optim. 53, 2012.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from pyomo.contrib.solver.common.results import TerminationCondition
from scipy.sparse import csr_array, hstack, vstack

from ..highs import native
from ..program import Array, Program
from .problem import Problem

LARGEST = 1e5
"""With a larger M, HiGHS's tolerance of 1e-7 on its binaries would let both members be positive."""
TOLERANCE = 1e-7

_DECIDED = (TerminationCondition.convergenceCriteriaSatisfied, TerminationCondition.maxTimeLimit,
            TerminationCondition.iterationLimit, TerminationCondition.interrupted)  # fmt: skip


@dataclass(frozen=True)
class Finish:
    """What HiGHS says of the MILP."""

    word: str
    bound: float
    x: Array | None
    nodes: int


def is_of_pairs(problem: Problem) -> bool:
    """Whether all that the relaxation forgets is pairs, and integers."""
    program = problem.program
    return program.is_linear and not program.sos and not program.switches


def has_proven_ms(problem: Problem, upper: Array) -> bool:
    """Whether both members of every pair that is left have a bound that is not too large."""
    return bool(np.all(upper[_open(problem, upper)] <= LARGEST))


def finish(
    problem: Problem, lower: Array, upper: Array, best: Array | None, options: Mapping[str, Any],
    limits: Mapping[str, Any],
) -> Finish | None:  # fmt: skip
    """Solve the MILP; None where HiGHS's answer is of no use.

    :param upper: proven bounds of the columns, as ``lower``, for all that is better than the best point.
    :param best: that point, as a start.
    :param limits: on time and gaps, by HiGHS's own names.
    """
    pairs, program = _open(problem, upper), problem.program
    solver = native.new({"mip_feasibility_tolerance": TOLERANCE} | dict(options) | dict(limits))
    native.hand_over(solver, _milp(program, pairs, lower[: program.columns], upper[: program.columns]))
    native.pass_integers(solver, np.r_[program.integer, np.ones(len(pairs), bool)])
    if best is not None:
        native.offer(solver, np.r_[best, (best[pairs[:, 1]] > best[pairs[:, 0]]).astype(float)])
    native.run(solver)
    condition, word = native.condition_of(solver)
    if condition not in _DECIDED:
        return None
    info, point = solver.getInfo(), native.point_of(solver)
    x = None if point is None else np.r_[point[: program.columns], np.zeros(problem.columns - program.columns)]
    return Finish(word.lower(), info.mip_dual_bound, x, max(0, info.mip_node_count))


def _open(problem: Problem, upper: Array) -> Array:
    """Return the pairs of which neither member is known to be zero."""
    pairs = problem.pairs
    return pairs[np.all(upper[pairs] > 0, axis=1)]


def _milp(program: Program, pairs: Array, lower: Array, upper: Array) -> Any:
    """Return the program with a further column z, and two rows, for each pair."""
    count = len(pairs)
    k, z, one = np.arange(count), program.columns + np.arange(count), np.ones(count)
    most, shape = upper[pairs], (count, program.columns + count)
    first = csr_array((np.r_[one, most[:, 0]], (np.r_[k, k], np.r_[pairs[:, 0], z])), shape)
    second = csr_array((np.r_[one, -most[:, 1]], (np.r_[k, k], np.r_[pairs[:, 1], z])), shape)
    own = hstack([program.matrix, csr_array((program.matrix.shape[0], count))])
    return native.lp_of(
        replace(
            program,
            cost=np.r_[program.cost, np.zeros(count)],
            lower=np.r_[lower, np.zeros(count)],
            upper=np.r_[upper, one],
            matrix=csr_array(vstack([own, first, second], format="csr")),
            row_lower=np.r_[program.row_lower, np.full(2 * count, -np.inf)],
            row_upper=np.r_[program.row_upper, most[:, 0], np.zeros(count)],
        )
    )
