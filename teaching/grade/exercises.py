"""Exercises: a KKT system with one mistake, to be found; every mistake is one that a separating point shows.

The system of a textbook problem is written as a single-level Pyomo model by somebody with a handwriting of their own
(:mod:`handwriting`), with one mistake seeded. The same seed makes the same exercise on every machine.
"""

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from pyomo.core import ConcreteModel

from ...bounds.ranges import Bound
from ...errors import BilevoltError, UnprovenBigMError
from ...models import textbook
from ...reformulations import reformulate
from ...reformulations.single_level import map_of
from ..polynomials import Polynomial
from ..statements import Statement
from .grader import Mistake
from .handwriting import FORMS, WITH_LIMITS, Handwriting, write
from .matching import flip
from .separation import UndecidedError, extends, separate
from .systems import Couple, Reference, reference_system

SOURCES = (
    "bard511", "bard_falk_1982_1", "savard_1989", "gecco2013", "dempe_2002_p25", "dempe_2002_p32", "getachew_ex1",
    "liu_hart_1994", "clark_westerberg_1988", "anandalingam_white_1990", "bialas_karwan_1984b", "pao1", "pao2",
    "besancon27", "candler_townsley_1982", "clark_westerberg_1990a",
)  # fmt: skip
"""Textbook problems that are small enough to be done by hand."""

Spoilt = tuple[Reference, tuple[str, ...], str, Sequence[Statement | Couple], Sequence[Statement | Couple]]
"""(system with the mistake, where, what was done, its rows that ours may violate, rows of ours that it may violate)"""


@dataclass(frozen=True)
class Exercise:
    """``student`` is the model with the mistake, ``solution`` the one without, ``model`` the bilevel model."""

    seed: int
    source: str
    model: Any
    student: ConcreteModel
    solution: ConcreteModel
    mistake: Mistake
    places: tuple[str, ...]
    done: str

    def task(self) -> str:
        """Return what the class is asked."""
        return (
            f"The model {self.source!r} was brought to a single level by hand, with one mistake. Which row is wrong or "
            "missing, and which point shows it?"
        )

    def answer(self) -> str:
        """Return what was done to the system."""
        return f"{self.mistake}: {', '.join(self.places)}: {self.done}"


def make_exercise(seed: int, source: str | None = None, mistake: Mistake | str | None = None) -> Exercise:
    """Make an exercise.

    :param source: a textbook problem; drawn from ``SOURCES`` by default.
    :param mistake: one of ``MISTAKES``; taken in turn by seed by default.
    :raises BilevoltError: the problem has no place for that mistake where a point shows it.
    """
    random = np.random.default_rng((seed, 7))
    kind = Mistake(mistake) if mistake else MISTAKES[seed % len(MISTAKES)]
    if kind not in MISTAKES:
        raise BilevoltError(f"mistake {str(kind)!r} cannot be seeded; choose one of {', '.join(MISTAKES)}.")
    sources = [source] if source else [SOURCES[k] for k in random.permutation(len(SOURCES))]
    for name in sources:
        model = textbook.build(name)
        reference = reference_system(model)
        form = WITH_LIMITS if kind is Mistake.small_m else FORMS[int(random.integers(len(FORMS)))]
        if form == WITH_LIMITS:
            limited = with_proven_limits(model, reference)
            if limited is None:
                continue
            reference = limited
        for spoilt in _SEEDERS[kind](reference, random):
            if not _shows(reference, spoilt):
                continue
            hand = Handwriting(form)
            student, solution = (write(s, hand, np.random.default_rng((seed, 8))) for s in (spoilt[0], reference))
            return Exercise(seed, name, model, student, solution, kind, spoilt[1], spoilt[2])
    raise BilevoltError(
        f"no place for the mistake {str(kind)!r} in {source or 'any source'!r} that a point would show. Choose another "
        f"source ({', '.join(SOURCES)}) or mistake ({', '.join(MISTAKES)})."
    )


def with_proven_limits(model: Any, reference: Reference) -> Reference | None:
    """Return the system with proven Ms on its pairs; None where bilevolt cannot prove them all."""
    try:
        made = map_of(reformulate(model, "bigm", cuts=None)).linearized
    except UnprovenBigMError:
        return None
    limits = {m.pair.name: (_rounded_up(m.multiplier_m), _rounded_up(m.slack_m)) for m in made}
    return replace(reference, couples=tuple(replace(c, limits=limits[c.name]) for c in reference.couples))


def _rounded_up(bound: Bound | None) -> float:
    """Return an M as one would write it by hand."""
    assert bound is not None  # bigm gives both
    return max(1.0, math.ceil(bound.value))


