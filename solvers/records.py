"""What goes into a solve and what comes out of it."""

from collections.abc import Mapping
from concurrent.futures import Executor
from dataclasses import dataclass, field
from typing import Any

from pyomo.common.collections import ComponentMap
from pyomo.contrib.solver.common.results import TerminationCondition

from .cutting import Asking, Cutter
from .program import Array
from .status import Status
from .trace import Mark, Watch


@dataclass
class SolverResult:
    """What a solve found. Nothing is written into the model."""

    status: Status
    objective: float | None
    """The model's objective at `values`, in its own sense; None without a point or without an objective."""
    bound: float | None
    """The solver's proven bound: below the objective when minimizing, above when maximizing; None if none."""
    values: ComponentMap | None
    """Variable -> value as the solver returned it (an integer may be off by the integrality tolerance)."""
    duals: ComponentMap | None
    """Constraint -> d(optimal objective)/d(right-hand side), in the model's own sense (as Pyomo's `dual`)."""
    seconds: float
    """Wall time of the whole call: reading, translating, solving."""
    nodes: int | None
    message: str
    solver: str
    version: str
    notes: tuple[str, ...] = ()
    """Why another solver than the first choice was asked, if one was."""
    tree: Any = None
    """How a search over complementary pairs split the problem, see :func:`.branching.node.tree_of`; else None."""
    search_seconds: float | None = None
    """Of ``seconds``, what the solver's own runs took; the rest is reading, translating and handing over."""
    trace: list[Mark] = field(default_factory=list)
    """Best objective and bound over time, where the solver's callbacks tell; see :mod:`.trace`."""
    root_bound: float | None = None
    """The bound before the search branched, where the solver tells."""
    separated: int = 0
    """How many rows a cutter added."""


@dataclass(frozen=True)
class Settings:
    """The options of `Solver.solve`, for the methods that a solver's file defines."""

    time_limit: float | None = None
    rel_gap: float | None = 1e-6
    abs_gap: float | None = None
    threads: int | None = 1
    feasibility_tol: float | None = None
    integrality_tol: float | None = None
    tee: bool = False
    watch: Watch | None = None
    """Told now and then where a search stands, see :class:`.trace.Trace`; everything is minimised."""
    warm_start: bool = False
    duals: bool = False
    exact_sos: bool = True
    tree: bool = False
    cutter: Cutter | None = None
    asking: Asking | None = None
    """The questions of this run to the cutter, of the scaled program."""
    presolve: bool = True
    short: bool = False
    """Stop after few nodes: without presolve, a solver may branch for ever on integers without bounds."""
    extra: Mapping[str, Any] | None = None
    """The solver's own options of one run of several, which the caller's go before."""
    options: Mapping[str, Any] | None = None
    executor: Executor | None = None
    """Who searches parts of a tree over complementary pairs."""

    def tightest_tolerance(self) -> float | None:
        """For the solvers that have one tolerance where Gurobi has two."""
        return min((t for t in (self.feasibility_tol, self.integrality_tol) if t is not None), default=None)


@dataclass
class Outcome:
    """One run of a solver on a :class:`Program`, before it is interpreted; everything is minimised."""

    condition: TerminationCondition
    native: str
    """The solver's own name for how it ended."""
    point: Array | None = None
    bound: float | None = None
    duals: Array | None = None
    """Row -> d(optimal objective)/d(right-hand side)."""
    nodes: int | None = None
    tree: Any = None
    """How a search over complementary pairs split the problem."""
    seconds: float | None = None
    """What the solver itself took, where that is told apart from handing the program over."""
    trace: list[Mark] = field(default_factory=list)
    root_bound: float | None = None
    separated: int = 0
