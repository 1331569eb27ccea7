r"""Convex MIQP with HiGHS, which has none of its own: outer approximation by tangents of the objective's squares.

1. Tangents are added to the linear relaxation until its objective is right (Kelley's cutting planes, square by square).
2. The MILP with all tangents is solved. Its bound is a bound of the MIQP, because tangents lie below their squares.
3. With the integers fixed where the MILP has them, tangents are added as in 1: this finds the best point there.
4. Back to 2, until the best point is within the gap of the best bound, or the time is over.

The objective of a point is always the true one. A relaxation that is unbounded for lack of tangents gets some along
the improving ray; a ray without curvature makes the MIQP unbounded (if it is feasible). Without integers, step 1
solves a convex QP: that serves where HiGHS's own QP method gives up.

Source: M. A. Duran and I. E. Grossmann, *An outer-approximation algorithm for a class of mixed-integer nonlinear
programs*, Math. Program. 36, 1986; J. E. Kelley, *The cutting-plane method for solving convex programs*, J. SIAM 8,
1960.
"""

import math
import time
from collections.abc import Mapping
from typing import Any

import numpy as np
from pyomo.contrib.solver.common.results import TerminationCondition

from ..interrupt import stop_requested
from ..program import Program
from ..records import Outcome, Settings
from . import native
from .approximation import Approximation, Point
from .squares import sum_of_squares

OBJECTIVE_ERROR = 1e-6
"""The approximation is right at a point if its objective errs by less than this (relative; absolute below 1e-3)."""
ROUNDS, LP_ROUNDS, RAYS = 100, 60, 30
"""Most MILPs, linear programs between two of them, and rays cut off."""
MILP_SHARE = 0.9
"""Of the time left: what a MILP may take, so that its point can still be improved."""
ABSOLUTE_GAP, DEFAULT_GAP = 1e-6, 1e-4
"""HiGHS's own gaps of a MILP, where none is asked for."""

_OPTIMAL = TerminationCondition.convergenceCriteriaSatisfied


def solve(program: Program, settings: Settings, options: Mapping[str, Any]) -> Outcome:
    """Solve a convex MIQP, or QP.

    :param program: with a convex quadratic objective, and linear rows.
    :param options: of HiGHS, by its own names, for each linear program and MILP.
    """
    search = _OuterApproximation(program, settings, options)
    condition, word = search.relax()
    if condition is _OPTIMAL:
        condition, word = search.branch() if program.integer.any() else search.without_integers()
    return search.outcome(condition, word)


