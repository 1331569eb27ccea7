r"""Which multiplier of a student's model is which of ours, and in which scale.

Names and order say nothing, rows and multipliers may be multiplied by any number. Stationarity rows are a matrix with
a column for each multiplier; rows and columns of the two matrices are assigned to one another in turn (Kuhn's
Hungarian method), so that as few entries as possible differ, together with the factors

.. math:: a'_{jk} = r_j \, a_{jk} / c_k

of rows and multipliers, each the one that most entries agree on: a mistake is outvoted by what is right. A pair's slack
tells which multiplier it belongs to, but only as one vote more, so that swapped partners are seen as such.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import chain, combinations, islice

import numpy as np
from scipy.optimize import linear_sum_assignment

from ..polynomials import Monomial, Polynomial, near
from ..statements import sign_of
from .duality import RowKind, RowKinds, dual_rows
from .student import Student
from .systems import Couple, Reference, System

Key = tuple[str | None, Monomial]
Row = Mapping[Key, float]
"""A stationarity row: (multiplier or None, what it is multiplied with) -> coefficient."""

_WRONG_PARTNER = 0.9  # less than a wrong entry: of two explanations, the swapped partner is the simpler one
_WRONG_TYPE = 1.5
_FLIPPED = 0.95
_ROUNDS = 8
_SWAPS = 100


@dataclass(frozen=True)
class Matching:
    """``multipliers``: student's -> (ours, factor c) with student's = c * ours; ``flipped``: followers whose objective
    enters with the wrong sign; ``cost`` counts what does not fit."""

    multipliers: dict[str, tuple[str, float]]
    lost: tuple[str, ...]
    extra: tuple[str, ...]
    flipped: tuple[str, ...]
    cost: float

    def rewrite(self, system: System) -> System:
        """Return the student's system in our multipliers."""
        return system.rewritten(
            {own: Polynomial.variable(ours).scaled(c) for own, (ours, c) in self.multipliers.items()}
        )

    def expected(self, reference: Reference) -> Reference:
        """Return our system with the mistakes that the matching has found: lost multipliers 0, gradients flipped."""
        return flip(reference, self.flipped).without(self.lost)


def flip(reference: Reference, followers: Iterable[str]) -> Reference:
    """Return the system with the sign of these followers' objectives turned in stationarity."""
    turned = dict(chain.from_iterable(reference.gradients[f].items() for f in followers))
    statements = tuple(
        replace(s, polynomial=s.polynomial - turned[s.name].scaled(2.0)) if s.name in turned else s
        for s in reference.statements
    )
    return replace(reference, statements=statements)


def match(student: Student, reference: Reference) -> Matching:
    """Match a student's multipliers to ours."""
    curved = [f for f, rows in reference.gradients.items() if any(p.terms for p in rows.values())]
    hypotheses = {(), *((f,) for f in curved), tuple(curved)}
    found: list[tuple[Matching, _Partners]] = []
    for flipped in sorted(hypotheses, key=lambda h: (len(h), h)):
        search = _Partners(student, flip(reference, flipped), flipped)
        found += [(search.run(search.by_slack()), search), (search.run({}), search)]
    best, search = min(found, key=lambda item: item[0].cost)
    return min([best, *search.with_swaps(best)], key=lambda m: m.cost)


