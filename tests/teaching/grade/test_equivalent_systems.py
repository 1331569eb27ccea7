"""Systems that are right in another form than ours: multipliers of bounds eliminated, strong duality for pairs."""

from dataclasses import replace

import numpy as np
import pyomo.environ as pyo
import pytest
from pyomo.mpec import Complementarity, complements

from bilevolt import SubModel
from bilevolt.models import textbook
from bilevolt.teaching.grade.duality import dual_rows
from bilevolt.teaching.grade.grader import Mistake, grade
from bilevolt.teaching.grade.handwriting import Handwriting, write
from bilevolt.teaching.grade.systems import reference_system
from bilevolt.teaching.polynomials import Polynomial
from bilevolt.teaching.statements import Statement

ELIMINATED = (
    "bard_falk_1982_1", "pao1", "pao2", "candler_townsley_1982", "clark_westerberg_1990a", "bialas_karwan_1984b",
    "anandalingam_white_1990", "bard511", "savard_1989", "gecco2013", "dempe_2002_p32", "own_capacity_rent", "barguel",
    "fruits_01",
)  # fmt: skip


def eliminated(reference):
    """The system without the multipliers of bounds that stationarity gives, as most people write it."""
    values, rows = {}, []
    bounds = {s.name for s in reference.statements if s.role == "bound"}
    names = {name for c in reference.couples if c.name in bounds for name in c.first.names}
    for row in reference.statements:
        found = [n for n in sorted(row.names & names) if (n,) in row.polynomial.terms]
        if row.role == "stationarity" and found:
            rest = {m: a for m, a in row.polynomial.terms.items() if m != (found[0],)}
            values[found[0]] = Polynomial(rest).scaled(-1.0 / row.polynomial.terms[(found[0],)])
            rows.append(row)
    left = replace(reference, statements=tuple(s for s in reference.statements if s not in rows)).rewritten(values)
    kept = [name for name in reference.multipliers if name not in values]
    return replace(left, multipliers={name: reference.multipliers[name] for name in kept}), len(values)


def by_duality(reference):
    """The system with one row of strong duality for each follower in place of the pairs."""
    rows = [
        Statement(f"strong duality of {f}", row.scaled(-1.0), equality=not k % 2)
        for k, (f, row) in enumerate(dual_rows(reference).items())
    ]
    return replace(reference, statements=(*reference.statements, *rows), couples=())


@pytest.mark.parametrize("form", ["mpec", "product"])
@pytest.mark.parametrize("name", ELIMINATED)
def test_the_eliminated_form_is_accepted_without_findings(name, form):
    model = textbook.build(name)
    system, count = eliminated(reference_system(model))
    found = grade(write(system, Handwriting(form), np.random.default_rng(3)), model)
    assert count and found.correct and not found.findings, found.report()


@pytest.mark.parametrize("without_bounds", [False, True], ids=["all multipliers", "eliminated"])
@pytest.mark.parametrize("name", [*ELIMINATED, "conejo2016", "getachew_ex1", "shimizu_aiyoshi_1981_1_max"])
def test_strong_duality_is_accepted_without_findings(name, without_bounds):
    model = textbook.build(name)
    system = by_duality(reference_system(model))
    if without_bounds:
        system, _ = eliminated(system)
    found = grade(write(system, Handwriting("mpec"), np.random.default_rng(4)), model)
    assert found.correct, found.report()
    if name != "fruits_01":  # its two steps differ in that one row alone: matched crosswise, differences are remarks
        assert not found.findings, found.report()


def by_hand(spoil=None):
    """max y over y <= 4 and 2 y <= x, y >= 0; the multiplier of y >= 0 is -1 + a + 2 b."""
    m = pyo.ConcreteModel()
    m.x, m.y = pyo.Var(bounds=(0, 10)), pyo.Var(bounds=(0, None))
    m.a, m.b = pyo.Var(bounds=(0, None)), pyo.Var(bounds=(0, None))
    m.cost = pyo.Objective(expr=m.x - 3 * m.y)
    m.rows = pyo.ConstraintList()
    m.rows.add(m.y <= 4)
    m.rows.add(2 * m.y <= m.x)
    m.reduced = pyo.Constraint(expr=-1 + m.a + 2 * m.b >= 0)
    m.pairs = pyo.ConstraintList()
    for product in (m.a * (4 - m.y), m.b * (m.x - 2 * m.y), m.y * (-1 + m.a + 2 * m.b)):
        m.pairs.add(product == 0)
    if spoil:
        spoil(m)
    return m


def bilevel():
    model = pyo.ConcreteModel()
    model.x = pyo.Var(bounds=(0, 10))
    model.L = SubModel(fixed=[model.x])
    model.L.y = pyo.Var(bounds=(0, None))
    model.cost = pyo.Objective(expr=model.x - 3 * model.L.y)
    model.L.cost = pyo.Objective(expr=model.L.y, sense=pyo.maximize)
    model.L.first = pyo.Constraint(expr=model.L.y <= 4)
    model.L.second = pyo.Constraint(expr=2 * model.L.y <= model.x)
    return model


def dual(row):
    def spoil(m):
        m.pairs.deactivate()
        m.dual = pyo.Constraint(expr=row(m))

    return spoil


def as_mpec(m):
    m.pairs[3].deactivate()
    m.reduced.deactivate()
    m.pair = Complementarity(expr=complements(m.y >= 0, -1 + m.a + 2 * m.b >= 0))


SPOILT = {
    "right": (None, None),
    "mpec": (as_mpec, None),
    "strong duality": (dual(lambda m: m.y == 4 * m.a + m.x * m.b), None),
    "strong duality, one way": (dual(lambda m: 4 * m.a + m.x * m.b <= m.y), None),
    "strong duality, scaled": (dual(lambda m: -8 * m.a - 2 * m.x * m.b == -2 * m.y), None),
    "a wrong number in the reduced cost": (lambda m: m.reduced.set_value(-2 + m.a + 2 * m.b >= 0), Mistake.extra_row),
    "no sign of the reduced cost": (lambda m: m.reduced.deactivate(), Mistake.missing_row),
    "no pair of the bound": (lambda m: m.pairs[3].deactivate(), Mistake.missing_pair),
    "weak duality": (dual(lambda m: 4 * m.a + m.x * m.b >= m.y), Mistake.missing_pair),
    "wrong right-hand side": (dual(lambda m: m.y == 3 * m.a + m.x * m.b), Mistake.extra_row),
    "a sum of products of both signs": (
        dual(lambda m: m.a * (4 - m.y) - m.b * (m.x - 2 * m.y) == 0), Mistake.missing_pair
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", SPOILT)
def test_what_differs_is_named(case):
    spoil, kind = SPOILT[case]
    found = grade(by_hand(spoil), bilevel())
    kinds = [f.kind for f in found.findings if f.matters]
    assert (kind in kinds) if kind else not found.findings, found.report()
    assert found.correct == (kind is None)


def test_distances_are_those_of_the_row_as_written():
    """A row with 400 in it, by hand: at x = 4, 2 y <= x is violated by what y is more than 2, times 200."""
    student = by_hand(lambda m: m.rows[2].set_value(400 * m.y <= 100 * m.x))
    evidence = next(f.evidence for f in grade(student, bilevel()).findings if f.evidence)
    point = evidence.values
    excess = 400 * point["L.y"] - 100 * point["x"]
    ours = 2 * point["L.y"] - point["x"]
    assert evidence.violation == pytest.approx(excess if evidence.accepted_by == "model" else ours, abs=1e-5)
