"""``prove``: search, and state what was proven as a file that ``replay`` checks."""

import gzip
import json
import math
from collections.abc import Callable
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path
from typing import Any

from pyomo.core import minimize

from ...errors import ProofError
from ...levels.bilevel import Bilevel
from ...levels.reading import read_levels
from ...quantities import plain
from ...solvers.interrupt import stop_requested, stoppable
from ...solvers.status import Status
from ..replay import FORMAT, Box, RejectedError, System, derive, load, replay
from .point import ExactPoint, exact_point
from .problem import exact, stated
from .ranges import by_lps, propagate, tighten
from .relaxation import Relaxation
from .search import Limits
from .stopping import StoppableSearch
from .tree import Node, leaves, preorder

BOUND_LPS = 2000
REFUTES = 1e-6  # by how much, relative, an exact point is better than an answer that it refutes
STEPS = 200_000  # of the simplex method, for one round of that
TRIAL, ROUNDS = 100, 3  # nodes after which pairs' bounds are tightened, at most so often, and the search begins anew
WITH_CLAIM = 300  # columns without a bound up to which they are tried again, for points better than the claim


@dataclass
class Proof:
    """A proof, or what there is of one: ``reasons`` say why it is open.

    ``data`` is what the file holds; ``notes`` what was seen while it was made; ``interrupted``: Ctrl-C or SIGTERM ended
    the search, and this is as far as it got.
    """

    data: dict[str, Any] = field(repr=False)  # megabytes
    reasons: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    nodes: int = 0
    interrupted: bool = False

    @property
    def closed(self) -> bool:
        """Whether every leaf is closed, so that there is something to replay."""
        return not self.reasons

    def replay(self) -> dict[str, Any]:
        """Check the proof in exact arithmetic; return what it proves (see ``replay.replay``).

        :raises ProofError: it is open, or rejected.
        """
        if not self.closed:
            raise ProofError(f"the proof is open: {'; '.join(self.reasons)}. Give it more nodes or time.")
        try:
            return replay(self.data)
        except RejectedError as reason:
            raise ProofError(f"the proof is rejected: {reason}.") from reason

    @property
    def attained(self) -> float | None:
        """The leader's objective at the exact point; None where there is none that keeps everything exactly."""
        if self.data["attained"] is None or self.data["violation"] != 0:
            return None
        return float(Fraction(self.data["attained"]))

    @property
    def verdict(self) -> str:
        """The theorem that is proven, or why there is none."""
        if not self.closed:
            return f"{self.data['problem']['name']}: open, nothing is proven: {'; '.join(self.reasons)}"
        return str(self.replay()["theorem"])

    def save(self, path: str | Path) -> None:
        """Write the proof as JSON, compressed if the name ends in .gz.

        :raises ProofError: it is open.
        """
        if not self.closed:
            raise ProofError(f"the proof is open: {'; '.join(self.reasons)}. Give it more nodes or time.")
        text = json.dumps(self.data, separators=(",", ":"))
        if str(path).endswith(".gz"):
            with gzip.open(path, "wt", encoding="utf-8") as file:
                file.write(text)
        else:
            Path(path).write_text(text + "\n", encoding="utf-8")

    def is_about(self, model: Any) -> bool:
        """Whether the proof's problem is the model's, number by number."""
        bilevel = model if isinstance(model, Bilevel) else read_levels(model)
        return bool(stated(bilevel, assume=bool(self.data["problem"]["assumed"])) == self.data["problem"])


def read_proof(path: str | Path) -> Proof:
    """Read a proof that was saved.

    :raises ProofError: the file is no JSON with exact numbers.
    """
    try:
        return Proof(load(str(path)))
    except RejectedError as reason:
        raise ProofError(f"{path}: {reason}.") from reason


