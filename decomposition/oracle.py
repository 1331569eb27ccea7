"""Who solves the problems of a decomposition: reformulated as the caller wants it, within one session."""

from dataclasses import dataclass, field, replace
from typing import Any

from ..levels.bilevel import Bilevel
from ..levels.state_bound import unproven_ranges
from ..pipeline.refusing import refuse_products
from ..reformulations import bigm, choose_reformulation, user_cuts
from ..reformulations.single_level import SingleLevel, map_of
from ..request import Request
from ..solvers.reading import Reading, read
from ..solvers.records import SolverResult
from ..solvers.session import Session
from .subproblem import EXACT


@dataclass(eq=False)
class Oracle:
    """Solves bilevel models with continuous followers; remembers what their answers rest on."""

    request: Request
    session: Session = field(init=False)
    exactly: Session = field(init=False)
    """The same solvers and clock, for followers: an optimum that is missed would be believed."""
    reformulation: str = ""
    why: str = ""
    nodes: int = 0
    assumptions: dict[str, None] = field(default_factory=dict)
    limited: dict[str, None] = field(default_factory=dict)
    """Ms without a proof that may have cut something off."""
    sizes: dict[str, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.session = self.request.session()
        self.exactly = replace(self.session, rel_gap=EXACT)

    def prepare(self, problem: Bilevel) -> tuple[SingleLevel, Reading]:
        """Reformulate, and refuse what the solver does not take."""
        request = self.request
        features = self.session.features
        model, name, why = choose_reformulation(problem, request.reformulation, request.big_m, request.cuts, features)
        single, reading = map_of(model), read(model)
        chosen, _ = self.session.choose(reading)
        refuse_products(chosen, single, reading)
        self.reformulation, self.why = name, why
        return single, reading

    def solve(self, problem: Bilevel) -> tuple[SingleLevel, SolverResult]:
        """Solve a problem; nothing is written to the user's model."""
        single, reading = self.prepare(problem)
        self.sizes = single.sizes
        result = self.session.solve(reading, integrality_tol=bigm.integrality(single))
        self.nodes += result.nodes or 0
        self._note(single, problem, result)
        return single, result

    def _note(self, single: SingleLevel, problem: Bilevel, result: SolverResult) -> None:
        found: list[Any] = [*bigm.assumptions(single), *user_cuts.assumptions(single)]
        found += [line for follower in problem.followers for line in unproven_ranges(follower)]
        self.assumptions |= dict.fromkeys(found)
        if result.values is not None and any(bigm.unproven(single)):
            with problem.kept_values():
                for variable, number in result.values.items():
                    variable.set_value(number, skip_validation=True)
                self.limited |= dict.fromkeys(bigm.at_limit(single))
