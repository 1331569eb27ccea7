"""A model that several runs are made on: built once, and put back to the values that it had after each run."""

import time
from collections.abc import Callable, Mapping
from typing import Any

from pyomo.core import minimize

from ..driver import solve
from ..errors import BilevoltError
from ..levels.bilevel import Bilevel
from ..reformulations import read_levels
from ..request import Progress
from ..solution import Solution
from .plan import Run
from .row import NOT_CONFIRMED, WITH_POINT, Row

Summary = Callable[[Any], dict[str, Any]]


def saying(say: Progress, where: str) -> Progress:
    """Return a function that tells, with each line of text, where it comes from."""
    return lambda text: say(f"{where}: {text}")


class Subject:
    """A model and its levels, or the reason why there are none.

    :param name: of the model, in the rows.
    :param model: a PAO model, or a function without arguments that builds one.
    :param summary: model -> figures of the problem, after a run that has a point.
    """

    def __init__(self, name: str, model: Any, summary: Summary | None = None) -> None:
        self.name, self.summary = name, summary
        self.bilevel: Bilevel | None = None
        self.refusal: str | None = None
        begin = time.perf_counter()
        self._given = model
        try:
            self.model = model if hasattr(model, "component_data_objects") else model()
            self.bilevel = read_levels(self.model)
        except BilevoltError as refusal:  # no run applies then, and each says so
            self.refusal = str(refusal)
        self.seconds = time.perf_counter() - begin

    @property
    def minimising(self) -> bool:
        """Whether the leader minimises."""
        return self.bilevel is None or self.bilevel.leader.objective.sense == minimize

    def fresh(self) -> Any:
        """Return the model anew, for whoever may change it."""
        return self._given.clone() if self._given is self.model else self._given()

    def run(self, row: Row, arguments: Mapping[str, Any], say: Progress) -> Solution | None:
        """Solve as the row says, and note in it what came of it.

        :param arguments: of ``solve`` besides what the row says; the run gets those that it makes use of.
        :returns: the solution; None if the model or the run was refused.
        """
        row.seconds_model = self.seconds
        if self.bilevel is None:
            row.reason, row.seconds_total = self.refusal, self.seconds
            return None
        choice = Run(row.method, row.reformulation, row.solver or "auto").arguments(arguments)
        if is_itself := choice.get("confirm") == row.solver != "auto":
            del choice["confirm"]
        begin, processor = time.perf_counter(), time.process_time()
        with self.bilevel.kept_values():
            try:
                solution = solve(self.model, **choice, progress=say)
            except BilevoltError as refusal:
                row.reason = str(refusal)
                row.seconds_total = time.perf_counter() - begin
                return None
            finally:
                row.seconds_cpu = time.process_time() - processor
            if is_itself:
                solution.notes.append(f"{NOT_CONFIRMED}{row.solver} is who would be asked")
            row.take(solution)
            if self.summary is not None and solution.status in WITH_POINT:
                row.summary = self.summary(self.model)
        return solution
