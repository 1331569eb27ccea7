r"""Branch and bound on what is not linear: complementary pairs, integers, products; every node is a linear program.

The node with the best bound is taken, and followed down (plunging) while its bound is good; its children differ by one
bound, so that the dual simplex method goes on from its basis. A node is closed when its bound, as its dual vector
proves it, is within the gap of the best point; when a dual ray proves it empty; or when everything in it is settled.
After some nodes, what is left may go to HiGHS as a MILP, see :mod:`.finish`.

No result depends on time unless a time limit is given; all other limits count nodes and simplex steps.

Source: J. F. Bard and J. T. Moore, *A branch and bound algorithm for the bilevel programming problem*, SIAM J. Sci.
Stat. Comput. 11, 1990; P. Hansen, B. Jaumard and G. Savard, *New branch-and-bound rules for linear bilevel
programming*, SIAM J. Sci. Stat. Comput. 13, 1992.
"""

import heapq
import math
import time
from collections.abc import Mapping
from typing import Any

import numpy as np
from pyomo.contrib.solver.common.results import TerminationCondition

from ...errors import UnsupportedBySolverError
from ..interrupt import stop_requested
from ..program import Array, Program
from ..records import Outcome, Settings
from ..trace import Trace
from .alternation import Alternation
from .finish import LARGEST, finish, has_proven_ms, is_of_pairs
from .incumbents import Incumbents
from .lp import Answer, Lp, State
from .node import Node, tree_of
from .oddities import Oddities
from .problem import Problem, problem_of
from .propagate import Propagator
from .rays import any_point, improving_ray
from .select import Choice, Entity, Selector
from .strengthen import Strengthener
from .subtrees import Subtrees
from .tangents import Tangents
from .vertices import vertex_bounds

ABSOLUTE_GAP, DEFAULT_GAP = 1e-6, 1e-4
"""HiGHS's own gaps of a MILP, where none is asked for."""
AGAIN = 0.2
"""Pairs are bounded again once a point closes this part of the gap that was left when they were last."""
GAP_GAIN = 0.01
"""By how much (relative) the complementarity gap's row has to raise the root's bound to be kept."""
PLUNGE = 0.25
"""A node is followed down while its bound is within this part of the gap from the best bound."""
FINISH_AFTER = 20
"""Nodes after which what is left is handed to HiGHS as a MILP, where all Ms are proven and no tree is asked for."""
DIVE_EVERY = 50
"""Nodes between two dives, doubled with every dive that finds nothing."""
LINES_EVERY = 5.0
"""Seconds between two lines of the log."""

_WORDS = {
    "optimal": TerminationCondition.convergenceCriteriaSatisfied,
    "infeasible": TerminationCondition.provenInfeasible,
    "unbounded": TerminationCondition.unbounded,
    "time limit reached": TerminationCondition.maxTimeLimit,
    "node limit reached": TerminationCondition.iterationLimit,
    "interrupted": TerminationCondition.interrupted,
}


def solve(program: Program, settings: Settings, options: Mapping[str, Any], *, nodes: int | None = None) -> Outcome:
    """Solve a (scaled) program with complementary pairs.

    :param options: of HiGHS, by its own names, for the linear programs.
    :param nodes: most nodes.
    :raises UnsupportedBySolverError: a product of two unbounded continuous variables is in the way of every point.
    """
    search = Search(problem_of(program), settings, options, math.inf if nodes is None else nodes)
    if program.gap is not None:
        search.try_gap(program)
    outcome = search.run()
    if settings.tree:
        outcome.tree = tree_of(search.root, program)
    return outcome


