"""``grade``: a single-level model made by hand, compared with the KKT system of the bilevel model row by row.

Rows may be in any order, scale and (equations) sign, multipliers may have any name, sign and scale, complementarity
may be written as ``pyomo.mpec``, as products, as SOS1 or as big-M rows, or strong duality may take its place; bounds'
multipliers may be eliminated. What differs is named; a solver then looks for
a point that one of the two systems accepts and the other does not. A difference without such a point is none that
matters: the other rows imply the row. The objective is compared as it is written.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from functools import cached_property
from typing import Any

from ..polynomials import Polynomial
from ..statements import Statement
from .differences import (
    CoupleDifference,
    RowDifference,
    couple_differences,
    name_of_slack,
    objective_remark,
    row_differences,
)
from .duality import pairs_for_duality
from .matching import Matching, match
from .separation import SeparatingPoint, UndecidedError, best_point, extends, separate, some_point
from .student import read_student
from .systems import Couple, Reference, System, reference_system


class Mistake(StrEnum):
    """Kinds of findings."""

    lost_multiplier = "lost multiplier"
    flipped_objective = "flipped objective of the follower"
    missing_row = "missing row"
    extra_row = "extra row"
    wrong_row = "wrong row"
    missing_pair = "missing complementarity"
    extra_pair = "extra complementarity"
    wrong_partner = "wrong complementarity partner"
    small_m = "M too small"
    objective = "leader's objective"
    integrality = "integrality"


@dataclass(frozen=True)
class Finding:
    """One difference: what, where (in the bilevel model's names), how, and a point that shows that it matters."""

    kind: Mistake
    where: str
    text: str
    evidence: SeparatingPoint | None = None
    matters: bool = True

    def __str__(self) -> str:
        proof = str(self.evidence) if self.evidence else ""
        if not self.matters:
            proof = "no point tells the two systems apart in this"
        return f"{self.kind}: {self.where}: {self.text}" + (f"\n    {proof}" if proof else "")


@dataclass(frozen=True)
class Grade:
    """The result of :func:`grade`; ``multipliers`` says which of the student's is which, and with what factor."""

    findings: tuple[Finding, ...]
    multipliers: dict[str, tuple[str, float]] = field(default_factory=dict)

    @property
    def correct(self) -> bool:
        """Whether there is no finding that matters."""
        return not any(finding.matters for finding in self.findings)

    def report(self) -> str:
        """Return the grade as text."""
        lines = ["correct" if self.correct else f"not correct: {sum(f.matters for f in self.findings)} mistake(s)"]
        lines += [f"- {finding}" for finding in self.findings]
        lines += [f"  {own} is {c:.6g} * {ours}" for own, (ours, c) in sorted(self.multipliers.items())]
        return "\n".join(lines)


def grade(student_model: Any, model: Any, variables: Mapping[Any, Any] | None = None) -> Grade:
    """Compare a student's single-level model with the KKT system of a bilevel model.

    :param student_model: a Pyomo model, with the bilevel model's variables under the same names (with or without their
        follower's), multipliers and other variables of its own, and the leader's objective.
    :param model: the PAO model.
    :param variables: student's variable -> the bilevel model's where names differ: a dict of names, or a ComponentMap.
    :raises BilevoltError: a model cannot be read; the message names the component.
    """
    reference = reference_system(model)
    student = read_student(student_model, reference, variables)
    matching = match(student, reference)
    theirs = pairs_for_duality(matching.rewrite(student.system), matching.expected(reference))
    judge = _Judge(reference, matching, theirs)
    names = {own.removeprefix("student's "): target for own, target in matching.multipliers.items()}
    return Grade(tuple(judge.findings()), names)


class _Judge:
    """Names the differences of two systems in the same variables, and looks for points that tell them apart."""

    def __init__(self, reference: Reference, matching: Matching, theirs: System) -> None:
        self.reference, self.matching, self.theirs = reference, matching, theirs
        self.primal = {v.name for v in reference.primal}
        self.expected = matching.expected(reference)

    def findings(self) -> Iterable[Finding]:
        """Yield all findings, those that explain most first."""
        for follower in self.matching.flipped:
            yield self._flipped(follower)
        for name in self.matching.lost:
            held = Statement(f"{name} = 0 (it is not in your model)", Polynomial.variable(name), True)
            text = "there is no such multiplier; its terms in stationarity, its sign and its pair are missing"
            yield self._weighed(Finding(Mistake.lost_multiplier, name, text), student_rows=[held])
        for row in row_differences(self.theirs, self.expected):
            if row.ours is not None or (row.theirs is not None and row.theirs.names & self.reference.names):
                yield self._row(row)
        for pair in couple_differences(self.theirs, self.expected):
            yield self._couple(pair)
        for couple in self.theirs.couples:
            yield from self._limits(couple)
        yield from self._integrality()
        remark = objective_remark(self.theirs.objective, self.expected.objective)
        if remark:
            yield Finding(Mistake.objective, "objective", remark)

    def _flipped(self, follower: str) -> Finding:
        rows = self.reference.gradients[follower]
        maximises = follower in self.reference.maximising
        sense = "maximises, so that it is brought to min by the negative" if maximises else "minimises"
        text = f"the follower {sense}; the gradient of its objective has the wrong sign in {', '.join(rows)}"
        ours = [s for s in self.reference.statements if s.name in rows]
        theirs = [s for s in self.expected.statements if s.name in rows]
        return self._weighed(Finding(Mistake.flipped_objective, follower, text), theirs, ours)

    def _row(self, found: RowDifference) -> Finding:
        ours, theirs = found.ours, found.theirs
        if ours is None:
            assert theirs is not None
            finding = Finding(Mistake.extra_row, theirs.name, f"{theirs} does not belong to the system")
            if self._limits_a_multiplier(theirs):
                return self._weighed_limit(replace(finding, kind=Mistake.small_m), theirs)
            return self._weighed(finding, student_rows=[theirs])
        if theirs is None:
            finding = Finding(Mistake.missing_row, ours.name, f"{ours} is missing")
            return self._weighed(finding, model_rows=[ours])
        finding = Finding(Mistake.wrong_row, ours.name, f"{'; '.join(found.remarks)} (your {theirs.name}: {theirs})")
        return self._weighed(finding, [theirs], [ours])

    def _couple(self, found: CoupleDifference) -> Finding:
        ours, theirs = found.ours, found.theirs
        if ours is None:
            assert theirs is not None
            text = f"{theirs.first} and {theirs.second} need not be complementary"
            return self._weighed(Finding(Mistake.extra_pair, theirs.name, text), student_rows=[theirs])
        right = f"{ours.first} complements {ours.second}"
        if theirs is None:
            return self._weighed(Finding(Mistake.missing_pair, ours.name, f"{right}: missing"), model_rows=[ours])
        wrong = name_of_slack(theirs.second, self.reference.couples)
        finding = Finding(Mistake.wrong_partner, ours.name, f"{right}, not {wrong} (your {theirs.name})")
        return self._weighed(finding, [theirs], [ours])

    def _limits(self, couple: Couple) -> Iterable[Finding]:
        """Yield the Ms that cut something off: an error if it is a decision, a remark if other multipliers remain."""
        for part, limit in zip((couple.first, couple.second), couple.limits, strict=True):
            if limit is None:
                continue
            what = next((c.name for c in self.reference.couples if part.ratio(c.first) is not None), None)
            name = f"multiplier of {what}" if what else name_of_slack(part, self.reference.couples)
            room = Polynomial.constant(limit) - part
            row = Statement(f"{part} <= {limit:g} (your {couple.name})", room, role="big-M")
            finding = Finding(Mistake.small_m, name, f"M = {limit:g} is too small for {part}")
            weighed = self._weighed_limit(finding, row)
            if weighed.matters:
                yield weighed

    def _limits_a_multiplier(self, row: Statement) -> bool:
        """Whether a row says that a multiplier is at most some positive number."""
        terms = {monomial: a for monomial, a in row.polynomial.terms.items() if monomial}
        single = Polynomial(terms).single()
        upper = single is not None and single[1] < 0 < row.polynomial.terms.get((), 0.0)
        return single is not None and upper and not row.equality and single[0] in self.reference.multipliers

    def _weighed_limit(self, finding: Finding, row: Statement) -> Finding:
        """Judge a row that bounds a multiplier or a slack: other multipliers of the same decision may remain."""
        weighed = self._weighed(finding, student_rows=[row])
        if weighed.evidence is not None and not weighed.evidence.decision:
            return self._at_optimum(finding, row)
        return weighed

    def _at_optimum(self, finding: Finding, row: Statement) -> Finding:
        """Judge an M that cuts off multipliers by what it does to the optimum."""
        try:
            values = self._optimum
            if values is None or row.violation(values) == 0 or self._accepts_decision(self.theirs, values):
                return replace(finding, matters=False)
        except UndecidedError as undecided:
            return replace(finding, text=f"{finding.text} ({undecided})")
        evidence = SeparatingPoint("model", row.name, row.distance(values), values, True)
        return replace(finding, text=f"{finding.text}; the optimum is cut off", evidence=evidence)

    @cached_property
    def _optimum(self) -> dict[str, float] | None:
        return best_point(self.reference)

    def _accepts_decision(self, system: System, values: Mapping[str, float]) -> bool:
        return extends(system, {name: number for name, number in values.items() if name in self.primal})

    def _integrality(self) -> Iterable[Finding]:
        for name in sorted(self.expected.integers ^ (self.theirs.integers & self.primal)):
            here = name in self.expected.integers
            system, by = (self.theirs, "student") if here else (self.reference, "model")
            half = Polynomial.variable(name) - Polynomial.variable("whole number") - Polynomial.constant(0.5)
            between = replace(
                system,
                statements=(*system.statements, Statement(name, half, True)),
                integers=system.integers | {"whole number"},
            )
            text = "it must be integer" if here else "it need not be integer"
            evidence = None
            try:
                values = some_point(between)
            except UndecidedError as undecided:
                yield Finding(Mistake.integrality, name, f"{text} ({undecided})")
                continue
            if values is not None:
                values.pop("whole number")
                evidence = SeparatingPoint(by, f"integrality of {name}", 0.5, values, True)
            yield Finding(Mistake.integrality, name, text, evidence, evidence is not None)

    def _weighed(
        self,
        finding: Finding,
        student_rows: Iterable[Statement | Couple] = (),
        model_rows: Iterable[Statement | Couple] = (),
    ) -> Finding:
        """Look for a point of ours that violates these rows of the student's, and the other way round."""
        ours, theirs = self.reference, self.theirs
        best: SeparatingPoint | None = None
        try:
            for by, accepting, other, rows in (
                ("model", ours, theirs, list(student_rows)),
                ("student", theirs, ours, list(model_rows)),
            ):
                point = separate(accepting, rows, by) if rows else None
                if point is None:
                    continue
                decided = not self._accepts_decision(other, point.values)
                if decided or set().union(*(row.names for row in rows)) <= accepting.names:
                    values = {name: number for name, number in point.values.items() if name in accepting.names}
                    point = replace(point, values=values, decision=decided)
                    best = point if best is None or (decided and not best.decision) else best
        except UndecidedError as undecided:
            return replace(finding, text=f"{finding.text} ({undecided})")
        return replace(finding, evidence=best, matters=best is not None)
