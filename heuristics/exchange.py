r"""Exchange search: an annealed walk whose steps hand amounts from one variable of the leader to another.

Where a row of the leader says what its variables come to (a budget, a reserve, a number of sites), a change of one
variable alone is infeasible or wasted. So most steps keep the sum, for variables a and b that are near or anywhere:

- *transfer*: :math:`x_a - \delta,\; x_b + \delta`, with one unit of an integer, or a share of the range;
- *swap*: a and b exchange their numbers;
- *empty*: a goes to its lower bound, and its amount is handed out unit by unit to others that are above theirs;
- *fill*: a that is at its lower bound takes units from such others;
- *single*: one variable moves alone, a continuous one now and then to any value.

A kind of step is drawn the more often the more often it was an improvement. Near are variables that meet in a row of
the followers, or in two rows with a variable in common. Integers of the leader that its rows settle (an open site by
its size) follow the step; a step that breaks a row of the leader is drawn anew, which costs no evaluation. A worse
decision is accepted as in :mod:`.annealing`,

.. math:: P(\text{accept}) = \min(1, e^{-\Delta / T}), \qquad T_k = T_0\, (T_{\mathrm{end}} / T_0)^{k / K}

The followers' LP goes on from the basis of the step before (:mod:`.follower.hot`). What is reported is evaluated
exactly, as by all heuristics; no bound comes with it.

Source: exchange steps are those of local search for location, M. Teitz and P. Bart, *Heuristic methods for estimating
the generalized vertex median of a weighted graph*, Oper. Res. 16, 1968; annealing: S. Kirkpatrick, C. D. Gelatt and
M. P. Vecchi, *Optimization by simulated annealing*, Science 220, 1983.
"""

import math
from typing import Any

import numpy as np
from pyomo.common.collections import ComponentMap

from ..levels.bilevel import Bilevel
from ..quantities import plain
from ..reformulations import kkt
from ..reformulations.single_level import map_of
from ..solvers.highs import native
from ..solvers.program import program_of
from ..solvers.reading import read
from ..solvers.session import Session
from ..solvers.status import Status
from .encoding.decision_space import encode
from .encoding.limits import Array
from .exchange_steps import Steps
from .follower.compiled import NO_REACTION, CompiledReaction, Score
from .follower.evaluation import Exact, evaluator_of, sense_of
from .follower.hot import HotScore
from .follower.reaction import refuse_interaction
from .nested import leader_problem
from .options import SearchOptions, require
from .result import HeuristicResult

EACH = 200
"""Evaluations for each searched variable, unless told."""
DRAWS = 20
"""Random decisions that may be the start, too, where none is on the model."""
TRIES = 50
"""Steps drawn, at most, for each that is evaluated."""
ITERATIONS = 50_000
"""Simplex steps of the relaxation at the start."""
EXAMINED = 25
"""Iterations between exact evaluations of the best decision (and after the first, second, fourth, eighth ...)."""
CANDIDATES = 5
"""Bests that are kept, in case the exact reaction refuses the last."""


def exchange(
    bilevel: Bilevel,
    session: Session,
    *,
    steps: int = 100,
    accept: float = 0.005,
    cooling: float = 0.1,
    **shared: Any,
) -> HeuristicResult:
    """Run the search, from the decision on the model if it has one, else from that of the linear relaxation of both
    levels' rows, or the best of some random ones.

    Other options are those of :class:`.options.SearchOptions`; ``evaluations`` are 200 for each variable that is
    searched, unless told.

    :param steps: evaluations in one iteration of the history.
    :param accept: probability with which a typical worsening is accepted at first.
    :param cooling: last temperature over the first.
    :returns: status ``feasible`` or ``no_solution``; ``history`` has, per iteration, the temperature, the best so
        far as it was ranked (``best``), and the objective of the last one that was evaluated exactly.
    """
    require(steps=(steps, 1, np.inf), accept=(accept, 1e-6, 1 - 1e-6), cooling=(cooling, 1e-12, 1))
    walk = _Walk(bilevel, session, SearchOptions(**shared))
    walk.begin()
    hot = 0.0
    while walk.count < walk.budget and not session.over:
        temperature = hot * cooling ** (walk.count / walk.budget)
        if not walk.go(steps, temperature):
            walk.ended = f"ended after {walk.count} evaluations: no step keeps the leader's rows"
            break
        if hot == 0.0 and walk.worsenings:
            hot = float(np.median(walk.worsenings)) / -math.log(accept)
        walk.note(temperature)
    return walk.finish()