class _OuterApproximation:
    """The best point and bound so far (minimized), and what it took."""

    def __init__(self, program: Program, settings: Settings, options: Mapping[str, Any]) -> None:
        begin = time.perf_counter()
        self.deadline = math.inf if settings.time_limit is None else begin + settings.time_limit
        self.program = program
        relative = DEFAULT_GAP if settings.rel_gap is None else settings.rel_gap
        self.gaps = relative, ABSOLUTE_GAP if settings.abs_gap is None else settings.abs_gap
        squares = sum_of_squares(program.quadratic.terms)
        self.approximation = Approximation(program, squares, options, settings.tee)
        self.best: Point | None = None
        self.objective, self.bound = math.inf, -math.inf
        self.rounds = self.nodes = 0
        self.start = self._given_start() if settings.warm_start else None

    def _given_start(self) -> Point:
        """Return the values on the model's variables, with tangents where all are known."""
        start = self.approximation.lifted(self.program.start)
        if np.isfinite(start).all():
            self.approximation.add_tangents(self.approximation.factors(start))
        return start

    # The steps -------------------------------------------------------------------------------------------

    def relax(self) -> tuple[TerminationCondition, str]:
        """Add tangents to the linear relaxation; return what is known of the MIQP then."""
        continuous = not self.program.integer.any()
        for _ in range(RAYS):
            condition, word = self._tighten(note=continuous)
            if condition is _OPTIMAL:
                self.bound = self.approximation.lp.getInfo().objective_function_value
                return _OPTIMAL, "relaxation"
            if condition not in (TerminationCondition.unbounded, TerminationCondition.infeasibleOrUnbounded):
                return condition, word
            ray = self.approximation.improving_ray()
            if ray is None:
                infeasible = condition is TerminationCondition.infeasibleOrUnbounded
                return TerminationCondition.provenInfeasible if infeasible else TerminationCondition.unknown, word
            if not ray.any():
                return TerminationCondition.unbounded, "improving ray with zero curvature"
            self.approximation.add_tangents(ray)
        return TerminationCondition.iterationLimit, f"{RAYS} improving rays cut off, and the limit is reached"

    def without_integers(self) -> tuple[TerminationCondition, str]:
        """Return what the linear programs of :meth:`relax` have proven of a QP."""
        if self._closed():
            return _OPTIMAL, "Optimal"
        return TerminationCondition.unknown, "no tangent left to add, and the gap is not closed"

    def branch(self) -> tuple[TerminationCondition, str]:
        """Solve MILPs, each with the tangents at the last one's point, until the gap is closed."""
        limit = TerminationCondition.maxTimeLimit, "Time limit reached"
        if self.start is not None and np.isfinite(self.start[self.approximation.integers]).all():
            self._note_best_with_integers_of(self.start)
        while self.rounds < ROUNDS:
            left = self._left()
            if left <= 0:
                return limit
            condition, word, point = self._solve_milp(left)
            if condition in (TerminationCondition.provenInfeasible, TerminationCondition.infeasibleOrUnbounded):
                if self.best is None:
                    return TerminationCondition.provenInfeasible, word
                return TerminationCondition.unknown, "an infeasible MILP, although a point is known"
            added = self._improve(point) if point is not None else 0
            if self._closed():
                return _OPTIMAL, "Optimal"
            if condition is not _OPTIMAL:
                return condition, word
            if not added:
                return TerminationCondition.unknown, "no tangent left to add, and the gap is not closed"
        return TerminationCondition.iterationLimit, f"{ROUNDS} rounds, and the limit is reached"

    def _solve_milp(self, left: float) -> tuple[TerminationCondition, str, Point | None]:
        relative, absolute = self.gaps
        options = {"mip_rel_gap": relative / 4, "mip_abs_gap": absolute / 4}  # the rest is for the tangents
        start = self.start if self.best is None else self.approximation.lifted(self.best)
        milp = self.approximation.solve_milp(left if left == math.inf else MILP_SHARE * left, start, options)
        info = milp.getInfo()
        self.rounds += 1
        self.nodes += max(0, info.mip_node_count)
        if math.isfinite(info.mip_dual_bound):
            self.bound = max(self.bound, info.mip_dual_bound)
        return *native.condition_of(milp), native.point_of(milp)

    def _improve(self, point: Point) -> int:
        """Note the point, and the best one with its integers; return how many tangents were added."""
        before = self._count()
        self._note(point)
        self.approximation.add_tangents(self.approximation.factors(point))
        self._note_best_with_integers_of(point)
        return self._count() - before

    def _note_best_with_integers_of(self, point: Point) -> None:
        """Note the best point with the integers of this one."""
        self.approximation.fix_integers(point)
        self._tighten(note=True)
        self.approximation.fix_integers(None)

    def _tighten(self, note: bool) -> tuple[TerminationCondition, str]:
        """Add tangents to the linear program until it errs little; return how it ended."""
        for _ in range(LP_ROUNDS):
            if stop_requested():
                return TerminationCondition.interrupted, "Interrupted by user"
            if (left := self._left()) <= 0:
                return TerminationCondition.maxTimeLimit, "Time limit reached"
            condition, word, point = self.approximation.solve_lp(left)
            if condition is not _OPTIMAL:
                return condition, word
            if note:
                self._note(point)
            error = self.approximation.error(point)
            if error <= self._tolerance(self.approximation.objective(point)):
                break
            if not self.approximation.add_tangents(self.approximation.factors(point)):
                break
        return _OPTIMAL, "Optimal"

    # What is known ---------------------------------------------------------------------------------------

    def _note(self, point: Point) -> None:
        objective = self.approximation.objective(point)
        if objective < self.objective:
            self.best, self.objective = point, objective

    def _closed(self) -> bool:
        if self.best is None:
            return False
        relative, absolute = self.gaps
        return self.objective - self.bound <= max(absolute, relative * abs(self.objective))

    @staticmethod
    def _tolerance(objective: float) -> float:
        return OBJECTIVE_ERROR / 4 * max(abs(objective), 1e-3)

    def _left(self) -> float:
        return self.deadline - time.perf_counter()

    def _count(self) -> int:
        return sum(len(points) - 1 for points in self.approximation.tangents)

    def outcome(self, condition: TerminationCondition, word: str) -> Outcome:
        """Return what was found."""
        done = f"outer approximation: {self.rounds} rounds, {self._count()} tangents"
        outcome = Outcome(condition, f"{word}; {done}", nodes=self.nodes)
        if math.isfinite(self.bound) and condition is not TerminationCondition.provenInfeasible:
            outcome.bound = self.bound
        if self.best is not None:
            outcome.point = self.best[: self.program.columns]
            error = self.approximation.error(self.best) / max(abs(self.objective), 1e-3)
            outcome.native += f", objective error {error:.2g} relative"
        return outcome