class _Partners:
    """One search for an assignment; ``student`` and ``ours`` are the lists of rows."""

    def __init__(self, student: Student, reference: Reference, flipped: tuple[str, ...]) -> None:
        self.flipped = flipped
        primal = {v.name for v in reference.primal} | student.system.integers
        self.multipliers, self.targets = list(student.multipliers), list(reference.multipliers)
        own, targets = set(self.multipliers), set(self.targets)
        rows = [s for s in student.system.statements if s.names & own]
        kinds = RowKinds(reference, primal)
        dual = [s for s in rows if kinds.of(s) is RowKind.duality]
        self.student = [_row(s.polynomial, own) for s in rows if s.equality or s in dual]
        stationarity = [s.polynomial for s in reference.statements if s.role == "stationarity"]
        self.ours = [_row(p, targets) for p in stationarity if p.names & targets]
        self.needed = len(self.ours)  # rows of strong duality come after them: nobody needs to have those
        self.by_duality = bool(dual)
        if dual:
            self.ours += [_row(p, targets) for p in dual_rows(reference).values() if p.names & targets]
        self.couples = {name: _couples_of(name, student.system.couples) for name in self.multipliers}
        self.slack = {n: c.second for c in reference.couples for n in c.first.names}
        self.free = reference.multipliers
        self.sign = {name: sign_of(name, student.system.statements) for name in self.multipliers}

    def by_slack(self) -> dict[str, str]:
        """Assign multipliers by the slacks that they complement."""
        cost = np.array([[self._partner_cost(own, target) for target in self.targets] for own in self.multipliers])
        cost = cost.reshape(len(self.multipliers), len(self.targets))
        return {
            self.multipliers[i]: self.targets[j]
            for i, j in zip(*linear_sum_assignment(cost), strict=True)
            if cost[i, j] == 0 and not self.free[self.targets[j]]
        }

    def run(self, start: dict[str, str]) -> Matching:
        """Assign rows and multipliers in turn until nothing changes; return the best assignment seen."""
        known: dict[str, tuple[str, float | None]] = {own: (target, None) for own, target in start.items()}
        best: Matching | None = None
        seen: set[tuple[tuple[str, str], ...]] = set()
        for _ in range(_ROUNDS):
            rows = self._assign_rows(known)
            factors, scales = self._factors(rows, known)
            assigned = self._assign_columns(rows, factors)
            factors, scales = self._factors(rows, {own: (target, None) for own, target in assigned.items()})
            found = self._judge(rows, assigned, factors, scales)
            if best is None or found.cost < best.cost - 1e-9:
                best = found
            state = tuple(sorted(assigned.items()))
            if state in seen:
                break
            seen.add(state)
            known = {own: (target, scales.get(own)) for own, target in assigned.items()}
        assert best is not None
        return best

    def with_swaps(self, best: Matching) -> list[Matching]:
        """Start again with two multipliers exchanged, where something does not fit: swapped partners look like that.

        Without pairs, where columns are alike, it is the start that decides.
        """
        if best.cost == 0:
            return []
        assigned = {own: target for own, (target, _) in best.multipliers.items()}
        paired = [own for own in assigned if self.couples[own] or self.by_duality]
        swaps = islice(combinations(paired, 2), _SWAPS)
        return [self.run(assigned | {a: assigned[b], b: assigned[a]}) for a, b in swaps]

    def _partner_cost(self, own: str, target: str) -> float:
        """How badly the pairs of a multiplier fit: wrong kind, no pair, or another slack."""
        if self.free[target]:
            return _WRONG_TYPE if self.couples[own] else 0.0
        if not self.couples[own]:
            return 0.0 if self.by_duality else 1.0
        fits = any(part.ratio(self.slack[target]) is not None for part in self.couples[own])
        return 0.0 if fits else _WRONG_PARTNER

    def _assign_rows(self, known: Mapping[str, tuple[str, float | None]]) -> dict[int, int]:
        cost = [[_row_cost(mine, ours, known) for ours in self.ours] for mine in self.student]
        alone = [[len(row) + 1.0 for row in rows] for rows in (self.student, self.ours)]
        alone[1][self.needed :] = [0.0] * (len(self.ours) - self.needed)
        return assign(cost, *alone)

    def _assign_columns(self, rows: Mapping[int, int], factors: Mapping[int, float]) -> dict[str, str]:
        mine = {own: self._column(own, self.student, {i: i for i in rows}) for own in self.multipliers}
        ours = {target: self._column(target, self.ours, {j: i for i, j in rows.items()}) for target in self.targets}
        cost = [
            [
                _column_cost(mine[own], ours[target], factors, self.sign[own]) + self._partner_cost(own, target)
                for target in self.targets
            ]
            for own in self.multipliers
        ]
        alone = [len(mine[own]) + 1.5 for own in self.multipliers], [len(ours[t]) + 1.5 for t in self.targets]
        return {self.multipliers[i]: self.targets[j] for i, j in assign(cost, *alone).items()}

    @staticmethod
    def _column(name: str, rows: Sequence[Row], number: Mapping[int, int]) -> dict[tuple[int, Monomial], float]:
        """Return a multiplier's entries: (number of the student's row, what it is multiplied with) -> coefficient."""
        return {
            (number[k], rest): a
            for k, row in enumerate(rows)
            if k in number
            for (own, rest), a in row.items()
            if own == name
        }

    def _factors(
        self, rows: Mapping[int, int], known: Mapping[str, tuple[str, float | None]]
    ) -> tuple[dict[int, float], dict[str, float]]:
        """Find the factors r of rows and c of multipliers, from what is known of either to the other."""
        target = {own: t for own, (t, _) in known.items()}
        r: dict[int, float] = {}
        c: dict[str, float] = {}
        while len(r) < len(rows) or len(c) < len(target):
            before = len(r), len(c)
            r |= {i: f for i in rows if i not in r and (f := self._row_factor(i, rows[i], target, c)) is not None}
            c |= {
                own: f for own in target if own not in c and (f := self._scale(own, target[own], rows, r)) is not None
            }
            if (len(r), len(c)) != before:
                continue
            loose = next((own for own in target if own not in c and self.sign[own]), None)
            loose = loose or next((own for own in target if own not in c), None)
            if loose is not None:
                c[loose] = float(self.sign[loose] or 1)
            else:
                r |= {i: 1.0 for i in rows if i not in r}
        for _ in range(2):  # once all are known, all vote
            c |= {own: f for own in target if (f := self._scale(own, target[own], rows, r)) is not None}
            r |= {i: f for i, j in rows.items() if (f := self._row_factor(i, j, target, c)) is not None}
        return r, c

    def _row_factor(self, i: int, j: int, target: Mapping[str, str], c: Mapping[str, float]) -> float | None:
        votes = []
        for (own, rest), a in self.student[i].items():
            if own is None or own in c:
                b = self.ours[j].get((own and target[own], rest))
                if b:
                    votes.append((a if own is None else a * c[own]) / b)
        return mode(votes)

    def _scale(self, own: str, target: str, rows: Mapping[int, int], r: Mapping[int, float]) -> float | None:
        votes = [
            r[i] * b / a
            for i, j in sorted(rows.items(), key=lambda pair: pair[1])  # of equal votes, those of stationarity
            if i in r
            for (name, rest), a in self.student[i].items()
            if name == own and (b := self.ours[j].get((target, rest)))
        ]
        return mode(votes, prefer=self.sign[own])

    def _judge(
        self, rows: Mapping[int, int], assigned: dict[str, str], r: Mapping[int, float], c: Mapping[str, float]
    ) -> Matching:
        """Count what does not fit."""
        lost = tuple(t for t in self.targets if t not in assigned.values())
        extra = tuple(own for own in self.multipliers if own not in assigned)
        cost = sum(self._partner_cost(own, target) for own, target in assigned.items())
        cost += sum(1.0 for own in assigned if self.sign[own] * c[own] < 0)
        cost += sum(len(row) + 1 for i, row in enumerate(self.student) if i not in rows)
        cost += sum(len(row) + 1 for j, row in enumerate(self.ours[: self.needed]) if j not in rows.values())
        for i, j in rows.items():
            mine = {
                (own and assigned.get(own, own), rest): a * c.get(own or "", 1.0) / r[i]
                for (own, rest), a in self.student[i].items()
            }
            ours = {key: b for key, b in self.ours[j].items() if key[0] not in lost}
            cost += sum(not near(mine.get(key, 0.0), ours.get(key, 0.0)) for key in mine.keys() | ours.keys())
        cost += 1.5 * (len(lost) + len(extra)) + _FLIPPED * len(self.flipped)
        return Matching({own: (t, c[own]) for own, t in assigned.items()}, lost, extra, self.flipped, cost)


