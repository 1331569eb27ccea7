"""The grader: seeded mistakes are found, correct systems in any handwriting accepted, and points are proofs."""

import numpy as np
import pyomo.environ as pyo
import pytest
from pyomo.mpec import Complementarity, complements
from sweeps import one_in

from bilevolt import SubModel, dual_of, load_instance, reformulate, verify
from bilevolt.errors import BilevoltError
from bilevolt.models import electric_bus, textbook
from bilevolt.teaching.grade.exercises import MISTAKES, SOURCES, make_exercise, with_proven_limits
from bilevolt.teaching.grade.grader import Mistake, grade
from bilevolt.teaching.grade.handwriting import FORMS, Handwriting, write
from bilevolt.teaching.grade.systems import reference_system


def confirmed(finding, model):
    """Whether ``verify`` agrees with a point: bilevel feasible if the model is said to accept it, else not."""
    evidence = finding.evidence
    for variable in reference_system(model).primal:
        variable.set_value(evidence.values[variable.name], skip_validation=True)
    feasible = verify(model).bilevel_feasible
    if evidence.accepted_by == "model":
        return feasible
    return not feasible or not evidence.decision


@pytest.mark.parametrize("seed", one_in(3, range(30)))
def test_every_seeded_mistake_is_found_and_the_solution_accepted(seed):
    exercise = make_exercise(seed)
    found = grade(exercise.student, exercise.model)
    hits = [
        finding
        for finding in found.findings
        if finding.matters
        and finding.kind is exercise.mistake
        and any(finding.where.endswith(place) for place in exercise.places)
    ]
    assert not found.correct and hits and all(f.evidence for f in hits), f"{exercise.answer()}\n{found.report()}"
    assert all(confirmed(finding, exercise.model) for finding in hits)
    solution = grade(exercise.solution, exercise.model)
    assert solution.correct, solution.report()


def test_all_kinds_of_mistakes_are_in_the_first_thirty():
    assert {make_exercise(seed).mistake for seed in range(len(MISTAKES))} == set(MISTAKES)


CORRECT = [(name, form) for name in SOURCES for form in FORMS] + [
    (name, "bigm") for name in ("bard511", "gecco2013", "liu_hart_1994", "dempe_2002_p32", "candler_townsley_1982")
]
HARDER = [
    (name, form)
    for name in ("conejo2016", "own_capacity_rent", "barguel", "siddiqui_gabriel_max", "own_qp_upper_int", "fruits_01")
    for form in ("product", "mpec")
]


@pytest.mark.parametrize("name, form", one_in(2, CORRECT + HARDER), ids=lambda item: item)
def test_permuted_renamed_and_rescaled_systems_are_accepted(name, form):
    model = textbook.build(name)
    reference = reference_system(model)
    if form == "bigm":
        reference = with_proven_limits(model, reference)
    for seed in (1, 2):
        student = write(reference, Handwriting(form), np.random.default_rng(seed))
        found = grade(student, model)
        assert found.correct, found.report()
        assert len(found.multipliers) == len(reference.multipliers)


def test_a_system_with_hundreds_of_rows_is_accepted():
    model = electric_bus.build(load_instance("limassol_small"))
    reference = reference_system(model)
    found = grade(write(reference, Handwriting("mpec"), np.random.default_rng(1)), model)
    assert found.correct and len(found.multipliers) == len(reference.multipliers) > 60


# Bard 5.1.1 by hand; each mistake changes one thing. f = y, so that 1 - sum lambda dg/dy = 0.
SLACKS = {1: lambda m: m.x + m.y - 3, 2: lambda m: 2 * m.x - m.y, 3: lambda m: 12 - 2 * m.x - m.y}
SLACKS |= {4: lambda m: 4 - 3 * m.x + 2 * m.y, 5: lambda m: m.y}
GRADIENT = {1: 1, 2: -1, 3: -1, 4: 2, 5: 1}


def by_hand(spoil=None):
    m = pyo.ConcreteModel()
    m.x = pyo.Var(bounds=(0, None))
    m.y = pyo.Var(bounds=(0, None))
    m.mu = pyo.Var(SLACKS, domain=pyo.NonNegativeReals)
    m.cost = pyo.Objective(expr=m.x - 4 * m.y)
    m.row = pyo.Constraint(SLACKS, rule=lambda m, k: SLACKS[k](m) >= 0)
    m.pair = Complementarity(SLACKS, rule=lambda m, k: complements(m.mu[k] >= 0, SLACKS[k](m) >= 0))
    m.stationarity = pyo.Constraint(expr=1 - sum(a * m.mu[k] for k, a in GRADIENT.items()) == 0)
    if spoil:
        spoil(m)
    return m