def prove(
    model: Any,
    solution: Any,
    *,
    gap: float = 1e-6,
    node_limit: int = 100_000,
    time_limit: float | None = None,
    assume: bool = False,
    progress: Callable[[str], None] | None = None,
) -> Proof:
    """Prove that a solution of a bilevel model is globally optimal, in exact arithmetic.

    :param solution: a ``Solution`` of the model. It only says where to look: a better point that is found on the way
        takes its place, and is noted.
    :param gap: how far below the solution's objective (relative to ``max(1, |F|)``) the proven bound may be.
    :param node_limit: nodes of the tree after which the proof is left open.
    :param time_limit: seconds after which the proof is left open.
    :param assume: whether the valid inequalities that the model offers may be used; they are listed in the verdict.
    :raises ProofError: the model has a form that proofs do not cover, or the solution has nothing to prove.
    """
    bilevel = model if isinstance(model, Bilevel) else read_levels(model)
    problem = stated(bilevel, assume)
    try:
        system = derive(problem)
    except RejectedError as reason:
        raise ProofError(f"no proof can be made of model {problem['name']!r}: {reason}.") from reason
    with stoppable():
        return _Maker(bilevel, problem, system, gap, Limits(node_limit, time_limit), progress).proof(solution)


def attach_proof(bilevel: Bilevel, solution: Any, progress: Callable[[str], None] | None = None) -> None:
    """Make the proof of an answer as ``solution.proof``; the notes say what it proves, or why there is none.

    An exact point that is better than the answer, or that stands where there was said to be none, refutes it, also
    where the proof stays open.
    """
    try:
        made = prove(bilevel, solution, progress=progress)
        solution.notes += [f"proof: {line}" for line in (*made.notes, *made.verdict.splitlines())]
    except ProofError as refusal:
        solution.notes.append(f"no proof: {refusal}")
        return
    solution.proof, solution.interrupted = made, made.interrupted
    better = made.attained
    if better is None or solution.status not in (Status.optimal, Status.infeasible):
        return
    sense = 1 if bilevel.leader.objective.sense == minimize else -1
    found = solution.objective
    if found is not None and sense * (found - better) <= REFUTES * max(1.0, abs(found)):
        return
    solution.notes.append(
        f"not {solution.status}: a point with objective {plain(better, 10)} is bilevel feasible, exactly"
    )
    solution.status = Status.no_solution if found is None else Status.feasible
    solution.bound = None
    if solution.certificate is not None:
        solution.certificate.globally_optimal = False
        solution.certificate.refuted_by, solution.certificate.better_objective = "an exact point", better


