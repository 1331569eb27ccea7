"""One row of a comparison: what was run, what came of it, what it cost, and why it was not run."""

from dataclasses import dataclass, field
from typing import Any

from ..levels.decisions import NOTE, WARNING
from ..solution import Solution
from ..solvers.status import Status
from ..solvers.trace import Mark
from ..verification import Certificate

REFUSED = "refused"
"""Status of a row whose method, reformulation or solver does not apply; ``reason`` says why."""

NOT_CONFIRMED = "not confirmed: "
"""How the note begins that says why a confirmation that was asked for is missing."""

WITH_POINT = (Status.optimal, Status.feasible)


@dataclass
class Row:
    """A run of one method on one instance; ``None`` where there is nothing to say.

    ``verified`` is the answer of :func:`bilevolt.verify` on the point (``None``: there is no point);
    ``seconds_model`` is for building the model, once for all of its runs, ``seconds_build`` for the reformulation,
    ``seconds_check`` for the verification; of ``seconds_solve``, ``seconds_hand_over`` went to reading the single
    level and translating it for the solver; ``seconds_cpu`` is processor time. ``pairs`` counts complementarities.
    ``seed`` is of the solver's and the heuristic's random numbers. ``trace`` is how the search went, see
    :mod:`bilevolt.solvers.trace`, and ``root_bound`` its bound before it branched. ``culprit`` says what is wrong with
    a row that contradicts another or its own check. ``confirmed_by`` is who was asked for a better point and found
    none, ``rests_on_ties`` what the leader would lose if followers broke ties against it. ``summary`` holds the figures
    of the problem (such as O1 and O2); its scalars are columns of the table.
    """

    instance: str
    method: str
    reformulation: str | None
    solver: str | None
    seed: int | None = field(default=None, kw_only=True)
    status: str = REFUSED
    objective: float | None = None
    bound: float | None = None
    gap: float | None = None
    verified: bool | None = None
    confirmed_by: str | None = None
    rests_on_ties: float | None = None
    root_bound: float | None = field(default=None, kw_only=True)
    seconds_model: float | None = field(default=None, kw_only=True)
    seconds_build: float | None = None
    seconds_hand_over: float | None = field(default=None, kw_only=True)
    seconds_solve: float | None = None
    seconds_check: float | None = None
    seconds_total: float | None = None
    seconds_cpu: float | None = field(default=None, kw_only=True)
    nodes: int | None = None
    variables: int | None = None
    constraints: int | None = None
    binaries: int | None = None
    sos: int | None = None
    pairs: int | None = None
    culprit: str | None = None
    reason: str | None = None
    remark: str | None = None
    summary: dict[str, Any] = field(default_factory=dict)
    trace: list[Mark] = field(default_factory=list)

    @property
    def label(self) -> str:
        """Method, reformulation and solver in one phrase."""
        return " ".join(part for part in (self.method, self.reformulation, self.solver) if part)

    @property
    def figures(self) -> dict[str, float | str]:
        """The scalars of ``summary``."""
        return {name: item for name, item in self.summary.items() if isinstance(item, int | float | str)}

    def to_dict(self) -> dict[str, Any]:
        """Return the row as plain data, the scalars of ``summary`` as further entries."""
        return {name: getattr(self, name) for name in COLUMNS} | self.figures

    def take(self, solution: Solution) -> None:
        """Note what a solve returned; "auto" is replaced by the reformulation and solver that were used."""
        asked_auto = "auto" in (self.reformulation, self.solver)
        self.reformulation = solution.reformulation
        self.solver = solution.solver or self.solver
        self.status = str(solution.status)
        self.objective, self.bound, self.gap = solution.objective, solution.bound, solution.gap
        self.nodes, self.root_bound, self.trace = solution.nodes, solution.root_bound, solution.trace
        if solution.certificate is not None:
            self._take_certificate(solution.certificate)
        times, sizes = solution.seconds, solution.sizes
        self.seconds_build, self.seconds_solve = times.get("reformulate"), times.get("solve")
        self.seconds_hand_over = times.get("hand_over")
        self.seconds_check, self.seconds_total = times.get("verify"), times.get("total")
        self.variables, self.constraints = sizes.get("variables"), sizes.get("constraints")
        self.binaries, self.sos = sizes.get("binaries"), sizes.get("sos")
        self.pairs = sizes.get("complementarities")
        remarks = [note for note in solution.notes if not note.startswith(NOTE)]  # the same in every row
        if solution.history:
            remarks.insert(0, _believed(solution.history))
        elif self.status == Status.optimal and not asked_auto:
            # then the other notes only repeat what the columns say
            remarks = [note for note in remarks if note.startswith((WARNING, NOT_CONFIRMED))]
        self.remark = "; ".join(remarks) or None

    def _take_certificate(self, certificate: Certificate) -> None:
        self.verified, self.confirmed_by = certificate.bilevel_feasible, certificate.confirmed_by
        if certificate.degeneracy is not None:
            self.rests_on_ties = certificate.degeneracy.rests_on_ties
        if certificate.refuted_by:
            better = certificate.better_objective
            self.culprit = f"{certificate.refuted_by} found a better point, verified, with objective {better:.10g}"


COLUMNS = tuple(name for name in Row.__dataclass_fields__ if name not in ("summary", "trace"))


def _believed(history: list[dict[str, Any]]) -> str:
    """Say what the leader expected of its last iterate, before the followers' reaction."""
    last = history[-1]
    believed = last.get("believed")
    iterations = f"{len(history)} iteration{'s' if len(history) > 1 else ''}"
    return iterations if believed is None else f"{iterations}; the leader expected {believed:.10g} of the last one"