def set_stationarity(m, expression):
    m.stationarity.set_value(expression == 0)


def set_sum(m, multipliers):
    return sum(a * m.mu[k] for k, a in GRADIENT.items() if k in multipliers)


def aggregated(m):
    m.pair.deactivate()
    m.all_pairs = pyo.Constraint(expr=sum(m.mu[k] * SLACKS[k](m) for k in SLACKS) <= 0)


def wrong_objective(m):
    m.cost.sense = pyo.maximize


def negative_multiplier(m):
    m.mu[4].domain = pyo.Reals
    m.pair[4].deactivate()
    m.off = pyo.Constraint(expr=m.mu[4] * SLACKS[4](m) == 0)


def small_m(m):
    m.pair[4].deactivate()
    m.z = pyo.Var(domain=pyo.Binary)
    m.on = pyo.Constraint(expr=m.mu[4] <= 0.2 * m.z)
    m.off = pyo.Constraint(expr=SLACKS[4](m) <= 100 * (1 - m.z))


SPOILT = {
    "right": (None, None),
    "pairs in one sum": (aggregated, None),
    "flipped": (lambda m: set_stationarity(m, 1 + set_sum(m, SLACKS)), Mistake.flipped_objective),
    "term": (lambda m: set_stationarity(m, 1 - set_sum(m, [1, 2, 3, 5])), Mistake.wrong_row),
    "multiplier in another scale": (lambda m: set_stationarity(m, 1 - set_sum(m, SLACKS) - m.mu[4]), None),
    "objective": (wrong_objective, Mistake.objective),
    "extra row": (lambda m: m.add_component("more", pyo.Constraint(expr=m.x + m.y <= 7)), Mistake.extra_row),
    "implied row": (lambda m: m.add_component("more", pyo.Constraint(expr=m.x <= 70)), None),
    "integer": (lambda m: setattr(m.x, "domain", pyo.NonNegativeIntegers), Mistake.integrality),
    "sign of a multiplier": (negative_multiplier, Mistake.missing_row),
    "M": (small_m, Mistake.small_m),
    "bound on a multiplier": (lambda m: m.mu[1].setub(1), None),
    "bound that cuts off": (lambda m: m.mu[4].setub(0.2), Mistake.small_m),
    "pair": (lambda m: m.pair[4].deactivate(), Mistake.missing_pair),
    "row": (lambda m: (m.row[1].deactivate(), m.row[1].set_value(m.x + m.y >= 2.5), m.row[1].activate()), None),
}


@pytest.mark.parametrize("case", SPOILT, ids=str)
def test_mistakes_by_hand(case):
    spoil, kind = SPOILT[case]
    found = grade(by_hand(spoil), textbook.build("bard511"))
    assert [f.kind for f in found.findings if f.matters] == ([kind] if kind else []), found.report()
    assert found.correct == (kind is None)
    if kind not in (None, Mistake.objective):
        assert found.findings[0].evidence is not None


def test_a_multiplier_that_is_never_needed_may_be_left_out():
    """The lower bound of y is never active in this problem: a remark, and no mistake."""

    def without(m):
        m.pair[5].deactivate()
        m.mu[5].fix(0)

    found = grade(by_hand(without), textbook.build("bard511"))
    assert found.correct and [f.kind for f in found.findings] == [Mistake.lost_multiplier]
    assert "no point tells" in found.report()


@pytest.mark.parametrize("name", ["bard511", "gecco2013", "bard_falk_1982_1"])
@pytest.mark.parametrize("step", ["kkt", "sos1", "product"])
def test_our_own_single_levels_are_accepted(name, step):
    model = textbook.build(name)
    found = grade(reformulate(model, step, cuts=None), model)
    assert found.correct, found.report()


def test_report_names_the_term_and_the_point():
    report = grade(by_hand(SPOILT["term"][0]), textbook.build("bard511")).report()
    assert "wrong row: stationarity of y: the term -2*multiplier[L.c4.upper] is missing" in report
    assert "a point of the bilevel model's system, not of yours: " in report and "x = 2, y = 1" in report