class _Maker:
    def __init__(
        self,
        bilevel: Bilevel,
        problem: dict[str, Any],
        system: System,
        gap: float,
        limits: Limits,
        progress: Callable[[str], None] | None,
    ) -> None:
        self.bilevel, self.problem, self.system, self.gap = bilevel, problem, system, gap
        self.sign = 1 if bilevel.leader.objective.sense == minimize else -1
        system.rows.append(("claim", system.objective, -math.inf, math.inf))
        self.box: Box = (list(system.lower), list(system.upper))
        self.derived = propagate(system, self.box)
        self.relaxation = Relaxation(system)
        self.search = StoppableSearch(self.relaxation, limits, self._improve, gap)
        self.search.progress = progress
        self.best: ExactPoint | None = None
        self.notes: list[str] = []

    def proof(self, solution: Any) -> Proof:
        """Return the proof for a solution."""
        if stop_requested():
            self.search.open.append("stopped before the search")
            return self._stated(Node(), False)
        if str(solution.status) not in (Status.optimal, Status.feasible, Status.infeasible):
            raise ProofError(
                f"the answer's status is {solution.status}: there is neither a point nor infeasibility to be proven. "
                "Pass a solution that has one."
            )
        self.derived += by_lps(self.relaxation, self.box, BOUND_LPS)
        if str(solution.status) != Status.infeasible:
            self._start(solution)
        if self.search.claim is not None and self._unbounded() <= WITH_CLAIM:
            self.relaxation.limit_claim(self.search.claim)
            self.derived += by_lps(self.relaxation, self.box, BOUND_LPS)
            self.relaxation.limit_claim(None)
        child = Node()
        closed = self.search.run(child, self.box, TRIAL)
        going = not (closed or stop_requested() or self.search.nodes >= self.search.limits.nodes)
        if going and self.search.claim is not None:
            self.relaxation.limit_claim(self.search.claim)
            for _ in range(ROUNDS):
                found = tighten(self.relaxation, self.box, STEPS)
                self.derived += found
                if not found:
                    break
            self.relaxation.limit_claim(None)
        if going:
            child = Node()
            closed = self.search.run(child, self.box)
        root = Node(["bounds", self.derived], [child]) if self.derived else child
        return self._stated(root, closed)

    def _unbounded(self) -> int:
        return sum(math.isinf(b) for side in self.box for b in side)

    def _start(self, solution: Any) -> None:
        """Make the solution exact, and the claim from it."""
        self.best = exact_point(self.relaxation, self.box, self._columns(solution))
        value = Fraction(solution.objective) * self.sign
        if self.best is not None and self.best.violation == 0:
            value = self.best.objective
        self.search.set_claim(self._below(value))

    def _below(self, value: Fraction) -> Fraction:
        margin = Fraction(self.gap) * max(Fraction(1), abs(value))
        self.search.margin = float(margin)
        return Fraction(math.floor((value - margin) * 2**40), 2**40)

    def _columns(self, solution: Any) -> list[float]:
        """Return a solution's values for all columns; NaN for a multiplier that it does not tell."""
        system = self.system
        values = [math.nan] * len(system.names)
        for name, number in solution.values.items():
            if name in system.column:
                values[system.column[name]] = number
        for follower in self.problem["followers"]:
            names = [row[0] for row in follower["rows"]] + [system.names[j] for j in follower["variables"]]
            for name in names:
                price = solution.multipliers.get(name, math.nan) * follower["sense"]
                for label, weight in (
                    (name, price),
                    (f"{name}.lower", max(price, 0.0)),
                    (f"{name}.upper", max(-price, 0.0)),
                ):
                    if (j := system.column.get(f"multiplier of {label}")) is not None:
                        values[j] = weight if not math.isnan(price) else math.nan
        for j, value in enumerate(values):
            if math.isnan(value) and not system.names[j].startswith(("multiplier of ", "slack of ")):
                values[j] = min(max(0.0, float(system.lower[j])), float(system.upper[j]))  # in no row
        for name, body, _, _ in system.rows:
            if name in system.column:  # the definition of a slack
                s = system.column[name]
                values[s] = sum(float(a) * math.prod(values[j] for j in m) for m, a in body.items() if m != (s,))
        return values

    def _improve(self, point: list[float]) -> Fraction | None:
        """Make a relaxation's point exact; return the claim that it allows if it is better than all so far."""
        found = exact_point(self.relaxation, self.box, point[: len(self.system.names)])
        if found is None or found.violation > 0:
            return None
        exactly = self.best is not None and self.best.violation == 0
        if exactly and self.best is not None and found.objective >= self.best.objective:
            return None
        self.notes.append(f"a point with F = {plain(float(self.sign * found.objective), 12)} was found")
        self.best = found
        return self._below(found.objective)

    def _stated(self, root: Node, closed: bool) -> Proof:
        claim = self.search.claim
        data: dict[str, Any] = {"format": FORMAT, "problem": self.problem}
        if closed and claim is not None:
            claim = self._tightened(root, claim)
        data["bound"] = exact(None if claim is None else self.sign * claim)
        data |= {"point": None, "attained": None, "violation": None}
        if self.best is not None:
            data["point"] = [exact(v) for v in self.best.values]
            data["attained"] = exact(self.sign * self.best.objective)
            data["violation"] = exact(self.best.violation)
        data["tree"] = preorder(root) if closed else []
        reasons = [] if closed else self._reasons(root)
        return Proof(data, reasons, self.notes, self.search.nodes, stop_requested() and not closed)

    def _reasons(self, root: Node) -> list[str]:
        """Say why the tree is open, and how far it got."""
        bound = self.search.bound(root)
        side = ">=" if self.sign == 1 else "<="
        far = [f"F {side} {plain(self.sign * bound, 10)} so far, in floating point"] if math.isfinite(bound) else []
        return [*["interrupted"] * stop_requested(), *self.search.open, *far]

    def _tightened(self, root: Node, claim: Fraction) -> Fraction:
        """Return the least that a leaf proves, unless bounds were derived for points better than the claim."""
        last = len(self.system.rows) - 1
        weights = [w for node in leaves(root) for w in node.said[1].values() if isinstance(w, dict)]  # type: ignore[index]
        weights += [derived[3] for derived in self.derived]
        if any(i == last for w in weights for i, _ in w.get("rows", ())):
            return claim
        return max(claim, min((node.value for node in leaves(root) if node.value is not None), default=claim))
