"""Effort by count: rays are found at once, components are apart, and what is done is the same each time."""

import pyomo.environ as pyo
import pytest

from bilevolt import SubModel, reformulate
from bilevolt.bounds import proofs
from bilevolt.bounds.program import Work
from bilevolt.bounds.relaxation import DUAL, Relaxation
from bilevolt.bounds.rows import Rows
from bilevolt.reformulations import map_of


def blocks(count, upper=None):
    """Followers' blocks that share nothing: each has two variables and a covering row."""
    model = pyo.ConcreteModel()
    model.x = pyo.Var(bounds=(0, 1))
    model.L = SubModel(fixed=[model.x])
    model.L.y = pyo.Var(range(count), range(2), bounds=(0, upper))
    model.L.cost = pyo.Objective(expr=sum((k + j + 1) * y for (k, j), y in model.L.y.items()))
    model.L.row = pyo.Constraint(range(count), rule=lambda b, k: 2 * b.y[k, 0] + b.y[k, 1] >= 1 + model.x)
    model.objective = pyo.Objective(expr=model.x - model.L.y[0, 0])
    return reformulate(model, "kkt")


def multipliers_of(single):
    return [m for _, _, own in map_of(single).conditions.multipliers() for m in own.values()]


def asked(single):
    work, multipliers = Work(1e9), multipliers_of(single)
    relaxation = Relaxation(Rows(map_of(single).system), DUAL, work)
    relaxation.look_for_rays(multipliers, [])
    relaxation.look_together(relaxation.promising(multipliers))
    ranges = [relaxation.range(m) for m in multipliers]
    return work, ranges


@pytest.mark.parametrize("count", [3, 200])
def test_one_program_finds_all_that_is_unbounded(count):
    """With upper bounds, both prices of a variable may grow together: nothing is bounded, and no more LPs are asked."""
    work, ranges = asked(blocks(count, upper=5))
    assert work.programs == 1 and {upper for _, upper in ranges} == {float("inf")}


@pytest.mark.parametrize("count", [3, 200])
def test_bounded_ones_take_one_program_an_end_over_their_own_rows(count):
    work, ranges = asked(blocks(count))
    assert all(0 <= lower < upper < 1.01 * (count + 2) for lower, upper in ranges)
    assert work.programs <= 1 + 2 * len(ranges) and work.iterations <= 20 * len(ranges)


def test_a_model_of_many_pairs_stays_within_its_work(monkeypatch):
    """The programs' cost is bounded by the limit, the rest is bounded by single rows, and nothing is random."""
    counted = []

    class Counted(Work):
        def __init__(self, left):
            super().__init__(left)
            counted.append(self)

    monkeypatch.setattr(proofs, "Work", Counted)
    values = []
    for _ in range(2):
        single = blocks(300)
        found, _ = proofs.prove(map_of(single).system, multipliers_of(single), [], work=1e6)
        values.append({m.name: bound.value for m, bound in found.items()})
    assert len(values[0]) == len(multipliers_of(single)) and values[0] == values[1]
    assert sum(work.programs for work in counted) <= 2 * len(counted) * 1e6 / 5_000
