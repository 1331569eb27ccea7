r"""Tangents of the objective's squares: a square's column t is bounded where a relaxation's point needs it.

.. math:: t \ge 2 z_0 \, v^\top x - z_0^2 \quad \text{for } t \ge (v^\top x)^2 \text{ at } v^\top x = z_0.
"""

import numpy as np
from scipy.sparse import csr_array

from ..program import Array
from .lp import Answer, Lp, State
from .problem import Problem

ROUNDS = 40
OBJECTIVE_ERROR = 1e-7
"""Tangents are added until the objective errs by less (relative; absolute below 1)."""


class Tangents:
    """Adds tangents to the linear programs of a problem."""

    def __init__(self, problem: Problem, lp: Lp) -> None:
        self.problem, self.lp = problem, lp

    def refine(self, answer: Answer) -> Answer:
        """Add tangents where the relaxation's point lies below the squares, and solve again."""
        if not self.problem.squares:
            return answer
        for _ in range(ROUNDS):
            if answer.state is not State.optimal or answer.x is None:
                return answer
            x = answer.x
            error = [s.weight * (s.factor(x) ** 2 - x[s.column]) for s in self.problem.squares]
            limit = OBJECTIVE_ERROR * max(1.0, abs(answer.objective))
            if sum(max(e, 0.0) for e in error) <= limit:
                return answer
            least = limit / (2 * len(error))
            self._add(x, [k for k, e in enumerate(error) if e > least])
            answer = self.lp.solve()
        return answer

    def bend(self, ray: Array) -> bool:
        """Cut a direction off in which some square grows; return whether there is one."""
        chosen = [k for k, s in enumerate(self.problem.squares) if abs(s.factor(ray)) > 1e-7]
        for scale in (1.0, 1e3, -1.0, -1e3):
            self._add(scale * ray, chosen)
        return bool(chosen)

    def _add(self, x: Array, chosen: list[int]) -> None:
        if not chosen:
            return
        squares = [self.problem.squares[k] for k in chosen]
        at = [s.factor(x) for s in squares]
        start = np.r_[0, np.cumsum([s.columns.size + 1 for s in squares])]
        index = np.concatenate([np.r_[s.columns, s.column] for s in squares])
        data = np.concatenate([np.r_[-2.0 * z * s.coefficients, 1.0] for s, z in zip(squares, at, strict=True)])
        rows = csr_array((data, index, start), shape=(len(squares), self.problem.columns))
        self.lp.add_rows(rows, -np.square(at), np.full(len(at), np.inf))
