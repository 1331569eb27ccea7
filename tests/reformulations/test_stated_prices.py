"""What a model states of a price's range: (lower, upper, reason) becomes a bound of each multiplier."""

import pyomo.environ as pyo
import pytest

from bilevolt import SubModel
from bilevolt.bounds.given import stated_bounds
from bilevolt.bounds.ranges import Proof
from bilevolt.reformulations import kkt, map_of, read_levels


def model_of(sense):
    model = pyo.ConcreteModel()
    model.x = pyo.Var(bounds=(0, 1))
    model.objective = pyo.Objective(expr=model.x)
    model.L = SubModel(fixed=[model.x])
    model.L.y = pyo.Var(bounds=(0, 5))
    model.L.z = pyo.Var()
    model.L.objective = pyo.Objective(expr=model.L.y - model.L.z, sense=sense)
    model.L.balance = pyo.Constraint(expr=model.L.y + model.L.z == model.x)
    model.L.multiplier_bound = pyo.Suffix(datatype=None)
    return model


def bounds_of(model):
    single_map = map_of(kkt.apply(read_levels(model)))
    names = {
        id(m): side
        for _, row, of in single_map.conditions.multipliers()
        for side, m in of.items()
        if row.source is model.L.y
    }
    equality = single_map.conditions.equality_multipliers[model.L.balance]
    found = stated_bounds(single_map.conditions)
    sides = {names[id(m)]: bound.value for m, bound in found.items() if id(m) in names}
    return sides, found.get(equality)


@pytest.mark.parametrize(
    ("sense", "stated", "expected"),
    [
        (pyo.minimize, (-3, 7, "why"), {"lower": 7, "upper": 3}),
        (pyo.maximize, (-3, 7, "why"), {"lower": 3, "upper": 7}),  # a price is in the follower's own sense
        (pyo.minimize, (2, 7, "why"), {"lower": 7, "upper": 0}),
        (pyo.minimize, (7, "why"), {"lower": 7, "upper": 7}),
    ],
)
def test_each_side_of_a_bound_gets_its_own_m(sense, stated, expected):
    model = model_of(sense)
    model.L.multiplier_bound[model.L.y] = stated
    sides, _ = bounds_of(model)
    assert sides == expected


@pytest.mark.parametrize(("sense", "expected"), [(pyo.minimize, (-3, 7)), (pyo.maximize, (-7, 3))])
def test_an_equality_keeps_the_range(sense, expected):
    model = model_of(sense)
    model.L.multiplier_bound[model.L.balance] = (-3, 7, "why")
    _, bound = bounds_of(model)
    assert bound is not None and bound.range == expected
    assert (bound.value, bound.proof) == (7, Proof.proven)
