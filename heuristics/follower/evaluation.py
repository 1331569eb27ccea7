"""How good a decision is for the leader, the followers solved exactly: compiled where possible, else with Pyomo.

What is reported is always evaluated by ``react``, which is built from the user's own expressions; the evaluators here
rank candidates.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Protocol

from pyomo.common.collections import ComponentSet
from pyomo.core import minimize

from ...reformulations.single_level import map_of
from ..encoding.limits import Array
from ..encoding.unit_cube import Encoding
from .bilinear import NotCompiled
from .compilation import compile_reaction
from .compiled import NO_REACTION, Score
from .reaction import Reaction, Solve, react

Estimate = Callable[[Mapping[str, float]], float]


class Evaluator(Protocol):
    """Scores decisions (numbers of ``Encoding.decision``)."""

    at_once: ClassVar[int]
    """How many decisions are scored between two looks at the time."""

    def scores(self, decisions: Array) -> Sequence[Score]:
        """Return violations and objectives, the latter to be minimised, of decisions, one in a row."""


@dataclass(frozen=True)
class Exact:
    """The reaction through Pyomo models: any follower, tens of milliseconds a solve."""

    single: Any
    encoding: Encoding
    solve: Solve

    def react(self, x: Array) -> Reaction:
        """Return the reaction to what the followers see of a decision; all else is chosen best for the leader."""
        visible = map_of(self.single).bilevel.visible
        seen = {id(v): float(number) for v, number in zip(self.encoding.decision, x, strict=True) if v in visible}
        return react(self.single, seen, self.solve)

    at_once: ClassVar[int] = 1

    def scores(self, decisions: Array) -> Sequence[Score]:
        """See :class:`Evaluator`."""
        return [self.score(x) for x in decisions]

    def score(self, x: Array) -> Score:
        """Return the score of one decision."""
        objective = self.react(x).objective
        return NO_REACTION if objective is None else Score(0.0, sense_of(self.single) * objective)


@dataclass(frozen=True)
class Estimated:
    """The caller's own estimate of the leader's objective."""

    single: Any
    encoding: Encoding
    estimate: Estimate

    at_once: ClassVar[int] = 1

    def scores(self, decisions: Array) -> Sequence[Score]:
        """See :class:`Evaluator`; an infinite or undefined estimate stands for a decision without reaction."""
        numbers = [float(self.estimate(self.encoding.named(x))) for x in decisions]
        sense = sense_of(self.single)
        return [Score(0.0, sense * number) if math.isfinite(number) else NO_REACTION for number in numbers]


def sense_of(single: Any) -> int:
    """Return 1 where the leader minimises, else -1."""
    return 1 if single.leader.objective.sense == minimize else -1


def evaluator_of(
    exact: Exact, own_rows: ComponentSet, decisions: Array, estimate: Estimate | None = None
) -> tuple[Evaluator, str]:
    """Return the fastest evaluator that a model allows, and a sentence that says which one it is.

    :param own_rows: the leader's rows that the encoding looks after.
    :param decisions: some, one in a row, from which the followers' LP takes bases.
    """
    if estimate is not None:
        return Estimated(exact.single, exact.encoding, estimate), "candidates are ranked by the estimate given"
    single_map = map_of(exact.single)
    try:
        compiled = compile_reaction(single_map.bilevel, single_map.conditions.forms, exact.encoding.decision, own_rows)
    except NotCompiled as reason:
        return exact, f"each candidate is evaluated with Pyomo, because {reason}"
    compiled.start_at(decisions)
    return compiled, "candidates are evaluated by compiled LPs"