class _Walk:
    """Where the walk is, the best it saw, and what it is scored by."""

    def __init__(self, bilevel: Bilevel, session: Session, options: SearchOptions) -> None:
        refuse_interaction(bilevel)
        self.bilevel, self.session = bilevel, session
        self.rng = np.random.default_rng(options.seed)
        self.single = kkt.apply(bilevel)
        self.encoding, own_rows = encode(self.single, options.search)
        self.exact = Exact(self.single, self.encoding, session.solve)
        middle, _ = self.encoding.decode(np.full(self.encoding.dimensions, 0.5), np.random.default_rng(options.seed))
        evaluator, self.about = evaluator_of(self.exact, own_rows, middle[None], options.estimate)
        self.rank, followers = lambda x: evaluator.scores(x[None])[0], None
        if isinstance(evaluator, CompiledReaction):
            self.rank, followers = HotScore(evaluator).score, evaluator.followers
        if options.executor is not None:
            self.about += "; the executor is not used, as each step follows from the one before"
        self.steps = Steps(self.encoding, followers)
        each = EACH * max(1, self.encoding.dimensions)
        self.budget = each if options.evaluations is None else options.evaluations
        self.sense = sense_of(self.single)
        self.at, self.score = middle, NO_REACTION
        self.bests: list[tuple[Score, Array]] = []
        self.examined = True  # whether the best was evaluated exactly
        self.count = 0
        self.worsenings: list[float] = []
        self.ended = ""
        self.result = HeuristicResult(Status.no_solution)
        session.say(f"{self.encoding.dimensions} leader variables are searched; {self.about}")

    def begin(self) -> None:
        """Take the decision on the model, repaired; else the best of some random ones and that of the relaxation."""
        if all(v.value is not None for v in self.encoding.decision):
            points = [self.encoding.point(self.encoding.targets)]
        else:
            points = list(self.rng.random((DRAWS, self.encoding.dimensions)))
            relaxed = _relaxed(self.bilevel)
            if relaxed is not None:
                x = np.array([relaxed.get(v, 0.0) for v in self.encoding.decision])
                points.insert(0, self.encoding.point(x))
        for point in points[: self.budget]:
            if self.session.over:
                return
            x, _ = self.encoding.decode(point, self.rng)
            self._consider(x, 0.0)
        self.worsenings.clear()  # of steps only

    def go(self, steps: int, temperature: float) -> bool:
        """Take so many steps, within the budget; False if none can be drawn that keeps the leader's rows."""
        for _ in range(min(int(steps), int(self.budget - self.count))):
            if self.session.over:
                return True
            for _ in range(TRIES):
                x = self.steps.draw(self.at, self.rng)
                if x is not None:
                    break
            else:
                return False
            self.steps.learn(self._consider(x, temperature))
        return True

    def note(self, temperature: float) -> None:
        """Write an iteration into the history; now and then, evaluate the best decision exactly."""
        k = len(self.result.history) + 1
        ranked, message = None, ""
        if k & (k - 1) == 0 or k % EXAMINED == 0:
            ranked, message = self._examine()
        best = self.sense * self.bests[-1][0].objective if self.bests else None
        self.result.record(
            evaluations=self.count, temperature=temperature, best=best, ranked=ranked,
            objective=self.result.objective, message=message,
        )  # fmt: skip
        self.session.say(f"iteration {k}: objective {plain(best, 10)}, {self.count} evaluations")

    def finish(self) -> HeuristicResult:
        """Return the result: the best decision, evaluated exactly."""
        ended = self.session.why or self.ended or f"ended after {self.count} evaluations"
        ranked, message = self._examine()
        self.result.record(
            evaluations=self.count, temperature=0.0, best=ranked, ranked=ranked, objective=self.result.objective,
            message=message,
        )  # fmt: skip
        if self.result.objective is None:
            messages = [entry["message"] for entry in self.result.history if entry["message"]]
            ended = f"{ended}: {messages[-1] if messages else 'no candidate was bilevel feasible'}"
        self.result.message = f"{ended} ({self.about})"
        return self.result

    def _examine(self) -> tuple[float | None, str]:
        """Evaluate the best decision exactly, unless it is known; return how it was ranked, and why it is none."""
        message = ""
        while self.bests and not self.examined and not self.session.over:
            score, x = self.bests[-1]
            reaction = self.exact.react(x)
            if reaction.objective is None:
                message = reaction.message
                self.bests.pop()  # the ranking was wrong
                continue
            self.examined = True
            best = self.result.objective
            if best is None or self.sense * reaction.objective < self.sense * best:
                self.result.keep(reaction.objective, map_of(self.single).point(reaction.values))
            return self.sense * score.objective, message
        return None, message

    def _consider(self, x: Array, temperature: float) -> bool:
        """Evaluate a decision, and go there unless it is too much worse; whether it is better."""
        violation = self.encoding.violation(x)
        score = Score(violation, math.inf) if violation > 0 else self.rank(x)
        self.count += 1
        change = _worsening(self.score, score)
        if 0 < change < math.inf and temperature == 0:
            self.worsenings.append(change)
        if change <= 0 or self.rng.random() < math.exp(-change / temperature if temperature else -math.inf):
            self.at, self.score = x, score
        if score.violation == 0 and (not self.bests or score.objective < self.bests[-1][0].objective):
            self.bests, self.examined = [*self.bests[1 - CANDIDATES :], (score, x)], False
        return change < 0


def _relaxed(bilevel: Bilevel) -> ComponentMap | None:
    """Return an optimum of the leader's objective over both levels' rows, without integrality, where that is an LP."""
    reading = read(leader_problem(bilevel, {id(price): 0.0 for price in bilevel.leader.prices}, free=True))
    program = program_of(reading)
    if not program.is_linear:
        return None
    solver = native.new({"threads": 1, "simplex_iteration_limit": ITERATIONS})
    native.hand_over(solver, native.lp_of(program))
    native.run(solver)
    if native.condition_of(solver)[1] != "Optimal":
        return None
    return ComponentMap(zip(reading.variables.values(), solver.getSolution().col_value, strict=True))


def _worsening(now: Score, tried: Score) -> float:
    """Return the change of objective between feasible decisions, else minus or plus infinity by Deb's rules."""
    if now.violation == tried.violation == 0:
        return tried.objective - now.objective
    return -math.inf if tried.violation <= now.violation else math.inf
