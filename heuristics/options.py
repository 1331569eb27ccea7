"""Options that all population methods and annealing share, and how options are refused."""

import math
from concurrent.futures import Executor
from dataclasses import dataclass

from ..errors import BilevoltError
from .encoding.decision_space import Searched
from .follower.evaluation import Estimate


@dataclass(frozen=True, kw_only=True)
class SearchOptions:
    """What to search, and how long, for every method that moves points of the unit cube.

    :param search: variables of the leader (names or components) to search; by default all that followers see and all
        integer ones, but those that rows settle.
    :param evaluations: how many candidates may be evaluated; by default what the method's other options come to.
    :param seed: of all random numbers; the same seed gives the same run, bit for bit, also with an executor (unless a
        time limit ends it).
    :param executor: a ``concurrent.futures.Executor`` that evaluates parts of a population; ``solve`` opens it where
        its own ``executor`` names one.
    :param estimate: a function of the decision (variable's name -> number) that stands for the leader's objective when
        candidates are ranked, in the leader's own sense; incumbents are evaluated exactly all the same.
    """

    search: Searched = None
    evaluations: int | None = None
    seed: int = 0
    executor: Executor | None = None
    estimate: Estimate | None = None

    def __post_init__(self) -> None:
        require(evaluations=(1 if self.evaluations is None else self.evaluations, 1, math.inf))
        require(seed=(self.seed, 0, math.inf))


def require(**options: tuple[float, float, float]) -> None:
    """Refuse options outside of their range.

    :param options: name -> (given, least, most).
    """
    for name, (given, least, most) in options.items():
        if not isinstance(given, (int, float)) or not least <= given <= most:
            span = f"at least {least:g}" if math.isinf(most) else f"between {least:g} and {most:g}"
            raise BilevoltError(f"option {name}={given!r} is out of range: it must be a number, {span}.")