class Search:
    """The open nodes, the best point, and what is known of the bound."""

    def __init__(self, problem: Problem, settings: Settings, options: Mapping[str, Any], most: float) -> None:
        self.begin = time.perf_counter()
        self.trace = Trace(settings.watch)
        self.deadline = math.inf if settings.time_limit is None else self.begin + settings.time_limit
        self.settings, self.most = settings, most
        self.relative = DEFAULT_GAP if settings.rel_gap is None else settings.rel_gap
        self.absolute = ABSOLUTE_GAP if settings.abs_gap is None else settings.abs_gap
        self.options = options
        self.root = Node(None, (), -math.inf)
        self._prepare(problem)
        self.heap: list[tuple[float, int, Node]] = []
        self.count = self.number = 0
        self.closed = math.inf  # the least bound of a node that the best point closed
        self.left_open: list[str] = []  # why nodes could not be closed
        self.unbounded = False
        self.floor = -math.inf  # a bound of everything, beside those of the open nodes
        self.may_finish = not settings.tree and most == math.inf
        self.finished, self.argument = "", ""  # how, if not by the tree; what its Ms rest on
        self.next_dive, self.dive_gap = 1, DIVE_EVERY
        self.next_strengthening: float = 10
        self.next_line = self.begin + LINES_EVERY
        self.subtrees = Subtrees(settings.executor, usable=self.may_finish)

    def _prepare(self, problem: Problem) -> None:
        self.problem = problem
        self.lp = Lp(self.problem, self.options)
        self.selector = Selector(self.problem)
        self.oddities = Oddities(self.problem, self.selector)
        self.propagator = Propagator(self.problem)
        self.tangents = Tangents(self.problem, self.lp)
        self.incumbents = Incumbents(self.problem, self.lp, self.tangents.refine)
        self.alternation = Alternation(self.problem, self.lp)
        self.lower, self.upper = self.problem.lower.copy(), self.problem.upper.copy()

    def try_gap(self, program: Program) -> None:
        """Take the gap's row into the relaxation if that makes the root's bound better."""
        plain = self.problem, self._root_bound()
        self._prepare(problem_of(program, with_gap=True))
        bound = self._root_bound()
        if bound == math.inf or (plain[1] == -math.inf and bound > -math.inf):
            return
        if not bound - plain[1] > GAP_GAIN * max(1.0, abs(bound)):
            self._prepare(plain[0])

    def _root_bound(self) -> float:
        """Return the bound of the relaxation, once rows have tightened the columns' bounds."""
        if not self.propagator.tighten(self.lower, self.upper, rounds=20):
            return math.inf
        self.lp.load(self.lower, self.upper)
        return self.tangents.refine(self.lp.solve()).bound

    # The loop --------------------------------------------------------------------------------------------

    def run(self) -> Outcome:
        """Find a first point and bounds, and search."""
        if self.propagator.tighten(self.lower, self.upper, rounds=20):
            self.lp.load(self.lower, self.upper)
            if self.settings.warm_start and self.incumbents.start(self.problem.program.start):
                self.log("start")
            self._strengthen()
        return self._outcome(self.search())

    def search(self) -> str:
        """Search until nothing is open, or a limit is reached; return which."""
        word = "optimal"
        node: Node | None = None
        while self.heap or node is not None:
            if (stop := self._stopped()) is not None:
                word = stop
                break
            jumped = node is None
            if node is None:
                node = heapq.heappop(self.heap)[2]
            if node.bound >= self.cutoff:
                self.closed = min(self.closed, node.bound)
                node = None
                continue
            if self.subtrees.ready(self):
                self.push(node)
                node = None
                self._strengthen_again()
                self.subtrees.round(self)
                if self.unbounded:
                    word = "unbounded"
                    break
                self._note(None)
                continue
            self.count += 1
            if self.may_finish and self.count > FINISH_AFTER:
                self._finish()
                if self.floor >= self.cutoff:
                    break
            self._strengthen_again()
            here, node = node, None
            node = self._process(here, jumped)
            if self.unbounded:
                word = "unbounded"
                break
            if node is not None and self.heap and self._is_poor(node):
                self.push(node)
                node = None
            self._note(node)
        if node is not None:
            self.push(node)
        return word

    def _strengthen(self) -> None:
        """Look for a first point, bound the pairs' members, and open the root."""
        self.strengthener = Strengthener(self.problem, self.lp, self.propagator, self._is_over)
        self.strengthened = self.incumbents.value
        answer = self.tangents.refine(self.lp.solve())
        if answer.state is State.infeasible:
            return
        if answer.x is not None and not self.selector.broken(answer.x, self.lower, self.upper):
            self.push(self.root)  # nothing to search
            return
        if answer.x is not None:
            self._look_for_points(answer.x, self.lower, self.upper, True)
        self.strengthened = self.incumbents.value
        empty = self.strengthener.run(self.lower, self.upper, self.strengthened)
        if empty is None:
            return
        node = self.root
        for k, side in empty:
            a, b = (int(c) for c in self.problem.pairs[k])
            parts = node.divide(("pair", k, 0.0), [(a, -math.inf, 0.0)], [(b, -math.inf, 0.0)])
            node = parts[1 - side]
        self.push(node)

    def _strengthen_again(self) -> None:
        """Bound the pairs' members anew when a much better point has been found than was known before."""
        value, bound = self.incumbents.value, self.bound()
        if self.count < self.next_strengthening or not value < self.strengthened:
            return
        if math.isfinite(self.strengthened) and self.strengthened - value < AGAIN * (self.strengthened - bound):
            return
        self.strengthened, self.next_strengthening = value, 2 * self.count
        if self.strengthener.run(self.lower, self.upper, value) is None:
            self.heap.clear()  # nothing is better than the best point

    def _finish(self) -> None:
        """Prove the Ms of the MILP that is left, and have it solved: here, or in parts by others."""
        self.may_finish = False
        if not is_of_pairs(self.problem) or not self._bound_multipliers():
            return
        if self.strengthener.run(self.lower, self.upper, self.incumbents.value) is None:
            self.floor = self.incumbents.value
            return
        if self.subtrees.usable:
            self.subtrees.by_milp = True
            self.finished = f"MILPs of parts, with proven Ms{self.argument}"
        else:
            self.solve_milp()

    def solve_milp(self) -> None:
        """Let HiGHS solve what is left; take its bound, and its point once that is settled."""
        limits: dict[str, Any] = {"mip_rel_gap": self.relative / 10, "mip_abs_gap": self.absolute / 10}
        if math.isfinite(self.deadline):
            limits["time_limit"] = max(0.0, self.deadline - time.perf_counter())
        found = finish(self.problem, self.lower, self.upper, self.incumbents.best, self.options, limits)
        if found is None:
            return
        self.floor = max(self.floor, min(found.bound, self.incumbents.value))
        if found.x is not None:
            self.incumbents.settle(found.x, self.problem.lower, self.problem.upper)
        self.finished = f"a MILP with proven Ms{self.argument} ({found.word}, {found.nodes} nodes)"
        self.log("milp")

    def _bound_multipliers(self) -> bool:
        """Return whether all Ms of the MILP are proven, at vertices of the multipliers' polyhedra if need be."""
        if has_proven_ms(self.problem, self.upper):
            return True
        lower, upper = self.lower.copy(), self.upper.copy()
        own = slice(self.problem.program.columns)
        upper[own] = np.minimum(upper[own], vertex_bounds(self.problem.program, upper, LARGEST, self._is_over))
        if not self.propagator.tighten(lower, upper, rounds=20) or not has_proven_ms(self.problem, upper):
            return False
        self.lower, self.upper = lower, upper
        self.argument = ", of multipliers at vertices of their polyhedron"
        return True

    def _process(self, node: Node, jumped: bool) -> Node | None:
        """Treat a node; return the child to go on with, if any."""
        lower, upper = node.bounds(self.lower, self.upper)
        if not self.propagator.tighten(lower, upper, rounds=1):
            return None
        while True:
            self.lp.load(lower, upper)
            if jumped:
                self.lp.restore(node.basis)
            jumped = False
            answer = self.tangents.refine(self.lp.solve())
            if answer.state is State.infeasible:
                return None
            if answer.state is State.unbounded:
                return self._unbounded(node, lower, upper)
            if answer.state is not State.optimal:
                return self._failed(node, lower, upper)
            node.bound = max(node.bound, answer.bound)
            if node.bound >= self.cutoff:
                self.closed = min(self.closed, node.bound)
                return None
            assert answer.x is not None
            entities = self.selector.broken(answer.x, lower, upper)
            node.basis = self.lp.basis()
            if not entities or self.count >= self.next_dive:
                self._look_for_points(answer.x, lower, upper, bool(entities))
                if node.bound >= self.cutoff:
                    self.closed = min(self.closed, node.bound)
                    return None
                self.lp.load(lower, upper)
                self.lp.restore(node.basis)
            if not entities:
                return self._divide(node, self.oddities.of_point(answer.x, lower, upper))
            choice = self._choose(entities, lower, upper, answer)
            if choice.closed is None:
                return self._branch(node, choice)
            node = self._narrow(node, choice)
            lower, upper = node.bounds(lower, upper)
            if not self.propagator.tighten(lower, upper, rounds=1):
                return None
            self.lp.restore(node.basis)

    def _choose(self, entities: list[Entity], lower: Array, upper: Array, answer: Answer) -> Choice:
        if len(entities) == 1:
            return Choice(entities[0])
        return self.selector.choose(entities, self.lp, lower, upper, answer, self.cutoff)

    def _narrow(self, node: Node, choice: Choice) -> Node:
        """Close one side of a split, which is proven empty or not better than the best point; return the other."""
        parts = node.divide(choice.entity.split, choice.entity.left, choice.entity.right)
        assert choice.closed is not None
        gone = choice.bounds[choice.closed]
        if math.isfinite(gone):
            self.closed = min(self.closed, gone)
        return parts[1 - choice.closed]

    def _branch(self, node: Node, choice: Choice) -> Node:
        """Divide a node; put the worse part aside, return the better one."""
        parts = node.divide(choice.entity.split, choice.entity.left, choice.entity.right)
        for part, bound in zip(parts, choice.bounds, strict=True):
            part.bound = max(part.bound, bound)
        node.basis = None
        left_first = parts[0].bound < parts[1].bound or (
            parts[0].bound == parts[1].bound and choice.entity.moves[0] <= choice.entity.moves[1]
        )
        first, second = parts if left_first else (parts[1], parts[0])
        self.push(second)
        return first

    # Nodes that are not like others -----------------------------------------------------------------------

    def _unbounded(self, node: Node, lower: Array, upper: Array) -> Node | None:
        """Branch on what an improving direction breaks."""
        node.basis = None
        state, x = any_point(self.lp)
        if state is State.infeasible:
            return None
        ray = None if x is None else improving_ray(self.lp)
        if x is None or ray is None:
            return self._failed(node, lower, upper)
        if self.tangents.bend(ray):
            self.push(node)
            return None
        what = self.oddities.of_direction(x, ray, lower, upper)
        if what is not None:
            return self._divide(node, what)
        self.incumbents.offer(x)
        self.unbounded = True
        return node

    def _failed(self, node: Node, lower: Array, upper: Array) -> Node | None:
        node.basis = None
        return self._divide(node, self.oddities.of_nothing(lower, upper))

    def _divide(self, node: Node, what: Entity | str) -> Node | None:
        """Branch; or leave the node open, where there is only a reason why that cannot be."""
        if isinstance(what, Entity):
            return self._branch(node, Choice(what))
        self.left_open.append(what)
        self.closed = min(self.closed, node.bound)
        return None

    # Points and bounds -----------------------------------------------------------------------------------

    def _look_for_points(self, x: Array, lower: Array, upper: Array, dive: bool) -> None:
        before = self.incumbents.value
        self.incumbents.settle(x, lower, upper)
        if dive:
            found = False
            if (z := self.alternation.complementary(x, self.lower, self.upper)) is not None:
                found = self.incumbents.settle(z, self.lower, self.upper)
            found |= self.incumbents.dive(x, lower, upper, self.cutoff)
            self.dive_gap = DIVE_EVERY if found else 2 * self.dive_gap
            self.next_dive = self.count + self.dive_gap
        if self.incumbents.value < before:
            self.log("point")

    @property
    def cutoff(self) -> float:
        """What a node's bound must be below, to be of interest."""
        value = self.incumbents.value
        return value - max(self.absolute, self.relative * abs(value)) if math.isfinite(value) else math.inf

    def bound(self) -> float:
        """Return the least objective that any point may have."""
        least = min([self.closed, *(bound for bound, _, _ in self.heap[:1])])
        return min(max(least, self.floor), self.incumbents.value)

    def _bound_with(self, node: Node | None) -> float:
        """Return the bound while a node that is not among the open ones is still to be processed."""
        return self.bound() if node is None else min(self.bound(), max(node.bound, self.floor))

    def _is_poor(self, node: Node) -> bool:
        best, value = self.heap[0][0], self.incumbents.value
        if not math.isfinite(value) or not math.isfinite(best):
            return False
        return node.bound > best + PLUNGE * (value - best)

    def take(self, most: int) -> list[Node]:
        """Take the best of the open nodes away."""
        taken: list[Node] = []
        while self.heap and len(taken) < most:
            node = heapq.heappop(self.heap)[2]
            if node.bound >= self.cutoff:
                self.closed = min(self.closed, node.bound)
            else:
                taken.append(node)
        return taken

    def push(self, node: Node) -> None:
        """Put a node among the open ones."""
        self.number += 1
        heapq.heappush(self.heap, (node.bound, self.number, node))

    def _is_over(self) -> bool:
        return self._stopped() is not None

    def _stopped(self) -> str | None:
        if stop_requested():
            return "interrupted"
        if self.count >= self.most:
            return "node limit reached"
        return "time limit reached" if time.perf_counter() > self.deadline else None

    def _outcome(self, word: str) -> Outcome:
        incumbents = self.incumbents
        bound = self.bound()
        if word == "optimal" and incumbents.best is None:
            word = "infeasible"
        if self.left_open and word in ("optimal", "infeasible") and not bound >= self.cutoff:
            word = "left open"
            if incumbents.best is None and self.left_open[0].startswith("the product "):
                raise UnsupportedBySolverError(
                    f"highs cannot branch on {self.left_open[0]}. Give one of them bounds, or use solver='gurobi' or "
                    "solver='scip' with another reformulation."
                )
        done = f"{word}: {self.count} nodes, {self.lp.runs} linear programs, {self.lp.steps} simplex steps"
        if self.finished:
            done += f"; bounded by {self.finished}"
        if self.left_open:
            done += f"; {len(self.left_open)} nodes are left open, as {self.left_open[0]}"
        done += self.subtrees.said
        told = bound if math.isfinite(bound) and word not in ("infeasible", "unbounded") else None
        self.trace.end(self.count, incumbents.value, told)
        return Outcome(
            _WORDS.get(word, TerminationCondition.unknown), done, point=incumbents.best, bound=told, nodes=self.count,
            trace=self.trace.marks, root_bound=self.trace.root_bound,
        )  # fmt: skip

    def _note(self, node: Node | None) -> None:
        self.log()
        self.trace.note(self.count, self.incumbents.value, self._bound_with(node))

    def log(self, what: str = "") -> None:
        """Print where the search stands, now and then, and at what is worth a line."""
        if not self.settings.tee:
            return
        now = time.perf_counter()
        if not what and now < self.next_line:
            return
        self.next_line = now + LINES_EVERY
        value, bound = self.incumbents.value, self.bound()
        print(
            f"branching {now - self.begin:8.1f} s {self.count:9d} nodes {len(self.heap):8d} open  "
            f"best {value:<16.9g} bound {bound:<16.9g} {what}",
            flush=True,
        )