def test_shadow_prices_in_the_leaders_rows_are_compared():
    model = pyo.ConcreteModel()
    model.x = pyo.Var(bounds=(0, 6))
    model.L = SubModel(fixed=[model.x])
    model.L.y = pyo.Var(bounds=(0, 4))
    model.L.z = pyo.Var(bounds=(0, None))
    model.L.demand = pyo.Constraint(expr=model.L.y + model.L.z + model.x >= 6)
    model.L.cost = pyo.Objective(expr=2 * model.L.y + 5 * model.L.z)
    model.profit = pyo.Objective(expr=(dual_of(model.L.demand) - 1) * model.x, sense=pyo.maximize)

    def student(price):
        m = pyo.ConcreteModel()
        m.x = pyo.Var(bounds=(0, 6))
        m.y = pyo.Var(bounds=(0, 4))
        m.z = pyo.Var(bounds=(0, None))
        m.a, m.b, m.c, m.d = (pyo.Var(domain=pyo.NonNegativeReals) for _ in range(4))
        m.of_y = pyo.Constraint(expr=2 - 3 * m.a - m.b + m.c == 0)
        m.of_z = pyo.Constraint(expr=5 - 3 * m.a - m.d == 0)
        m.demand = pyo.Constraint(expr=m.y + m.z + m.x >= 6)
        m.pairs = pyo.ConstraintList()
        for product in (m.a * (m.y + m.z + m.x - 6), m.b * m.y, m.c * (4 - m.y), m.d * m.z):
            m.pairs.add(product == 0)
        m.profit = pyo.Objective(expr=(price(m) - 1) * m.x, sense=pyo.maximize)
        return m

    assert grade(student(lambda m: 3 * m.a), model).correct
    wrong = grade(student(lambda m: m.a), model)
    assert [f.kind for f in wrong.findings] == [Mistake.objective]


def test_a_mapping_of_variables():
    with pytest.raises(BilevoltError, match=r"no variable 'a'.*variables="):
        grade(by_hand(), two_blocks())
    mine = pyo.ConcreteModel()
    mine.p, mine.q = pyo.Var(bounds=(0, 3)), pyo.Var()
    mine.u = pyo.Var(domain=pyo.NonNegativeReals)
    mine.goal = pyo.Objective(expr=mine.p - mine.q)
    mine.stationarity = pyo.Constraint(expr=1 - mine.u == 0)
    mine.pair = Complementarity(expr=complements(mine.u >= 0, mine.q - mine.p >= 0))
    model = two_blocks()
    assert grade(mine, model, {"p": "a", "q": model.L.b}).correct
    assert grade(mine, model, pyo.ComponentMap([(mine.p, "a"), (mine.q, model.L.b)])).correct
    with pytest.raises(BilevoltError, match="no such pair"):
        grade(mine, model, {"p": "nothing"})


def two_blocks():
    model = pyo.ConcreteModel()
    model.a = pyo.Var(bounds=(0, 3))
    model.L = SubModel(fixed=[model.a])
    model.L.b = pyo.Var()
    model.goal = pyo.Objective(expr=model.a - model.L.b)
    model.L.goal = pyo.Objective(expr=model.L.b)
    model.L.row = pyo.Constraint(expr=model.L.b - model.a >= 0)
    return model


REFUSED = {
    "three-variable SOS1": lambda m: m.add_component("s", pyo.SOSConstraint(rule=lambda m: [m.x, m.y, m.mu[1]], sos=1)),
    "no polynomial": lambda m: m.add_component("s", pyo.Constraint(expr=pyo.exp(m.x) <= 3)),
    "two objectives": lambda m: m.add_component("s", pyo.Objective(expr=m.x)),
    "free side": lambda m: m.add_component("s", Complementarity(expr=complements(m.mu[1] + m.x, m.y >= 0))),
    "levels": lambda m: m.add_component("s", SubModel(fixed=[m.x])),
}


@pytest.mark.parametrize("case", REFUSED, ids=str)
def test_what_cannot_be_compared_is_refused_by_name(case):
    with pytest.raises(BilevoltError, match=r"'?s'?"):
        grade(by_hand(REFUSED[case]), textbook.build("bard511"))


def test_an_exercise_is_the_same_for_the_same_seed():
    first, again = make_exercise(4), make_exercise(4)
    assert first.answer() == again.answer() and "mistake" in first.task()
    assert [str(c.expr) for c in first.student.rows.values()] == [str(c.expr) for c in again.student.rows.values()]


def test_an_impossible_exercise_is_refused():
    with pytest.raises(BilevoltError, match="no place for the mistake"):
        make_exercise(1, source="bard511", mistake="flipped objective of the follower")
    with pytest.raises(BilevoltError, match="cannot be seeded"):
        make_exercise(1, mistake=Mistake.objective)