def _shows(reference: Reference, spoilt: Spoilt) -> bool:
    """Whether a decision tells the two systems apart: one accepts it, the other does not, whatever the multipliers.

    Points that differ in multipliers alone would not do: two swapped partners may be a mere renaming.
    """
    system, _, _, theirs, ours = spoilt
    plain = replace(reference, couples=tuple(replace(c, limits=(None, None)) for c in reference.couples))
    try:
        for accepting, other, rows, by in ((plain, system, theirs, "model"), (system, plain, ours, "student")):
            point = separate(accepting, rows, by) if rows else None
            if point is None:
                continue
            decision = {v.name: point.values[v.name] for v in reference.primal if v.name in point.values}
            if not extends(other, decision):
                return True
    except UndecidedError:
        return False
    return False


def _lost_multiplier(reference: Reference, random: np.random.Generator) -> Iterator[Spoilt]:
    bounds = {s.name for s in reference.statements if s.role == "bound"}
    names = [c for c in reference.couples if c.name in bounds]
    for couple in _drawn(names, random):
        (name,) = couple.first.names
        held = Statement(name, Polynomial.variable(name), True)
        yield reference.without([name]), (name,), f"the multiplier of the bound {couple.name} was forgotten", [held], []


def _flipped_objective(reference: Reference, random: np.random.Generator) -> Iterator[Spoilt]:
    for follower in _drawn(sorted(reference.maximising), random):
        system, rows = flip(reference, [follower]), reference.gradients[follower]
        theirs, ours = ([s for s in r.statements if s.name in rows] for r in (system, reference))
        yield system, (follower,), "the objective was not turned to min in stationarity", theirs, ours


def _missing_term(reference: Reference, random: np.random.Generator) -> Iterator[Spoilt]:
    places = [
        (s, m) for s in reference.statements if s.role == "stationarity" and len(s.polynomial.terms) > 2
        for m in s.polynomial.terms if any(n in reference.multipliers for n in m)
    ]  # fmt: skip
    for row, monomial in _drawn(places, random):
        left = Polynomial({m: a for m, a in row.polynomial.terms.items() if m != monomial})
        spoilt = replace(row, polynomial=left)
        term = Polynomial({monomial: row.polynomial.terms[monomial]})
        system = replace(reference, statements=tuple(spoilt if s is row else s for s in reference.statements))
        yield system, (row.name,), f"the term {term} was forgotten", [spoilt], [row]


def _missing_row(reference: Reference, random: np.random.Generator) -> Iterator[Spoilt]:
    slacks = [c.second for c in reference.couples]  # those come back with the complementarity pair of some forms
    rows = [s for s in reference.statements if not any(s.polynomial.ratio(p) for p in slacks)]
    for row in _drawn([s for s in rows if s.role in ("leader's row", "follower's row", "stationarity")], random):
        system = replace(reference, statements=tuple(s for s in reference.statements if s is not row))
        yield system, (row.name,), f"the row {row} was forgotten", [], [row]


def _wrong_partner(reference: Reference, random: np.random.Generator) -> Iterator[Spoilt]:
    pairs = [(a, b) for a in range(len(reference.couples)) for b in range(a)]
    for a, b in _drawn(pairs, random):
        one, two = reference.couples[a], reference.couples[b]
        swapped = {a: replace(one, second=two.second), b: replace(two, second=one.second)}
        system = replace(reference, couples=tuple(swapped.get(k, c) for k, c in enumerate(reference.couples)))
        done = f"the multipliers of {one.name} and {two.name} complement one another's slack"
        yield system, (one.name, two.name), done, list(swapped.values()), [one, two]


def _small_m(reference: Reference, random: np.random.Generator) -> Iterator[Spoilt]:
    places = [(k, side) for k in range(len(reference.couples)) for side in (0, 1)]
    for k, side in _drawn(places, random):
        couple = reference.couples[k]
        part = (couple.first, couple.second)[side]
        for share in (0.5, 0.2, 0.05):
            limits = list(couple.limits)
            limits[side] = round((limits[side] or 0.0) * share, 3)
            if not limits[side]:
                continue
            spoilt = replace(couple, limits=(limits[0], limits[1]))
            system = replace(reference, couples=tuple(spoilt if c is couple else c for c in reference.couples))
            row = Statement(couple.name, Polynomial.constant(limits[side] or 0.0) - part, role="big-M")
            yield system, (couple.name,), f"M = {limits[side]:g} was given to {part}", [row], []


def _drawn(items: list[Any], random: np.random.Generator) -> list[Any]:
    return [items[k] for k in random.permutation(len(items))]


_SEEDERS: dict[Mistake, Callable[[Reference, np.random.Generator], Iterator[Spoilt]]] = {
    Mistake.lost_multiplier: _lost_multiplier,
    Mistake.flipped_objective: _flipped_objective,
    Mistake.wrong_row: _missing_term,
    Mistake.missing_row: _missing_row,
    Mistake.wrong_partner: _wrong_partner,
    Mistake.small_m: _small_m,
}

MISTAKES = tuple(_SEEDERS)
"""The mistakes that can be seeded."""
