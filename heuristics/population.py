"""What all population methods share: candidates and their order, budget, history, and the best point kept."""

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..levels.bilevel import Bilevel
from ..quantities import plain
from ..reformulations import kkt
from ..reformulations.single_level import map_of
from ..solvers.session import Session
from ..solvers.status import Status
from .encoding.decision_space import encode
from .encoding.limits import Array
from .follower.compiled import NO_REACTION, CompiledReaction, Score
from .follower.evaluation import Exact, evaluator_of, sense_of
from .follower.judging import Judge, key_of
from .follower.reaction import refuse_interaction
from .follower.workers import Workers
from .options import SearchOptions
from .result import HeuristicResult

SAMPLED = 64  # random decisions from which the followers' LP takes bases


@dataclass(frozen=True)
class Population:
    """Points of the unit cube with their scores, by Deb's rules: less violation first, then less objective.

    Source: K. Deb, *An efficient constraint handling method for genetic algorithms*, Comput. Methods Appl. Mech. Eng.
    186, 2000.
    """

    points: Array
    violation: Array
    objective: Array

    def __len__(self) -> int:
        return self.violation.size

    def order(self) -> Array:
        """Return the indices from best to worst."""
        return np.lexsort((self.objective, self.violation))

    def take(self, indices: Array) -> "Population":
        """Return some of the candidates."""
        return Population(self.points[indices], self.violation[indices], self.objective[indices])

    def sorted(self) -> "Population":
        """Return the candidates from best to worst."""
        return self.take(self.order())

    def joined(self, other: "Population") -> "Population":
        """Return the candidates of both."""
        return Population(
            np.concatenate([self.points, other.points]),
            np.concatenate([self.violation, other.violation]),
            np.concatenate([self.objective, other.objective]),
        )

    def better_than(self, other: "Population") -> Array:
        """Return where a candidate beats the one of the same index."""
        less = self.violation < other.violation
        return less | ((self.violation == other.violation) & (self.objective < other.objective))

    def where(self, mask: Array, other: "Population") -> "Population":
        """Return the candidates of ``other`` where the mask is true, else these."""
        return Population(
            np.where(mask[:, None], other.points, self.points),
            np.where(mask, other.violation, self.violation),
            np.where(mask, other.objective, self.objective),
        )


class Run:
    """One run of a method over a model's decisions: it draws, evaluates within the budget, and keeps the best.

    :param budget: how many candidates may be evaluated where the options do not say.
    :param options: those of :class:`.options.SearchOptions`.
    """

    def __init__(self, bilevel: Bilevel, session: Session, budget: int, **options: Any) -> None:
        chosen = SearchOptions(**options)
        self.budget = budget if chosen.evaluations is None else chosen.evaluations
        refuse_interaction(bilevel)
        single = kkt.apply(bilevel)
        self.encoding, own_rows = encode(single, chosen.search)
        self.rng = np.random.default_rng(chosen.seed)
        self._exact = Exact(single, self.encoding, session.solve)
        self._evaluator, note = evaluator_of(self._exact, own_rows, self._some(chosen.seed), chosen.estimate)
        self._session, self._workers = session, None
        self._judge = Judge(self.encoding, self._evaluator, lambda: session.over)
        if chosen.executor is not None:
            if isinstance(self._evaluator, CompiledReaction):
                self._workers = Workers(self.encoding, self._evaluator, chosen.executor, session, self._judge)
            else:
                note += "; the executor is not used, as only compiled LPs can be sent to its workers"
        self._sense = sense_of(single)
        self._refuted: set[bytes] = set()
        self._candidate: tuple[Score, Array] | None = None  # the best ranked so far
        self._examined = True  # whether it was evaluated exactly
        self.count = 0
        self.result = HeuristicResult(Status.no_solution)
        self._about = f"{self.dimensions} leader variables are searched; {note}"
        session.say(self._about)

    @property
    def dimensions(self) -> int:
        """Length of a point."""
        return self.encoding.dimensions

    @property
    def over(self) -> bool:
        """Whether to end: budget or time used up, a stop asked for, or all decisions known (where there is but one)."""
        return self.count >= self.budget or self._session.over or (self.dimensions == 0 and self.count > 0)

    def goes_on(self, iterations: int) -> bool:
        """Whether there is another iteration; the first draw is none."""
        return len(self.result.history) <= iterations and not self.over

    def sample(self, count: int) -> Array:
        """Return points drawn uniformly from the unit cube."""
        return self.rng.random((count, self.dimensions))

    def evaluate(self, points: Array) -> Population:
        """Return the candidates at these points, repaired; those beyond the budget rank last."""
        draws = self.encoding.draws(len(points), self.rng)
        asked = min(len(points), self.budget - self.count)
        judged = (self._workers or self._judge).judge(points, draws, asked)
        violation, objective = judged.violation, judged.objective
        for k in self._refuted_among(judged.decisions[:asked]):
            violation[k], objective[k] = NO_REACTION.violation, NO_REACTION.objective
        best = Population(judged.points, violation, objective).order()[0] if asked else 0
        self._note(Score(float(violation[best]), float(objective[best])), judged.decisions[best])
        self.count += asked
        return Population(judged.points, violation, objective)

    def _refuted_among(self, decisions: Array) -> list[int]:
        """Return which decisions were ranked wrongly, as their exact evaluation has shown."""
        return [k for k, x in enumerate(decisions) if key_of(x) in self._refuted] if self._refuted else []

    def close_iteration(self) -> None:
        """Evaluate a new best candidate exactly, and write the iteration into the history."""
        iteration = len(self.result.history) + 1
        entry: dict[str, Any] = {"iteration": iteration, "evaluations": self.count, "ranked": None, "message": ""}
        if self._candidate is not None and not self._examined:
            score, x = self._candidate
            entry["ranked"] = self._sense * score.objective
            reaction = self._exact.react(x)
            entry["message"] = reaction.message
            self._examined = True
            if reaction.objective is not None:
                best = self.result.objective
                if best is None or self._sense * reaction.objective < self._sense * best:
                    point = map_of(self._exact.single).point(reaction.values)
                    self.result.keep(reaction.objective, point)
            else:  # the ranking was wrong: others get their turn
                self._refuted.add(key_of(x))
                self._candidate = None
        entry["objective"] = self.result.objective
        self.result.history.append(entry)
        self._session.say(
            f"iteration {iteration}: objective {plain(self.result.objective, 10)}, {self.count} evaluations"
        )

    def finish(self) -> HeuristicResult:
        """Return the result, with a message that says how the run ended."""
        ended = self._session.why or f"ended after {self.count} evaluations"
        if self.result.objective is None:
            messages = [entry["message"] for entry in self.result.history if entry["message"]]
            why = messages[-1] if messages else "no candidate was bilevel feasible"
            ended = f"{ended}: {why}"
        self.result.message = f"{ended} ({self._about})"
        return self.result

    def _some(self, seed: int) -> Array:
        """Return decisions from which the followers' LP takes bases, that of the cube's centre first."""
        rng = np.random.default_rng(seed)
        centre = np.full((1, self.dimensions), 0.5)
        points = np.concatenate([centre, rng.random((SAMPLED, self.dimensions))])
        decisions, _ = self.encoding.repaired_all(points, self.encoding.draws(len(points), rng))
        return decisions

    def _note(self, score: Score, x: Array) -> None:
        if score.violation > 0 or not math.isfinite(score.objective):
            return
        if self._candidate is None or score.objective < self._candidate[0].objective:
            self._candidate, self._examined = (score, x), False
