"""A session with the solvers: who is asked, with which options, for how long, and who hears of it.

The exact solve, starts, heuristics, polishing and checks ask their solvers through one, so that what the caller of
``solve`` said holds for all of them.
"""

import math
import time
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from pyomo.core.base.block import BlockData

from ..errors import SolverUnavailableError
from . import choose, get_solver
from .base import Solver
from .interrupt import stop_requested
from .reading import Reading, read
from .records import SolverResult
from .trace import line


@dataclass(kw_only=True)
class Session:
    """What every solve of a run has in common; its time begins when it is made.

    :param solver: a name in ``SOLVERS``, or "auto": chosen for each problem, and another one where a licence refuses.
    :param time_limit: seconds, for all solves together; None for no limit.
    :param rel_gap: relative gap at which a problem counts as solved.
    :param threads: of each solver.
    :param tee: print the solvers' logs.
    :param options: passed to the solvers as they are.
    :param say: told, in a line of text, what is being done.
    """

    solver: str = "auto"
    time_limit: float | None = None
    rel_gap: float | None = 1e-6
    threads: int | None = 1
    tee: bool = False
    options: Mapping[str, Any] | None = None
    say: Callable[[str], None] = lambda _: None
    called: set[str] = field(default_factory=set)
    """Names of the solvers that were asked."""

    def __post_init__(self) -> None:
        self._end = math.inf if self.time_limit is None else time.monotonic() + self.time_limit

    @property
    def features(self) -> dict[str, bool] | None:
        """What the solver takes; None where it is still to be chosen."""
        return None if self.solver == "auto" else get_solver(self.solver).features.as_dict()

    def choose(self, problem: BlockData | Reading, *, exclude: Collection[str] = ()) -> tuple[Solver, str]:
        """Return who solves a problem, and a sentence that says why.

        :raises UnsupportedBySolverError: the solver is "auto", and none takes the problem.
        """
        if self.solver == "auto":
            return choose(problem, exclude=exclude)
        return get_solver(self.solver), f"{self.solver}: as asked"

    def solve(
        self,
        problem: BlockData | Reading,
        *,
        time_limit: float | None = None,
        nodes: int | None = None,
        **arguments: Any,
    ) -> SolverResult:
        """Solve a problem with what is left of the time.

        :param time_limit: seconds that this solve may take of it.
        :param nodes: of a search, where the problem needs one: a limit that does not depend on the machine.
        :param arguments: others of :meth:`.base.Solver.solve`; a cutter is for those solvers that ask one.
        :returns: the result; its ``notes`` say so where another solver than the first choice gave it.
        """
        problem = read(problem)
        chosen, _ = self.choose(problem)
        try:
            return self._ask(chosen, problem, time_limit, nodes, arguments)
        except SolverUnavailableError as refusal:
            if self.solver != "auto":
                raise
            other, why = self.choose(problem, exclude=(chosen.name,))
            return replace(self._ask(other, problem, time_limit, nodes, arguments), notes=(str(refusal), why))

    def _ask(
        self,
        solver: Solver,
        problem: Reading,
        time_limit: float | None,
        nodes: int | None,
        arguments: Mapping[str, Any],
    ) -> SolverResult:
        self.called.add(solver.name)
        options = dict(self.options or {})
        if nodes is not None and solver.node_limit and not problem.needs.convex_continuous:
            options.setdefault(solver.node_limit, nodes)
        if not solver.separates:
            arguments = {name: argument for name, argument in arguments.items() if name != "cutter"}
        return solver.solve(
            problem, rel_gap=self.rel_gap, threads=self.threads, tee=self.tee,
            options=options or None, time_limit=self.seconds(time_limit),
            watch=lambda mark: self.say(line(solver.name, mark)), **arguments,
        )  # fmt: skip

    # When to end -----------------------------------------------------------------------------------------

    @property
    def over(self) -> bool:
        """Whether to end now, with the best point so far: the time is over, or a stop was asked for."""
        return stop_requested() or time.monotonic() >= self._end

    @property
    def why(self) -> str:
        """Why to end now, for the result's message; empty while there is no reason."""
        if stop_requested():
            return "interrupted"
        return "stopped by the time limit" if self.over else ""

    def said(self, otherwise: str) -> str:
        """Return a message of a run that ended for a reason of its own, which a stop may be behind."""
        why = self.why
        return f"{why}: {otherwise}" if why else otherwise

    def seconds(self, most: float | None = None) -> float | None:
        """Return what may be taken of the time left, and no more than ``most``; None for no limit."""
        left = min(math.inf if most is None else most, self._end - time.monotonic())
        return None if left == math.inf else max(0.0, left)