def _row(polynomial: Polynomial, multipliers: set[str]) -> Row:
    row: dict[Key, float] = {}
    for monomial, a in polynomial.terms.items():
        own = next((name for name in monomial if name in multipliers), None)
        rest = list(monomial)
        if own is not None:
            rest.remove(own)
        row[own, tuple(rest)] = a
    return row


def _couples_of(name: str, couples: Iterable[Couple]) -> list[Polynomial]:
    """Return what a multiplier complements."""
    found = []
    for couple in couples:
        for part, other in ((couple.first, couple.second), (couple.second, couple.first)):
            if (single := part.single()) is not None and single[0] == name:
                found.append(other)
    return found


def _row_cost(mine: Row, ours: Row, known: Mapping[str, tuple[str, float | None]]) -> float:
    """Count the entries that differ, as far as the multipliers in them are known."""
    targets = {target for target, _ in known.values()}
    there = {key for key in ours if key[0] is None or key[0] in targets}
    here: dict[Key, float | None] = {}
    loose: list[Monomial] = []
    for (own, rest), a in mine.items():
        if own is None:
            here[None, rest] = a
        elif own in known:
            target, c = known[own]
            here[target, rest] = None if c is None else a * c
        else:
            loose.append(rest)
    votes = [a / ours[key] for key, a in here.items() if a is not None and key in there]
    factor = mode(votes)
    cost = float(len(here.keys() ^ there))
    if factor is not None:
        cost += sum(not near(vote, factor) for vote in votes)
    others = [rest for own, rest in ours if own is not None and own not in targets]
    return cost + sum(abs(loose.count(rest) - others.count(rest)) for rest in {*loose, *others})


def _column_cost(
    mine: Mapping[tuple[int, Monomial], float],
    ours: Mapping[tuple[int, Monomial], float],
    factors: Mapping[int, float],
    sign: int,
) -> float:
    votes = [factors[key[0]] * ours[key] / a for key, a in mine.items() if key in ours and key[0] in factors]
    scale = mode(votes, prefer=sign)
    wrong = 0 if scale is None else sum(not near(vote, scale) for vote in votes) + (sign * scale < 0)
    return float(len(mine.keys() ^ ours.keys()) + wrong)


def mode(votes: Sequence[float], prefer: int = 0) -> float | None:
    """Return the number that most votes agree on; of equally many, one of the preferred sign, or the first."""
    best: tuple[int, bool] = (0, False)
    found = None
    for vote in votes:
        rank = sum(near(vote, other) for other in votes), vote * prefer > 0
        if rank > best:
            best, found = rank, vote
    return found


def assign(cost: Sequence[Sequence[float]], alone: Sequence[float], other: Sequence[float]) -> dict[int, int]:
    """Assign at least cost, where each may also stay alone, at a cost of its own."""
    m, n = len(alone), len(other)
    full = np.zeros((m + n, m + n))
    full[:m, :n] = np.array(cost, dtype=float).reshape(m, n)
    full[:m, n:] = np.array(alone).reshape(m, 1)
    full[m:, :n] = np.array(other).reshape(1, n)
    return {int(i): int(j) for i, j in zip(*linear_sum_assignment(full), strict=True) if i < m and j < n}
