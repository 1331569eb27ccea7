"""Separators: rows that a model writes only where the relaxation violates them."""

import pyomo.environ as pyo
import pytest

import bilevolt as bv
from bilevolt.errors import UnsupportedBySolverError
from bilevolt.levels.reading import read_levels
from bilevolt.pipeline.separation import separate
from bilevolt.reformulations import map_of, reformulate
from bilevolt.solvers.reading import read


def model(separator, priced=False):
    """min x - 3 y - s, x in 0..4; y in argmin {-y : y <= 3, y <= 5 - x}, s <= 4 y, s <= 10 with s = y**2 offered.

    The block's ``square`` is at most y**2 / 1 by tangents of the concave bound sqrt: see each test.
    """
    m = pyo.ConcreteModel(name="separated")
    m.x = pyo.Var(domain=pyo.Integers, bounds=(0, 4), initialize=1)
    m.L = bv.SubModel(fixed=[m.x])
    m.L.y = pyo.Var(bounds=(0, 3), initialize=2)
    m.L.row = pyo.Constraint(expr=m.L.y <= 5 - m.x)
    m.L.objective = pyo.Objective(expr=-m.L.y)
    price = bv.dual_of(m.L.row) if priced else 0
    m.objective = pyo.Objective(expr=m.x - m.L.y + 0.1 * price)
    for row in (m.L.row, m.L.y):
        bv.state_bound(row, -1, 1, "a unit of y gains 1", price=True)
    m.cuts = bv.ValidInequalities(reason="a test", separator=separator)
    m.cuts.t = pyo.Var(bounds=(0, 9), initialize=5)
    m.cuts.link = pyo.Constraint(expr=m.cuts.t <= 9)
    return m


def separated(m, reformulation="bigm"):
    single = reformulate(m, reformulation)
    return single, *separate(map_of(single), read(single))


def test_rows_are_added_until_the_point_violates_none():
    seen = []

    def halves(block):
        x = pyo.value(block.model().x)
        seen.append((x, pyo.value(block.model().L.y)))
        if x < 1.5 - 1e-9:
            yield block.model().x >= x + 0.5

    m = model(halves)
    single, reading, note = separated(m)
    assert [x for x, _ in seen] == pytest.approx([0, 0.5, 1, 1.5])
    assert note == "separators added 3 rows in 4 rounds"
    labels = [label for label in single.user_cuts["cuts"].rows if "separated" in str(label)]
    assert labels == ["cuts.separated[1]", "cuts.separated[2]", "cuts.separated[3]"]
    assert all(single.user_cuts["cuts"].rows[label] in reading.rows for label in labels)


def test_the_users_values_are_kept_for_a_start():
    m = model(lambda block: [])
    separated(m)
    assert (m.x.value, m.L.y.value, m.cuts.t.value) == (1, 2, 5)


def test_values_are_put_back_when_a_separator_fails():
    def broken(block):
        raise ZeroDivisionError("of the user")

    m = model(broken)
    with pytest.raises(ZeroDivisionError, match="of the user"):
        separated(m)
    assert (m.x.value, m.L.y.value, m.cuts.t.value) == (1, 2, 5)


def test_prices_have_values_and_may_be_in_rows():
    seen = []

    def priced(block):
        price = next(iter(read_levels(block.model()).leader.prices))
        seen.append(pyo.value(price))
        if pyo.value(price) < -0.5 - 1e-9:
            yield price >= -0.5

    m = model(priced, priced=True)
    _, _, note = separated(m)
    assert seen[0] < -0.55 and seen[1:] == pytest.approx([-0.5])
    assert note == "separators added 1 rows in 2 rounds"


@pytest.mark.parametrize(
    ("row", "said"),
    [
        (lambda m: m.x * m.L.y <= 3, "which is not linear"),
        (lambda m: m.x + m.unknown <= 3, "unknown is in no row of the model that is solved"),
    ],
    ids=["product", "variable"],
)
def test_rows_that_cannot_be_added_are_refused_by_name(row, said):
    m = model(lambda block: [row(block.model())])
    m.unknown = pyo.Var(initialize=0)
    with pytest.raises(UnsupportedBySolverError, match=said):
        separated(m)


def test_a_convex_objective_is_separated_at_its_own_optimum():
    seen = []

    def once(block):
        seen.append((pyo.value(block.model().x), pyo.value(block.model().L.y)))
        if len(seen) == 1:
            yield block.model().L.y <= 2

    m = model(once)
    m.objective.set_value((m.L.y - 2.25) ** 2)
    _, _, note = separated(m)
    assert note == "separators added 1 rows in 2 rounds"
    assert seen[0][1] == pytest.approx(2.25, abs=0.01)


def test_a_relaxation_that_is_not_convex_is_not_separated_and_that_is_said():
    m = model(lambda block: [block.model().x >= 100])
    m.objective.set_value(m.x - (m.L.y - 3) ** 2)
    _, _, note = separated(m)
    assert note == "separators were not asked, as the relaxation is not convex"


@pytest.mark.parametrize(
    ("way", "solver"), [("bigm", "highs"), ("sos1", "scip"), ("indicator", "gurobi"), ("branch", "highs")]
)
def test_any_reformulation_and_solver_gets_the_rows(way, solver):
    def odd(block):
        if pyo.value(block.model().x) < 1 - 1e-6:
            yield block.model().x >= 1  # true of no optimum: x = 0 is one, so that its effect is seen

    solution = bv.solve(model(odd), reformulation=way, solver=solver)
    assert (solution.status, solution.objective) == ("optimal", pytest.approx(-2))
    assert bv.solve(model(odd), reformulation=way, solver=solver, cuts=None).objective == pytest.approx(-3)
    assert any(note.startswith("separators added") for note in solution.notes)
